import { BudgetExceeded, BytesOverCap } from '../domain/errors.ts';
import type { Day } from '../domain/window.ts';
import { inTransaction, queryable, type Database, type Queryable } from './database.ts';
import { lock, LOCKS } from './locks.ts';

/** `extract`: rows for scrapes. `fill`: rows kept in a table of our own. */
export type QueryPurpose = 'extract' | 'fill';

/** A query of BigQuery, as the ledger has it from before it was run. */
export interface LedgerEntry {
  /** BigQuery's job id. */
  readonly jobId: string;
  readonly purpose: QueryPurpose;
  readonly scrapeJobs: readonly string[];
  /** `owner/name`. */
  readonly repositories: readonly string[];
  /** Who asked for the scrapes: `api`, `schedule`. */
  readonly askedBy: readonly string[];
  readonly tables: readonly string[];
  /** The UTC day of the query. */
  readonly askedOn: Day;
  readonly bytesEstimated: number;
  /** What BigQuery was told to bill at most. */
  readonly bytesCap: number;
  /** Null: not known, or not run yet. */
  readonly bytesBilled: number | null;
  readonly state: 'RESERVED' | 'RUNNING' | 'DONE' | 'FAILED';
  readonly error: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** What may be billed. */
export interface BillingLimits {
  /** In a calendar month, UTC. */
  readonly monthlyBytes: number;
  /** By one query; null: what the month has left. */
  readonly maxBytesBilled: number | null;
}

const COLUMNS = `q.job_id AS "jobId", q.purpose, q.scrape_jobs AS "scrapeJobs", q.repositories, q.asked_by AS "askedBy", q.tables, q.asked_on AS "askedOn",
  q.bytes_estimated AS "bytesEstimated", q.bytes_cap AS "bytesCap", q.bytes_billed AS "bytesBilled", q.state, q.error,
  q.created_at AS "createdAt", q.finished_at AS "finishedAt"`;

/** What a query takes of the budget: what was billed; while that is not known what was estimated. A failed query is billed nothing unless it says so. */
const TAKEN = `CASE q.state WHEN 'FAILED' THEN coalesce(q.bytes_billed, 0) ELSE coalesce(q.bytes_billed, q.bytes_estimated) END`;
const THIS_MONTH = `q.created_at >= date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'`;

async function usedThisMonth(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ used: number }>(
    `SELECT coalesce(sum(${TAKEN}), 0) AS used FROM bigquery_query q WHERE ${THIS_MONTH}`,
  );
  return rows[0]?.used ?? 0;
}

/** A query's entry; null: there is none. */
export async function queryById(db: Database | Queryable, jobId: string): Promise<LedgerEntry | null> {
  const { rows } = await queryable(db).query<LedgerEntry>(`SELECT ${COLUMNS} FROM bigquery_query q WHERE q.job_id = $1`, [jobId]);
  return rows[0] ?? null;
}

/**
 * Enters a query into the ledger before it is run and gives the extracts of its batch their places in it: checked against the budget and entered in one
 * transaction, so that two queries never both take what is left. An entry that is there stays as it is. Null: no extract of the batch waits any more.
 * @throws BudgetExceeded, BytesOverCap; nothing is entered then.
 */
export async function reserveQuery(
  db: Database,
  o: {
    readonly jobId: string;
    readonly batch: string;
    /** The scrapes that take part, by their places. */
    readonly scrapes: readonly string[];
    readonly purpose: QueryPurpose;
    readonly tables: readonly string[];
    /** The table of our own that it reads or fills; null: none. */
    readonly ownTable: string | null;
    readonly askedOn: Day;
    readonly bytes: number;
    readonly limits: BillingLimits;
  },
): Promise<LedgerEntry> {
  return inTransaction(db, async (client) => {
    await lock(client, LOCKS.bigQueryBudget);
    const known = await queryById(client, o.jobId);
    if (known !== null) return known;
    const cap = await capFor(client, o.bytes, o.limits);
    await client.query(
      `UPDATE bigquery_extract e SET query = $1, slot = place.ordinality - 1 FROM unnest($2::uuid[]) WITH ORDINALITY AS place (job_id, ordinality)
       WHERE e.job_id = place.job_id AND e.batch = $3`,
      [o.jobId, o.scrapes, o.batch],
    );
    const { rows } = await client.query<LedgerEntry>(
      `INSERT INTO bigquery_query AS q (job_id, purpose, scrape_jobs, repositories, asked_by, tables, asked_on, bytes_estimated, bytes_cap, own_table)
       SELECT $1, $2, $3::uuid[], coalesce(array_agg(j.repository_name ORDER BY j.repository_name), '{}'),
         coalesce(array_agg(DISTINCT j.requested_by), '{}'), $4::text[], $5, $6, $7, $8
       FROM scrape_job j WHERE j.id = ANY($3::uuid[]) RETURNING ${COLUMNS}`,
      [o.jobId, o.purpose, o.scrapes, o.tables, o.askedOn, o.bytes, cap, o.ownTable],
    );
    return rows[0] as LedgerEntry;
  });
}

