import type { BoardPage, BoardRowResource } from '../api/contract/leaderboards.ts';
import type { RepositoryName } from '../domain/repository-name.ts';
import { SCORED, SCORED_NAMES, type Scored } from '../domain/scoring.ts';
import type { ApiClient } from './api-client.ts';
import { readPages } from './pages.ts';
import { figure, tableOf, type Column } from './table.ts';
import { printable } from './terminal.ts';

/** What a board is asked for, as the API's parameters are called; what is undefined is left to the API. */
export type BoardParameters = Readonly<
  Partial<
    Record<'window' | 'since' | 'until' | 'kinds' | 'include' | 'q' | 'sort' | 'repositories' | 'around' | 'fields', string | undefined>
  >
>;

/** A board of a repository, or of all of them (null), with at most `limit` rows, over as many pages as it takes. */
export async function readBoard(
  api: ApiClient,
  repository: RepositoryName | null,
  parameters: BoardParameters,
  limit: number,
): Promise<BoardPage> {
  return readPages(limit, async (page) => {
    // A page around somebody says where it begins; the next ones go on from there.
    const around = page.cursor === undefined ? parameters.around : undefined;
    const query = { ...parameters, around, ...page } as never;
    const answer =
      repository === null
        ? await api.call('getGlobalBoard', { query })
        : await api.call('getRepositoryBoard', { params: { ...repository }, query });
    return answer.body as BoardPage;
  });
}

const HEADINGS: Readonly<Record<Scored, string>> = {
  COMMIT: 'commits',
  PR_OPENED: 'PRs',
  PR_MERGED: 'merged',
  PR_REVIEWED: 'reviews',
  PR_REVIEW_COMMENT: 'remarks',
  ISSUE_OPENED: 'issues',
  ISSUE_CLOSED: 'closed',
  COMMENT: 'comments',
  RELEASE: 'releases',
  LINES_ADDED: '+lines',
  LINES_DELETED: '-lines',
};

/** Bars of a sparkline, from nothing to the most of the row. */
const BARS = '▁▂▃▄▅▆▇█';

function sparklineOf(counts: readonly (number | null)[]): string {
  const most = Math.max(1, ...counts.map((count) => count ?? 0));
  return counts.map((count) => (count === null ? '?' : BARS[Math.round((count / most) * (BARS.length - 1))])).join('');
}

const COLUMNS: readonly Column[] = [
  { heading: '#', align: 'right' },
  { heading: '±', align: 'right' },
  { heading: 'contributor' },
  { heading: 'score', align: 'right' },
  ...SCORED_NAMES.map((scored) => ({ heading: HEADINGS[scored], align: 'right' as const })),
];

/** A board as a table with what it covers below it. `?` is a figure nobody knows, `12+` at least twelve. */
export function boardTable(board: BoardPage): string {
  const { since, until } = board.window;
  const rows = board.data.map((row) => [
    row.rank === null ? '' : String(row.rank),
    changeOf(row.rank_change),
    `${row.contributor.username}${row.contributor.kind === 'human' ? '' : ` (${row.contributor.kind})`}`,
    figure(row.total_score, 4),
    ...SCORED_NAMES.map((scored) => countOf(row, scored)),
    ...(row.sparkline === undefined ? [] : [sparklineOf(row.sparkline)]),
  ]);
  const columns = board.data[0]?.sparkline === undefined ? COLUMNS : [...COLUMNS, { heading: '12 weeks' }];
  const shown = rows.length < board.total ? `${figure(rows.length)} of ${figure(board.total)}` : figure(board.total);
  return [
    ...(rows.length === 0 ? [] : [tableOf(columns, rows), '']),
    `${shown} ${board.total === 1 ? 'contributor' : 'contributors'}, ${since} to ${until}. ${printable(board.coverage.note)}`,
  ].join('\n');
}

function changeOf(change: BoardRowResource['rank_change']): string {
  if (typeof change !== 'number') return change ?? '';
  return change > 0 ? `+${change}` : change === 0 ? '=' : String(change);
}

function countOf(row: BoardRowResource, scored: Scored): string {
  const count = row[SCORED[scored].column];
  if (count === null) return '?';
  return `${figure(count)}${row.incomplete_kinds.includes(scored) ? '+' : ''}`;
}
