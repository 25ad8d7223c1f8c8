import { SOURCES } from '../domain/contribution.ts';
import type { ScrapeType } from '../domain/job-status.ts';
import type { Day, Window } from '../domain/window.ts';
import type { Extract, SliceCursor } from '../sources/contribution-source.ts';
import { finishQuery } from './bigquery-ledger.ts';
import { inTransaction, queryable, type Database, type Queryable } from './database.ts';

/** BigQuery keeps a result for about a day; one that is older than this is not begun to be read. */
const RESULT_LASTS = `interval '20 hours'`;
/** Scrapes that share one query at most. */
const MOST_SCRAPES = 1_000;
const UNFINISHED = `j.status IN ('QUEUED','RUNNING','RETRYING')`;

/** An unfinished scrape that BigQuery has not been asked for yet, and what decides what is asked. */
export interface ScrapeToExtract {
  readonly jobId: string;
  readonly type: ScrapeType;
  readonly window: Window;
  readonly owner: string;
  readonly name: string;
  readonly githubId: number | null;
  /** Where the last published scrape ended, by slice. */
  readonly previous: Readonly<Record<string, SliceCursor>>;
}

/** What a scrape asks for. */
export interface ExtractRequest {
  readonly jobId: string;
  readonly githubId: number | null;
  /** `owner/name`. */
  readonly name: string;
  readonly since: Day;
  readonly until: Day;
}

/** Unfinished scrapes that want BigQuery and have not asked, those that wait for their turn included: they share the query. `jobId`: only this one. */
export async function scrapesToExtract(db: Database | Queryable, jobId: string | null = null): Promise<readonly ScrapeToExtract[]> {
  const { rows } = await queryable(db).query<ScrapeToExtract>(
    `SELECT j.id AS "jobId", j.job_type AS type, json_build_object('since', j.window_since, 'until', j.window_until) AS window,
       r.owner, r.name, r.github_id AS "githubId",
       coalesce((SELECT jsonb_object_agg(c.stream, c.watermark) FROM sync_cursor c
                 WHERE c.repository_id = r.id AND c.source = ${SOURCES.bigquery.code} AND c.watermark IS NOT NULL), '{}') AS previous
     FROM scrape_job j JOIN repository r ON r.id = j.repository_id
     WHERE ${UNFINISHED} AND 'bigquery' = ANY(j.sources) AND ($1::uuid IS NULL OR j.id = $1)
       AND NOT EXISTS (SELECT FROM bigquery_extract e WHERE e.job_id = j.id)
     ORDER BY j.id LIMIT ${MOST_SCRAPES}`,
    [jobId],
  );
  return rows;
}

/**
 * Writes down what scrapes ask for. One that asked before stays as it is. One that retries another, of the same window, takes over the rows that were
 * queried for that: they are paid for.
 */
export async function requestExtracts(db: Database, requests: readonly ExtractRequest[]): Promise<void> {
  if (requests.length === 0) return;
  await db.pool.query(
    `INSERT INTO bigquery_extract (job_id, github_id, name, since, until, query, slot, batch, first_row, rows, state, settled_at)
     SELECT asked.job_id, coalesce(old.github_id, asked.github_id), asked.name, coalesce(old.since, asked.since), coalesce(old.until, asked.until),
       old.query, old.slot, old.batch, old.first_row, old.rows, coalesce(old.state, 'WAITING'), old.settled_at
     FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::date[], $5::date[]) AS asked (job_id, github_id, name, since, until)
     JOIN scrape_job j ON j.id = asked.job_id
     LEFT JOIN scrape_job before ON before.id = j.retry_of AND (before.repository_id, before.job_type, before.window_since, before.window_until)
       = (j.repository_id, j.job_type, j.window_since, j.window_until)
     LEFT JOIN bigquery_extract old ON old.job_id = before.id AND old.query IS NOT NULL
       AND (old.state = 'BATCHED' OR (old.state = 'READY' AND old.settled_at > now() - ${RESULT_LASTS}))
     ON CONFLICT (job_id) DO NOTHING`,
    [
      requests.map(({ jobId }) => jobId),
      requests.map(({ githubId }) => githubId),
      requests.map(({ name }) => name),
      requests.map(({ since }) => since),
      requests.map(({ until }) => until),
    ],
  );
}

