import { setTimeout as delay } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import {
  batchRequests,
  claimBatch,
  extractState,
  failExtracts,
  noteBatchWaiting,
  openBatches,
  queryOfBatch,
  queryRequests,
  requestExtracts,
  scrapesToExtract,
  settleQuery,
  settleWithoutQuery,
  waitersOf,
  type ExtractRequest,
} from '../db/bigquery-extracts.ts';
import {
  finishQuery,
  noteQueryRunning,
  queryById,
  replaceQuery,
  reserveQuery,
  type BillingLimits,
  type LedgerEntry,
} from '../db/bigquery-ledger.ts';
import { databaseToday, type Database } from '../db/database.ts';
import { noteProgress, noteWaiting } from '../db/job-progress.ts';
import { jobById } from '../db/jobs.ts';
import { AppError, BudgetExceeded, BytesOverCap, NoSourceConfigured } from '../domain/errors.ts';
import type { JobLogWriter } from '../log/job-log.ts';
import type { Logger } from '../log/logger.ts';
import type { QueryState } from '../sources/bigquery/client.ts';
import { billedFor, type BigQueryExtractor, type ExtractPlan } from '../sources/bigquery/extractor.ts';
import { extractTargetOf } from '../sources/bigquery/source.ts';
import { BigQueryWait, QueryLost, TableMissing, troubleOf } from '../sources/bigquery/trouble.ts';
import { jobLogHere } from './job-activities.ts';
import { whileAlive } from './liveness.ts';

/** How far a query got. `query` is another one when BigQuery lost the first: a job id can be used once. */
export interface QueryProgress {
  readonly query: string;
  readonly isSettled: boolean;
  /** ISO time before which BigQuery must not be asked again; null: go on at once (this worker stops). */
  readonly resumeAt: string | null;
}

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

/** BigQuery as this process may use it. */
export interface BigQueryAccess extends BillingLimits {
  readonly extractor: BigQueryExtractor;
  /** How long a request waits for others to share its query. */
  readonly batchWaitSeconds: number;
}

/** What sharing queries needs. */
export interface BigQueryDeps {
  readonly db: Database;
  readonly jobLog: JobLogWriter;
  readonly log: Logger;
  /** Null: BigQuery is not configured here. */
  readonly bigquery: BigQueryAccess | null;
  /** Wakes the collector. */
  readonly requestCollection: (batchWaitMs: number) => Promise<void>;
  /** Aborted when this worker is asked to stop. */
  readonly stopping: AbortSignal;
}

const POLL_MS = { first: 250, most: 5_000 } as const;
/** Queries in place of one that BigQuery lost; after these it is no accident. */
const MOST_QUERIES = 5;
const WAITING_FOR = 'BigQuery, one query for all that wait';

/** Laurels' own job ids: the batch, and the how manieth query for it. */
function queryId(batch: string, attempt: number): string {
  return `laurels_${batch}_${attempt}`;
}

function nextQueryId(query: string): string | null {
  const [, head = '', attempt = ''] = /^(.*)_(\d+)$/.exec(query) ?? [];
  return Number(attempt) >= MOST_QUERIES ? null : `${head}_${Number(attempt) + 1}`;
}

