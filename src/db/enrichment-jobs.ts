import { DatabaseError } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { EnrichmentAlreadyRunning } from '../domain/errors.ts';
import type { JobType } from '../domain/job-status.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import { jobById, type EnrichBatchRequest, type StoredJob } from './jobs.ts';

type EnrichType = Extract<JobType, 'ENRICH' | 'ENRICH_BATCH'>;
const UNIQUE_VIOLATION = '23505';
const INDEXES: readonly (string | undefined)[] = ['scrape_job_one_per_user', 'scrape_job_one_per_type'];

/**
 * Stores a job that learns more of one person. It counts as handed to Temporal at once: enrichment has a queue and a pace of its
 * own, it takes no place from scrapes. The partial unique index decides between racing requests.
 * @throws EnrichmentAlreadyRunning
 */
export async function createEnrichJob(db: Database, o: { readonly userId: number; readonly requestedBy: string }): Promise<StoredJob> {
  // Our own number, not GitHub's: ids of workflows are in logs and links, where nobody who has opted out may be named.
  return create(db, { type: 'ENRICH', userId: o.userId, request: null, name: `enrich:${o.userId}`, requestedBy: o.requestedBy });
}

/** The same for many people. @throws EnrichmentAlreadyRunning while another batch is under way. */
export async function createEnrichBatchJob(
  db: Database,
  o: { readonly request: EnrichBatchRequest; readonly requestedBy: string },
): Promise<StoredJob> {
  return create(db, { type: 'ENRICH_BATCH', userId: null, request: o.request, name: 'enrich-batch', requestedBy: o.requestedBy });
}

interface NewJob {
  readonly type: EnrichType;
  readonly userId: number | null;
  readonly request: EnrichBatchRequest | null;
  /** The workflow id without the job's. */
  readonly name: string;
  readonly requestedBy: string;
}

async function create(db: Database, o: NewJob): Promise<StoredJob> {
  for (;;) {
    const id = uuidv7();
    try {
      await db.pool.query(
        `INSERT INTO scrape_job (id, job_type, repository_name, user_id, workflow_id, sources, window_since, window_until, requested_by, request, dispatched_at)
         VALUES ($1, $2, '', $3, $4, '{}', (now() AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date, $5, $6, now())`,
        [id, o.type, o.userId, `${o.name}:${id}`, o.requestedBy, o.request],
      );
      return (await jobById(db, id)) as StoredJob;
    } catch (error) {
      if (!(error instanceof DatabaseError && error.code === UNIQUE_VIOLATION && INDEXES.includes(error.constraint))) throw error;
      const other = await unfinished(db, o.type, o.userId);
      if (other !== null) throw new EnrichmentAlreadyRunning(other);
      // It ended in this moment: the place is free again.
    }
  }
}

async function unfinished(db: Database | Queryable, type: EnrichType, userId: number | null): Promise<string | null> {
  const { rows } = await queryable(db).query<{ id: string }>(
    `SELECT id FROM scrape_job WHERE job_type = $1 AND user_id IS NOT DISTINCT FROM $2 AND status IN ('QUEUED','RUNNING','RETRYING')`,
    [type, userId],
  );
  return rows[0]?.id ?? null;
}

/** Says how a batch went, in its row; absolute values. */
export async function noteBatchEnd(
  db: Database | Queryable,
  jobId: string,
  o: { readonly enriched: number; readonly skipped: number; readonly failed: number },
): Promise<void> {
  const total = o.enriched + o.skipped + o.failed;
  const gaps = o.failed === 0 ? [] : [{ kind: null, month: null, reason: `${o.failed} of ${total} people could not be asked about` }];
  await queryable(db).query(
    `UPDATE scrape_job SET done = $2, people = $3, complete = $4, incomplete = $5, plan_note = $6
     WHERE id = $1 AND status IN ('QUEUED','RUNNING','RETRYING')`,
    [jobId, total, o.enriched, o.failed === 0, JSON.stringify(gaps), `enriched ${o.enriched}, skipped ${o.skipped}, failed ${o.failed}`],
  );
}
