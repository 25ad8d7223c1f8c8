import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import { beginReading, noteAttempt, noteProgress, noteRead, noteWaiting } from '../../src/db/job-progress.ts';
import {
  claimDispatch,
  closeJob,
  createScrapeJob,
  jobById,
  lastJobOf,
  listDispatchedQueued,
  listJobs,
  listUnfinished,
  openJob,
  requestCancel,
  undispatch,
  unfinishedJobOf,
  type StoredJob,
} from '../../src/db/jobs.ts';
import { publishJob } from '../../src/db/publish.ts';
import { repositoryById, type StoredRepository } from '../../src/db/repositories.ts';
import { planSlices, sliceState, stageBatch, stagingTables } from '../../src/db/staging.ts';
import { ScrapeAlreadyRunning } from '../../src/domain/errors.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, stagedJob } from './publishing.ts';

const window = { since: '2026-01-01', until: '2026-11-23' };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db.pool.query(
    `UPDATE scrape_job SET status = 'CANCELLED', completed_at = now() WHERE status IN ('QUEUED','RUNNING','RETRYING')`,
  );
});

const queue = (repository: StoredRepository, retryOf?: string): Promise<StoredJob> =>
  createScrapeJob(database.db, {
    repository,
    type: 'FULL',
    sources: ['github'],
    window,
    requestedBy: 'test',
    ...(retryOf === undefined ? {} : { retryOf }),
  });

const PLAN = {
  source: 'github',
  total: 100,
  unit: 'contributions',
  note: 'a plan',
  estimate: { pages: 1, points: 1, restRequests: 0, minutes: 1, pauseMinutes: 0 },
} as const;

/** A job that reads two slices, and a way to stage so many rows of one. */
async function readingJob() {
  const { db } = database;
  const job = await queue(await newRepository(db));
  await openJob(db, job.id, 'run');
  const sliceOf = (slice: string) => ({ source: 'github', slice }) as const;
  await planSlices(db, job.id, [sliceOf('a'), sliceOf('b')]);
  await beginReading(db, job.id, PLAN);
  let number = 0;
  const stage = (slice: string, rows: number, more: { restarted?: [] } = {}) => {
    const contributions = Array.from({ length: rows }, () => did('ISSUE_OPENED', `${(number += 1)}`, account(1, 'ada'), '2026-03-01'));
    return stageBatch(db, job.id, sliceOf(slice), { contributions, pullRequests: [], cursor: {}, done: false, ...more });
  };
  return { job, stage };
}

test('of twenty requests at once for one repository one is taken, nineteen are told its id', async () => {
  const repository = await newRepository(database.db);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => queue(repository)));
  const [taken, ...more] = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
  expect(more).toEqual([]);
  expect(refused).toHaveLength(19);
  for (const reason of refused) {
    expect(reason).toBeInstanceOf(ScrapeAlreadyRunning);
    expect(reason).toMatchObject({ jobId: taken?.id, status: 409 });
  }
  expect(taken).toMatchObject({
    status: 'QUEUED',
    window,
    sources: ['github'],
    workflowId: `scrape:acme/${repository.name}:${taken?.id}`,
    dispatchedAt: null,
    complete: null,
    incomplete: [],
  });
});

test('jobs are handed out oldest first, never more than the limit, by however many dispatchers', async () => {
  const { db } = database;
  const jobs: StoredJob[] = [];
  for (let index = 0; index < 6; index += 1) jobs.push(await queue(await newRepository(db)));
  const claimed = (await Promise.all(Array.from({ length: 5 }, () => claimDispatch(db, 4)))).flat();
  expect(claimed.map(({ id }) => id)).toEqual(jobs.slice(0, 4).map(({ id }) => id));
  expect(claimed.every(({ dispatchedAt }) => dispatchedAt !== null)).toBe(true);

  await closeJob(db, jobs[1]!.id, { status: 'FAILED' });
  expect((await claimDispatch(db, 4)).map(({ id }) => id)).toEqual([jobs[4]!.id]);
  await undispatch(db, jobs[0]!.id);
  expect((await claimDispatch(db, 4)).map(({ id }) => id)).toEqual([jobs[0]!.id]);
  expect((await listDispatchedQueued(db, 0)).map(({ id }) => id)).toEqual([0, 2, 3, 4].map((index) => jobs[index]!.id));
  expect(await listDispatchedQueued(db, 60_000)).toEqual([]);
  expect(await listUnfinished(db)).toHaveLength(4);
});

