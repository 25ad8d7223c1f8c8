import type { ContributionKind } from './contribution.ts';
import type { RepositoryName } from './repository-name.ts';

/** What of a contribution tells where it can be looked at. */
export interface ContributionKey {
  readonly kind: ContributionKind;
  readonly subject: string;
  /** The pull request or issue it belongs to. */
  readonly number: number | null;
}

const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?/;
const ISSUE_COMMENT = /^issue:(\d+)$/;
const COMMENT_ID = /^\d+$/;

const pull = ({ number }: ContributionKey): string | null => (number === null ? null : `/pull/${number}`);
const issue = ({ number }: ContributionKey): string | null => (number === null ? null : `/issues/${number}`);
const commit = ({ subject }: ContributionKey): string | null => {
  const sha = SHA.exec(subject)?.[0];
  return sha === undefined ? null : `/commit/${sha}`;
};
const anchored = (page: string | null, anchor: string | null): string | null =>
  page === null || anchor === null ? page : `${page}#${anchor}`;

const PAGES: Readonly<Record<ContributionKind, (key: ContributionKey) => string | null>> = {
  COMMIT: commit,
  COMMIT_COAUTHOR: commit,
  PR_OPENED: pull,
  PR_MERGED: pull,
  PR_REVIEWED: pull,
  PR_REVIEW_COMMENT: (key) => anchored(pull(key), COMMENT_ID.test(key.subject) ? `discussion_r${key.subject}` : null),
  ISSUE_OPENED: issue,
  ISSUE_CLOSED: issue,
  COMMENT(key) {
    const id = ISSUE_COMMENT.exec(key.subject)?.[1];
    return anchored(issue(key), id === undefined ? null : `issuecomment-${id}`);
  },
  RELEASE: () => '/releases',
};

/**
 * Where a contribution is on GitHub, or null where what is stored does not say: pushes of the archive, comments on commits.
 * @param webUrl `https://github.com`, or the address of a GitHub Enterprise.
 */
export function contributionUrl(webUrl: string, { owner, name }: RepositoryName, key: ContributionKey): string | null {
  const page = PAGES[key.kind](key);
  return page === null ? null : `${webUrl}/${encodeURIComponent(owner)}/${encodeURIComponent(name)}${page}`;
}
