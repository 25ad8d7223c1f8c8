import type { BoardQuery } from '../../db/board-query.ts';
import { InvalidInput } from '../../domain/errors.ts';
import { DEFAULT_WINDOW, windowOf } from '../../domain/window.ts';
import { sendBoardExport } from '../board-export.ts';
import { createBoardPages, type AskedBoard } from '../board-pages.ts';
import { USUAL_ROWS } from '../contract/parameters.ts';
import { scoredOf } from '../contract/leaderboards.ts';
import type { Contract } from '../contract.ts';
import type { Received } from '../contract/endpoint.ts';
import type { ApiDeps } from '../deps.ts';
import { repositoriesOf, repositoryOf } from '../named-repository.ts';
import { isCurrent } from '../entity-tag.ts';
import { atCursor, nextLink } from '../paging.ts';
import { SENT, type Exchange, type Handlers } from '../routing.ts';

type Query = Omit<Received<Contract['getGlobalBoard']>['query'], 'repositories'>;

/** The boards, as pages and as files. */
export function boardHandlers(deps: ApiDeps): Pick<Handlers, 'getGlobalBoard' | 'getRepositoryBoard'> {
  const { db } = deps;
  const pages = createBoardPages(db);

  const askedBoard = (scope: BoardQuery['scope'], query: Query): AskedBoard => {
    const { since, until, kinds, include, q, sort, limit, cursor, around, fields } = query;
    const isDefault = since === undefined && until === undefined && (query.window ?? DEFAULT_WINDOW) === DEFAULT_WINDOW;
    if (around !== undefined && cursor !== undefined) throw refused('around', 'give either around or cursor, not both');
    return {
      scope,
      window: isDefault ? 'default' : (today) => windowOf(query, today),
      include: include ?? [],
      limit: limit ?? USUAL_ROWS,
      ...(kinds === undefined ? {} : { kinds }),
      ...(q === undefined ? {} : { q }),
      ...(sort === undefined ? {} : { sort: scoredOf(sort) }),
      ...(cursor === undefined ? {} : { cursor }),
      ...(around === undefined ? {} : { around }),
      ...(fields?.includes('sparkline') === true ? { withSparkline: true } : {}),
    };
  };

  const answer = async (
    scope: BoardQuery['scope'],
    query: Query,
    { request, response }: Exchange,
    fileName: string,
  ): Promise<typeof SENT> => {
    const board = askedBoard(scope, query);
    response.vary('Accept');
    const format = query.format ?? (wantsCsv(request) ? 'csv' : null);
    if (format !== null) {
      for (const pointer of ['limit', 'cursor', 'around'] as const) {
        if (query[pointer] !== undefined) throw refused(pointer, 'leave it out: a file holds all pages');
      }
      await sendBoardExport(pages, await pages.queryOf(board), { request, response, fileName, format });
      return SENT;
    }
    const { json, tag, nextCursor } = await atCursor(board.cursor, () => pages.page(board));
    response.set({ ETag: tag, 'Cache-Control': 'private, no-cache', ...nextLink(request, 'cursor', nextCursor) });
    if (isCurrent(request, tag)) response.status(304).end();
    else response.type('application/json').send(json);
    return SENT;
  };

  return {
    async getGlobalBoard({ query: { repositories, ...query } }, exchange) {
      if (repositories === undefined) return answer('global', query, exchange, 'global');
      const found = await repositoriesOf(db, repositories);
      // The same board whatever the order they are named in.
      return answer({ repositoryIds: found.map(({ id }) => id).toSorted((a, b) => a - b) }, query, exchange, 'selection');
    },
    async getRepositoryBoard({ params, query }, exchange) {
      const repository = await repositoryOf(db, params, exchange.request);
      return answer({ repositoryId: repository.id }, query, exchange, `${repository.owner}-${repository.name}`);
    },
  };
}

const refused = (pointer: string, detail: string): InvalidInput => new InvalidInput(`${pointer}: ${detail}`, [{ pointer, detail }], 400);

function wantsCsv(request: Exchange['request']): boolean {
  return request.accepts(['application/json', 'text/csv']) === 'text/csv';
}
