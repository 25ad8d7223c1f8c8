import type { AccountKind } from '../domain/account-kind.ts';
import { BoardChanged, ContributorNotFound } from '../domain/errors.ts';
import type { ScoredKind } from '../domain/scoring.ts';
import type { Window } from '../domain/window.ts';
import { ranksOfDays, reachesBack, windowThen } from './board-comparison.ts';
import { figuresOf, type Figures } from './board-figures.ts';
import { decodePlace, encodePlace, queryKey, type Place } from './board-cursor.ts';
import { ranksOfSnapshot, readPage, type BoardSort, type PageRow } from './board-page.ts';
import { scoresOfDays, storedRanking, sumOfBoards, sumOfDays, type Bind, type Counting } from './board-ranking.ts';
import { sparklinesOf } from './board-sparkline.ts';
import { dataVersionSql, readBoardState, repositoriesIn, storedScopeOf, type BoardScope, type BoardState } from './board-state.ts';
import { coverageSummary, type CoverageSummary } from './coverage.ts';
import type { Database, Queryable } from './database.ts';
import { findPerson } from './people.ts';
import { scoringOf } from './scoring.ts';

/** What of a board is asked for. Scope, `window`, `kinds` and `include` make another board, with ranks of its own; `q` and `sort` never change a rank. */
export interface BoardQuery {
  readonly scope: BoardScope;
  readonly window: Window | 'default';
  readonly kinds?: readonly ScoredKind[];
  readonly include: readonly ('bots' | 'agents')[];
  /** Part of a login or of a name. */
  readonly q?: string;
  readonly sort?: BoardSort;
  readonly limit: number | 'all';
  readonly cursor?: string;
  /** The page with this login in its middle, instead of a cursor. */
  readonly around?: string;
  readonly withSparkline?: boolean;
}

/** A person's line on a board, as the API gives it. */
export interface BoardRow extends Figures {
  /** 1, 2, 2, 4. */
  readonly rank: number | null;
  /** Places gained (lost, when negative) in the seven days up to `compared_to`; null without a board of that day. */
  readonly rank_change: number | 'new' | 'returned' | null;
  readonly contributor: {
    readonly github_id: number;
    readonly username: string;
    readonly display_name: string | null;
    readonly avatar_url: string | null;
    readonly kind: AccountKind;
  };
  /** On boards of several repositories only. */
  readonly repositories_contributed?: number;
  /** Contributions of the last twelve weeks, oldest first; only when asked for. */
  readonly sparkline?: readonly (number | null)[];
}

/** A page of a board. */
export interface Board {
  readonly data: readonly BoardRow[];
  readonly next_cursor: string | null;
  /** People on the board, over all pages; with `q`: those found. */
  readonly total: number;
  /** When what is shown was read; null before the first time. */
  readonly as_of: string | null;
  readonly window: Window;
  /** The day whose ranks `rank_change` compares with. */
  readonly compared_to: string | null;
  readonly scoring_version: number;
  readonly version: string;
  readonly coverage: CoverageSummary;
}

/** Reads that a page needs besides its rows and that many pages share; whoever answers many requests keeps them. */
export interface BoardReads {
  state(scope: BoardScope, isStored: boolean): Promise<BoardState>;
  coverage(scope: BoardScope, window: Window, state: BoardState): Promise<CoverageSummary>;
}

/**
 * Where no snapshot of seven days ago was kept yet, a stored board of at most so many people is compared with one made from days.
 * Larger ones wait for their snapshots: a page must not take longer the more people there are.
 */
const MOST_COMPARED = 20_000;
/** A board that is rebuilt while it is read is read again, so often. */
const TRIES = 5;

/** Whether the stored board is asked for, in whatever order and part. */
export function isStoredBoard({
  scope,
  window,
  kinds,
  include,
}: Pick<BoardQuery, 'scope' | 'kinds' | 'include'> & { readonly window: unknown }): boolean {
  return window === 'default' && kinds === undefined && include.length === 0 && (scope === 'global' || 'repositoryId' in scope);
}

