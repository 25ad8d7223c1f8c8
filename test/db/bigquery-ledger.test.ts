import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import {
  batchRequests,
  claimBatch,
  extractOf,
  extractState,
  failExtracts,
  requestExtracts,
  scrapesToExtract,
  settleQuery,
  waitersOf,
} from '../../src/db/bigquery-extracts.ts';
import { daysToKeep, forgetOlderTables, keepDays, repositoriesKept } from '../../src/db/bigquery-kept.ts';
import { finishQuery, monthUsage, noteQueryRunning, queryById, replaceQuery, reserveQuery } from '../../src/db/bigquery-ledger.ts';
import { databaseToday } from '../../src/db/database.ts';
import { claimDispatch, closeJob, createScrapeJob, type StoredJob } from '../../src/db/jobs.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

let database: TestDatabase;
let today: string;
beforeAll(async () => {
  database = await createTestDatabase();
  today = await databaseToday(database.db);
});
afterEach(async () => {
  await database.db.pool.query('DELETE FROM bigquery_query');
  await database.db.pool.query('DELETE FROM repository');
  await database.db.pool.query('DELETE FROM scrape_job');
  await database.db.pool.query('DELETE FROM bigquery_kept');
});
afterAll(() => database.drop());

const WINDOW = { since: '2026-01-01', until: '2026-01-31' };
const BATCH = '0193a000-0000-7000-8000-00000000000a';
const NEXT_BATCH = '0193a000-0000-7000-8000-00000000000b';

async function jobOf(name: string, retryOf?: string): Promise<StoredJob> {
  const { repository } = await addRepository(database.db, { owner: 'octo', name }, null);
  return await createScrapeJob(database.db, {
    repository,
    type: 'FULL',
    sources: ['bigquery'],
    window: WINDOW,
    requestedBy: 'test',
    ...(retryOf === undefined ? {} : { retryOf }),
  });
}

/** Scrapes that have asked and are in a batch. */
async function batched(names: readonly string[], batch = BATCH): Promise<readonly StoredJob[]> {
  const jobs: StoredJob[] = [];
  for (const name of names) jobs.push(await jobOf(name));
  await requestExtracts(
    database.db,
    jobs.map((job) => ({ jobId: job.id, githubId: null, name: job.repositoryName, ...WINDOW })),
  );
  await claimBatch(database.db, batch);
  return jobs;
}

function reserve(jobId: string, bytes: number, more: Partial<Parameters<typeof reserveQuery>[1]> = {}) {
  return reserveQuery(database.db, {
    jobId,
    batch: BATCH,
    scrapes: [],
    purpose: 'extract',
    tables: ['day.20260101'],
    ownTable: null,
    askedOn: today,
    bytes,
    limits: { monthlyBytes: 1000, maxBytesBilled: null },
    ...more,
  });
}

describe('the budget of a month', () => {
  test('is taken from by what was billed, and by estimates of what is not billed yet', async () => {
    await reserve('one', 400);
    await reserve('two', 300);
    await finishQuery(database.db, 'one', { state: 'DONE', bytesBilled: 100 });
    expect(await monthUsage(database.db)).toMatchObject({ bytesEstimated: 700, bytesBilled: 100, bytesTaken: 400 });
    await expect(reserve('three', 601)).rejects.toMatchObject({
      code: 'budget_exceeded',
      details: { bytes: 601, used: 400, budget: 1000 },
    });
    expect(await reserve('three', 600)).toMatchObject({ bytesCap: 600, state: 'RESERVED' });
  });

  test('gets back what a failed query did not cost', async () => {
    await reserve('one', 900);
    await finishQuery(database.db, 'one', { state: 'FAILED', bytesBilled: null, error: 'stopped' });
    expect(await reserve('two', 1000)).toMatchObject({ bytesCap: 1000 });
  });

  test('is not taken twice by queries that are entered at the same moment', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => reserve(`query-${index}`, 300)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect((await monthUsage(database.db)).bytesTaken).toBe(900);
  });

  test('begins anew with the calendar month, in UTC', async () => {
    await reserve('one', 1000);
    await database.db.pool.query(
      `UPDATE bigquery_query SET created_at = (date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC') - interval '1 second'`,
    );
    expect(await reserve('two', 1000)).toMatchObject({ state: 'RESERVED' });
    const { month } = await monthUsage(database.db);
    expect((await monthUsage(database.db, month)).queries.map(({ jobId }) => jobId)).toEqual(['two']);
  });

  test('does not let one query cost more than it may', async () => {
    const limits = { monthlyBytes: 1000, maxBytesBilled: 500 };
    await expect(reserve('one', 501, { limits })).rejects.toMatchObject({ code: 'bytes_over_cap' });
    expect(await reserve('one', 500, { limits })).toMatchObject({ bytesCap: 500 });
    expect((await monthUsage(database.db)).queries).toHaveLength(1);
  });
});