/** How a scrape's request stands. */
export interface ExtractState {
  readonly state: 'WAITING' | 'BATCHED' | 'READY' | 'FAILED';
  readonly query: string | null;
  readonly rows: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** How a scrape's request stands; null: it has not asked. One whose result is about to expire is forgotten: it has to ask again. */
export async function extractState(db: Database, jobId: string): Promise<ExtractState | null> {
  await db.pool.query(
    `DELETE FROM bigquery_extract e WHERE e.job_id = $1 AND e.state = 'READY' AND e.settled_at < now() - ${RESULT_LASTS}
       AND NOT EXISTS (SELECT FROM scrape_slice s WHERE s.job_id = e.job_id AND s.source = ${SOURCES.bigquery.code} AND s.done)`,
    [jobId],
  );
  const { rows } = await db.pool.query<ExtractState>(
    `SELECT state, query, rows, error_code AS "errorCode", error_message AS "errorMessage" FROM bigquery_extract WHERE job_id = $1`,
    [jobId],
  );
  return rows[0] ?? null;
}

/** Puts all requests that wait into a batch. A second call with the same batch changes nothing but to add those that came since. */
export async function claimBatch(db: Database | Queryable, batch: string): Promise<void> {
  await queryable(db).query(
    `UPDATE bigquery_extract e SET batch = $1, state = 'BATCHED' FROM (
       SELECT e.job_id FROM bigquery_extract e JOIN scrape_job j ON j.id = e.job_id
       WHERE e.state = 'WAITING' AND ${UNFINISHED} ORDER BY e.job_id LIMIT ${MOST_SCRAPES} FOR UPDATE OF e SKIP LOCKED) AS next
     WHERE e.job_id = next.job_id`,
    [batch],
  );
}

/** The requests of a batch that are to be served, in the order of their places where they have one. */
export async function batchRequests(db: Database | Queryable, batch: string): Promise<readonly ExtractRequest[]> {
  const { rows } = await queryable(db).query<ExtractRequest>(
    `SELECT job_id AS "jobId", github_id AS "githubId", name, since, until FROM bigquery_extract WHERE batch = $1 AND state = 'BATCHED' ORDER BY slot, job_id`,
    [batch],
  );
  return rows;
}

/** What the scrapes of a query asked for, with their places in it. */
export async function queryRequests(
  db: Database | Queryable,
  query: string,
): Promise<readonly (ExtractRequest & { readonly slot: number })[]> {
  const { rows } = await queryable(db).query<ExtractRequest & { slot: number }>(
    `SELECT DISTINCT ON (e.slot) e.slot, e.job_id AS "jobId", e.github_id AS "githubId", e.name, e.since, e.until
     FROM bigquery_extract e JOIN bigquery_query q ON q.job_id = e.query WHERE e.query = $1 ORDER BY e.slot, e.job_id`,
    [query],
  );
  return rows;
}

/** The query that the open requests of a batch wait for; null: none was entered yet. `other`: only one that is another than this. */
export async function queryOfBatch(db: Database | Queryable, batch: string, other: string | null = null): Promise<string | null> {
  const { rows } = await queryable(db).query<{ query: string }>(
    `SELECT query FROM bigquery_extract WHERE batch = $1 AND state = 'BATCHED' AND query IS NOT NULL AND query IS DISTINCT FROM $2 LIMIT 1`,
    [batch, other],
  );
  return rows[0]?.query ?? null;
}

/** Batches that wait for their query, the oldest first. */
export async function openBatches(db: Database | Queryable): Promise<readonly string[]> {
  const { rows } = await queryable(db).query<{ batch: string }>(
    `SELECT batch FROM bigquery_extract WHERE state = 'BATCHED' GROUP BY batch ORDER BY min(created_at)`,
  );
  return rows.map(({ batch }) => batch);
}

/** Tells requests of a batch why they get nothing. `jobIds` null: all that still wait for it. */
export async function failExtracts(
  db: Database | Queryable,
  batch: string,
  o: { readonly jobIds?: readonly string[]; readonly code: string; readonly message: string },
): Promise<void> {
  await queryable(db).query(
    `UPDATE bigquery_extract SET state = 'FAILED', error_code = $2, error_message = $3, settled_at = now()
     WHERE batch = $1 AND state = 'BATCHED' AND ($4::uuid[] IS NULL OR job_id = ANY($4))`,
    [batch, o.code, o.message, o.jobIds ?? null],
  );
}

/** Writes down that a query is done, what it was billed, and where the rows of each scrape are; a place without a range has no rows. */
export async function settleQuery(
  db: Database,
  query: string,
  o: {
    readonly bytesBilled: number | null;
    readonly ranges: readonly {
      readonly slot: number;
      readonly firstRow: number;
      readonly rows: number;
      readonly githubId: number | null;
    }[];
  },
): Promise<void> {
  await inTransaction(db, async (client) => {
    await finishQuery(client, query, { state: 'DONE', bytesBilled: o.bytesBilled });
    await client.query(
      `UPDATE bigquery_extract e SET state = 'READY', settled_at = now(), first_row = coalesce(found.first_row, 0), rows = coalesce(found.rows, 0),
         github_id = coalesce(e.github_id, found.github_id)
       FROM bigquery_extract me
       LEFT JOIN unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[]) AS found (slot, first_row, rows, github_id) ON found.slot = me.slot
       WHERE me.query = $1 AND me.state = 'BATCHED' AND e.job_id = me.job_id`,
      [
        query,
        o.ranges.map(({ slot }) => slot),
        o.ranges.map(({ firstRow }) => firstRow),
        o.ranges.map(({ rows }) => rows),
        o.ranges.map(({ githubId }) => githubId),
      ],
    );
  });
}

/** The workflows of a batch's scrapes that run and may be waiting. */
export async function waitersOf(db: Database | Queryable, batch: string): Promise<readonly string[]> {
  const { rows } = await queryable(db).query<{ workflowId: string }>(
    `SELECT j.workflow_id AS "workflowId" FROM bigquery_extract e JOIN scrape_job j ON j.id = e.job_id
     WHERE e.batch = $1 AND e.state IN ('READY','FAILED') AND ${UNFINISHED} AND j.dispatched_at IS NOT NULL ORDER BY j.id`,
    [batch],
  );
  return rows.map(({ workflowId }) => workflowId);
}

/** Shows the scrapes of a batch what their query waits for; null: for nothing any more. */
export async function noteBatchWaiting(
  db: Database | Queryable,
  batch: string,
  until: Date | null,
  waitingFor: string | null,
): Promise<void> {
  await queryable(db).query(
    `UPDATE scrape_job j SET waiting_until = $2, waiting_for = $3 FROM bigquery_extract e
     WHERE e.batch = $1 AND e.state = 'BATCHED' AND j.id = e.job_id AND ${UNFINISHED} AND j.dispatched_at IS NOT NULL`,
    [batch, until, waitingFor],
  );
}

/** Where the rows of a scrape are; null: it has none yet. A scrape that was refused and has other sources goes on without them. */
export async function extractOf(db: Database | Queryable, jobId: string): Promise<Extract | null> {
  const { rows } = await queryable(db).query<Omit<Extract, 'refused'> & { refused: string | null }>(
    `SELECT coalesce((
         SELECT json_agg(json_build_object('since', lower(run), 'until', upper(run) - 1) ORDER BY run) FROM bigquery_kept k CROSS JOIN unnest(k.days) AS run
         WHERE k.own_table = q.own_table AND k.github_id = e.github_id), '[]') AS kept,
       coalesce(e.query, '') AS query, coalesce(e.first_row, 0) AS "firstRow", coalesce(e.rows, 0) AS rows, e.since, e.until,
       coalesce(q.tables, '{}') AS tables, coalesce(q.asked_on, (e.settled_at AT TIME ZONE 'UTC')::date) AS "askedOn", e.github_id AS "githubId",
       CASE e.state WHEN 'FAILED' THEN e.error_message END AS refused
     FROM bigquery_extract e LEFT JOIN bigquery_query q ON q.job_id = e.query WHERE e.job_id = $1 AND e.state IN ('READY','FAILED')`,
    [jobId],
  );
  const extract = rows[0];
  if (extract === undefined) return null;
  const { refused, ...found } = extract;
  return refused === null ? found : { ...found, refused };
}

/** The scrapes of a batch for which the archive has no table at all: nothing is queried for them. */
export async function settleWithoutQuery(db: Database | Queryable, batch: string): Promise<void> {
  await queryable(db).query(
    `UPDATE bigquery_extract SET state = 'READY', settled_at = now(), first_row = 0, rows = 0 WHERE batch = $1 AND state = 'BATCHED' AND query IS NULL`,
    [batch],
  );
}
