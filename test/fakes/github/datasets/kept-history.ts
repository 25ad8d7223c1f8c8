/** The history of a real public repository, kept as facts beside this file: the same everywhere, with or without a checkout. */
import { readFileSync } from 'node:fs';
import { fromHistoryFacts, type CommitFacts, type FromHistory } from './from-git-history.ts';

/** A commit in one line: parents, author, co-authors, authored, committed (seconds), lines added, deleted, files, pull request. */
type Row = readonly [readonly number[], number, readonly number[], number, number, number, number, number, number | null];

const secondsOf = (moment: string): number => Date.parse(moment) / 1000;
const momentOf = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

/** Facts in the form they are kept in, a line a commit. */
export function linesOf(commits: readonly CommitFacts[]): string {
  const rows = commits.map((one): Row => [
    one.parents,
    one.author,
    one.coAuthors,
    secondsOf(one.authoredAt),
    secondsOf(one.committedAt),
    one.additions,
    one.deletions,
    one.changedFiles,
    one.pullRequest,
  ]);
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** The facts that {@link linesOf} wrote. */
export function factsIn(lines: string): readonly CommitFacts[] {
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [parents, author, coAuthors, authored, committed, additions, deletions, changedFiles, pullRequest] = JSON.parse(line) as Row;
      const moments = { authoredAt: momentOf(authored), committedAt: momentOf(committed) };
      return { parents, author, coAuthors, ...moments, additions, deletions, changedFiles, pullRequest };
    });
}

/** compose-spec/compose-spec from its first commit to June 2026: merge commits, squash merges, co-authors, 94 people. */
export function composeSpec(): FromHistory {
  return fromHistoryFacts({ commits: factsIn(readFileSync(new URL('compose-spec.jsonl', import.meta.url), 'utf8')) });
}
