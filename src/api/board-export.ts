import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import type { Request, Response } from 'express';
import type { Board, BoardQuery, BoardRow } from '../db/board-query.ts';
import { SCORED, SCORED_NAMES } from '../domain/scoring.ts';
import { boardPageOf, type BoardPages } from './board-pages.ts';
import { errorCodeOf } from './errors.ts';

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
  'sparkline',
] as const;

function cellsOf(row: BoardRow, columns: readonly (typeof COLUMNS)[number][]): readonly (string | number | null)[] {
  const { contributor, incomplete_kinds, sparkline = [], ...figures } = row;
  const cells = {
    ...figures,
    ...contributor,
    incomplete_kinds: incomplete_kinds.join(' '),
    sparkline: sparkline.map((count) => count ?? '?').join(' '),
  };
  return columns.map((column) => cells[column] ?? null);
}

/** All pages. The first is given: it was read before the answer began, so that what is wrong could still be said with a status. */
async function* rowsOf(pages: BoardPages, query: BoardQuery, first: Board): AsyncGenerator<BoardRow> {
  for (let board = first; ; board = await pages.read({ ...query, cursor: board.next_cursor })) {
    yield* board.data;
    if (board.next_cursor === null) return;
  }
}

async function* csvRowsOf(rows: AsyncGenerator<BoardRow>, columns: readonly (typeof COLUMNS)[number][]) {
  for await (const row of rows) yield cellsOf(row, columns);
}

async function* jsonOf(rows: AsyncGenerator<BoardRow>, first: Board): AsyncGenerator<string> {
  let before = '{"data":[';
  for await (const row of rows) {
    yield before + JSON.stringify(row);
    before = ',\n';
  }
  const { data: _data, ...envelope } = boardPageOf({ ...first, next_cursor: null });
  yield `${before.startsWith('{') ? before : ''}],${JSON.stringify(envelope).slice(1)}\n`;
}

const TYPES = { csv: 'text/csv; charset=utf-8; header=present', json: 'application/json; charset=utf-8' } as const;

/**
 * Streams all pages of a board, as CSV (RFC 4180; text that a spreadsheet would take for a formula gets a quote before it) or as one
 * JSON page with all rows. An error after the first page breaks the connection off: half a list must not look like a whole one.
 */
export async function sendBoardExport(
  pages: BoardPages,
  query: BoardQuery,
  {
    request,
    response,
    fileName,
    format,
  }: { readonly request: Request; readonly response: Response; readonly fileName: string; readonly format: keyof typeof TYPES },
): Promise<void> {
  const wide = { ...query, limit: PAGE_ROWS };
  const first = await pages.read(wide);
  const isOfOne = typeof query.scope === 'object' && 'repositoryId' in query.scope;
  const columns = COLUMNS.filter((column) =>
    column === 'repositories_contributed' ? !isOfOne : column === 'sparkline' ? query.withSparkline === true : true,
  );
  response.status(200).set({
    'Content-Type': TYPES[format],
    'Content-Disposition': `attachment; filename="${fileName.replaceAll(/[^\w.-]/g, '_')}-leaderboard.${format}"`,
    'Cache-Control': 'private, no-cache',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const rows = rowsOf(pages, wide, first);
  try {
    if (format === 'json') await pipeline(Readable.from(jsonOf(rows, first)), response);
    else {
      const csv = stringify({
        header: true,
        columns: [...columns],
        record_delimiter: '\r\n',
        quoted_match: /[\r\n]/,
        escape_formulas: true,
      });
      await pipeline(Readable.from(csvRowsOf(rows, columns)), csv, response);
    }
  } catch (error) {
    // A client that leaves in the middle is no error of ours.
    if (errorCodeOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
