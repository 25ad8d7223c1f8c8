import type { DataSet, FakeRepository } from './data-set.ts';
import type { Json } from './rest-resources.ts';

const BASE_AND_HEAD = /^compare\/([0-9a-f]{40})\.\.\.([0-9a-f]{40})$/;
/** GitHub's own, for lists of a comparison. */
const PAGE_SIZE = 250;

/** Whether a path, behind the repository's, compares two commits. */
export function isComparison(path: string): boolean {
  return BASE_AND_HEAD.test(path);
}

/** What GitHub says of two commits: which of `head` are not in `base`, the oldest first. Null when it does not have one of them. */
export function comparisonOf(data: DataSet, repository: FakeRepository, path: string, query: URLSearchParams): Json | null {
  const [, base = '', head = ''] = BASE_AND_HEAD.exec(path) ?? [];
  if (!repository.commits.has(base) || !repository.commits.has(head)) return null;
  const [before, after] = [data.history(repository, base), data.history(repository, head)];
  const [inBase, inHead] = [new Set(before.map(({ oid }) => oid)), new Set(after.map(({ oid }) => oid))];
  const ahead = after.filter(({ oid }) => !inBase.has(oid)).toReversed();
  const behind = before.filter(({ oid }) => !inHead.has(oid)).length;
  const status = ahead.length === 0 ? (behind === 0 ? 'identical' : 'behind') : behind === 0 ? 'ahead' : 'diverged';
  const [size, page] = [Number(query.get('per_page') ?? PAGE_SIZE), Number(query.get('page') ?? 1)];
  const commits = ahead.slice((page - 1) * size, page * size).map(({ oid, parents, committedAt }) => ({
    sha: oid,
    parents: parents.map((sha) => ({ sha })),
    commit: { committer: { date: committedAt } },
  }));
  return { status, ahead_by: ahead.length, behind_by: behind, total_commits: ahead.length, commits };
}
