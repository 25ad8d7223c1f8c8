import { setTimeout as delay } from 'node:timers/promises';
import {
  batchRequests,
  failExtracts,
  queryRequests,
  settleQuery,
  settleWithoutQuery,
  type ExtractRequest,
} from '../db/bigquery-extracts.ts';
import { daysToKeep, forgetOlderTables, keepDays, type RepositoryDays } from '../db/bigquery-kept.ts';
import {
  finishQuery,
  noteQueryRunning,
  replaceQuery,
  reserveQuery,
  type BillingLimits,
  type LedgerEntry,
  type QueryPurpose,
} from '../db/bigquery-ledger.ts';
import { databaseToday, inTransaction, type Database } from '../db/database.ts';
import { AppError, BudgetExceeded, BytesOverCap } from '../domain/errors.ts';
import { addDays, type Day } from '../domain/window.ts';
import type { Logger } from '../log/logger.ts';
import type { SourceMetrics } from '../metrics/source-metrics.ts';
import type { QueryState } from '../sources/bigquery/client.ts';
import { billedFor, type BigQueryExtractor, type ExtractPlan } from '../sources/bigquery/extractor.ts';
import type { ExtractTarget, Kept, OwnTable } from '../sources/bigquery/query.ts';
import { readingOf } from '../sources/bigquery/tables.ts';
import { BigQueryWait, QueryLost, TableMissing, troubleOf } from '../sources/bigquery/trouble.ts';

/** BigQuery as this process may use it. */
export interface BigQueryAccess extends BillingLimits {
  readonly extractor: BigQueryExtractor;
  /** How long a request waits for others to share its query. */
  readonly batchWaitSeconds: number;
  /** Where rows are kept, so that reading them again costs little; null: nowhere. */
  readonly ownTable: OwnTable | null;
}

/** How far a query got. `query` is the one that follows, where one does. */
export interface QueryProgress {
  readonly query: string | null;
  /** The requests of the batch are served, or refused. */
  readonly isSettled: boolean;
  /** ISO time before which BigQuery must not be asked again; null: go on at once. */
  readonly resumeAt: string | null;
}

const POLL_MS = { first: 250, most: 5_000 } as const;
/** Queries in place of one that BigQuery lost; after these it is no accident. */
const MOST_QUERIES = 5;
/** Rows may come late: days are kept when they have been over for this many. */
const SETTLING_DAYS = 3;

/** Laurels' own job ids: the batch, what the query is for, and the how manieth it is. */
function queryId(batch: string, purpose: QueryPurpose): string {
  return `laurels_${batch}_${purpose}_1`;
}

function nextQueryId(query: string): string | null {
  const [, head = '', attempt = ''] = /^(.*)_(\d+)$/.exec(query) ?? [];
  return Number(attempt) >= MOST_QUERIES ? null : `${head}_${Number(attempt) + 1}`;
}

/** `project.dataset.table`. */
export const fullNameOf = ({ project, dataset, table }: OwnTable): string => `${project}.${dataset}.${table}`;

interface Placed extends ExtractRequest {
  readonly slot: number;
}

/** What a query takes from the archive and what from our own table. */
interface Sides {
  readonly archive: readonly ExtractTarget[];
  readonly kept: Kept | null;
}

