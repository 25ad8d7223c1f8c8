import type { PoolClient } from 'pg';
import { AppError } from '../domain/errors.ts';
import { needsDays, pointsSql, scoreOfPointsSql, type Scoring } from '../domain/scoring.ts';
import { addDays, DEFAULT_WINDOW, presetWindow, type Day } from '../domain/window.ts';
import { BOARD_SUMS, knownBoardCounts } from './board-columns.ts';
import { databaseToday, inTransaction, type Database } from './database.ts';
import { lock, LOCKS } from './locks.ts';
import { ensureSnapshotMonth, makeScoringPartition, scoringPartition, tableExists } from './partitions.ts';
import { BOARD_FACTS, COMPARED_DAYS, LOGIN_ORDER, nextBoardVersion, rankOrder, rankRepositories, rankSql } from './repository-board.ts';
import { rollUp } from './rollup.ts';
import { currentScoring, newestScoring } from './scoring.ts';

const STATEMENT_TIMEOUT_MS = 15 * 60_000;
/**
 * Measured on a million rows. Little work_mem: with 32 MB and more the sums went through one big hash table that misses the
 * caches. No parallel plan: the planner had every worker sum all rows for itself. Statistics only have to tell an index from a scan.
 */
export const REBUILD_SETTINGS = [
  `SET LOCAL maintenance_work_mem = '128MB'`,
  `SET LOCAL work_mem = '4MB'`,
  'SET LOCAL max_parallel_workers_per_gather = 0',
  'SET LOCAL default_statistics_target = 10',
].join('; ');
const GLOBAL_SCOPE = 0;

/** What a rebuild did: people on the global board, whether that changed, how many repository boards got another scoring. */
export interface Rebuilt {
  readonly people: number;
  readonly changed: boolean;
  readonly rescored: number;
}

/**
 * Brings every board up to date, in one transaction: scores all boards with the newest scoring, ranks those again whose window does
 * not end today or whose other inputs changed, and makes the board of all repositories from them. Readers see the old weights
 * everywhere or the new ones. With unchanged inputs nothing is written. Two rebuilds at once run one after the other, and a publish
 * before or after one.
 */
export async function rebuildGlobalBoard(db: Database): Promise<Rebuilt> {
  await prepareSnapshots(db);
  const result = await inTransaction(
    db,
    async (client) => {
      await lock(client, LOCKS.boards);
      return rebuild(client);
    },
    { statementTimeoutMs: STATEMENT_TIMEOUT_MS },
  );
  if (result.changed) await dropOldPartitions(db);
  return result;
}

/** What a change of people touches. */
interface BoardChange<T> {
  /** Their boards are made anew, and the global one with them. */
  readonly repositories: readonly number[];
  readonly result: T;
  /** Boards of before must not be read any more, not even by a cursor: somebody is to be shown nowhere. */
  readonly forgetOlder?: boolean;
}

/** Whoever changes people waits this long for a publish or a rebuild under way, then says "later". */
const CHANGE_PATIENCE_MS = 20_000;

/**
 * Changes who is who, and has every board that depends on it follow in the same transaction: readers see all of it or nothing.
 * Nothing is published or rebuilt meanwhile, so each comes wholly before or wholly after the change.
 * @throws AppError `boards_busy` (503) when a publish or a rebuild does not end in time.
 */
export async function changeBoards<T>(db: Database, change: (client: PoolClient) => Promise<BoardChange<T>>): Promise<T> {
  await prepareSnapshots(db);
  const { result, isRebuilt } = await inTransaction(
    db,
    async (client) => {
      await client.query(`SET LOCAL lock_timeout = ${CHANGE_PATIENCE_MS}`);
      try {
        await lock(client, LOCKS.boards);
      } catch (error) {
        if (!isLockTimeout(error)) throw error;
        throw new AppError(
          'boards_busy',
          503,
          'A scrape is publishing or boards are being rebuilt. Try again in a minute.',
          {},
          { cause: error },
        );
      }
      await client.query('SET LOCAL lock_timeout = 0');
      const { repositories, result: answer, forgetOlder = false } = await change(client);
      if (repositories.length === 0) return { result: answer, isRebuilt: false };
      await client.query('UPDATE repository SET rollup_version = rollup_version + 1 WHERE id = ANY($1)', [repositories]);
      await rebuild(client);
      if (forgetOlder) await forgetOlderBoards(client, repositories);
      return { result: answer, isRebuilt: true };
    },
    { statementTimeoutMs: STATEMENT_TIMEOUT_MS },
  );
  if (isRebuilt) await dropOldPartitions(db);
  return result;
}

