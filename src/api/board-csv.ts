import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import type { Request, Response } from 'express';
import { readBoard, type Board, type BoardQuery } from '../db/board-query.ts';
import type { Database } from '../db/database.ts';
import { SCORED, SCORED_NAMES } from '../domain/scoring.ts';
import { errorCodeOf } from './errors.ts';
import type { BoardRowResource } from './contract/leaderboards.ts';

/** Rows read at once: one page in memory, however long the board is. Not fewer: boards that are not stored are ranked for each page. */
const PAGE_ROWS = 5_000;

const COLUMNS = [
  'rank',
  'rank_change',
  'github_id',
  'username',
  'display_name',
  'kind',
  'total_score',
  ...SCORED_NAMES.map((scored) => SCORED[scored].column),
  'incomplete_kinds',
  'repositories_contributed',
  'first_contribution_at',
  'last_contribution_at',
] as const;

function cellsOf(row: BoardRowResource, columns: readonly (typeof COLUMNS)[number][]): readonly (string | number | null)[] {
  const { contributor, incomplete_kinds, ...figures } = row;
  const cells = { ...figures, ...contributor, incomplete_kinds: incomplete_kinds.join(' ') };
  return columns.map((column) => cells[column] ?? null);
}

/** The first page is given: it was read before the answer began, so that what is wrong could still be said with a status. */
async function* rowsOf(db: Database, query: BoardQuery, first: Board, columns: readonly (typeof COLUMNS)[number][]) {
  for (let board = first; ; board = await readBoard(db, { ...query, cursor: board.next_cursor })) {
    for (const row of board.data) yield cellsOf(row, columns);
    if (board.next_cursor === null) return;
  }
}

/**
 * Streams all pages of a board as CSV (RFC 4180). Text that a spreadsheet would take for a formula gets a quote before it. An
 * error after the first page breaks the connection off: half a list must not look like a whole one.
 */
export async function sendBoardCsv(
  db: Database,
  query: BoardQuery,
  { request, response, fileName }: { readonly request: Request; readonly response: Response; readonly fileName: string },
): Promise<void> {
  const wide = { ...query, limit: PAGE_ROWS };
  const first = await readBoard(db, wide);
  const columns = COLUMNS.filter((column) => column !== 'repositories_contributed' || query.scope === 'global');
  response.status(200).set({
    'Content-Type': 'text/csv; charset=utf-8; header=present',
    'Content-Disposition': `attachment; filename="${fileName.replaceAll(/[^\w.-]/g, '_')}-leaderboard.csv"`,
    'Cache-Control': 'private, no-cache',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const csv = stringify({ header: true, columns: [...columns], record_delimiter: '\r\n', quoted_match: /[\r\n]/, escape_formulas: true });
  try {
    await pipeline(Readable.from(rowsOf(db, wide, first, columns)), csv, response);
  } catch (error) {
    // A client that leaves in the middle is no error of ours.
    if (errorCodeOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
