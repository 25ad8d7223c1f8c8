import { readBoard, type BoardQuery } from '../../db/board-query.ts';
import { databaseToday } from '../../db/database.ts';
import { InvalidInput } from '../../domain/errors.ts';
import { DEFAULT_WINDOW, windowOf } from '../../domain/window.ts';
import { sendBoardCsv } from '../board-csv.ts';
import { USUAL_ROWS } from '../contract/parameters.ts';
import { scoredOf, type BoardPage } from '../contract/leaderboards.ts';
import type { Contract } from '../contract.ts';
import type { Received } from '../contract/endpoint.ts';
import type { ApiDeps } from '../deps.ts';
import { repositoryOf } from '../named-repository.ts';
import { entityTagOf, isCurrent } from '../entity-tag.ts';
import { atCursor, nextLink } from '../paging.ts';
import { SENT, type Exchange, type Handlers } from '../routing.ts';

type Query = Received<Contract['getGlobalBoard']>['query'];

/** The boards, as pages and as CSV. */
export function boardHandlers(deps: ApiDeps): Pick<Handlers, 'getGlobalBoard' | 'getRepositoryBoard'> {
  const { db } = deps;

  const boardQueryOf = async (scope: BoardQuery['scope'], query: Query): Promise<BoardQuery> => {
    const { since, until, kinds, include, q, sort, limit, cursor } = query;
    const isDefault = since === undefined && until === undefined && (query.window ?? DEFAULT_WINDOW) === DEFAULT_WINDOW;
    return {
      scope,
      window: isDefault ? 'default' : windowOf(query, await databaseToday(db)),
      include: include ?? [],
      limit: limit ?? USUAL_ROWS,
      ...(kinds === undefined ? {} : { kinds }),
      ...(q === undefined ? {} : { q }),
      ...(sort === undefined ? {} : { sort: scoredOf(sort) }),
      ...(cursor === undefined ? {} : { cursor }),
    };
  };

  const answer = async (
    scope: BoardQuery['scope'],
    query: Query,
    { request, response }: Exchange,
    fileName: string,
  ): Promise<typeof SENT> => {
    const board = await boardQueryOf(scope, query);
    response.vary('Accept');
    if (wantsCsv(query, request)) {
      for (const pointer of ['limit', 'cursor'] as const) {
        if (query[pointer] !== undefined)
          throw new InvalidInput(`${pointer}: a CSV holds all pages`, [{ pointer, detail: 'leave it out: a CSV holds all pages' }], 400);
      }
      await sendBoardCsv(db, board, { request, response, fileName });
      return SENT;
    }
    const { data, next_cursor, total, as_of, window, compared_to, scoring_version, coverage } = await atCursor(board.cursor, () =>
      readBoard(db, board),
    );
    const body: BoardPage = { data, next_cursor, total, as_of, window, compared_to, scoring_version, coverage };
    const json = JSON.stringify(body);
    const tag = entityTagOf(json);
    response.set({ ETag: tag, 'Cache-Control': 'private, no-cache', ...nextLink(request, 'cursor', next_cursor) });
    if (isCurrent(request, tag)) response.status(304).end();
    else response.type('application/json').send(json);
    return SENT;
  };

  return {
    getGlobalBoard: ({ query }, exchange) => answer('global', query, exchange, 'global'),
    async getRepositoryBoard({ params, query }, exchange) {
      const repository = await repositoryOf(db, params, exchange.request);
      return answer({ repositoryId: repository.id }, query, exchange, `${repository.owner}-${repository.name}`);
    },
  };
}

function wantsCsv({ format }: Query, request: Exchange['request']): boolean {
  return format === undefined ? request.accepts(['application/json', 'text/csv']) === 'text/csv' : format === 'csv';
}