/** Makes the days of repositories anew, inside {@link changeBoards}. */
export async function rollUpOf(client: PoolClient, repositories: readonly number[]): Promise<void> {
  for (const id of repositories) await rollUp(client, id);
}

async function forgetOlderBoards(client: PoolClient, repositories: readonly number[]): Promise<void> {
  await client.query(
    `UPDATE board SET previous_version = NULL, previous_scoring_version = NULL WHERE scope = ${GLOBAL_SCOPE} OR scope = ANY($1)`,
    [repositories],
  );
  await client.query(
    `DELETE FROM repository_leaderboard l USING board b WHERE l.repository_id = ANY($1) AND b.scope = l.repository_id AND l.version <> b.version`,
    [repositories],
  );
}

async function rebuild(client: PoolClient): Promise<Rebuilt> {
  const today = await databaseToday(client);
  await client.query(REBUILD_SETTINGS);
  const [old, scoring] = [await currentScoring(client), await newestScoring(client)];
  // Boards are about to get other scores; are the counts of the global one those of the repository boards?
  const { isKnown: hasCounts } = await inputsOf(client, old, today);
  const outdated = await outdatedBoards(client, scoring);
  let isCarriedOver = false;
  if (outdated > 0) {
    if (needsDays(old) || needsDays(scoring)) {
      await makeScoringPartition(client, scoring.version);
    } else {
      isCarriedOver = (await rescoreRepositories(client, scoring)) && hasCounts;
    }
  }
  if ((await rankRepositories(client, { ids: 'all', today, scoring })) > 0) isCarriedOver = false;
  const { fingerprint, isKnown, people: peopleBefore, version: versionBefore } = await inputsOf(client, scoring, today);
  if (isKnown) return { people: peopleBefore, changed: false, rescored: outdated };

  await client.query(
    `INSERT INTO leaderboard_snapshot (scope, person_id, day, rank, total_score)
     SELECT b.scope, l.person_id, b.window_until, l.rank, l.total_score
     FROM board b JOIN global_leaderboard l ON l.version = b.version
     WHERE b.scope = ${GLOBAL_SCOPE} AND b.window_until < $1 AND l.rank IS NOT NULL ON CONFLICT DO NOTHING`,
    [today],
  );
  const version = await nextBoardVersion(client);
  const partition = `global_leaderboard_${version}`;
  await fillGlobal(client, partition, version, isCarriedOver ? rescoredGlobal(scoring, versionBefore) : summedGlobal(scoring));
  const counted = await client.query<{ people: number }>(`SELECT coalesce(max(position), 0) AS people FROM ${partition}`);
  const people = counted.rows[0]?.people ?? 0;
  await client.query(
    `INSERT INTO board AS b (scope, version, scoring_version, identity_version, window_since, window_until, fingerprint, as_of, people, compared_to)
     SELECT ${GLOBAL_SCOPE}, $1, $2, (SELECT value::text::bigint FROM setting WHERE name = 'identity_version'),
       $7, $3, $4, now(), $5, (SELECT s.day FROM leaderboard_snapshot s WHERE s.scope = ${GLOBAL_SCOPE} AND s.day = $6 LIMIT 1)
     ON CONFLICT (scope) DO UPDATE SET
       previous_version = b.version, previous_scoring_version = b.scoring_version, version = excluded.version,
       scoring_version = excluded.scoring_version, identity_version = excluded.identity_version, window_since = excluded.window_since,
       window_until = excluded.window_until, fingerprint = excluded.fingerprint, as_of = excluded.as_of, people = excluded.people,
       compared_to = excluded.compared_to`,
    [version, scoring.version, today, fingerprint, people, addDays(today, -COMPARED_DAYS), presetWindow(DEFAULT_WINDOW, today).since],
  );
  return { people, changed: true, rescored: outdated };
}

