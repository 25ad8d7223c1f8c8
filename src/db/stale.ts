import { inTransaction, type Database } from './database.ts';
import { REPOSITORY_COLUMNS, type StoredRepository } from './repositories.ts';
import { dropStaging } from './staging.ts';

/** What a failed or cancelled job staged can be adopted by its retry for this long (decisions 24), in hours. */
const STAGING_HOURS = 24;
/** Rank changes need a week of snapshots, charts a year: days they are kept (decisions 22). */
const SNAPSHOT_DAYS = 400;
/** Where a schedule of an older version does not say how long the record of writes is kept. */
const AUDIT_DAYS = 365;

/**
 * Real repositories whose last success is older than `olderThanHours` and that have no unfinished job, longest waiting first.
 * One that was never published is not stale: its first scrape is a person's to ask for.
 */
export async function staleRepositories(db: Database, olderThanHours: number): Promise<readonly StoredRepository[]> {
  const { rows } = await db.pool.query<StoredRepository>(
    `SELECT ${REPOSITORY_COLUMNS} FROM repository r
     WHERE NOT r.is_sample AND r.last_scraped_at < now() - make_interval(hours => $1)
       AND NOT EXISTS (SELECT FROM scrape_job j WHERE j.repository_id = r.id AND j.status IN ('QUEUED','RUNNING','RETRYING'))
     ORDER BY r.last_scraped_at, r.id`,
    [olderThanHours],
  );
  return rows;
}

/** Removes log lines and ended jobs that are past their time, what ended jobs left staged, and snapshots nobody compares with. */
export async function prune(
  db: Database,
  keep: { readonly logDays: number; readonly jobDays: number; readonly auditDays?: number },
): Promise<void> {
  const { rows } = await db.pool.query<{ id: string }>(
    `SELECT DISTINCT j.id FROM scrape_job j JOIN planned_slice p ON p.job_id = j.id
     WHERE j.status NOT IN ('QUEUED','RUNNING','RETRYING') AND j.completed_at < now() - make_interval(hours => $1)`,
    [STAGING_HOURS],
  );
  // A transaction per job: each holds the locks of its own two tables only.
  for (const { id } of rows) await inTransaction(db, (client) => dropStaging(client, id));
  await db.pool.query('DELETE FROM job_log WHERE at < now() - make_interval(days => $1)', [keep.logDays]);
  await db.pool.query(
    `DELETE FROM scrape_job WHERE status NOT IN ('QUEUED','RUNNING','RETRYING') AND completed_at < now() - make_interval(days => $1)`,
    [keep.jobDays],
  );
  await db.pool.query('DELETE FROM leaderboard_snapshot WHERE day < (now() - make_interval(days => $1))::date', [SNAPSHOT_DAYS]);
  await db.pool.query('DELETE FROM idempotency_key WHERE expires_at < now()');
  await db.pool.query('DELETE FROM session WHERE expires_at < now()');
  await db.pool.query('DELETE FROM audit_log WHERE at < now() - make_interval(days => $1)', [keep.auditDays ?? AUDIT_DAYS]);
}
