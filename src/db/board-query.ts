import { createHash } from 'node:crypto';
import type { AccountKind } from '../domain/account-kind.ts';
import { BoardChanged, InvalidInput } from '../domain/errors.ts';
import { SCORED, type Scored, type ScoredKind } from '../domain/scoring.ts';
import { DEFAULT_WINDOW, presetWindow, type Day, type Window } from '../domain/window.ts';
import { incompleteKinds } from './board-columns.ts';
import { rankedBoard, type RankedBoard } from './board-ranking.ts';
import { coverageSummary, type CoverageSummary } from './coverage.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { databaseToday, queryable, type Database, type Queryable } from './database.ts';
import { currentScoring, scoringOf } from './scoring.ts';

/** What of a board is asked for. `window`, `kinds` and `include` make another board, with ranks of its own; `q` and `sort` never change a rank. */
export interface BoardQuery {
  readonly scope: { readonly repositoryId: number } | 'global';
  readonly window: Window | 'default';
  readonly kinds?: readonly ScoredKind[];
  readonly include: readonly ('bots' | 'agents')[];
  /** Part of a login or of a name. */
  readonly q?: string;
  readonly sort?: Scored | 'total_score' | 'last_contribution_at';
  readonly limit: number | 'all';
  readonly cursor?: string;
}

type CountColumn = (typeof SCORED)[Scored]['column'];

