import { queryable, type Database, type Queryable } from './database.ts';

/** The number of ranked people on a repository's board; null before the first one. */
export async function peopleOnBoard(db: Database | Queryable, repositoryId: number): Promise<number | null> {
  const { rows } = await queryable(db).query<{ people: number }>('SELECT people FROM board WHERE scope = $1', [repositoryId]);
  return rows[0]?.people ?? null;
}

/** A person's place on the global board; `rank` null: not on it. */
export async function globalStanding(
  db: Database | Queryable,
  personId: number,
): Promise<{ readonly rank: number | null; readonly people: number }> {
  const { rows } = await queryable(db).query<{ rank: number | null; people: number }>(
    `SELECT g.rank, b.people FROM board b LEFT JOIN global_leaderboard g ON g.version = b.version AND g.person_id = $1 WHERE b.scope = 0`,
    [personId],
  );
  return rows[0] ?? { rank: null, people: 0 };
}
