import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { KIND_CODES, SOURCE_NAMES, SOURCES, type Account, type Contribution, type PullRequestFact } from '../domain/contribution.ts';
import { AppError, JobClosed, JobNotFound } from '../domain/errors.ts';
import type { AmendedRow, Batch, RemovedRow, Slice, SliceCursor } from '../sources/contribution-source.ts';
import { cleanText } from './clean-text.ts';
import { inTransaction, queryable, type Database, type Queryable } from './database.ts';

/*
 * What a job reads is staged before it is published. Each job has unlogged tables of its own, made like the templates
 * staged_contribution, staged_pull_request and staged_change: filling, analysing and dropping them touches no other job. The cursor of a slice
 * is committed with the rows it stands for, and both are unlogged: a crash of Postgres empties both, never one.
 */

/** The staging tables of a job, as quoted names. */
export interface StagingTables {
  readonly contributions: string;
  readonly pullRequests: string;
  /** Rows to remove or to amend. */
  readonly changes: string;
}

export function stagingTables(jobId: string): StagingTables {
  const hex = jobId.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) throw new RangeError(`${jobId} is not the id of a job`);
  return { contributions: `staging.contribution_${hex}`, pullRequests: `staging.pull_request_${hex}`, changes: `staging.change_${hex}` };
}

/** The condition that a job `j` may still stage: whoever holds its row until then stages before it is published, closed or deleted. */
const MAY_STAGE = `j.status IN ('QUEUED','RUNNING','RETRYING') AND j.phase <> 'PUBLISHED'`;

/**
 * Writes down what a job has to read and makes its staging tables. Planning the same again changes nothing.
 * @throws JobNotFound
 * @throws JobClosed when the job has ended or published: a worker that slept meanwhile must not leave tables behind.
 */
export async function planSlices(db: Database, jobId: string, slices: readonly Slice[]): Promise<void> {
  const values = [jobId, slices.map(({ source }) => SOURCES[source].code), slices.map(({ slice }) => slice)];
  await inTransaction(db, async (client) => {
    const { rowCount } = await client.query(`SELECT FROM scrape_job j WHERE j.id = $1 AND ${MAY_STAGE} FOR SHARE`, [jobId]);
    if (rowCount === 0) throw await endOf(client, jobId);
    await client.query(
      `INSERT INTO planned_slice (job_id, source, slice, ordinal)
       SELECT $1, planned.source, planned.slice, planned.ordinality
       FROM unnest($2::smallint[], $3::text[]) WITH ORDINALITY AS planned (source, slice, ordinality) ON CONFLICT DO NOTHING`,
      values,
    );
    await client.query(
      `INSERT INTO scrape_slice (job_id, source, slice) SELECT $1, * FROM unnest($2::smallint[], $3::text[]) ON CONFLICT DO NOTHING`,
      values,
    );
    const tables = stagingTables(jobId);
    for (const [table, template] of [
      [tables.contributions, 'staged_contribution'],
      [tables.pullRequests, 'staged_pull_request'],
      [tables.changes, 'staged_change'],
    ] as const) {
      await client.query(`CREATE UNLOGGED TABLE IF NOT EXISTS ${table} (LIKE ${template}) WITH (autovacuum_enabled = false)`);
    }
  });
}

/**
 * Where a slice stands; null when it was never planned. To be asked before each attempt to read it: a slice whose place was lost
 * in a crash of Postgres begins anew here.
 */
export async function sliceState(
  db: Database | Queryable,
  jobId: string,
  slice: Slice,
): Promise<{ cursor: SliceCursor | null; done: boolean } | null> {
  const key = [jobId, SOURCES[slice.source].code, slice.slice];
  await queryable(db).query(
    `INSERT INTO scrape_slice (job_id, source, slice)
     SELECT p.job_id, p.source, p.slice FROM planned_slice p JOIN scrape_job j ON j.id = p.job_id
     WHERE (p.job_id, p.source, p.slice) = ($1, $2, $3) AND ${MAY_STAGE} FOR SHARE OF j ON CONFLICT DO NOTHING`,
    key,
  );
  const { rows } = await queryable(db).query<{ cursor: SliceCursor | null; done: boolean }>(
    'SELECT cursor, done FROM scrape_slice WHERE (job_id, source, slice) = ($1, $2, $3)',
    key,
  );
  return rows[0] ?? null;
}