async function capFor(client: Queryable, bytes: number, { monthlyBytes, maxBytesBilled }: BillingLimits): Promise<number> {
  const used = await usedThisMonth(client);
  const left = monthlyBytes - used;
  if (bytes > left) throw new BudgetExceeded({ bytes, used, budget: monthlyBytes });
  if (maxBytesBilled !== null && bytes > maxBytesBilled) throw new BytesOverCap(bytes, maxBytesBilled);
  return Math.min(left, maxBytesBilled ?? left);
}

/** Writes down that a query was handed to BigQuery. */
export async function noteQueryRunning(db: Database | Queryable, jobId: string): Promise<void> {
  await queryable(db).query(`UPDATE bigquery_query SET state = 'RUNNING' WHERE job_id = $1 AND state = 'RESERVED'`, [jobId]);
}

/** Writes down how a query ended and what it was billed; once, later calls change nothing. */
export async function finishQuery(
  db: Database | Queryable,
  jobId: string,
  o: { readonly state: 'DONE' | 'FAILED'; readonly bytesBilled: number | null; readonly error?: string },
): Promise<void> {
  await queryable(db).query(
    `UPDATE bigquery_query SET state = $2, bytes_billed = $3, error = $4, finished_at = now() WHERE job_id = $1 AND state IN ('RESERVED','RUNNING')`,
    [jobId, o.state, o.bytesBilled, o.error ?? null],
  );
}

/**
 * Enters another query in place of one that failed in BigQuery for a reason of the moment: a job id can be used once. The extracts follow it.
 * @throws BudgetExceeded when another query took the rest meanwhile.
 */
export async function replaceQuery(
  db: Database,
  o: {
    readonly failed: string;
    readonly error: string;
    readonly bytesBilled: number | null;
    readonly jobId: string;
    readonly tables: readonly string[];
    readonly limits: BillingLimits;
  },
): Promise<void> {
  await inTransaction(db, async (client) => {
    await lock(client, LOCKS.bigQueryBudget);
    await finishQuery(client, o.failed, { state: 'FAILED', bytesBilled: o.bytesBilled, error: o.error });
    const failed = await queryById(client, o.failed);
    if (failed === null || (await queryById(client, o.jobId)) !== null) return;
    const cap = await capFor(client, failed.bytesEstimated, o.limits);
    await client.query(
      `INSERT INTO bigquery_query (job_id, purpose, scrape_jobs, repositories, asked_by, tables, asked_on, bytes_estimated, bytes_cap, own_table)
       SELECT $2, purpose, scrape_jobs, repositories, asked_by, $3::text[], asked_on, bytes_estimated, $4, own_table FROM bigquery_query WHERE job_id = $1`,
      [o.failed, o.jobId, o.tables, cap],
    );
    await client.query('UPDATE bigquery_extract SET query = $2 WHERE query = $1', [o.failed, o.jobId]);
  });
}

/** What a calendar month (UTC) cost. */
export interface MonthUsage {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly queries: readonly LedgerEntry[];
  /** Of all its queries. */
  readonly bytesEstimated: number;
  /** Of those whose bill is known. */
  readonly bytesBilled: number;
  /** What the budget has lost: bills, and estimates of what is not billed yet. */
  readonly bytesTaken: number;
}

/** The queries of a month, newest first, and what they cost. `month`: `YYYY-MM`; by default the running one. */
export async function monthUsage(db: Database | Queryable, month?: string): Promise<MonthUsage> {
  const { rows: named } = await queryable(db).query<{ month: string }>(
    `SELECT coalesce($1, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')) AS month`,
    [month ?? null],
  );
  const asked = named[0]?.month ?? '';
  const { rows } = await queryable(db).query<LedgerEntry & { taken: number }>(
    `SELECT ${COLUMNS}, ${TAKEN} AS taken FROM bigquery_query q WHERE to_char(q.created_at AT TIME ZONE 'UTC', 'YYYY-MM') = $1 ORDER BY q.created_at DESC, q.job_id`,
    [asked],
  );
  const sum = (of: (row: LedgerEntry & { taken: number }) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    month: asked,
    queries: rows,
    bytesEstimated: sum((row) => row.bytesEstimated),
    bytesBilled: sum((row) => row.bytesBilled ?? 0),
    bytesTaken: sum((row) => row.taken),
  };
}
