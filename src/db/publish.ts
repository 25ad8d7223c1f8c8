import type { PoolClient } from 'pg';
import { SOURCES } from '../domain/contribution.ts';
import { AppError, JobClosed, JobNotFound } from '../domain/errors.ts';
import { isUnfinished, type ScrapeType } from '../domain/job-status.ts';
import { databaseToday, inTransaction, type Database } from './database.ts';
import { jobById, type StoredJob } from './jobs.ts';
import { forgetErased, recogniseHidden } from './erasure.ts';
import { lock, LOCKS } from './locks.ts';
import type { OptOutKey } from './opt-out-key.ts';
import type { Publication } from './publication.ts';
import { countSelfReviews, settleStage, storeContributions } from './publish-contributions.ts';
import { gapsOf, storeCoverage } from './publish-coverage.ts';
import { storePeople } from './publish-people.ts';
import { storePullRequests } from './publish-pull-requests.ts';
import { forgetOutdatedTotals, shortfallsOf, storeTotals } from './publish-totals.ts';
import { rankRepositories } from './repository-board.ts';
import { rollUp } from './rollup.ts';
import { currentScoring } from './scoring.ts';
import { ensureScoringPartition, ensureSnapshotMonth } from './partitions.ts';
import { dropStaging, stagingTables } from './staging.ts';
import { storeWatermarks } from './sync-cursors.ts';

/** What a publish came to. `complete` null: nobody can tell, no source of the job knows GitHub's own totals. */
export interface Published {
  /** Distinct contributions read and published. */
  readonly contributions: number;
  /** People with contributions in the job's window, bots and agents left out. */
  readonly people: number;
  readonly complete: boolean | null;
  /** False when everything was stored already. */
  readonly changed: boolean;
}

/** The longest a statement of publishing may take: 15 minutes. */
const STATEMENT_TIMEOUT_MS = 15 * 60_000;
const PUBLISHED = 'PUBLISHED';

/**
 * Makes public what a job has staged, in one transaction: people, pull requests, contributions, covered days, roll-up and board.
 * Readers see the old board or the new one. A job that ended in the meantime (cancelled, given up for lost, its repository deleted)
 * publishes nothing; a second call for a published job gives the same answer and writes nothing.
 * @throws JobNotFound
 * @throws JobClosed
 * @param optOutKey knows erased people again, who are left out; null is enough while nobody is erased.
 * @throws AppError `slices_unfinished` (409) when a part of the plan is not read to its end: read `undoneSlices`, then try again.
 */
export async function publishJob(db: Database, jobId: string, optOutKey: OptOutKey | null = null): Promise<Published> {
  await preparePartitions(db, jobId);
  return inTransaction(db, (client) => publish(client, jobId, optOutKey), { statementTimeoutMs: STATEMENT_TIMEOUT_MS });
}

/** Partitions are made beforehand, in moments of their own: making one waits for everybody who reads the table. */
async function preparePartitions(db: Database, jobId: string): Promise<void> {
  const { rows } = await db.pool.query<{ day: string }>(
    `SELECT b.window_until AS day FROM scrape_job j JOIN board b ON b.scope = j.repository_id
     WHERE j.id = $1 AND b.window_until < (now() AT TIME ZONE 'UTC')::date`,
    [jobId],
  );
  for (const { day } of rows) await ensureSnapshotMonth(db, day);
  await ensureScoringPartition(db, (await currentScoring(db)).version);
}