test('a job opens once and again, and sets its repository SCRAPING', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const job = await queue(repository);
  const opened = await openJob(db, job.id, 'run-1');
  expect(opened).toMatchObject({ status: 'RUNNING', runId: 'run-1', phase: 'OPENED' });
  expect(opened.startedAt).not.toBeNull();
  await expect(openJob(db, job.id, 'run-1')).resolves.toMatchObject({ startedAt: opened.startedAt });
  expect(await repositoryById(db, repository.id)).toMatchObject({ status: 'SCRAPING' });
  await expect(openJob(db, uuidv7(), 'x')).rejects.toMatchObject({ code: 'job_not_found' });
});

test('a worker that slept while its job ended plans nothing more: no slice and no table is left behind', async () => {
  const { db } = database;
  const job = await queue(await newRepository(db));
  await openJob(db, job.id, 'run');
  const slice = { source: 'github', slice: 'a' } as const;
  await closeJob(db, job.id, { status: 'CANCELLED' });
  await expect(planSlices(db, job.id, [slice])).rejects.toMatchObject({ code: 'job_closed' });
  await expect(planSlices(db, uuidv7(), [slice])).rejects.toMatchObject({ code: 'job_not_found' });
  expect(await sliceState(db, job.id, slice)).toBeNull();
  const { rows } = await db.pool.query(`SELECT to_regclass($1) AS stage`, [stagingTables(job.id).contributions]);
  expect(rows).toEqual([{ stage: null }]);
});

test('how a job ends is what becomes of its repository', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const statusAfter = async (status: 'COMPLETED' | 'FAILED' | 'CANCELLED'): Promise<unknown> => {
    const job = await queue(repository);
    await openJob(db, job.id, 'run');
    await closeJob(db, job.id, { status });
    return (await repositoryById(db, repository.id))?.status;
  };
  expect(await statusAfter('CANCELLED')).toBe('PENDING');
  expect(await statusAfter('FAILED')).toBe('FAILED');
  await scrape(db, repository, { window, batches: [[]] });
  expect((await repositoryById(db, repository.id))?.status).toBe('COMPLETED');
  expect(await statusAfter('FAILED')).toBe('COMPLETED');
});

test('a job that has published is completed, though nobody heard of it and it was given up', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const job = await stagedJob(db, repository, { window, batches: [[]] });
  await publishJob(db, job.id);
  expect(await closeJob(db, job.id, { status: 'FAILED', errorCode: 'timeout', errorMessage: 'publishing failed' })).toMatchObject({
    status: 'COMPLETED',
  });
  expect(await jobById(db, job.id)).toMatchObject({ status: 'COMPLETED', errorCode: null, errorMessage: null });
  expect((await repositoryById(db, repository.id))?.status).toBe('COMPLETED');
});

test('a job is closed once; what comes later changes nothing', async () => {
  const { db } = database;
  const job = await queue(await newRepository(db));
  await openJob(db, job.id, 'run');
  const closed = await Promise.all(
    (['COMPLETED', 'FAILED', 'CANCELLED'] as const).map((status) =>
      closeJob(db, job.id, { status, errorCode: status, errorMessage: 'why' }),
    ),
  );
  expect(closed.filter(Boolean)).toHaveLength(1);
  const after = await jobById(db, job.id);
  await noteAttempt(db, job.id, { status: 'RETRYING', attempt: 3, nextRetryAt: new Date(), error: 'late' });
  await noteProgress(db, job.id, { done: 7 });
  await expect(openJob(db, job.id, 'run')).rejects.toMatchObject({ code: 'job_closed' });
  await expect(requestCancel(db, job.id)).rejects.toMatchObject({ code: 'job_closed', status: 409 });
  expect(await jobById(db, job.id)).toEqual(after);
});

test('attempts and progress are written down', async () => {
  const { db } = database;
  const job = await queue(await newRepository(db));
  await openJob(db, job.id, 'run');
  const nextRetryAt = new Date('2026-11-23T12:00:00Z');
  await noteAttempt(db, job.id, { status: 'RETRYING', attempt: 2, nextRetryAt, error: 'the network is down' });
  await noteProgress(db, job.id, { phase: 'READING', done: 5, total: null, unit: 'pages' });
  await noteProgress(db, job.id, {});
  expect(await jobById(db, job.id)).toMatchObject({
    status: 'RETRYING',
    attempt: 2,
    nextRetryAt,
    errorMessage: 'the network is down',
    phase: 'READING',
    done: 5,
    total: null,
    unit: 'pages',
  });
});