/**
 * A page of a board. The default board (2 years, all kinds, humans) is read from its stored version, in time that does not grow
 * with the page's number; any other is ranked now.
 * @throws BoardChanged for a cursor of a version that is no longer kept.
 * @throws InvalidInput (400) for a cursor of another query.
 * @throws ContributorNotFound (404) when `around` is not on the board.
 */
export async function readBoard(db: Database | Queryable, q: BoardQuery, reads: BoardReads = directReads(db)): Promise<Board> {
  for (let attempt = 1; ; attempt += 1) {
    const board = await tryReadBoard(db, q, reads);
    if (board !== null) return board;
    // Who reads on would get rows of another ranking; who begins can begin again.
    if (q.cursor !== undefined || attempt === TRIES) throw new BoardChanged();
  }
}

function directReads(db: Database | Queryable): BoardReads {
  return {
    state: (scope, isStored) => readBoardState(db, scope, isStored),
    coverage: (scope, window) => coverageSummary(db, repositoriesIn(scope), window),
  };
}

/** Null when the board was rebuilt in between. */
async function tryReadBoard(db: Database | Queryable, q: BoardQuery, reads: BoardReads): Promise<Board | null> {
  const isStored = isStoredBoard(q);
  const state = await reads.state(q.scope, isStored);
  const current = isStored ? String(state.version) : state.data;
  const key = keyOf(q);
  const after = q.cursor === undefined ? null : decodePlace(q.cursor, key);
  const isCurrent = after === null || after.version === current;
  // What is ranked on request has no older version: the days it is made of have changed.
  if (!isCurrent && !(isStored && after.version === String(state.previousVersion))) throw new BoardChanged();

  const window = q.window === 'default' ? state.window : q.window;
  const version = after?.version ?? current;
  const rows = await rowsOf(db, q, { state, window, after, isCurrent });
  if (rows.list.some(({ data }) => data !== null && data !== dataPart(current))) return null;
  // No rows may mean that the version went away between the two reads.
  if (rows.list.length === 0 && (await reads.state(q.scope, isStored)).stamp !== state.stamp) return null;

  const page = q.limit === 'all' ? rows.list : rows.list.slice(0, q.limit);
  const last = page.at(-1);
  const next = rows.list.length > page.length && last !== undefined ? encodePlace(key, placeOf(last, version, isStored)) : null;
  const [coverage, sparklines] = await Promise.all([
    reads.coverage(q.scope, window, state),
    q.withSparkline === true
      ? sparklinesOf(
          db,
          page.map(({ person_id }) => person_id),
          countingOf(q),
          window.until,
        )
      : null,
  ]);
  const isOfSeveral = !(typeof q.scope === 'object' && 'repositoryId' in q.scope);
  return {
    data: page.map((row) => ({
      ...boardRow(row, isOfSeveral, rows.comparedTo !== null),
      ...(sparklines === null ? {} : { sparkline: sparklines.get(row.person_id) ?? [] }),
    })),
    next_cursor: next,
    total: isStored && q.q === undefined && isCurrent ? state.people : (rows.list[0]?.total ?? 0),
    as_of: state.asOf?.toISOString() ?? null,
    window,
    compared_to: rows.comparedTo,
    scoring_version: state.scoringVersion,
    version,
    coverage,
  };
}

/** Of a version that has the identities' in it, the part that a statement sees. */
const dataPart = (version: string): string => version.split('.')[0] ?? '';

function countingOf({ scope, kinds, include }: BoardQuery): Counting {
  return {
    repositoryIds: repositoriesIn(scope),
    kinds: kinds ?? null,
    accountKinds: [
      'human',
      ...(include.includes('bots') ? (['bot'] as const) : []),
      ...(include.includes('agents') ? (['agent'] as const) : []),
    ],
  };
}

interface Reading {
  readonly state: BoardState;
  readonly window: Window;
  readonly after: Place | null;
  readonly isCurrent: boolean;
}

