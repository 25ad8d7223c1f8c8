import { REBUILD_SETTINGS, rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday, inTransaction, type Database } from '../../src/db/database.ts';
import { rankRepositories } from '../../src/db/repository-board.ts';
import { currentScoring, saveScoring } from '../../src/db/scoring.ts';
import { KIND_CODES } from '../../src/domain/contribution.ts';
import { pointsOf } from '../../src/domain/scoring.ts';
import { addDays } from '../../src/domain/window.ts';
import { rowVersions, timed } from './store.ts';

/** How much is generated: rows of repository boards over so many repositories and people; `largest` people in the largest board. */
export interface BoardsShape {
  readonly rows: number;
  readonly repositories: number;
  readonly people: number;
  readonly largest: number;
}

/**
 * Generates people, repositories and their days straight into the tables and ranks all boards. A day row of comments for each
 * person and repository, and for some of them commits and merges with lines.
 */
export async function fillBoards(db: Database, shape: BoardsShape): Promise<void> {
  const today = await databaseToday(db);
  const sizes = sizesOf(shape);
  await db.pool.query(
    `INSERT INTO github_user (id, person_id, github_id, username, account_type, kind)
     SELECT n, n, 1000000 + n, 'person-' || to_hex(hashint8(n) & 2147483647) || '-' || n, 'User', CASE WHEN n % 50 = 0 THEN 'bot' ELSE 'human' END
     FROM generate_series(1, $1::bigint) AS n`,
    [shape.people],
  );
  await db.pool.query(
    `INSERT INTO repository (id, owner, name, status, last_scraped_at) SELECT n, 'bench', 'repository-' || n, 'COMPLETED', now() FROM generate_series(1, $1::bigint) AS n`,
    [shape.repositories],
  );
  // Repository r has the people r*7919 + j*stride, for a stride that meets all people before it meets one again.
  await db.pool.query(
    `INSERT INTO contribution_day (repository_id, person_id, day, kind, quantity, unknown, lines_unknown, lines_added, lines_deleted, first_at, last_at)
     SELECT c.repository_id, c.person_id, c.day, k.kind, 1 + (c.hash >> 8) % k.most, 0, 0,
       CASE WHEN k.kind = ${KIND_CODES.PR_MERGED} THEN c.hash % 5000 END, CASE WHEN k.kind = ${KIND_CODES.PR_MERGED} THEN c.hash % 1500 END, c.day, c.day
     FROM (
       SELECT r.id AS repository_id, 1 + (r.id * 7919 + j * $3::bigint) % $2::bigint AS person_id, h.hash, $4::date - h.hash % 700 AS day
       FROM unnest($1::int[]) WITH ORDINALITY AS r (size, id) CROSS JOIN generate_series(1, r.size) AS j
       CROSS JOIN LATERAL (SELECT hashint8(r.id * 1000003 + j) & 2147483647 AS hash) AS h) AS c
     JOIN (VALUES (${KIND_CODES.COMMENT}, 40, 1), (${KIND_CODES.COMMIT}, 200, 2), (${KIND_CODES.PR_MERGED}, 30, 4)) AS k (kind, most, nth) ON c.hash % k.nth = 0
     ORDER BY 1, 2, 3, 4`,
    [sizes, shape.people, strideOf(shape.people), addDays(today, -1)],
  );
  for (const table of ['github_user', 'repository', 'contribution_day']) await db.pool.query(`VACUUM ANALYZE ${table}`);
  await rebuildGlobalBoard(db);
  await db.pool.query('VACUUM ANALYZE repository_leaderboard, board');
}

/** The people of each repository: a few have many (a power law), the sum is `rows`. */
function sizesOf({ rows, repositories, largest }: BoardsShape): number[] {
  let [low, high] = [0, 2];
  let sizes: number[] = [];
  for (let step = 0; step < 40; step += 1) {
    const exponent = (low + high) / 2;
    sizes = Array.from({ length: repositories }, (_, index) => Math.max(1, Math.round(largest / (index + 1) ** exponent)));
    if (sizes.reduce((sum, size) => sum + size, 0) > rows) low = exponent;
    else high = exponent;
  }
  const missing = rows - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.with(1, (sizes[1] ?? 0) + missing);
}