/** A person's line on a board, as the API gives it. A count is null when it is not known, never 0. */
export interface BoardRow extends Readonly<Record<CountColumn, number | null>> {
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
  readonly total_score: number;
  /** Kinds of which the count is the sum of the known part. */
  readonly incomplete_kinds: readonly string[];
  /** On the global board only. */
  readonly repositories_contributed?: number;
  readonly first_contribution_at: string | null;
  readonly last_contribution_at: string | null;
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

/** A stored board's row, or what stands for it before the first one is made. */
interface BoardState {
  readonly version: number;
  readonly previousVersion: number | null;
  readonly scoringVersion: number;
  readonly previousScoringVersion: number | null;
  readonly since: Day;
  readonly until: Day;
  readonly asOf: Date | null;
  readonly people: number;
  readonly comparedTo: Day | null;
}

/**
 * A page of a board. The default board (2 years, all kinds, humans) is read from its stored version, in time that does not grow
 * with the page's number; any other is ranked now.
 * @throws BoardChanged for a cursor of a version that is no longer kept.
 * @throws InvalidInput (400) for a cursor of another query.
 */
export async function readBoard(db: Database | Queryable, q: BoardQuery): Promise<Board> {
  const repositoryId = q.scope === 'global' ? null : q.scope.repositoryId;
  const current = await boardState(db, repositoryId ?? 0);
  const board = current ?? (await unmadeBoard(db));
  const window = q.window === 'default' ? { since: board.since, until: board.until } : q.window;
  const isDefault = q.window === 'default' && q.kinds === undefined && q.include.length === 0;
  const after = q.cursor === undefined ? null : readCursor(q.cursor, q, board);
  const isCurrent = after === null || after.version === board.version;
  const ranking = await rankedBoard({
    repositoryId,
    version: after?.version ?? board.version,
    scoringVersion: isCurrent ? board.scoringVersion : (board.previousScoringVersion ?? board.scoringVersion),
    window,
    isStored: q.window === 'default' && q.kinds === undefined,
    kinds: q.kinds ?? null,
    accountKinds: [
      'human',
      ...(q.include.includes('bots') ? (['bot'] as const) : []),
      ...(q.include.includes('agents') ? (['agent'] as const) : []),
    ],
    scoringOf: (version) => scoringOf(db, version),
  });
  const comparedTo = isDefault && isCurrent ? board.comparedTo : null;
  const [rows, coverage] = await Promise.all([
    readRows(db, q, ranking, after, { scope: repositoryId ?? 0, comparedTo }),
    coverageSummary(db, repositoryId, window),
  ]);
  const page = q.limit === 'all' ? rows : rows.slice(0, q.limit);
  const last = page.at(-1);
  const cursor = rows.length > page.length && last !== undefined ? cursorAfter(last, q, after?.version ?? board.version) : null;
  const found = rows[0]?.total ?? 0;
  return {
    data: page.map((row) => boardRow(row, q.scope === 'global', comparedTo)),
    next_cursor: cursor,
    total: isDefault && q.q === undefined && isCurrent ? board.people : found,
    as_of: board.asOf?.toISOString() ?? null,
    window,
    compared_to: comparedTo,
    scoring_version: board.scoringVersion,
    version: String(after?.version ?? board.version),
    coverage,
  };
}

async function boardState(db: Database | Queryable, scope: number): Promise<BoardState | null> {
  const { rows } = await queryable(db).query<BoardState>({
    name: 'board-state',
    text: `SELECT b.version, b.previous_version AS "previousVersion", b.scoring_version AS "scoringVersion",
             b.previous_scoring_version AS "previousScoringVersion", b.window_since AS since, b.window_until AS until,
             coalesce(r.last_scraped_at, b.as_of) AS "asOf", b.people, b.compared_to AS "comparedTo"
           FROM board b LEFT JOIN repository r ON r.id = b.scope WHERE b.scope = $1`,
    values: [scope],
  });
  return rows[0] ?? null;
}

async function unmadeBoard(db: Database | Queryable): Promise<BoardState> {
  const { version: scoringVersion } = await currentScoring(db);
  const window = presetWindow(DEFAULT_WINDOW, await databaseToday(db));
  const nothing = { previousVersion: null, previousScoringVersion: null, asOf: null, people: 0, comparedTo: null };
  return { version: 0, scoringVersion, ...window, ...nothing };
}

/** A row of a ranking with its person. */
interface RankedRow extends Readonly<Record<CountColumn, number | null>> {
  readonly person_id: number;
  readonly rank: number;
  readonly position: number;
  readonly total_score: number;
  readonly unknown_kinds: number;
  readonly repositories_contributed: number | null;
  readonly first_contribution_at: Date;
  readonly last_contribution_at: Date;
  readonly github_id: number;
  readonly username: string;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly kind: AccountKind;
  readonly sort_key: string | null;
  readonly rank_then: number | null;
  readonly was_ranked: boolean | null;
  /** People found; null where the stored board knows. */
  readonly total: number | null;
}

async function readRows(
  db: Database | Queryable,
  q: BoardQuery,
  ranking: RankedBoard,
  after: Place | null,
  snapshot: { readonly scope: number; readonly comparedTo: Day | null },
): Promise<readonly RankedRow[]> {
  const values: unknown[] = [...ranking.values];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const sort = sortOf(q);
  const found =
    q.q === undefined
      ? `SELECT r.* FROM (${ranking.sql}) AS r`
      : `SELECT r.* FROM (${ranking.sql}) AS r JOIN github_user f ON f.id = r.person_id,
           lower(${bind(q.q)}) AS wanted
         WHERE strpos(lower(f.username), wanted) > 0 OR strpos(lower(f.display_name), wanted) > 0`;
  const counted =
    ranking.isStored && q.q === undefined
      ? `SELECT s.*, NULL::int AS total FROM (${found}) AS s`
      : `SELECT s.*, (count(*) OVER ())::int AS total FROM (${found}) AS s`;
  const keyset =
    after === null
      ? ''
      : sort === null
        ? `WHERE c.position > ${bind(after.position)}`
        : `WHERE (${sort.by('c')}, -c.position) < (${bind(after.sortKey)}::${sort.type}, -${bind(after.position)}::int)`;
  const order = (alias: string): string => (sort === null ? `${alias}.position` : `${sort.by(alias)} DESC, ${alias}.position`);
  const limit = q.limit === 'all' ? '' : `LIMIT ${bind(q.limit + 1)}`;
  const then =
    snapshot.comparedTo === null
      ? { columns: 'NULL::int AS rank_then, NULL::boolean AS was_ranked', join: '' }
      : {
          columns: `t.rank AS rank_then, t.rank IS NULL AND EXISTS (
              SELECT FROM leaderboard_snapshot o WHERE o.scope = t2.scope AND o.person_id = p.person_id AND o.day < t2.day) AS was_ranked`,
          join: `CROSS JOIN (SELECT ${bind(snapshot.scope)}::bigint AS scope, ${bind(snapshot.comparedTo)}::date AS day) AS t2
            LEFT JOIN leaderboard_snapshot t ON t.scope = t2.scope AND t.person_id = p.person_id AND t.day = t2.day`,
        };
  const text = `SELECT p.*, u.github_id, u.username, u.display_name, u.avatar_url, u.kind,
      ${sort === null ? 'NULL::text' : `${sort.by('p')}::text`} AS sort_key, ${then.columns}
    FROM (SELECT c.* FROM (${counted}) AS c ${keyset} ORDER BY ${order('c')} ${limit}) AS p
    JOIN github_user u ON u.id = p.person_id ${then.join}
    ORDER BY ${order('p')}`;
  // Prepared once per connection: the same text always has the same name.
  const name = `board-${createHash('sha1').update(text).digest('base64url')}`;
  const { rows } = await queryable(db).query<RankedRow>({ ...(ranking.isStored ? { name } : {}), text, values });
  return rows;
}

/** What a board is sorted by instead of its ranks, best first; null: by rank. */
function sortOf(q: BoardQuery): { readonly by: (alias: string) => string; readonly type: string } | null {
  const { sort } = q;
  if (sort === undefined || sort === 'total_score') return null;
  if (sort === 'last_contribution_at') return { by: (alias) => `${alias}.last_contribution_at`, type: 'timestamptz' };
  return { by: (alias) => `coalesce(${alias}.${SCORED[sort].column}, -1)::bigint`, type: 'bigint' };
}

/** Where a page begins: after this place, in this version. */
interface Place {
  readonly version: number;
  readonly sortKey: string | null;
  readonly position: number;
}

/** Everything of a query that its pages must have in common; the length of a page may change. */
function queryKey(q: BoardQuery): string {
  const parts = [q.scope, q.window, q.kinds?.toSorted() ?? null, q.include.toSorted(), q.q ?? null, q.sort ?? null];
  return createHash('sha1').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);
}

