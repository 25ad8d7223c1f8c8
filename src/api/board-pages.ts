import { isStoredBoard, readBoard, type Board, type BoardQuery, type BoardReads } from '../db/board-query.ts';
import { readBoardState, repositoriesIn, type BoardState } from '../db/board-state.ts';
import type { Day, Window } from '../domain/window.ts';
import { coverageSummary, type CoverageSummary } from '../db/coverage.ts';
import type { Database } from '../db/database.ts';
import { createSharedReads } from '../db/shared-reads.ts';
import { areNamedSo, type ShownName } from '../db/shown-names.ts';
import { createBoundedCache } from './bounded-cache.ts';
import type { BoardPage } from './contract/leaderboards.ts';
import { entityTagOf } from './entity-tag.ts';

/** Memory for pages that were written out, in bytes: some two thousand of fifty rows. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_COVERAGES = 1_000;
/** Names and pictures of people change without any board's version: after this they are looked up again. */
const NAMES_FOR_MS = 5_000;

/** A page of a board as it is sent. */
interface WrittenPage {
  readonly json: Buffer;
  readonly tag: string;
  readonly nextCursor: string | null;
}

/** A page that is kept, with all that it was made of. */
interface KeptPage extends WrittenPage {
  readonly stamp: string;
  readonly people: readonly ShownName[];
  /** Until when the names are believed. */
  readonly until: number;
}

/** What a person's names take of memory beside the page. */
const BYTES_OF_NAMES = 200;

/** A board as a request asks for it: which days a preset means depends on the database's today. */
export interface AskedBoard extends Omit<BoardQuery, 'window'> {
  readonly window: 'default' | ((today: Day) => Window);
}

/** Boards for many readers: pages that nothing has changed since are not read and written again. */
export interface BoardPages {
  /** A page, written out. @throws as `readBoard` */
  page(asked: AskedBoard): Promise<WrittenPage>;
  /** What is asked for, in days. @throws what `window` throws */
  queryOf(asked: AskedBoard): Promise<BoardQuery>;
  /** A page as data, for exports. @throws as `readBoard` */
  read(query: BoardQuery): Promise<Board>;
}

/** A board as the API shows it. */
export function boardPageOf({ version: _version, ...page }: Board): BoardPage {
  return page;
}

/**
 * Makes the reader of a process. Each request asks the database what stands behind the board now, together with others that ask at
 * the same time: what is kept counts only while that is the same.
 */
export function createBoardPages(db: Database, namesForMs = NAMES_FOR_MS): BoardPages {
  const shared = createSharedReads<BoardState>();
  const pages = createBoundedCache<KeptPage>(MOST_BYTES);
  const coverages = createBoundedCache<CoverageSummary>(MOST_COVERAGES);

  const reads: BoardReads = {
    state: (scope, isStored) => shared(JSON.stringify([scope, isStored]), () => readBoardState(db, scope, isStored)),
    async coverage(scope, window, { stamp }) {
      const key = JSON.stringify([scope, window, stamp]);
      const known = coverages.get(key);
      if (known !== undefined) return known;
      const summary = await coverageSummary(db, repositoriesIn(scope), window);
      coverages.set(key, summary, 1);
      return summary;
    },
  };

  const keep = (key: string, page: Omit<KeptPage, 'until'>): KeptPage => {
    const kept = { ...page, until: performance.now() + namesForMs };
    pages.set(key, kept, page.json.length + key.length + page.people.length * BYTES_OF_NAMES);
    return kept;
  };

  const at = (state: BoardState, asked: AskedBoard): BoardQuery => ({
    ...asked,
    window: asked.window === 'default' ? 'default' : asked.window(state.today),
  });

  return {
    read: (query) => readBoard(db, query, reads),
    queryOf: async (asked) => at(await reads.state(asked.scope, isStoredBoard(asked)), asked),
    async page(asked) {
      const state = await reads.state(asked.scope, isStoredBoard(asked));
      const query = at(state, asked);
      const key = JSON.stringify(query);
      const known = pages.get(key);
      if (known?.stamp === state.stamp) {
        if (performance.now() < known.until) return known;
        // Ranking again takes long, and a name has hardly ever changed. Who is searched for or around may be others now.
        if (query.q === undefined && query.around === undefined && (await areNamedSo(db, known.people))) return keep(key, known);
      }
      let first: BoardState | null = state;
      const board = await readBoard(db, query, {
        ...reads,
        async state(scope, isStored) {
          const given = first;
          first = null;
          return given ?? (await reads.state(scope, isStored));
        },
      });
      const text = JSON.stringify(boardPageOf(board));
      const json = Buffer.from(text);
      const people = board.data.map(({ contributor }) => contributor);
      return keep(key, { json, tag: entityTagOf(text), nextCursor: board.next_cursor, stamp: state.stamp, people });
    },
  };
}
