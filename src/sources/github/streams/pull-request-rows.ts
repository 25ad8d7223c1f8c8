import type { Account, Contribution, PullRequestFact } from '../../../domain/contribution.ts';
import { accountOf, type Actor } from '../accounts.ts';
import { pageOfFittingSize, PageSize } from '../page-size.ts';
import { REVIEWS } from '../queries.ts';
import { contribution, isIn, type Reading } from '../reading.ts';
import { GithubUnavailable } from '../trouble.ts';
import { asUtc } from './commit-rows.ts';

export interface ReviewNode {
  readonly id: string;
  readonly fullDatabaseId: string | null;
  readonly submittedAt: string | null;
  readonly author: Actor | null;
}

export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

interface Reviews {
  readonly pageInfo: PageInfo;
  readonly nodes: readonly (ReviewNode | null)[];
}

export interface Outline {
  readonly id: string;
  readonly number: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly merged: boolean;
  readonly mergedAt: string | null;
  readonly baseRefName: string;
  readonly author: Actor | null;
}

export interface PullRequestNode extends Outline {
  readonly additions: number;
  readonly deletions: number;
  readonly reviews: Reviews | null;
}

/** The reviews of a pull request that did not fit in its page. */
export async function furtherReviews(
  { github, signal, patience }: Reading,
  id: string,
  from: string | null,
  what: string,
  asked: () => unknown,
): Promise<(ReviewNode | null)[]> {
  const size = new PageSize(100);
  const rows: (ReviewNode | null)[] = [];
  for (let after = from; ;) {
    const page = await pageOfFittingSize(
      size,
      async (first) => {
        asked();
        const { data } = await github.graphql<{ node: { reviews: Reviews | null } | null }>(
          REVIEWS,
          { id, after, first },
          { signal, what, mayShrink: true },
        );
        if (!data.node?.reviews) throw new GithubUnavailable(what, 'there are none in the answer');
        return data.node.reviews;
      },
      { patience, signal, what },
    );
    rows.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return rows;
    after = page.pageInfo.endCursor;
  }
}

export function factOf({ number, author, createdAt, mergedAt, baseRefName }: Outline): PullRequestFact {
  return {
    number,
    author: accountOf(author),
    createdAt: new Date(createdAt),
    mergedAt: mergedAt === null ? null : new Date(mergedAt),
    baseRef: baseRefName,
  };
}

/** Its opening and its merge, as far as they lie in the window. */
export function ownRows({ target }: Reading, node: Outline, lines: { linesAdded?: number; linesDeleted?: number }): Contribution[] {
  const { number, createdAt, mergedAt } = node;
  const author = accountOf(node.author);
  const rows: Contribution[] = [];
  if (isIn(target.window, createdAt)) rows.push(contribution('PR_OPENED', String(number), author, createdAt, { number }));
  if (mergedAt !== null && isIn(target.window, mergedAt)) {
    rows.push(contribution('PR_MERGED', String(number), author, mergedAt, { number, ...lines }));
  }
  return rows;
}

/** One review per pull request and reviewer, the first; each of a deleted account its own (decisions 10). Whether it is a self-review is decided per person, later. */
export function reviewRows(
  { target }: Reading,
  { number }: Outline,
  reviews: readonly (ReviewNode | null)[],
  what: string,
): Contribution[] {
  const first = new Map<string, { readonly at: string; readonly reviewer: Account | null }>();
  for (const review of reviews) {
    if (review === null) throw new GithubUnavailable(what, `a review of pull request ${number} is missing`);
    if (review.submittedAt === null) continue;
    const reviewer = accountOf(review.author);
    const who = reviewer?.githubId ?? `ghost:${review.fullDatabaseId ?? review.id}`;
    const subject = `${number}:${who}`;
    const at = asUtc(review.submittedAt);
    const known = first.get(subject);
    if (known === undefined || at < known.at) first.set(subject, { at, reviewer });
  }
  return [...first]
    .filter(([, { at }]) => isIn(target.window, at))
    .map(([subject, { at, reviewer }]) => contribution('PR_REVIEWED', subject, reviewer, at, { number }));
}
