import { cancellationSignal } from '@temporalio/activity';
import {
  claimBatch,
  extractState,
  failExtracts,
  noteBatchWaiting,
  openBatches,
  queryOfBatch,
  requestExtracts,
  scrapesToExtract,
  waitersOf,
} from '../db/bigquery-extracts.ts';
import { repositoriesKept } from '../db/bigquery-kept.ts';
import { queryById } from '../db/bigquery-ledger.ts';
import type { Database } from '../db/database.ts';
import { noteProgress, noteWaiting } from '../db/job-progress.ts';
import { jobById } from '../db/jobs.ts';
import { AppError, NoSourceConfigured } from '../domain/errors.ts';
import { addDays } from '../domain/window.ts';
import type { JobLogWriter } from '../log/job-log.ts';
import type { Logger } from '../log/logger.ts';
import type { SourceMetrics } from '../metrics/source-metrics.ts';
import { extractTargetOf } from '../sources/bigquery/source.ts';
import { createBigQueryQueries, fullNameOf, type BigQueryAccess, type QueryProgress } from './bigquery-queries.ts';
import { jobLogHere } from './job-activities.ts';
import { whileAlive } from './liveness.ts';

/** The steps by which scrapes share queries of BigQuery. All of them may run twice: a batch, its query and its bill are one. */
export interface BigQueryActivities {
  /** Asks for a scrape's rows. True: they are there, or the scrape goes on without. @throws what refused them */
  requestExtract(input: { readonly jobId: string }): Promise<{ readonly isReady: boolean }>;
  /** Batches that a collector before this one left open. */
  leftBatches(): Promise<readonly string[]>;
  /** Takes what waits into a batch and enters its query into the ledger; null: nothing is to be queried. */
  openBatch(input: { readonly batch: string }): Promise<{ readonly query: string | null }>;
  runQuery(input: { readonly batch: string; readonly query: string }): Promise<QueryProgress>;
  failBatch(input: { readonly batch: string; readonly errorCode: string; readonly errorMessage: string }): Promise<void>;
  /** Workflows whose rows are there, or refused. */
  waitersOf(input: { readonly batch: string }): Promise<readonly string[]>;
}

/** What sharing queries needs. */
export interface BigQueryDeps {
  readonly db: Database;
  readonly jobLog: JobLogWriter;
  readonly log: Logger;
  readonly metrics: Pick<SourceMetrics, 'queried'>;
  /** Null: BigQuery is not configured here. */
  readonly bigquery: BigQueryAccess | null;
  /** Wakes the collector. */
  readonly requestCollection: (batchWaitMs: number) => Promise<void>;
  /** Aborted when this worker is asked to stop. */
  readonly stopping: AbortSignal;
}

const WAITING_FOR = 'BigQuery, one query for all that wait';