describe('a query', () => {
  test('is entered once, however often it is tried, and its end is written down once', async () => {
    const [job] = await batched(['one']);
    const entry = await reserve('one', 10, { scrapes: [job?.id ?? ''] });
    expect(entry).toMatchObject({ repositories: ['octo/one'], askedBy: ['test'], scrapeJobs: [job?.id], tables: ['day.20260101'] });
    expect(await reserve('one', 999, { tables: [] })).toEqual(entry);
    await noteQueryRunning(database.db, 'one');
    await finishQuery(database.db, 'one', { state: 'DONE', bytesBilled: 10 });
    await finishQuery(database.db, 'one', { state: 'FAILED', bytesBilled: 0, error: 'late' });
    expect(await queryById(database.db, 'one')).toMatchObject({ state: 'DONE', bytesBilled: 10, error: null });
  });

  test('that is replaced keeps its scrapes, and costs once', async () => {
    const [job] = await batched(['one']);
    const limits = { monthlyBytes: 1000, maxBytesBilled: null };
    await reserve('one_1', 600, { scrapes: [job?.id ?? ''] });
    const swap = { failed: 'one_1', error: 'backendError', bytesBilled: 0, jobId: 'one_2', tables: ['day.20260101'], limits };
    await replaceQuery(database.db, swap);
    await replaceQuery(database.db, swap);
    expect(await monthUsage(database.db)).toMatchObject({ bytesTaken: 600 });
    await settleQuery(database.db, 'one_2', { bytesBilled: 600, ranges: [{ slot: 0, firstRow: 0, rows: 5, githubId: 77 }] });
    expect(await extractOf(database.db, job?.id ?? '')).toMatchObject({ query: 'one_2', rows: 5, githubId: 77, tables: ['day.20260101'] });
  });
});