export function createBigQueryActivities({ db, jobLog, log, bigquery, requestCollection, stopping }: BigQueryDeps): BigQueryActivities {
  const access = (): BigQueryAccess => {
    if (bigquery !== null) return bigquery;
    throw new NoSourceConfigured('The worker has no BigQuery: are BIGQUERY_PROJECT and BIGQUERY_MONTHLY_BYTES set there too?');
  };

  /** Writes down requests for scrapes that have made none. */
  const requestFor = async (jobId: string | null): Promise<void> => {
    const scrapes = await scrapesToExtract(db, jobId);
    await requestExtracts(
      db,
      scrapes.map((scrape) => {
        const { githubId, name, since, until } = extractTargetOf(scrape);
        return { jobId: scrape.jobId, githubId, name, since, until };
      }),
    );
  };

  /** Plans one query for as many of the requests as the limits allow: those that reach back the farthest cost the most and are refused first. */
  const planBatch = async (
    batch: string,
    requests: readonly ExtractRequest[],
  ): Promise<{ readonly requests: readonly ExtractRequest[]; readonly entry: LedgerEntry } | null> => {
    const { extractor, monthlyBytes, maxBytesBilled } = access();
    const askedOn = await databaseToday(db);
    let left = requests;
    while (left.length > 0) {
      const plan: ExtractPlan = await extractor.plan(left, askedOn);
      if (plan.tables.length === 0) {
        await settleWithoutQuery(db, batch);
        return null;
      }
      try {
        const entry = await reserveQuery(db, {
          jobId: queryId(batch, 1),
          batch,
          scrapes: left.map(({ jobId }) => jobId),
          purpose: 'extract',
          tables: plan.tables,
          askedOn,
          bytes: billedFor(plan),
          limits: { monthlyBytes, maxBytesBilled },
        });
        return { requests: left, entry };
      } catch (error) {
        if (!(error instanceof BudgetExceeded || error instanceof BytesOverCap)) throw error;
        const earliest = left.map(({ since }) => since).toSorted()[0];
        const refused = left.filter(({ since }) => since === earliest);
        await failExtracts(db, batch, { jobIds: refused.map(({ jobId }) => jobId), code: error.code, message: error.message });
        log.warn({ batch, code: error.code, refused: refused.length, ...error.details }, 'BigQuery query refused');
        left = left.filter(({ since }) => since !== earliest);
      }
    }
    return null;
  };

  /** What follows a failed query: another one, later, or the end of it. */
  const afterFailure = async (batch: string, entry: LedgerEntry, error: unknown, bytesBilled: number | null): Promise<QueryProgress> => {
    const message = error instanceof Error ? error.message : String(error);
    const isPassing = error instanceof BigQueryWait || error instanceof QueryLost || error instanceof TableMissing;
    const next = isPassing ? nextQueryId(entry.jobId) : null;
    if (next !== null) {
      const tables = error instanceof TableMissing ? entry.tables.filter((table) => table !== error.table) : entry.tables;
      const { monthlyBytes, maxBytesBilled } = access();
      await replaceQuery(db, {
        failed: entry.jobId,
        error: message,
        bytesBilled,
        jobId: next,
        tables,
        limits: { monthlyBytes, maxBytesBilled },
      });
      log.warn({ batch, failed: entry.jobId, query: next, error: message }, 'BigQuery query failed, another one follows');
      const until = error instanceof BigQueryWait ? error.until : new Date();
      return { query: next, isSettled: false, resumeAt: until.toISOString() };
    }
    await finishQuery(db, entry.jobId, { state: 'FAILED', bytesBilled, error: message });
    const code = error instanceof AppError ? error.code : 'bigquery_failed';
    await failExtracts(db, batch, { code, message });
    log.warn({ batch, query: entry.jobId, code, error: message }, 'BigQuery query failed');
    return { query: entry.jobId, isSettled: true, resumeAt: null };
  };

  const run = async (batch: string, entry: LedgerEntry, signal: AbortSignal): Promise<QueryProgress> => {
    const { extractor } = access();
    const targets = (await queryRequests(db, entry.jobId)).map(({ jobId: _, ...target }) => target);
    try {
      const how = await extractor.start(entry.jobId, {
        targets,
        tables: entry.tables,
        maximumBytesBilled: entry.bytesCap,
        labels: { app: 'laurels', purpose: entry.purpose },
      });
      await noteQueryRunning(db, entry.jobId);
      log.info({ batch, query: entry.jobId, how, repositories: targets.length, bytes: entry.bytesEstimated }, 'BigQuery query running');
    } catch (error) {
      // Not taken: the same id may be used when its time has come.
      if (error instanceof BigQueryWait) return { query: entry.jobId, isSettled: false, resumeAt: error.until.toISOString() };
      if (error instanceof AppError || error instanceof TableMissing) return await afterFailure(batch, entry, error, 0);
      throw error;
    }
    let state: QueryState | null;
    for (let wait: number = POLL_MS.first; ; wait = Math.min(POLL_MS.most, wait * 2)) {
      state = await extractor.state(entry.jobId);
      if (state === null || state.isDone) break;
      await delay(wait, undefined, { signal });
    }
    if (state === null) throw new QueryLost(`BigQuery does not know job ${entry.jobId} any more`);
    if (state.failure !== null) {
      return await afterFailure(batch, entry, troubleOf(state.failure, `query ${entry.jobId}`), state.bytesBilled);
    }
    const ranges = await extractor.ranges(entry.jobId);
    await settleQuery(db, entry.jobId, { bytesBilled: state.bytesBilled, ranges });
    log.info({ batch, query: entry.jobId, bytes_billed: state.bytesBilled }, 'BigQuery query done');
    return { query: entry.jobId, isSettled: true, resumeAt: null };
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
        const planned = await planBatch(batch, await batchRequests(db, batch));
        if (planned === null) return { query: null };
        const { entry, requests } = planned;
        log.info(
          {
            batch,
            query: entry.jobId,
            repositories: requests.length,
            tables: entry.tables.length,
            bytes: entry.bytesEstimated,
            cap: entry.bytesCap,
          },
          'BigQuery query entered into the ledger',
        );
        return { query: entry.jobId };
      });
    },

    async runQuery({ batch, query }) {
      // Running twice is harmless: the job id is in the ledger, BigQuery runs and bills it once, and a second attempt finds it.
      const entry = await queryById(db, query);
      if (entry === null) throw new AppError('query_unknown', 404, `The ledger has no query ${query}`);
      const signal = AbortSignal.any([cancellationSignal(), stopping]);
      if (entry.state === 'FAILED') return { query: (await queryOfBatch(db, batch)) ?? query, isSettled: true, resumeAt: null };
      try {
        const progress = await whileAlive(() => run(batch, entry, signal));
        const isLater = progress.resumeAt !== null && Date.parse(progress.resumeAt) > Date.now();
        await noteBatchWaiting(db, batch, isLater ? new Date(progress.resumeAt ?? 0) : null, isLater ? 'quota of BigQuery' : WAITING_FOR);
        return progress;
      } catch (error) {
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