/** The slices of a job's plan that are not read to their end, in the order of the plan. */
export async function undoneSlices(db: Database | Queryable, jobId: string): Promise<readonly Slice[]> {
  const { rows } = await queryable(db).query<{ source: number; slice: string }>(
    `SELECT p.source, p.slice FROM planned_slice p LEFT JOIN scrape_slice s USING (job_id, source, slice)
     WHERE p.job_id = $1 AND s.done IS NOT TRUE ORDER BY p.source, p.ordinal, p.slice`,
    [jobId],
  );
  return rows.map(({ source, slice }) => ({ source: sourceOf(source), slice }));
}

function sourceOf(code: number): Slice['source'] {
  const name = SOURCE_NAMES.find((known) => SOURCES[known].code === code);
  if (name === undefined) throw new RangeError(`No source has the code ${code}`);
  return name;
}

/**
 * Stages a batch and its cursor in one transaction, so that an attempt that is repeated goes on where the last commit stood.
 * Of rows with one natural key the last one staged counts; they may be staged again freely.
 * @throws JobNotFound
 * @throws JobClosed when the job has ended.
 * @throws AppError `staging_lost` (503) when a crash of Postgres emptied the staging: begin the slice anew by `sliceState`.
 */
export async function stageBatch(db: Database, jobId: string, slice: Slice, batch: Batch): Promise<{ staged: number }> {
  const source = SOURCES[slice.source].code;
  return inTransaction(db, async (client) => {
    // The slice's row is locked first: two attempts at one slice, one of them given up for dead, write one after the other.
    const { rows } = await client.query<{ ordinal: number }>(
      `UPDATE scrape_slice s SET cursor = $4, done = $5, pages = s.pages + 1, coverage = coalesce($6, s.coverage), updated_at = now(),
         read = CASE WHEN $8 THEN 0 ELSE s.read END + $7
       FROM scrape_job j
       WHERE (s.job_id, s.source, s.slice) = ($1, $2, $3) AND j.id = s.job_id AND j.status IN ('QUEUED','RUNNING','RETRYING')
       RETURNING nextval('staging.batch_seq') * ${MOST_ROWS} AS ordinal`,
      [
        jobId,
        source,
        slice.slice,
        JSON.stringify(batch.cursor),
        batch.done,
        outcomeOf(batch),
        batch.contributions.length,
        batch.restarted !== undefined,
      ],
    );
    const ordinal = rows[0]?.ordinal ?? (await failAsLost(client, jobId, slice));
    const tables = stagingTables(jobId);
    if (batch.restarted !== undefined && batch.restarted.length > 0) {
      const kinds = batch.restarted.map((kind) => KIND_CODES[kind]);
      await client.query(`DELETE FROM ${tables.contributions} WHERE source = $1 AND kind = ANY($2::smallint[])`, [source, kinds]);
    }
    const staged = await copyRows(client, `${tables.contributions} (${CONTRIBUTION_COLUMNS})`, batch.contributions, (row, index) =>
      contributionLine(row, ordinal + index, source),
    );
    await copyRows(client, `${tables.pullRequests} (${PULL_REQUEST_COLUMNS})`, batch.pullRequests, (fact, index) =>
      pullRequestLine(fact, ordinal + index, source),
    );
    const changes: readonly (RemovedRow | AmendedRow)[] = [...(batch.removed ?? []), ...(batch.amended ?? [])];
    await copyRows(client, `${tables.changes} (${CHANGE_COLUMNS})`, changes, (change, index) =>
      changeLine(change, ordinal + batch.contributions.length + index, source),
    );
    return { staged };
  });
}

