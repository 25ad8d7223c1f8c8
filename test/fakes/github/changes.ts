/** What happens to repositories and accounts while somebody reads them. Each function changes the data set at once. */
import { createHash } from 'node:crypto';
import type { DataSet, FakeCommit, FakeIssue, FakePullRequest, FakeRepository, Moment, Signature } from './data-set.ts';

/** A commit id made from any text. */
export function oidOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** The account gets another login; its repositories' old names redirect. */
export function renameAccount(data: DataSet, id: number, login: string): void {
  const account = data.accounts.get(id);
  if (account === undefined) throw new Error(`No account ${id}`);
  for (const repository of data.repositories.values()) {
    if (repository.ownerId === id) repository.oldNames.push(data.fullNameOf(repository));
  }
  account.login = login;
  data.touch();
}

/** The account is deleted: what it wrote stays, its author is null (in some REST lists: `ghost`). */
export function deleteAccount(data: DataSet, id: number): void {
  data.accounts.delete(id);
  data.touch();
}

/** Renamed, or transferred when `ownerId` is given. The old name redirects. */
export function renameRepository(data: DataSet, repository: FakeRepository, to: { name?: string; ownerId?: number }): void {
  repository.oldNames.push(data.fullNameOf(repository));
  repository.name = to.name ?? repository.name;
  repository.ownerId = to.ownerId ?? repository.ownerId;
  data.touch();
}

/** Deleted, or made private to this token: GitHub answers 404. */
export function deleteRepository(data: DataSet, repository: FakeRepository): void {
  data.repositories.delete(repository.id);
  data.touch();
}

/** What a new commit needs; the rest has a default. */
export type NewCommit = Partial<FakeCommit> & { readonly author: Signature; readonly committedAt: Moment };

/** Puts commits on top of the default branch, oldest first. @returns the commits as stored. */
export function pushCommits(
  data: DataSet,
  repository: FakeRepository,
  commits: readonly NewCommit[],
  actorId: number | null = null,
): FakeCommit[] {
  const before = repository.head ?? '0'.repeat(40);
  const stored = commits.map((given) => {
    const parents = given.parents ?? (repository.head === null ? [] : [repository.head]);
    const commit: FakeCommit = {
      oid: oidOf(`${repository.id} ${parents.join(' ')} ${given.committedAt} ${given.author.email} ${repository.commits.size}`),
      parents,
      coAuthors: [],
      committer: given.author,
      authoredAt: given.committedAt,
      additions: 0,
      deletions: 0,
      changedFiles: 1,
      pullRequests: [],
      ...given,
    };
    repository.commits.set(commit.oid, commit);
    repository.head = commit.oid;
    return commit;
  });
  const last = stored.at(-1);
  if (last !== undefined) notePush(repository, 'push', before, last, actorId);
  data.touch();
  return stored;
}

/** Replaces the last `dropped` commits (first parents) of the default branch by others. */
export function forcePush(
  data: DataSet,
  repository: FakeRepository,
  dropped: number,
  commits: readonly NewCommit[],
  actorId: number | null = null,
): FakeCommit[] {
  const before = repository.head;
  if (before === null) throw new Error('There is nothing to replace in an empty repository');
  for (let count = 0; count < dropped && repository.head !== null; count += 1) {
    repository.head = repository.commits.get(repository.head)?.parents[0] ?? null;
  }
  const stored = pushCommits(data, repository, commits, actorId);
  if (commits.length > 0) repository.pushes.pop();
  const head = repository.head === null ? undefined : repository.commits.get(repository.head);
  if (head !== undefined) notePush(repository, 'force_push', before, head, actorId);
  data.touch();
  return stored;
}

function notePush(repository: FakeRepository, type: 'push' | 'force_push', before: string, head: FakeCommit, actorId: number | null): void {
  const id = repository.pushes.length + 1;
  repository.pushes.push({
    id,
    type,
    before,
    after: head.oid,
    ref: `refs/heads/${repository.defaultBranch}`,
    actorId,
    at: head.committedAt,
  });
  repository.pushedAt = head.committedAt;
}

/** The pull request becomes merged; the commits named become its commits. */
export function mergePullRequest(
  data: DataSet,
  repository: FakeRepository,
  number: number,
  how: { at: Moment; mergedById: number | null; mergeCommitOid?: string; commits?: readonly string[] },
): void {
  const pull = pullRequestOf(repository, number);
  Object.assign(pull, {
    mergedAt: how.at,
    closedAt: how.at,
    updatedAt: how.at,
    mergedById: how.mergedById,
    mergeCommitOid: how.mergeCommitOid ?? null,
  });
  for (const oid of how.commits ?? []) {
    const commit = repository.commits.get(oid);
    if (commit !== undefined) commit.pullRequests = [...commit.pullRequests, { repositoryId: repository.id, number }];
  }
  data.touch();
}