async function rowsOf(
  db: Database | Queryable,
  q: BoardQuery,
  { state, window, after, isCurrent }: Reading,
): Promise<{ readonly list: readonly PageRow[]; readonly comparedTo: string | null }> {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const isStored = isStoredBoard(q);
  const cut = { q: q.q, sort: q.sort, limit: q.limit, after, around: await aroundOf(db, q) };
  const counting = countingOf(q);
  const scoring = () => scoringOf(db, state.scoringVersion);
  const then = windowThen(window);
  const snapshot = isStored && isCurrent ? state.comparedTo : null;
  const isCompared =
    snapshot === null &&
    then !== null &&
    isCurrent &&
    (!isStored || state.people <= MOST_COMPARED) &&
    (await reachesBack(db, counting.repositoryIds, window, then));
  const comparedTo = snapshot ?? (isCompared ? then.until : null);
  if (isStored) {
    const list = await readPage(db, values, {
      ...cut,
      isStored,
      factsOf: null,
      ranking: storedRanking(bind, {
        repositoryId: q.scope === 'global' ? null : storedScopeOf(q.scope),
        version: Number(after?.version ?? state.version),
        scoringVersion: isCurrent ? state.scoringVersion : (state.previousScoringVersion ?? state.scoringVersion),
      }),
      earlier:
        snapshot !== null
          ? ranksOfSnapshot(bind, storedScopeOf(q.scope), snapshot)
          : isCompared
            ? ranksOfDays(bind, counting, then, await scoring())
            : null,
      data: null,
    });
    return { list: found(list, q), comparedTo };
  }
  const isOfBoards = q.window === 'default' && q.kinds === undefined;
  // All are ranked by their scores; what else they did is summed for those who are shown. An order by something else needs it of all.
  const isByScore = !isOfBoards && (q.sort === undefined || q.sort === 'total_score') && q.limit !== 'all';
  const rules = await scoring();
  const list = await readPage(db, values, {
    ...cut,
    isStored,
    ranking: isOfBoards
      ? sumOfBoards(bind, counting)
      : isByScore
        ? scoresOfDays(bind, counting, window, rules)
        : sumOfDays(bind, counting, window, rules),
    factsOf: isByScore ? (people) => sumOfDays(bind, { ...counting, peopleSql: people }, window, rules) : null,
    earlier: isCompared ? ranksOfDays(bind, counting, then, rules) : null,
    data: dataVersionSql(`${bind(counting.repositoryIds)}::bigint[]`),
  });
  return { list: found(list, q), comparedTo };
}

async function aroundOf(db: Database | Queryable, { around }: BoardQuery): Promise<number | null> {
  if (around === undefined) return null;
  const person = await findPerson(db, around);
  if (person === null) throw new ContributorNotFound(around);
  return person.id;
}

/** A page around somebody that holds nobody: they are known, but not on this board. */
function found(list: readonly PageRow[], { around }: BoardQuery): readonly PageRow[] {
  if (around !== undefined && list.length === 0) throw new ContributorNotFound(around);
  return list;
}

/** Everything of a query that its pages must have in common; their length and what they show beside the rows may change. */
function keyOf(q: BoardQuery): string {
  return queryKey([q.scope, q.window, q.kinds?.toSorted() ?? null, q.include.toSorted(), q.q ?? null, q.sort ?? null]);
}

function placeOf(row: PageRow, version: string, isStored: boolean): Place {
  return isStored
    ? { version, sortKey: row.sort_key, position: row.position, score: null, login: null, personId: null }
    : { version, sortKey: row.sort_key, position: null, score: row.score_key, login: row.login_key, personId: row.person_id };
}

function boardRow(row: PageRow, isOfSeveral: boolean, isCompared: boolean): BoardRow {
  const { github_id, username, display_name, avatar_url, kind } = row;
  return {
    rank: row.rank,
    rank_change: !isCompared ? null : row.rank_then === null ? (row.was_ranked === true ? 'returned' : 'new') : row.rank_then - row.rank,
    contributor: { github_id, username, display_name, avatar_url, kind },
    ...figuresOf(row),
    ...(isOfSeveral ? { repositories_contributed: row.repositories_contributed ?? 0 } : {}),
  };
}