/** A step of about 0.618 of `people` that has no divisor in common with it. */
function strideOf(people: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let stride = Math.round(people * 0.618);
  while (divisor(people, stride) !== 1) stride += 1;
  return stride;
}

/** Milliseconds of the least there is to do: sum and rank everybody, the scores of the boards' own type, in a rebuild's own settings. */
export async function timeBare(db: Database): Promise<number> {
  const { version } = await currentScoring(db);
  try {
    return await timed(() =>
      inTransaction(db, async (client) => {
        await client.query(REBUILD_SETTINGS);
        await client.query(
          `CREATE TABLE bare AS SELECT person_id, sum(total_score)::numeric(24,4) AS total_score, rank() OVER (ORDER BY sum(total_score) DESC) AS rank
           FROM repository_leaderboard WHERE scoring_version = ${version} GROUP BY person_id`,
        );
      }),
    );
  } finally {
    await db.pool.query('DROP TABLE IF EXISTS bare');
  }
}

/** Milliseconds of a rebuild of the global board. Its fingerprint is taken away first, as if a repository had been published. */
export async function timeRebuild(db: Database, o: { readonly rows: number }): Promise<number> {
  await db.pool.query(`UPDATE board SET fingerprint = '' WHERE scope = 0`);
  await refuseWrongBoards(db, o.rows);
  const ms = await timed(async () => {
    const { changed } = await rebuildGlobalBoard(db);
    if (!changed) throw new Error('The global board was not rebuilt');
  });
  await refuseWrongBoards(db, o.rows);
  return ms;
}

/** Milliseconds until all boards follow a new weight. */
export async function timeRescore(db: Database, o: { readonly rows: number }): Promise<number> {
  const old = await currentScoring(db);
  const scoring = {
    ...old,
    version: old.version + 1,
    weights: { ...old.weights, COMMENT: old.weights.COMMENT + pointsOf('0.5') },
  };
  await saveScoring(db.pool, scoring, 'bench', null);
  const ms = await timed(async () => {
    const { rescored } = await rebuildGlobalBoard(db);
    if (rescored === 0) throw new Error('No board was scored anew');
  });
  await refuseWrongBoards(db, o.rows);
  await db.pool.query('VACUUM ANALYZE repository_leaderboard, board');
  return ms;
}

/** Nothing is measured of boards that are not there: a generated database that a change of the schema left empty is an error. */
async function refuseWrongBoards(db: Database, rows: number): Promise<void> {
  const { rows: counted } = await db.pool.query<{ rows: number; wrong: number }>(
    `SELECT count(*)::int AS rows, (count(*) FILTER (WHERE b.scoring_version <> (SELECT max(version) FROM scoring_version)))::int AS wrong
     FROM board b JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)`,
  );
  const { rows: found, wrong } = counted[0] ?? { rows: 0, wrong: 0 };
  if (found !== rows || wrong !== 0) throw new Error(`The repository boards have ${found} rows, ${wrong} of an older scoring, not ${rows}`);
}

/** Ranking the largest repository from nothing, and again. `rewritten`: tables of which the second time wrote a row; none is right. */
export async function timeRanking(
  db: Database,
): Promise<{ firstMs: number; againMs: number; rewritten: readonly string[]; people: number }> {
  const scoring = await currentScoring(db);
  const today = await databaseToday(db);
  const id = 1;
  await db.pool.query('DELETE FROM repository_leaderboard WHERE repository_id = $1', [id]);
  await db.pool.query('DELETE FROM board WHERE scope = $1', [id]);
  const rank = () => timed(() => inTransaction(db, (client) => rankRepositories(client, { ids: [id], today, scoring })));
  const firstMs = await rank();
  const before = await rowVersions(db);
  const againMs = await rank();
  const after = await rowVersions(db);
  const { rows } = await db.pool.query<{ people: number }>('SELECT people FROM board WHERE scope = $1', [id]);
  return {
    firstMs,
    againMs,
    rewritten: Object.keys(after).filter((table) => after[table] !== before[table]),
    people: rows[0]?.people ?? 0,
  };
}