test('a step that begins beside one that waits for its next attempt does not hide that', async () => {
  const { db } = database;
  const job = await queue(await newRepository(db));
  await openJob(db, job.id, 'run');
  const failed = { status: 'RETRYING', attempt: 2, error: '502' } as const;
  await noteAttempt(db, job.id, { ...failed, nextRetryAt: new Date(Date.now() + 60_000) });
  const begun = { status: 'RUNNING', attempt: 1, nextRetryAt: null, error: null } as const;
  await noteAttempt(db, job.id, begun);
  expect(await jobById(db, job.id)).toMatchObject({ status: 'RETRYING', attempt: 2, errorMessage: '502' });
  await noteAttempt(db, job.id, { ...begun, attempt: 3 });
  expect(await jobById(db, job.id)).toMatchObject({ status: 'RUNNING', attempt: 3, errorMessage: null });
  await noteAttempt(db, job.id, { ...failed, nextRetryAt: new Date(Date.now() - 1) });
  await noteAttempt(db, job.id, begun);
  expect(await jobById(db, job.id)).toMatchObject({ status: 'RUNNING', attempt: 1 });
});

test('what is read is the sum over the slices of the source, also after a slice began again and after another attempt', async () => {
  const { db } = database;
  const { job, stage } = await readingJob();
  await stage('a', 3);
  await stage('b', 4);
  await noteRead(db, job.id, 'github');
  expect(await jobById(db, job.id)).toMatchObject({ done: 7, total: 100, readingFrom: 0, planNote: 'a plan' });
  await beginReading(db, job.id, PLAN);
  expect(await jobById(db, job.id)).toMatchObject({ done: 7, readingFrom: 7 });
  await stage('a', 5, { restarted: [] });
  await noteRead(db, job.id, 'github');
  // The bar does not go back: nine are read.
  await stage('b', 1);
  await noteRead(db, job.id, 'github');
  expect(await jobById(db, job.id)).toMatchObject({ done: 10 });
});

test('waits are added up, however often one is written down', async () => {
  const { db } = database;
  const { job } = await readingJob();
  const begin = (ago: number) =>
    db.pool.query(`UPDATE scrape_job SET waiting_since = now() - $2 * interval '1 second' WHERE id = $1`, [job.id, ago]);
  const wait = { until: new Date(Date.now() + 60_000), for: 'GitHub' };
  await noteWaiting(db, job.id, wait);
  await begin(100);
  await noteWaiting(db, job.id, { ...wait, until: new Date(Date.now() + 90_000) });
  expect(await jobById(db, job.id)).toMatchObject({ waitingFor: wait.for, waitedSeconds: 0, waitingSince: expect.any(Date) });
  await noteWaiting(db, job.id, null);
  await noteWaiting(db, job.id, null);
  await noteWaiting(db, job.id, wait);
  await begin(20);
  await noteWaiting(db, job.id, null);
  const after = await jobById(db, job.id);
  expect(after).toMatchObject({ waitingUntil: null, waitingFor: null, waitingSince: null });
  expect(Math.round((after?.waitedSeconds ?? 0) / 10)).toBe(12);
});

test('cancelling a job that waits closes it; one that runs is only marked', async () => {
  const { db } = database;
  const [waiting, running] = [await queue(await newRepository(db)), await queue(await newRepository(db))];
  await openJob(db, running.id, 'run');
  await requestCancel(db, waiting.id);
  await requestCancel(db, running.id);
  expect(await jobById(db, waiting.id)).toMatchObject({ status: 'CANCELLED', startedAt: null });
  expect(await jobById(db, running.id)).toMatchObject({ status: 'RUNNING' });
  expect((await jobById(db, running.id))?.cancelRequestedAt).not.toBeNull();
  await expect(requestCancel(db, 'not-an-id')).rejects.toMatchObject({ code: 'job_not_found' });
  expect(await jobById(db, 'not-an-id')).toBeNull();
});

test('lists are newest first; their pages are the list, cut', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const ids: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    const job = await queue(repository);
    await closeJob(db, job.id, { status: index % 2 === 0 ? 'FAILED' : 'COMPLETED' });
    ids.unshift(job.id);
  }
  const name = `ACME/${repository.name}`;
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof listJobs>> = await listJobs(db, {
      repository: name,
      limit: 3,
      ...(cursor === null ? {} : { cursor }),
    });
    expect(page.total).toBe(7);
    seen.push(...page.data.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(ids);
  expect((await listJobs(db, { repository: name, status: 'FAILED', limit: 10 })).data).toHaveLength(4);
  expect((await lastJobOf(db, repository.id))?.id).toBe(ids[0]);
  expect(await unfinishedJobOf(db, repository.id)).toBeNull();
  await expect(listJobs(db, { limit: 3, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_input', status: 400 });
});

test('a retry goes on with what the failed job had staged', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const failed = await stagedJob(db, repository, { window, batches: [[did('COMMIT', 'a', account(1), '2026-03-01T00:00:00Z')]] });
  await closeJob(db, failed.id, { status: 'FAILED' });
  const retry = await queue(repository, failed.id);
  expect(retry.retryOf).toBe(failed.id);
  expect(await publishJob(db, retry.id)).toMatchObject({ contributions: 1 });
});