/** Changes any facts of a pull request and moves it to the front of those sorted by update. */
export function updatePullRequest(
  data: DataSet,
  repository: FakeRepository,
  number: number,
  at: Moment,
  facts: Partial<FakePullRequest> = {},
): void {
  Object.assign(pullRequestOf(repository, number), facts, { updatedAt: at });
  data.touch();
}

/** Adds a review; the pull request counts as updated. */
export function addReview(data: DataSet, repository: FakeRepository, number: number, review: FakePullRequest['reviews'][number]): void {
  const pull = pullRequestOf(repository, number);
  pull.reviews.push(review);
  pull.updatedAt = review.submittedAt ?? pull.updatedAt;
  data.touch();
}

/** A review is dismissed. GitHub does not show when. */
export function dismissReview(data: DataSet, repository: FakeRepository, number: number, reviewId: number): void {
  const review = pullRequestOf(repository, number).reviews.find((one) => one.id === reviewId);
  if (review === undefined) throw new Error(`Pull request ${number} has no review ${reviewId}`);
  review.state = 'DISMISSED';
  data.touch();
}

/** Deleted by GitHub's staff: no list call shows it any more. Its number is not given again. */
export function deletePullRequest(data: DataSet, repository: FakeRepository, number: number): void {
  repository.pullRequests.delete(number);
  data.touch();
}

export function closeIssue(
  data: DataSet,
  repository: FakeRepository,
  number: number,
  at: Moment,
  actorId: number | null,
  closer: FakeIssue['events'][number]['closer'] = null,
): void {
  const issue = issueOf(repository, number);
  issue.events.push({ id: eventId(repository, issue), type: 'closed', actorId, at, closer });
  Object.assign(issue, { closedAt: at, updatedAt: at, stateReason: 'COMPLETED' });
  data.touch();
}

export function reopenIssue(data: DataSet, repository: FakeRepository, number: number, at: Moment, actorId: number | null): void {
  const issue = issueOf(repository, number);
  issue.events.push({ id: eventId(repository, issue), type: 'reopened', actorId, at, closer: null });
  Object.assign(issue, { closedAt: null, updatedAt: at, stateReason: 'REOPENED' });
  data.touch();
}

/** Moves an issue to another repository: it leaves this one, with its comments, and gets a new number there. @returns the new number. */
export function transferIssue(data: DataSet, from: FakeRepository, number: number, to: FakeRepository, at: Moment): number {
  const issue = issueOf(from, number);
  const newNumber = Math.max(0, ...to.issues.keys(), ...to.pullRequests.keys()) + 1;
  from.issues.delete(number);
  to.issues.set(newNumber, { ...issue, number: newNumber, updatedAt: at });
  for (const comment of from.issueComments.values()) {
    if (comment.number !== number) continue;
    from.issueComments.delete(comment.id);
    to.issueComments.set(comment.id, { ...comment, number: newNumber });
  }
  data.touch();
  return newNumber;
}

/** Deletes a comment of any kind by its id. */
export function deleteComment(
  data: DataSet,
  repository: FakeRepository,
  kind: 'issueComments' | 'reviewComments' | 'commitComments',
  id: number,
): void {
  if (!repository[kind].delete(id)) throw new Error(`There is no ${kind} ${id}`);
  data.touch();
}

/** Somebody edits a comment: it moves to the end of those sorted by update. */
export function editComment(
  data: DataSet,
  repository: FakeRepository,
  kind: 'issueComments' | 'reviewComments' | 'commitComments',
  id: number,
  at: Moment,
): void {
  const comment = repository[kind].get(id);
  if (comment === undefined) throw new Error(`There is no ${kind} ${id}`);
  comment.updatedAt = at;
  data.touch();
}

function pullRequestOf(repository: FakeRepository, number: number): FakePullRequest {
  const pull = repository.pullRequests.get(number);
  if (pull === undefined) throw new Error(`No pull request ${number}`);
  return pull;
}

function issueOf(repository: FakeRepository, number: number): FakeIssue {
  const issue = repository.issues.get(number);
  if (issue === undefined) throw new Error(`No issue ${number}`);
  return issue;
}

function eventId(repository: FakeRepository, issue: FakeIssue): number {
  return repository.id * 1_000_000 + issue.number * 100 + issue.events.length;
}