/** What a batch says of its slice as a whole, for the slice's row; null when it says nothing. */
function outcomeOf({ coverage, replaced, watermark, totals, excluded }: Batch): string | null {
  const outcome = { ...coverage, replaced, watermark, totals, excluded };
  return Object.values(outcome).every((value) => value === undefined) ? null : JSON.stringify(outcome);
}

/** Why a job can't stage: it is not there, or it has ended (which it may say by its phase alone). */
async function endOf(client: Queryable, jobId: string): Promise<JobNotFound | JobClosed> {
  const { rows } = await client.query<{ status: string }>('SELECT status FROM scrape_job WHERE id = $1', [jobId]);
  return rows[0] === undefined ? new JobNotFound(jobId) : new JobClosed(jobId, rows[0].status);
}

async function failAsLost(client: Queryable, jobId: string, slice: Slice): Promise<never> {
  const { rowCount } = await client.query(`SELECT FROM scrape_job j WHERE j.id = $1 AND ${MAY_STAGE}`, [jobId]);
  if (rowCount === 0) throw await endOf(client, jobId);
  throw new AppError('staging_lost', 503, `What job ${jobId} had staged of ${slice.source} (${slice.slice}) is lost: it is read again.`, {
    job_id: jobId,
    source: slice.source,
    slice: slice.slice,
  });
}