function cursorAfter(last: RankedRow, q: BoardQuery, version: number): string {
  return encodeCursor([queryKey(q), version, last.sort_key, last.position]);
}

function readCursor(cursor: string, q: BoardQuery, board: BoardState): Place {
  const [key, version, sortKey, position] = decodeCursor(cursor, 4);
  if (key !== queryKey(q) || typeof version !== 'number' || typeof position !== 'number' || typeof sortKey === 'number') {
    const detail = 'it belongs to another query: take it from next_cursor of the page before, with the same parameters';
    throw new InvalidInput(`cursor: ${detail}`, [{ pointer: 'cursor', detail }], 400);
  }
  // What is ranked on request has no older version: the days it is made of have changed.
  const isKept = version === board.version || (version === board.previousVersion && q.window === 'default' && q.kinds === undefined);
  if (!isKept) throw new BoardChanged();
  return { version, sortKey: sortKey ?? null, position };
}

function boardRow(row: RankedRow, isGlobal: boolean, comparedTo: Day | null): BoardRow {
  const { github_id, username, display_name, avatar_url, kind } = row;
  const counts = Object.fromEntries(Object.values(SCORED).map(({ column }) => [column, row[column]])) as Record<CountColumn, number | null>;
  return {
    rank: row.rank,
    rank_change: comparedTo === null ? null : row.rank_then === null ? (row.was_ranked ? 'returned' : 'new') : row.rank_then - row.rank,
    contributor: { github_id, username, display_name, avatar_url, kind },
    total_score: row.total_score,
    ...counts,
    incomplete_kinds: incompleteKinds(row.unknown_kinds, counts),
    ...(isGlobal ? { repositories_contributed: row.repositories_contributed ?? 0 } : {}),
    first_contribution_at: row.first_contribution_at.toISOString(),
    last_contribution_at: row.last_contribution_at.toISOString(),
  };
}
