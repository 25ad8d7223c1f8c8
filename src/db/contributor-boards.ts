import { BoardChanged } from '../domain/errors.ts';
import type { Day, Window } from '../domain/window.ts';
import { factsSql, figuresOf, type FactRow, type Figures } from './board-figures.ts';
import { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** What somebody is on the board of all repositories. */
interface GlobalStanding extends Figures {
  /** Null: not ranked, as bots and agents are. */
  readonly rank: number | null;
  /** People who are ranked there. */
  readonly of: number;
  readonly repositories_contributed: number;
}

/** What stands in the stored boards of one person, and which boards those are. */
export interface StoredStanding {
  readonly window: Window;
  readonly scoringVersion: number;
  readonly asOf: Date;
  /** Null: on no board of this window. */
  readonly global: GlobalStanding | null;
}

/** Somebody's line on the board of all repositories; null before that board was first made. */
export async function standingOf(db: Database | Queryable, personId: number): Promise<StoredStanding | null> {
  type Row = FactRow & {
    since: Day;
    until: Day;
    scoringVersion: number;
    asOf: Date;
    people: number;
    rank: number | null;
    personId: number | null;
    repositories_contributed: number;
  };
  const { rows } = await queryable(db).query<Row>(
    `SELECT b.window_since AS since, b.window_until AS until, b.scoring_version AS "scoringVersion", b.as_of AS "asOf", b.people,
       l.person_id AS "personId", l.rank, l.repositories_contributed, ${factsSql('l')}
     FROM board b LEFT JOIN global_leaderboard l ON l.version = b.version AND l.person_id = $1 WHERE b.scope = 0`,
    [personId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { since, until, scoringVersion, asOf, people, rank } = row;
  const isThere = row.personId !== null;
  const global = isThere ? { rank, of: people, ...figuresOf(row), repositories_contributed: row.repositories_contributed } : null;
  return { window: { since, until }, scoringVersion, asOf, global };
}

/** What somebody is on the board of one repository. */
export interface RepositoryStanding extends Figures {
  readonly repository: { readonly owner: string; readonly name: string; readonly full_name: string; readonly is_sample: boolean };
  readonly rank: number | null;
  readonly of: number;
}

/**
 * The repositories somebody contributed to in the window of the stored boards, the highest score first. A cursor is of those boards:
 * @throws BoardChanged (410) when one of them was rebuilt since, as scores that have changed would be met twice, or never.
 */
export async function listRepositoryStandings(
  db: Database | Queryable,
  personId: number,
  q: { readonly limit: number; readonly cursor?: string },
): Promise<Page<RepositoryStanding>> {
  const [stamp, score, after] = q.cursor === undefined ? [null, null, null] : decodeCursor(q.cursor, 3);
  const { rows } = await queryable(db).query<
    FactRow & {
      id: number;
      owner: string;
      name: string;
      isSample: boolean;
      people: number;
      rank: number | null;
      score: string;
      total: number;
      stamp: string;
    }
  >(
    `WITH standing AS (
       SELECT l.rank, ${factsSql('l')}, b.people, b.version, b.scoring_version, r.id, r.owner, r.name, r.is_sample AS "isSample", l.total_score::text AS score
       FROM board b JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version, l.person_id) = (b.scoring_version, b.scope, b.version, $1)
       JOIN repository r ON r.id = b.scope)
     SELECT s.*, a.total, a.stamp FROM standing s,
       (SELECT count(*)::int AS total, md5(string_agg(concat(id, ' ', version, ' ', scoring_version), ',' ORDER BY id)) AS stamp FROM standing) AS a
     WHERE $2::numeric IS NULL OR $5 <> a.stamp OR (s.total_score, -s.id) < ($2::numeric, -$3::bigint)
     ORDER BY s.total_score DESC, s.id LIMIT $4`,
    [personId, score, after, q.limit + 1, stamp],
  );
  // A page after a cursor is never empty: there is none after the last.
  if (stamp !== null && stamp !== rows[0]?.stamp) throw new BoardChanged();
  const page = pageOf(rows, q.limit, rows[0]?.total ?? 0, (last) => encodeCursor([last.stamp, last.score, last.id]));
  return {
    ...page,
    data: page.data.map((row) => ({
      repository: { owner: row.owner, name: row.name, full_name: `${row.owner}/${row.name}`, is_sample: row.isSample },
      rank: row.rank,
      of: row.people,
      ...figuresOf(row),
    })),
  };
}

/** A rank somebody had on a day. */
export interface DayRank {
  readonly day: Day;
  readonly rank: number;
  readonly total_score: number;
}

/** The ranks somebody had on a board (scope 0: of all repositories), day by day as far as they were kept, and now; oldest first. */
export async function rankHistoryOf(
  db: Database | Queryable,
  personId: number,
  { scope, window }: { readonly scope: number; readonly window: Window },
): Promise<readonly DayRank[]> {
  const now =
    scope === 0
      ? `global_leaderboard l ON l.version = b.version`
      : `repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)`;
  const { rows } = await queryable(db).query<DayRank>(
    `SELECT s.day, s.rank, s.total_score FROM leaderboard_snapshot s WHERE s.scope = $1 AND s.person_id = $2 AND s.day BETWEEN $3 AND $4
     UNION
     SELECT b.window_until, l.rank, l.total_score FROM board b JOIN ${now}
     WHERE b.scope = $1 AND l.person_id = $2 AND l.rank IS NOT NULL AND b.window_until BETWEEN $3 AND $4
       AND NOT EXISTS (SELECT FROM leaderboard_snapshot s WHERE (s.scope, s.person_id, s.day) = ($1, $2, b.window_until))
     ORDER BY 1`,
    [scope, personId, window.since, window.until],
  );
  return rows;
}
