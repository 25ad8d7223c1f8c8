import { v7 as uuidv7, validate } from 'uuid';
import { DatabaseError } from 'pg';
import type { SourceName } from '../domain/contribution.ts';
import type { Gap } from '../domain/coverage.ts';
import { JobClosed, JobNotFound, ScrapeAlreadyRunning } from '../domain/errors.ts';
import type { JobStatus, JobType, ScrapeType } from '../domain/job-status.ts';
import { fullNameOf, nameKeyOf } from '../domain/repository-name.ts';
import type { Window } from '../domain/window.ts';
import { noteCoverageChange } from './coverage-version.ts';
import type { Estimate } from '../sources/contribution-source.ts';
import { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.ts';
import { inTransaction, queryable, type Database, type Queryable } from './database.ts';
import { lock, LOCKS } from './locks.ts';
import type { StoredRepository } from './repositories.ts';
import { adoptStaging } from './staging.ts';

/** A job's row. `repositoryId` null: the repository was deleted, `repositoryName` stays. */
export interface StoredJob {
  readonly id: string;
  readonly type: JobType;
  readonly repositoryId: number | null;
  /** Empty: the job is about no repository. */
  readonly repositoryName: string;
  /** Whom an ENRICH job is about; null for others, and when the person was erased. */
  readonly userId: number | null;
  /** What an ENRICH_BATCH was asked for; null for others. */
  readonly request: EnrichBatchRequest | null;
  readonly status: JobStatus;
  readonly phase: string;
  readonly workflowId: string;
  readonly runId: string | null;
  readonly sources: readonly SourceName[];
  readonly window: Window;
  readonly requestedBy: string;
  readonly retryOf: string | null;
  readonly attempt: number;
  readonly nextRetryAt: Date | null;
  readonly waitingUntil: Date | null;
  readonly waitingFor: string | null;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  readonly eventsProcessed: number;
  /** People with contributions in its window once it has published; null before. */
  readonly people: number | null;
  readonly complete: boolean | null;
  readonly incomplete: readonly Gap[];
  readonly planNote: string | null;
  readonly planEstimate: Estimate | null;
  /** When the reading of its present source began, and how much was read then; null before. */
  readonly readingSince: Date | null;
  readonly readingFrom: number;
  /** While it waits: since when. */
  readonly waitingSince: Date | null;
  /** Waits that are over, since the reading began. */
  readonly waitedSeconds: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly cancelRequestedAt: Date | null;
  readonly dispatchedAt: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

const COLUMNS = `j.id, j.job_type AS type, j.repository_id AS "repositoryId", j.repository_name AS "repositoryName",
  j.user_id AS "userId", j.request, j.status, j.phase,
  j.workflow_id AS "workflowId", j.run_id AS "runId", j.sources,
  json_build_object('since', j.window_since, 'until', j.window_until) AS window, j.requested_by AS "requestedBy", j.retry_of AS "retryOf",
  j.attempt, j.next_retry_at AS "nextRetryAt", j.waiting_until AS "waitingUntil", j.waiting_for AS "waitingFor", j.done, j.total, j.unit,
  j.events_processed AS "eventsProcessed", j.people, j.complete, j.incomplete, j.plan_note AS "planNote",
  j.plan_estimate AS "planEstimate", j.reading_since AS "readingSince", j.reading_from AS "readingFrom", j.waiting_since AS "waitingSince",
  j.waited_seconds AS "waitedSeconds", j.error_code AS "errorCode",
  j.error_message AS "errorMessage", j.cancel_requested_at AS "cancelRequestedAt", j.dispatched_at AS "dispatchedAt",
  j.created_at AS "createdAt", j.started_at AS "startedAt", j.completed_at AS "completedAt"`;
const IS_SCRAPE = `j.job_type IN ('FULL','REFRESH')`;
/** The condition that a job `j` has work before it. */
export const UNFINISHED = `j.status IN ('QUEUED','RUNNING','RETRYING')`;

/** Of whom a batch is to learn more. */
export interface EnrichBatchRequest {
  /** So many of the global board, from the top. */
  readonly top: number;
  /** Only whom nobody asked about for so many days. */
  readonly staleAfterDays: number;
}

const ONE_PER_REPOSITORY = 'scrape_job_one_per_repository';
const UNIQUE_VIOLATION = '23505';

async function jobsWhere(db: Database | Queryable, condition: string, values: readonly unknown[]): Promise<readonly StoredJob[]> {
  const { rows } = await queryable(db).query<StoredJob>(`SELECT ${COLUMNS} FROM scrape_job j WHERE ${condition}`, [...values]);
  return rows;
}

/**
 * Queues a scrape. The partial unique index on unfinished jobs decides between racing requests. A job that retries another one
 * with the same window and sources takes over what that one had staged, if it is younger than 24 h.
 * @throws ScrapeAlreadyRunning with the id of the unfinished job.
 */
export async function createScrapeJob(
  db: Database,
  o: {
    repository: StoredRepository;
    type: ScrapeType;
    sources: readonly SourceName[];
    window: Window;
    requestedBy: string;
    retryOf?: string;
  },
): Promise<StoredJob> {
  const name = fullNameOf(o.repository);
  for (;;) {
    const id = uuidv7();
    try {
      return await inTransaction(db, async (client) => {
        const { rows } = await client.query<StoredJob>(
          `INSERT INTO scrape_job AS j
             (id, job_type, repository_id, repository_name, workflow_id, sources, window_since, window_until, requested_by, retry_of)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${COLUMNS}`,
          [
            id,
            o.type,
            o.repository.id,
            name,
            `scrape:${nameKeyOf(o.repository)}:${id}`,
            o.sources,
            o.window.since,
            o.window.until,
            o.requestedBy,
            o.retryOf ?? null,
          ],
        );
        if (o.retryOf !== undefined) await adoptStaging(client, o.retryOf, id);
        return rows[0] as StoredJob;
      });
    } catch (error) {
      if (!(error instanceof DatabaseError && error.code === UNIQUE_VIOLATION && error.constraint === ONE_PER_REPOSITORY)) throw error;
      const other = await unfinishedJobOf(db, o.repository.id);
      if (other !== null) throw new ScrapeAlreadyRunning(name, other.id);
      // It ended in this moment: the place is free again.
    }
  }
}

/** The job with this id, or null; a text that is no UUID is no job's id. */
export async function jobById(db: Database | Queryable, id: string): Promise<StoredJob | null> {
  if (!validate(id)) return null;
  const [job] = await jobsWhere(db, 'j.id = $1', [id]);
  return job ?? null;
}

/** The repository's job that has work before it, or null. */
export async function unfinishedJobOf(db: Database | Queryable, repositoryId: number): Promise<StoredJob | null> {
  const [job] = await jobsWhere(db, `j.repository_id = $1 AND ${UNFINISHED}`, [repositoryId]);
  return job ?? null;
}

/** The repository's newest job, or null. */
export async function lastJobOf(db: Database | Queryable, repositoryId: number): Promise<StoredJob | null> {
  const [job] = await jobsWhere(db, 'j.repository_id = $1 ORDER BY j.id DESC LIMIT 1', [repositoryId]);
  return job ?? null;
}

/** Jobs, newest first. `repository`: owner/name, without case. */
export async function listJobs(
  db: Database | Queryable,
  q: { status?: JobStatus; type?: JobType; repository?: string; limit: number; cursor?: string },
): Promise<Page<StoredJob>> {
  const [after] = q.cursor === undefined ? [null] : decodeCursor(q.cursor, 1);
  const filter = `($1::text IS NULL OR j.status = $1) AND ($2::text IS NULL OR j.job_type = $2)
    AND ($3::text IS NULL OR lower(j.repository_name) = lower($3))`;
  const filters = [q.status ?? null, q.type ?? null, q.repository ?? null];
  const rows = await jobsWhere(db, `${filter} AND ($4::uuid IS NULL OR j.id < $4) ORDER BY j.id DESC LIMIT $5`, [
    ...filters,
    after,
    q.limit + 1,
  ]);
  const counted = await queryable(db).query<{ total: number }>(`SELECT count(*)::int AS total FROM scrape_job j WHERE ${filter}`, filters);
  return pageOf(rows, q.limit, counted.rows[0]?.total ?? 0, (last) => encodeCursor([last.id]));
}

/**
 * Hands the oldest queued scrapes to Temporal, as many as `limit` (all dispatched unfinished scrapes together) allows, and gives those
 * it marked. Their workflows are yet to be started; a start may be repeated safely.
 */
export async function claimDispatch(db: Database, limit: number): Promise<readonly StoredJob[]> {
  return inTransaction(db, async (client) => {
    await lock(client, LOCKS.dispatch);
    const { rows } = await client.query<StoredJob>(
      `WITH running AS (SELECT count(*) AS jobs FROM scrape_job j WHERE ${UNFINISHED} AND j.dispatched_at IS NOT NULL AND ${IS_SCRAPE}),
       next AS (
         SELECT j.id FROM scrape_job j WHERE j.status = 'QUEUED' AND j.dispatched_at IS NULL AND ${IS_SCRAPE}
         ORDER BY j.created_at, j.id LIMIT greatest(0, $1 - (SELECT jobs FROM running)))
       UPDATE scrape_job j SET dispatched_at = now() FROM next WHERE j.id = next.id RETURNING ${COLUMNS}`,
      [limit],
    );
    return rows.sort((a, b) => Number(a.createdAt) - Number(b.createdAt) || (a.id < b.id ? -1 : 1));
  });
}

/** Takes back a claim whose workflow could not be started, so that the job waits for its turn again. */
export async function undispatch(db: Database | Queryable, id: string): Promise<void> {
  await queryable(db).query(`UPDATE scrape_job SET dispatched_at = NULL WHERE id = $1 AND status = 'QUEUED'`, [id]);
}

/** Jobs handed to Temporal more than `olderThanMs` ago that did not begin: their start is to be repeated. */
export async function listDispatchedQueued(db: Database | Queryable, olderThanMs: number): Promise<readonly StoredJob[]> {
  return jobsWhere(db, `j.status = 'QUEUED' AND j.dispatched_at < now() - $1 * interval '1 millisecond' ORDER BY j.id`, [olderThanMs]);
}

/** When the oldest job that has not begun was handed to Temporal; null: all have begun. */
export async function oldestHandedOver(db: Database | Queryable): Promise<Date | null> {
  const { rows } = await queryable(db).query<{ at: Date | null }>(
    `SELECT min(j.dispatched_at) AS at FROM scrape_job j WHERE j.status = 'QUEUED'`,
  );
  return rows[0]?.at ?? null;
}

/** Jobs handed to Temporal that are not finished. */
export async function listUnfinished(db: Database | Queryable): Promise<readonly StoredJob[]> {
  return jobsWhere(db, `${UNFINISHED} AND j.dispatched_at IS NOT NULL ORDER BY j.id`, []);
}

/**
 * Begins a job: QUEUED becomes RUNNING, its repository SCRAPING. Doing it again changes nothing.
 * @throws JobNotFound
 * @throws JobClosed when it has ended.
 */
export async function openJob(db: Database, id: string, runId: string): Promise<StoredJob> {
  return inTransaction(db, async (client) => {
    await client.query(
      `UPDATE repository SET status = 'SCRAPING' WHERE id = (SELECT j.repository_id FROM scrape_job j WHERE j.id = $1 AND ${UNFINISHED})`,
      [id],
    );
    const { rows } = await client.query<StoredJob>(
      `UPDATE scrape_job j SET status = 'RUNNING', run_id = $2, started_at = coalesce(started_at, now()),
         dispatched_at = coalesce(dispatched_at, now()), phase = CASE WHEN phase = 'QUEUED' THEN 'OPENED' ELSE phase END
       WHERE j.id = $1 AND ${UNFINISHED} RETURNING ${COLUMNS}`,
      [id, runId],
    );
    // Rolls the repository back too: the job ended between the two statements, or was never there.
    return rows[0] ?? failAsClosed(client, id);
  });
}

/** How a job ends. */
interface JobOutcome {
  readonly status: 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

/**
 * Ends a job and sets its repository's status with it: COMPLETED once it was ever published, else PENDING after a cancel and
 * FAILED after a failure. Gives the job as it ended: one that has published is COMPLETED, even when nobody heard of it and it was
 * given up for that. Null when it had ended before.
 */
export async function closeJob(db: Database, id: string, outcome: JobOutcome): Promise<StoredJob | null> {
  return inTransaction(db, (client) => closeJobIn(client, id, outcome));
}

/** {@link closeJob} inside somebody's transaction. */
export async function closeJobIn(client: Queryable, id: string, outcome: JobOutcome): Promise<StoredJob | null> {
  // The repository's row before the job's: the order in which publishing and deleting lock them.
  await client.query(`SELECT FROM repository WHERE id = (SELECT j.repository_id FROM scrape_job j WHERE j.id = $1) FOR NO KEY UPDATE`, [
    id,
  ]);
  const closed = await client.query<StoredJob>(
    `UPDATE scrape_job j SET phase = 'CLOSED', completed_at = now(),
         status = CASE WHEN phase = 'PUBLISHED' THEN 'COMPLETED' ELSE $2 END,
         error_code = CASE WHEN phase <> 'PUBLISHED' THEN $3 END, error_message = CASE WHEN phase <> 'PUBLISHED' THEN $4 END,
         started_at = CASE WHEN dispatched_at IS NULL THEN started_at ELSE coalesce(started_at, now()) END,
         next_retry_at = NULL, waiting_until = NULL, waiting_for = NULL, waiting_since = NULL
       WHERE j.id = $1 AND ${UNFINISHED} RETURNING ${COLUMNS}`,
    [id, outcome.status, outcome.errorCode ?? null, outcome.errorMessage ?? null],
  );
  const job = closed.rows[0];
  if (job === undefined) return null;
  await client.query(
    `UPDATE repository SET status = CASE WHEN last_scraped_at IS NOT NULL THEN 'COMPLETED' WHEN $2 = 'FAILED' THEN 'FAILED' ELSE 'PENDING' END
       WHERE id = $1`,
    [job.repositoryId, job.status],
  );
  if (job.status === 'COMPLETED') await noteCoverageChange(client);
  return job;
}

/**
 * Marks a job as to be cancelled. One that no workflow was started for is closed at once.
 * @throws JobNotFound
 * @throws JobClosed when it has ended.
 */
export async function requestCancel(db: Database, id: string): Promise<void> {
  if (!validate(id)) throw new JobNotFound(id);
  const { rows } = await db.pool.query<{ isWaiting: boolean }>(
    `UPDATE scrape_job j SET cancel_requested_at = coalesce(cancel_requested_at, now()) WHERE j.id = $1 AND ${UNFINISHED}
     RETURNING status = 'QUEUED' AND dispatched_at IS NULL AS "isWaiting"`,
    [id],
  );
  const job = rows[0] ?? (await failAsClosed(db.pool, id));
  if (job.isWaiting) await closeJob(db, id, { status: 'CANCELLED' });
}

/** Why an unfinished job of this id was not there. */
async function failAsClosed(db: Queryable, id: string): Promise<never> {
  const job = await jobById(db, id);
  throw job === null ? new JobNotFound(id) : new JobClosed(id, job.status);
}