async function publish(client: PoolClient, jobId: string, optOutKey: OptOutKey | null): Promise<Published> {
  await lock(client, LOCKS.boards, 'shared');
  const { repositoryId } = await unfinishedJob(client, jobId);
  // One publish of a repository at a time; and a deletion waits until this one is through.
  await client.query('SELECT pg_advisory_xact_lock($1)', [repositoryId]);
  await client.query('SELECT FROM repository WHERE id = $1 FOR KEY SHARE', [repositoryId]);
  const { job } = await unfinishedJob(client, jobId);
  if (job.phase === PUBLISHED) {
    return { contributions: job.eventsProcessed, people: job.people ?? 0, complete: job.complete, changed: false };
  }
  await refuseUnread(client, job);

  const { sources, window } = job;
  const stage = stagingTables(jobId);
  const publication: Publication = {
    jobId,
    repositoryId,
    type: job.type as ScrapeType,
    sources,
    window,
    stage: stage.contributions,
    changes: stage.changes,
  };
  // Sorts and joins of a big repository in memory; statistics from a small sample: rows are counted, not guessed, anyway.
  await client.query(`SET LOCAL work_mem = '32MB'`);
  await client.query('SET LOCAL default_statistics_target = 10');
  await client.query(`ANALYZE ${stage.contributions} (kind, subject, github_id, number)`);
  await forgetErased(client, stage, optOutKey);
  await storeCoverage(client, publication);
  const settled = await settleStage(client, publication);
  await storePeople(client, stage);
  await recogniseHidden(client, optOutKey);
  const facts = await storePullRequests(client, repositoryId, stage.pullRequests);
  const rows = await storeContributions(client, publication);
  await storeWatermarks(client, publication);
  const contributions = settled - (await countSelfReviews(client, publication));
  const days = rows + facts > 0 ? await rollUp(client, repositoryId) : 0;
  await storeTotals(client, publication);

  await client.query(
    `UPDATE repository SET last_scraped_at = now(), last_full_at = CASE WHEN $2 THEN now() ELSE last_full_at END,
       rollup_version = CASE WHEN $3 THEN rollup_version + 1 ELSE rollup_version END WHERE id = $1`,
    [repositoryId, job.type === 'FULL', days > 0],
  );
  await rankRepositories(client, { ids: [repositoryId], today: await databaseToday(client), scoring: await currentScoring(client) });
  const people = await peopleOf(client, publication);
  const gaps = [...(await gapsOf(client, jobId, sources)), ...(await shortfallsOf(client, publication))];
  if (job.type === 'REFRESH' && rows > 0) await forgetOutdatedTotals(client, publication, gaps);
  // Known gaps are known to be missing; without them only a source that is compared with a total can say that nothing is.
  const complete = gaps.length > 0 ? false : sources.includes('github') || sources.every((source) => source === 'sample') ? true : null;
  // The fence: whoever closed the job in the meantime has won, and all of the above is rolled back.
  const fenced = await client.query(
    `UPDATE scrape_job SET phase = $2, events_processed = $3, people = $4, complete = $5, incomplete = $6
     WHERE id = $1 AND status IN ('QUEUED','RUNNING','RETRYING')`,
    [jobId, PUBLISHED, contributions, people, complete, JSON.stringify(gaps)],
  );
  if (fenced.rowCount === 0) await unfinishedJob(client, jobId);
  await dropStaging(client, jobId);
  return { contributions, people, complete, changed: rows + facts > 0 };
}

async function peopleOf(client: PoolClient, { repositoryId, window }: Publication): Promise<number> {
  const { rows } = await client.query<{ people: number }>(
    // Everybody once, then looked up: days are many, and those of a new repository are in no statistics yet.
    `SELECT count(*)::int AS people
     FROM (SELECT DISTINCT d.person_id FROM contribution_day d WHERE d.repository_id = $1 AND d.day BETWEEN $2 AND $3 OFFSET 0) AS active
     JOIN github_user u ON u.id = active.person_id WHERE u.kind = 'human'`,
    [repositoryId, window.since, window.until],
  );
  return rows[0]?.people ?? 0;
}

async function unfinishedJob(client: PoolClient, jobId: string): Promise<{ job: StoredJob; repositoryId: number }> {
  const job = await jobById(client, jobId);
  if (job === null) throw new JobNotFound(jobId);
  if (!isUnfinished(job.status) || job.repositoryId === null) throw new JobClosed(jobId, job.status);
  return { job, repositoryId: job.repositoryId };
}

async function refuseUnread(client: PoolClient, job: StoredJob): Promise<void> {
  const { rows } = await client.query<{ source: number; undone: number }>(
    `SELECT p.source, (count(*) FILTER (WHERE s.done IS NOT TRUE))::int AS undone
     FROM planned_slice p LEFT JOIN scrape_slice s USING (job_id, source, slice) WHERE p.job_id = $1 GROUP BY p.source`,
    [job.id],
  );
  const unread = job.sources.filter((source) => rows.find((row) => row.source === SOURCES[source].code)?.undone !== 0);
  if (unread.length === 0) return;
  throw new AppError('slices_unfinished', 409, `Job ${job.id} has not read everything it planned: ${unread.join(', ')}.`, {
    job_id: job.id,
    sources: unread,
  });
}