/** Lets a new job go on where a failed or cancelled one stopped, if that one read the same window and sources less than 24 h ago. */
export async function adoptStaging(client: Queryable, from: string, to: string): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM scrape_job old JOIN scrape_job new ON new.id = $2
     WHERE old.id = $1 AND old.status IN ('FAILED','CANCELLED') AND old.completed_at > now() - interval '24 hours'
       AND (old.repository_id, old.job_type, old.sources, old.window_since, old.window_until)
         = (new.repository_id, new.job_type, new.sources, new.window_since, new.window_until)
       AND to_regclass($3) IS NOT NULL AND to_regclass($4) IS NOT NULL`,
    [from, to, stagingTables(from).contributions, stagingTables(from).pullRequests],
  );
  if (rowCount === 0) return;
  await client.query('UPDATE scrape_slice SET job_id = $2 WHERE job_id = $1', [from, to]);
  await client.query('UPDATE planned_slice SET job_id = $2 WHERE job_id = $1', [from, to]);
  const [old, adopted] = [stagingTables(from), stagingTables(to)];
  for (const [table, name] of [
    [old.contributions, adopted.contributions],
    [old.pullRequests, adopted.pullRequests],
    [old.changes, adopted.changes],
  ] as const) {
    await client.query(`ALTER TABLE IF EXISTS ${table} RENAME TO ${name.replace('staging.', '')}`);
  }
}

/** Removes what a job has staged, its cursors and its plan. */
export async function dropStaging(client: Queryable, jobId: string): Promise<void> {
  // Cursors before tables: the order in which staging locks them.
  await client.query('DELETE FROM scrape_slice WHERE job_id = $1', [jobId]);
  await client.query('DELETE FROM planned_slice WHERE job_id = $1', [jobId]);
  await client.query(`DROP TABLE IF EXISTS ${Object.values(stagingTables(jobId)).join(', ')}`);
}

const CONTRIBUTION_COLUMNS =
  'ordinal, kind, source, is_estimate, number, occurred_at, quantity, lines_added, lines_deleted, subject, github_id, login, account_type, source_event';
const PULL_REQUEST_COLUMNS = 'ordinal, source, number, created_at, merged_at, base_ref, github_id, login, account_type';
const CHANGE_COLUMNS = 'ordinal, kind, source, lines_added, lines_deleted, subject';

/** Ordinals of one batch: more rows than this can't be staged at once. */
const MOST_ROWS = 1_000_000;
/** COPY data goes out in pieces of about this many characters; memory does not grow with the batch. */
const CHUNK = 64 * 1024;

async function copyRows<T>(
  client: PoolClient,
  target: string,
  rows: readonly T[],
  lineOf: (row: T, index: number) => string | null,
): Promise<number> {
  if (rows.length === 0) return 0;
  if (rows.length > MOST_ROWS) throw new RangeError(`A batch has at most ${MOST_ROWS} rows, not ${rows.length}`);
  const stream = client.query(copyFrom(`COPY ${target} FROM STDIN`));
  const done = finished(stream);
  // Awaited below; until then a failure must not count as unhandled.
  done.catch(() => undefined);
  let chunk = '';
  let staged = 0;
  for (let index = 0; index < rows.length; index += 1) {
    const line = lineOf(rows[index] as T, index);
    if (line === null) continue;
    chunk += line;
    staged += 1;
    if (chunk.length >= CHUNK) {
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), done]);
      chunk = '';
    }
  }
  stream.end(chunk);
  await done;
  return staged;
}

/** A row in COPY's text format, or null for one that can't be in any window: git accepts dates of any year. */
function contributionLine(row: Contribution, ordinal: number, source: number): string | null {
  const occurredAt = timestamp(row.occurredAt);
  if (occurredAt === NULL) return null;
  return `${ordinal}\t${KIND_CODES[row.kind]}\t${source}\t${row.isEstimate ? 't' : 'f'}\t${int(row.number)}\t${occurredAt}\t${int(row.quantity)}\t${int(
    row.linesAdded,
  )}\t${int(row.linesDeleted)}\t${text(row.subject, LONGEST_SUBJECT)}\t${account(row.actor)}\t${text(row.sourceEvent)}\n`;
}

function pullRequestLine(fact: PullRequestFact, ordinal: number, source: number): string | null {
  const number = int(fact.number);
  if (number === NULL) return null;
  const [createdAt, mergedAt] = [timestamp(fact.createdAt), timestamp(fact.mergedAt)];
  return `${ordinal}\t${source}\t${number}\t${createdAt}\t${mergedAt}\t${text(fact.baseRef)}\t${account(fact.author)}\n`;
}

function changeLine(change: RemovedRow | AmendedRow, ordinal: number, source: number): string {
  const lines = 'linesAdded' in change ? `${int(change.linesAdded)}\t${int(change.linesDeleted)}` : `${NULL}\t${NULL}`;
  return `${ordinal}\t${KIND_CODES[change.kind]}\t${source}\t${lines}\t${text(change.subject, LONGEST_SUBJECT)}\n`;
}

const NULL = '\\N';
const MOST_INT = 2_147_483_647;
const LATEST = Date.UTC(9999, 11, 31);
/** Far more than a login, a branch or an event id has; what is longer is cut, not refused. */
const LONGEST_TEXT = 255;
/** Part of an index key, which must stay below 2,700 bytes. */
const LONGEST_SUBJECT = 500;

function account(actor: Account | null): string {
  if (actor === null) return `${NULL}\t${NULL}\t${NULL}`;
  const githubId = Number.isSafeInteger(actor.githubId) ? String(actor.githubId) : NULL;
  return `${githubId}\t${text(actor.login)}\t${text(actor.type)}`;
}

/** A count as PostgreSQL's int; one that can't be right is unknown. */
function int(value: number | null): string {
  return value !== null && Number.isInteger(value) && value >= 0 && value <= MOST_INT ? String(value) : NULL;
}

function timestamp(moment: Date | null): string {
  const time = moment?.getTime() ?? Number.NaN;
  return time >= 0 && time <= LATEST ? new Date(time).toISOString() : NULL;
}

// Control characters are what is looked for here.
// oxlint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /[\\\n\r\t\u0000]/;

function text(value: string | null, longest = LONGEST_TEXT): string {
  if (value === null) return NULL;
  const short = value.length > longest ? value.slice(0, longest) : value;
  if (!NEEDS_ESCAPE.test(short) && short.isWellFormed()) return short;
  return cleanText(short).replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}