/** The fingerprint of everything the global board is made of, and the board there is. `isKnown`: it was made of just that. */
async function inputsOf(
  client: PoolClient,
  scoring: Scoring,
  today: Day,
): Promise<{ fingerprint: Buffer; isKnown: boolean; people: number; version: number }> {
  const { rows } = await client.query<{ fingerprint: Buffer; isKnown: boolean; people: number; version: number }>(
    `SELECT now.fingerprint, coalesce(g.fingerprint = now.fingerprint, false) AS "isKnown", coalesce(g.people, 0) AS people,
       coalesce(g.version, 0) AS version
     FROM (SELECT sha256(convert_to(concat_ws('|', ${scoring.version}, $1::date,
             (SELECT value FROM setting WHERE name = 'identity_version'),
             (SELECT string_agg(concat_ws(':', scope, version), ',' ORDER BY scope) FROM board WHERE scope <> ${GLOBAL_SCOPE})), 'UTF8')) AS fingerprint) AS now
     LEFT JOIN board g ON g.scope = ${GLOBAL_SCOPE}`,
    [today],
  );
  return rows[0] as (typeof rows)[number];
}

async function outdatedBoards(client: PoolClient, scoring: Scoring): Promise<number> {
  const { rows } = await client.query<{ boards: number }>(
    `SELECT count(*)::int AS boards FROM board WHERE scope <> ${GLOBAL_SCOPE} AND scoring_version <> $1`,
    [scoring.version],
  );
  return rows[0]?.boards ?? 0;
}

/**
 * Scores the stored counts of all boards anew. Who is ranked, and in which order equals stand, is taken over from the rows. Says
 * whether the partition of the scoring is new: then it holds the current rows of all boards and no others.
 */
async function rescoreRepositories(client: PoolClient, scoring: Scoring): Promise<boolean> {
  const version = await nextBoardVersion(client);
  const partition = scoringPartition(scoring.version);
  // Filled and indexed before it is attached: nobody reads it yet. It is there already when somebody published with this version.
  await lock(client, LOCKS.partitions);
  const isNew = !(await tableExists(client, partition));
  const facts = BOARD_FACTS.filter((fact) => fact !== 'total_score').join(', ');
  // A table made of a query is filled in bulk, one that is inserted into is not.
  const target = isNew
    ? `CREATE TABLE ${partition} AS`
    : `INSERT INTO ${partition} (scoring_version, repository_id, version, person_id, total_score, ${facts}, login_order, rank, position)`;
  // Board after board, so that each is sorted by itself, in memory: a join that hashes would leave one sort of all rows, on disk.
  await client.query('SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off');
  await client.query(
    `${target}
     SELECT ${scoring.version} AS scoring_version, repository_id, ${version}::bigint AS version, person_id,
       ${scoreOfPointsSql('points')} AS total_score, ${facts}, login_order, ${rankSql('repository_id')}
     FROM (
       SELECT s.*, CASE WHEN s.is_ranked THEN s.points END AS key
       FROM (
         SELECT b.scope AS repository_id, l.person_id, ${facts}, l.login_order, l.rank IS NOT NULL AS is_ranked, ${pointsSql(scoring, 'l')} AS points
         FROM (SELECT * FROM board WHERE scope <> ${GLOBAL_SCOPE} AND scoring_version <> ${scoring.version} ORDER BY scope OFFSET 0) AS b
         JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)
       ) AS s ${rankOrder('s.repository_id', 's.login_order, s.person_id')}
     ) AS ordered`,
  );
  await client.query('SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on');
  if (isNew) {
    await client.query(`ALTER TABLE ${partition} ADD PRIMARY KEY (person_id, repository_id, version, scoring_version)`);
    await client.query(`CREATE INDEX ON ${partition} (repository_id, version, position)`);
    await client.query(`ALTER TABLE repository_leaderboard ATTACH PARTITION ${partition} FOR VALUES IN (${scoring.version})`);
    await client.query(`ANALYZE ${partition} (scoring_version, repository_id, version, person_id, rank, position)`);
  }
  await client.query(
    `UPDATE board b SET previous_version = b.version, previous_scoring_version = b.scoring_version, version = $2, scoring_version = $1, as_of = now(),
       fingerprint = CASE WHEN b.fingerprint = ${repositoryFingerprintSql('b.scoring_version')} THEN ${repositoryFingerprintSql('$1::int')} ELSE '' END
     FROM repository r WHERE r.id = b.scope AND b.scoring_version <> $1`,
    [scoring.version, version],
  );
  // Else the sums that follow are planned for boards of the old version only, of which there are none.
  await client.query('ANALYZE board (scope, version, scoring_version)');
  return isNew;
}

/** As rankRepositories makes it: what was not up to date before is not up to date with other weights either. */
function repositoryFingerprintSql(scoringVersion: string): string {
  return `sha256(convert_to(concat_ws('|', r.id, r.rollup_version, ${scoringVersion}, b.identity_version, b.window_since, b.window_until), 'UTF8'))`;
}