/** Plans and runs the queries of batches. All of it may run twice: ids are in the ledger before anything is run. */
export function createBigQueryQueries({
  db,
  log,
  metrics,
  access: { extractor, monthlyBytes, maxBytesBilled, ownTable },
}: {
  readonly db: Database;
  readonly log: Logger;
  readonly metrics: Pick<SourceMetrics, 'queried'>;
  readonly access: BigQueryAccess;
}) {
  const limits: BillingLimits = { monthlyBytes, maxBytesBilled };

  const sidesOf = (requests: readonly Placed[], askedOn: Day): Sides => {
    const settled = addDays(askedOn, -SETTLING_DAYS);
    const archive = requests.map(({ githubId, name, since, until, slot }) => {
      const isKept = ownTable !== null && githubId !== null && since <= settled;
      return { githubId, name, slot, since: isKept ? addDays(settled, 1) : since, until };
    });
    const known = requests.filter(({ githubId, since }) => githubId !== null && since <= settled);
    if (ownTable === null || known.length === 0) return { archive, kept: null };
    const targets = known.map(({ githubId, name, since, until, slot }) => ({
      githubId,
      name,
      slot,
      since,
      until: until < settled ? until : settled,
    }));
    return { archive, kept: { table: ownTable, targets } };
  };

  /** Our own table as it is now, `project.dataset.table@made`: of one that was deleted and made again nothing is known. */
  const keptIn = async (): Promise<string | null> => {
    if (ownTable === null) return null;
    const name = `${fullNameOf(ownTable)}@${await extractor.client.ensureOwnTable(ownTable)}`;
    await forgetOlderTables(db, name);
    return name;
  };

  /** What our own table lacks of what a query would take from it. */
  const lackedBy = async ({ kept }: Sides, keptTable: string | null): Promise<readonly RepositoryDays[]> => {
    if (kept === null || keptTable === null) return [];
    return await daysToKeep(
      db,
      keptTable,
      kept.targets.flatMap(({ githubId, ...days }) => (githubId === null ? [] : [{ githubId, ...days }])),
    );
  };

  const reserve = (
    batch: string,
    purpose: QueryPurpose,
    requests: readonly ExtractRequest[],
    plan: ExtractPlan,
    o: { readonly askedOn: Day; readonly ownTable: string | null },
  ): Promise<LedgerEntry> =>
    reserveQuery(db, {
      jobId: queryId(batch, purpose),
      batch,
      scrapes: requests.map(({ jobId }) => jobId),
      purpose,
      tables: plan.tables,
      askedOn: o.askedOn,
      ownTable: o.ownTable,
      bytes: billedFor(plan),
      limits,
    });

  /** The next query for requests: one that fills our own table where that lacks days, else the one that brings their rows. Null: there is nothing to query. */
  const enter = async (batch: string, requests: readonly ExtractRequest[], mayFill: boolean): Promise<LedgerEntry | null> => {
    const askedOn = await databaseToday(db);
    const sides = sidesOf(
      requests.map((request, slot) => ({ ...request, slot })),
      askedOn,
    );
    const keptTable = await keptIn();
    const lacked = mayFill ? await lackedBy(sides, keptTable) : [];
    if (ownTable !== null && lacked.length > 0) {
      const plan = await extractor.planFill(lacked, askedOn, ownTable);
      if (plan.tables.length > 0) return await reserve(batch, 'fill', requests, plan, { askedOn, ownTable: keptTable });
    }
    const plan = await extractor.plan(sides.archive, askedOn, sides.kept);
    if (plan.tables.length === 0 && sides.kept === null) return null;
    return await reserve(batch, 'extract', requests, plan, { askedOn, ownTable: sides.kept === null ? null : keptTable });
  };

  /** What follows a failed query: another one, later, or the end of it. */
  const afterFailure = async (batch: string, entry: LedgerEntry, error: unknown, bytesBilled: number | null): Promise<QueryProgress> => {
    if (bytesBilled !== null) metrics.queried({ read: null, billed: bytesBilled });
    const message = error instanceof Error ? error.message : String(error);
    const isPassing = error instanceof BigQueryWait || error instanceof QueryLost || error instanceof TableMissing;
    const next = isPassing ? nextQueryId(entry.jobId) : null;
    if (next !== null) {
      const tables = error instanceof TableMissing ? entry.tables.filter((table) => table !== error.table) : entry.tables;
      await replaceQuery(db, { failed: entry.jobId, error: message, bytesBilled, jobId: next, tables, limits });
      log.warn({ batch, failed: entry.jobId, query: next, error: message }, 'BigQuery query failed, another one follows');
      const until = error instanceof BigQueryWait ? error.until : new Date();
      return { query: next, isSettled: false, resumeAt: until.toISOString() };
    }
    await finishQuery(db, entry.jobId, { state: 'FAILED', bytesBilled, error: message });
    const code = error instanceof AppError ? error.code : 'bigquery_failed';
    await failExtracts(db, batch, { code, message });
    log.warn({ batch, query: entry.jobId, code, error: message }, 'BigQuery query failed');
    return { query: null, isSettled: true, resumeAt: null };
  };

  /** Hands a query to BigQuery, or finds it there, and says what it fills. */
  const start = async (entry: LedgerEntry): Promise<readonly RepositoryDays[]> => {
    const sides = sidesOf(await queryRequests(db, entry.jobId), entry.askedOn);
    const lacked = entry.purpose === 'fill' ? await lackedBy(sides, entry.ownTable) : [];
    const common = { tables: entry.tables, maximumBytesBilled: entry.bytesCap, labels: { app: 'laurels', purpose: entry.purpose } };
    const how =
      entry.purpose === 'fill' && ownTable !== null
        ? await extractor.startFill(entry.jobId, ownTable, { targets: lacked, ...common })
        : await extractor.start(entry.jobId, { targets: sides.archive, kept: sides.kept, ...common });
    await noteQueryRunning(db, entry.jobId);
    log.info({ query: entry.jobId, how, repositories: entry.repositories.length, bytes: entry.bytesEstimated }, 'BigQuery query running');
    return lacked;
  };

  const ended = async (jobId: string, signal: AbortSignal): Promise<QueryState> => {
    for (let wait: number = POLL_MS.first; ; wait = Math.min(POLL_MS.most, wait * 2)) {
      const state = await extractor.state(jobId);
      if (state === null) throw new QueryLost(`BigQuery does not know job ${jobId}`);
      if (state.isDone) return state;
      await delay(wait, undefined, { signal });
    }
  };

  const settle = async (
    batch: string,
    entry: LedgerEntry,
    bytesBilled: number | null,
    filled: readonly RepositoryDays[],
  ): Promise<QueryProgress> => {
    log.info({ batch, query: entry.jobId, bytes_billed: bytesBilled }, 'BigQuery query done');
    metrics.queried({ read: entry.bytesEstimated, billed: bytesBilled });
    if (entry.purpose === 'extract') {
      await settleQuery(db, entry.jobId, { bytesBilled, ranges: await extractor.ranges(entry.jobId) });
      return { query: null, isSettled: true, resumeAt: null };
    }
    // Days without a table are not kept: they are asked for again.
    const kept = filled.flatMap(({ githubId, name, ...days }) =>
      readingOf(days, entry.tables, entry.askedOn).covered.map(({ since, until }) => ({ githubId, name, since, until })),
    );
    await inTransaction(db, async (client) => {
      await finishQuery(client, entry.jobId, { state: 'DONE', bytesBilled });
      if (entry.ownTable !== null && kept.length > 0) await keepDays(client, entry.ownTable, kept);
    });
    return await afterFill(batch);
  };

  const afterFill = async (batch: string): Promise<QueryProgress> => {
    const requests = await batchRequests(db, batch);
    const next = requests.length === 0 ? null : await enterOrRefuse(batch, requests, false);
    return { query: next?.jobId ?? null, isSettled: next === null, resumeAt: null };
  };

  /** Enters one query for as many of the requests as the limits allow: those that reach back the farthest cost the most and are refused first. */
  const enterOrRefuse = async (batch: string, requests: readonly ExtractRequest[], mayFill: boolean): Promise<LedgerEntry | null> => {
    for (let left = requests; left.length > 0;) {
      try {
        const entry = await enter(batch, left, mayFill);
        if (entry === null) await settleWithoutQuery(db, batch);
        return entry;
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

  return {
    /** Enters the first query of a batch into the ledger; null: nothing is to be queried, all its requests are answered. */
    async open(batch: string): Promise<LedgerEntry | null> {
      return await enterOrRefuse(batch, await batchRequests(db, batch), true);
    },

    /** Runs a query to its end; one that runs already is found. Errors that may heal are thrown. */
    async run(batch: string, entry: LedgerEntry, signal: AbortSignal): Promise<QueryProgress> {
      if (entry.state === 'DONE' && entry.purpose === 'fill') return await afterFill(batch);
      let filled: readonly RepositoryDays[];
      try {
        filled = await start(entry);
      } catch (error) {
        // Not taken: the same id may be used when its time has come.
        if (error instanceof BigQueryWait) return { query: entry.jobId, isSettled: false, resumeAt: error.until.toISOString() };
        if (error instanceof AppError || error instanceof TableMissing) return await afterFailure(batch, entry, error, 0);
        throw error;
      }
      const { failure, bytesBilled } = await ended(entry.jobId, signal);
      if (failure !== null) return await afterFailure(batch, entry, troubleOf(failure, `query ${entry.jobId}`), bytesBilled);
      return await settle(batch, entry, bytesBilled, filled);
    },
  };
}
