import { SCORED, SCORED_NAMES, type Scored } from '../../../src/domain/scoring.ts';
import type { BoardRowResource } from '../../../src/api/contract/leaderboards.ts';

/** A count on a board: a field of its row, and what it is sorted by. */
type CountColumn = (typeof SCORED)[Scored]['column'];

/** What the columns are called: shortly in the head, wholly for those who ask. */
const LABELS: Readonly<Record<Scored, readonly [short: string, long: string]>> = {
  COMMIT: ['Commits', 'Commits on the default branch, merge commits left out'],
  PR_OPENED: ['PRs opened', 'Pull requests opened'],
  PR_MERGED: ['PRs merged', 'Own pull requests that were merged'],
  PR_REVIEWED: ['Reviews', 'Pull requests of others reviewed, each once'],
  PR_REVIEW_COMMENT: ['Review comments', 'Comments on lines of a pull request'],
  ISSUE_OPENED: ['Issues opened', 'Issues opened'],
  ISSUE_CLOSED: ['Issues closed', 'Issues closed, credited to who closed them last'],
  COMMENT: ['Comments', 'Comments on issues, pull requests and commits'],
  RELEASE: ['Releases', 'Releases published'],
  LINES_ADDED: ['Lines\u00a0+', 'Lines added in merged pull requests and in commits without one'],
  LINES_DELETED: ['Lines\u00a0−', 'Lines deleted in merged pull requests and in commits without one'],
};

export interface Column {
  readonly scored: Scored;
  readonly field: CountColumn;
  readonly label: string;
  readonly title: string;
}

export const COUNT_COLUMNS: readonly Column[] = SCORED_NAMES.map((scored) => ({
  scored,
  field: SCORED[scored].column,
  label: LABELS[scored][0],
  title: LABELS[scored][1],
}));

/** A column that can be shown or not; `sparkline` is the line of twelve weeks. */
export type ShownColumn = CountColumn | 'sparkline';
export const SHOWABLE: readonly ShownColumn[] = [...COUNT_COLUMNS.map(({ field }) => field), 'sparkline'];

/** Columns that are shown until somebody picks others. */
export const USUAL_COLUMNS: readonly ShownColumn[] = [
  'commit_count',
  'pr_opened_count',
  'pr_merged_count',
  'pr_reviewed_count',
  'issues_opened_count',
  'comments_count',
  'lines_added',
  'lines_deleted',
  'sparkline',
];

/** What a scored kind is called. */
export function labelOf(scored: Scored | 'COMMIT_COAUTHOR'): string {
  return scored === 'COMMIT_COAUTHOR' ? 'Co-authored' : LABELS[scored][0];
}

/** Whether a count is only the known part of what there is. */
export function isPartly(row: BoardRowResource, { scored }: Column): boolean {
  return row.incomplete_kinds.includes(scored);
}