/** SQL of everybody's row on the global board, summed from all repository boards. */
function summedGlobal({ version: scoringVersion }: Scoring): string {
  return `
  SELECT f.person_id, f.total_score::numeric(24,4) AS total_score, f.unknown_kinds, f.first_contribution_at, f.last_contribution_at, f.repositories_contributed,
    ${knownBoardCounts('f')}
  FROM (
    SELECT l.person_id, sum(l.total_score) AS total_score, count(*)::int AS repositories_contributed, ${BOARD_SUMS}
    FROM board b JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)
    WHERE b.scope <> ${GLOBAL_SCOPE} AND l.scoring_version = ${scoringVersion} GROUP BY l.person_id
  ) AS f`;
}

/** The same where only scores are new, all in a new partition: the counts are those of a version of the global board. */
function rescoredGlobal({ version: scoringVersion }: Scoring, version: number): string {
  const facts = BOARD_FACTS.filter((fact) => fact !== 'total_score').map((fact) => `o.${fact}`);
  return `
  SELECT o.person_id, f.total_score::numeric(24,4) AS total_score, ${facts.join(', ')}, o.repositories_contributed
  FROM (
    SELECT l.person_id, sum(l.total_score) AS total_score FROM ${scoringPartition(scoringVersion)} l GROUP BY l.person_id
  ) AS f JOIN global_leaderboard_${version} o ON o.person_id = f.person_id`;
}

/** Builds a version of the global board beside the others and attaches it when its indexes are there. */
async function fillGlobal(client: PoolClient, partition: string, version: number, rows: string): Promise<void> {
  const facts = BOARD_FACTS.join(', ');
  // Sums over sorted rows: hashed, a million wide rows took a fifth more, spilling or missing the caches.
  await client.query('SET LOCAL enable_hashagg = off');
  await client.query(
    `CREATE TABLE ${partition} AS
     SELECT ${version}::bigint AS version, person_id, ${facts}, repositories_contributed, ${rankSql(null)}
     FROM (
       SELECT s.*, CASE WHEN u.kind = 'human' THEN s.total_score END AS key
       FROM (${rows}) AS s JOIN github_user u ON u.id = s.person_id
       ${rankOrder(null, LOGIN_ORDER)}
     ) AS ordered`,
  );
  await client.query('SET LOCAL enable_hashagg = on');
  await client.query(`ALTER TABLE ${partition} ADD PRIMARY KEY (person_id, version)`);
  await client.query(`CREATE INDEX ON ${partition} (version, position)`);
  await client.query(`ALTER TABLE global_leaderboard ATTACH PARTITION ${partition} FOR VALUES IN (${version})`);
  await client.query(`ANALYZE ${partition} (version, person_id, rank, position)`);
}

/** Makes the snapshot partitions of the months in which stored boards end. */
async function prepareSnapshots(db: Database): Promise<void> {
  const { rows } = await db.pool.query<{ day: string }>(
    `SELECT DISTINCT window_until AS day FROM board WHERE window_until < (now() AT TIME ZONE 'UTC')::date`,
  );
  for (const { day } of rows) await ensureSnapshotMonth(db, day);
}

/**
 * Drops partitions no reader's cursor can name any more. Dropping waits for whoever reads the board and makes others wait: where it
 * does not succeed within a moment it is left to the next rebuild.
 */
async function dropOldPartitions(db: Database): Promise<void> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE (i.inhparent = 'global_leaderboard'::regclass AND NOT EXISTS (
              SELECT FROM board b WHERE b.scope = ${GLOBAL_SCOPE} AND c.relname IN ('global_leaderboard_' || b.version, 'global_leaderboard_' || b.previous_version)))
        OR (i.inhparent = 'repository_leaderboard'::regclass AND NOT EXISTS (
              SELECT FROM board b WHERE c.relname IN ('repository_leaderboard_' || b.scoring_version, 'repository_leaderboard_' || b.previous_scoring_version))
            AND c.relname <> 'repository_leaderboard_' || (SELECT max(version) FROM scoring_version))`,
  );
  for (const { name } of rows) {
    await inTransaction(db, async (client) => {
      await client.query(`SET LOCAL lock_timeout = '200ms'`);
      await client.query(`DROP TABLE IF EXISTS ${name}`);
    }).catch((error: unknown) => {
      if (!isLockTimeout(error)) throw error;
    });
  }
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}