describe('requests', () => {
  test('of all unfinished scrapes that want BigQuery are gathered, those that have not started included', async () => {
    const [first, second, third] = [await jobOf('one'), await jobOf('two'), await jobOf('three')];
    await claimDispatch(database.db, 1);
    await closeJob(database.db, third.id, { status: 'CANCELLED' });
    expect((await scrapesToExtract(database.db)).map(({ jobId }) => jobId)).toEqual([first.id, second.id]);
    expect(await scrapesToExtract(database.db, second.id)).toMatchObject([{ owner: 'octo', name: 'two', window: WINDOW, previous: {} }]);
  });

  test('are served by place; one without rows has none, a cancelled one is not told, a refused one hears why', async () => {
    const [one, two, three] = await batched(['one', 'two', 'three']);
    await claimDispatch(database.db, 10);
    await failExtracts(database.db, BATCH, { jobIds: [three?.id ?? ''], code: 'budget_exceeded', message: 'too much' });
    const left = await batchRequests(database.db, BATCH);
    expect(left.map(({ jobId }) => jobId)).toEqual([one?.id, two?.id]);
    await reserve('query', 10, { scrapes: left.map(({ jobId }) => jobId) });
    await settleQuery(database.db, 'query', { bytesBilled: 10, ranges: [{ slot: 1, firstRow: 0, rows: 7, githubId: 8 }] });
    expect(await extractOf(database.db, one?.id ?? '')).toMatchObject({ rows: 0, askedOn: today });
    expect(await extractOf(database.db, two?.id ?? '')).toMatchObject({ rows: 7, githubId: 8, since: WINDOW.since, until: WINDOW.until });
    expect(await extractState(database.db, three?.id ?? '')).toMatchObject({ state: 'FAILED', errorCode: 'budget_exceeded' });
    await closeJob(database.db, two?.id ?? '', { status: 'CANCELLED' });
    expect(await waitersOf(database.db, BATCH)).toEqual([one?.workflowId, three?.workflowId]);
  });

  test('of a scrape that retries another take over the rows that were paid for, while BigQuery has them', async () => {
    const [failed] = await batched(['one']);
    await reserve('query', 10, { scrapes: [failed?.id ?? ''] });
    await settleQuery(database.db, 'query', { bytesBilled: 10, ranges: [{ slot: 0, firstRow: 3, rows: 7, githubId: 8 }] });
    await closeJob(database.db, failed?.id ?? '', { status: 'FAILED' });
    const again = await jobOf('one', failed?.id);
    const asked = { jobId: again.id, githubId: null, name: 'octo/one', ...WINDOW };
    await requestExtracts(database.db, [asked]);
    expect(await extractOf(database.db, again.id)).toMatchObject({ query: 'query', firstRow: 3, rows: 7 });
    await database.db.pool.query(`UPDATE bigquery_extract SET settled_at = now() - interval '21 hours'`);
    expect(await extractState(database.db, again.id)).toBeNull();
    await requestExtracts(database.db, [asked]);
    expect(await extractState(database.db, again.id)).toMatchObject({ state: 'WAITING' });
  });

  test('that come while a batch is under way wait for the next', async () => {
    await batched(['one']);
    await batched(['two'], NEXT_BATCH);
    expect((await batchRequests(database.db, BATCH)).map(({ name }) => name)).toEqual(['octo/one']);
    expect((await batchRequests(database.db, NEXT_BATCH)).map(({ name }) => name)).toEqual(['octo/two']);
    expect(await extractOf(database.db, uuidv7())).toBeNull();
  });
});

test('a table of our own holds the days that were written down, until it is made anew', async () => {
  const { db } = database;
  const days = (githubId: number, since: string, until: string) => ({ githubId, name: `octo/${githubId}`, since, until });
  await keepDays(db, 'p.d.t@1', [
    days(1, '2026-01-05', '2026-01-10'),
    days(1, '2026-01-11', '2026-01-12'),
    days(2, '2026-01-01', '2026-01-31'),
  ]);
  await keepDays(db, 'p.d.t@1', [days(1, '2026-01-20', '2026-01-20')]);
  const asked = [days(1, '2026-01-01', '2026-01-31'), days(2, '2026-01-03', '2026-01-04'), days(3, '2026-01-30', '2026-01-31')];
  expect(await daysToKeep(db, 'p.d.t@1', asked)).toEqual([
    days(1, '2026-01-01', '2026-01-04'),
    days(1, '2026-01-13', '2026-01-19'),
    days(1, '2026-01-21', '2026-01-31'),
    days(3, '2026-01-30', '2026-01-31'),
  ]);
  expect(
    await repositoriesKept(db, 'p.d.t', [
      days(1, '2026-01-06', '2026-01-13'),
      days(2, '2026-01-31', '2026-01-31'),
      days(3, '2026-01-01', '2026-01-01'),
    ]),
  ).toEqual(new Set([2]));
  // Deleted and made again, it is another table: nothing is known of it, and the older one is forgotten.
  expect(await daysToKeep(db, 'p.d.t@2', asked)).toEqual(asked);
  await forgetOlderTables(db, 'p.d.t@2');
  expect(await daysToKeep(db, 'p.d.t@1', asked)).toEqual(asked);
});