export function createBigQueryActivities({
  db,
  jobLog,
  log,
  metrics,
  bigquery,
  requestCollection,
  stopping,
}: BigQueryDeps): BigQueryActivities {
  const access = (): BigQueryAccess => {
    return bigquery ?? failWithout();
  };
  const failWithout = (): never => {
    throw new NoSourceConfigured('The worker has no BigQuery: are BIGQUERY_PROJECT and BIGQUERY_MONTHLY_BYTES set there too?');
  };

  const queries = bigquery === null ? null : createBigQueryQueries({ db, log, metrics, access: bigquery });
  const queriesHere = (): NonNullable<typeof queries> => queries ?? failWithout();

  /** Writes down requests for scrapes that have made none. */
  const requestFor = async (jobId: string | null): Promise<void> => {
    const scrapes = await scrapesToExtract(db, jobId);
    const asked = scrapes.map((scrape) => ({ jobId: scrape.jobId, whole: scrape.window.since, ...extractTargetOf(scrape) }));
    const own = bigquery?.ownTable ?? null;
    // What is kept costs little: then a refresh reads the window, and has the rows of a whole scrape.
    const earlier = asked.flatMap(({ githubId, name, whole, since }) =>
      githubId === null ? [] : [{ githubId, name, since: whole, until: addDays(since, -1) }],
    );
    const kept = own === null ? new Set<number>() : await repositoriesKept(db, fullNameOf(own), earlier);
    await requestExtracts(
      db,
      asked.map(({ jobId: id, githubId, name, whole, since, until }) => ({
        jobId: id,
        githubId,
        name,
        since: githubId !== null && kept.has(githubId) ? whole : since,
        until,
      })),
    );
  };

  return {
    async requestExtract({ jobId }) {
      // Running twice is harmless: a scrape has one request, and the collector is woken, not started again.
      await requestFor(jobId);
      let found = await extractState(db, jobId);
      if (found === null) {
        // A result that is about to expire was forgotten: it is asked for again.
        await requestFor(jobId);
        found = await extractState(db, jobId);
      }
      if (found?.state === 'READY') {
        await noteWaiting(db, jobId, null);
        jobLogHere(jobLog, jobId).info('rows taken out of BigQuery', { query: found.query, rows: found.rows });
        return { isReady: true };
      }
      if (found?.state === 'FAILED') {
        const { errorCode, errorMessage } = found;
        const job = await jobById(db, jobId);
        await noteWaiting(db, jobId, null);
        if (job !== null && job.sources.length > 1) {
          jobLogHere(jobLog, jobId).warn('BigQuery refused, the other sources are read', { code: errorCode, reason: errorMessage });
          return { isReady: true };
        }
        throw new AppError(errorCode ?? 'bigquery_failed', 422, errorMessage ?? 'BigQuery gave no reason');
      }
      const waitMs = access().batchWaitSeconds * 1000;
      await noteProgress(db, jobId, { phase: 'WAITING' });
      await noteWaiting(db, jobId, { until: new Date(Date.now() + waitMs), for: WAITING_FOR });
      await requestCollection(waitMs);
      return { isReady: false };
    },

    async leftBatches() {
      // Running twice is harmless: it reads.
      return await openBatches(db);
    },

    async openBatch({ batch }) {
      // Running twice is harmless: a batch whose query is in the ledger is only looked up.
      const known = await queryOfBatch(db, batch);
      if (known !== null) return { query: known };
      return await whileAlive(async () => {
        await requestFor(null);
        await claimBatch(db, batch);
        const entry = await queriesHere().open(batch);
        if (entry === null) return { query: null };
        const { jobId: query, purpose, repositories, tables, bytesEstimated, bytesCap } = entry;
        log.info(
          { batch, query, purpose, repositories: repositories.length, tables: tables.length, bytes: bytesEstimated, cap: bytesCap },
          'BigQuery query entered into the ledger',
        );
        return { query };
      });
    },

    async runQuery({ batch, query }) {
      // Running twice is harmless: the job id is in the ledger, BigQuery runs and bills it once, and a second attempt finds it.
      const entry = await queryById(db, query);
      if (entry === null) throw new AppError('query_unknown', 404, `The ledger has no query ${query}`);
      if (entry.state === 'FAILED') return { query: await queryOfBatch(db, batch, query), isSettled: false, resumeAt: null };
      const signal = AbortSignal.any([cancellationSignal(), stopping]);
      try {
        const progress = await whileAlive(() => queriesHere().run(batch, entry, signal));
        const isLater = progress.resumeAt !== null && Date.parse(progress.resumeAt) > Date.now();
        await noteBatchWaiting(db, batch, isLater ? new Date(progress.resumeAt ?? 0) : null, isLater ? 'quota of BigQuery' : WAITING_FOR);
        return progress;
      } catch (error) {
        // A worker that is asked to stop spends no attempt: another one finds the query.
        if (stopping.aborted) return { query, isSettled: false, resumeAt: null };
        if (cancellationSignal().aborted) throw cancellationSignal().reason;
        throw error;
      }
    },

    async failBatch({ batch, errorCode, errorMessage }) {
      // Running twice is harmless: only requests that still wait are failed.
      await failExtracts(db, batch, { code: errorCode, message: errorMessage });
    },

    async waitersOf({ batch }) {
      // Running twice is harmless: it reads.
      return await waitersOf(db, batch);
    },
  };
}
