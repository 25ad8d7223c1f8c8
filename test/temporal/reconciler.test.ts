import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { claimDispatch, createScrapeJob, jobById, openJob, requestCancel, type StoredJob } from '../../src/db/jobs.ts';
import { addRepository, repositoryById } from '../../src/db/repositories.ts';
import { dispatchQueuedJobs } from '../../src/temporal/dispatch.ts';
import { connectEngine, type Engine } from '../../src/temporal/engine.ts';
import { reconcile, startReconciler, type ReconcileReport } from '../../src/temporal/reconciler.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createNamespace, quietLog, until, type TestNamespace } from './test-namespace.ts';

let database: TestDatabase;
let temporal: TestNamespace;
let engine: Engine;
let lastName = 0;

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), createNamespace()]);
  engine = connectEngine({ address: temporal.address, namespace: temporal.namespace, uiUrl: null });
});
beforeEach(() => database.db.pool.query('DELETE FROM scrape_job'));
afterAll(async () => {
  await engine.close();
  await Promise.all([database.drop(), temporal.close()]);
});

async function queueJob(): Promise<StoredJob> {
  lastName += 1;
  const { repository } = await addRepository(database.db, { owner: 'octo', name: `repo-${lastName}` }, null);
  const window = { since: '2024-11-24', until: '2026-11-23' };
  return await createScrapeJob(database.db, { repository, type: 'FULL', sources: ['gharchive'], window, requestedBy: 'test' });
}

/** As if it had been handed over longer ago than a start takes. */
async function dispatchedLongAgo(job: StoredJob): Promise<void> {
  await claimDispatch(database.db, 100);
  await database.db.pool.query(`UPDATE scrape_job SET dispatched_at = now() - interval '1 minute' WHERE id = $1`, [job.id]);
}

async function runningJob(): Promise<StoredJob> {
  const job = await queueJob();
  await dispatchedLongAgo(job);
  await engine.startJob(job);
  return await openJob(database.db, job.id, 'run');
}

const pass = (limit = 4): Promise<ReconcileReport> => reconcile({ db: database.db, engine, log: quietLog, limit });
const reload = async (job: StoredJob): Promise<StoredJob> => (await jobById(database.db, job.id)) as StoredJob;

test('a job whose start was lost is started by the next pass', async () => {
  const job = await queueJob();
  await dispatchedLongAgo(job);
  expect(await engine.liveStatus(job)).toMatchObject({ state: 'not_found' });
  expect(await pass()).toMatchObject({ started: 1, closed: 0 });
  expect(await engine.liveStatus(job)).toMatchObject({ state: 'running' });
  // Nothing is left to repair.
  expect(await pass()).toEqual({ started: 0, closed: 0, dispatched: 0 });
});

test('a job whose workflow was terminated fails within one pass, with the reason, and its repository can be scraped again', async () => {
  const job = await runningJob();
  await temporal.client.workflow.getHandle(job.workflowId).terminate('by hand');
  expect(await pass()).toMatchObject({ closed: 1 });
  expect(await reload(job)).toMatchObject({
    status: 'FAILED',
    errorCode: 'workflow_closed',
    errorMessage:
      'The workflow of this job was terminated (in the Web UI, or by the temporal command) without closing the job. Start a new scrape.',
  });
  const repository = await repositoryById(database.db, job.repositoryId as number);
  expect(repository?.status).toBe('FAILED');
});

test('a job whose workflow was terminated after it had published is COMPLETED: its board is public', async () => {
  const job = await runningJob();
  await database.db.pool.query(`UPDATE scrape_job SET phase = 'PUBLISHED' WHERE id = $1`, [job.id]);
  await temporal.client.workflow.getHandle(job.workflowId).terminate();
  await pass();
  expect(await reload(job)).toMatchObject({ status: 'COMPLETED' });
});

test('a job whose workflow Temporal has forgotten fails within one pass, with the reason', async () => {
  const job = await queueJob();
  await dispatchedLongAgo(job);
  await openJob(database.db, job.id, 'run');
  expect(await pass()).toMatchObject({ closed: 1 });
  expect(await reload(job)).toMatchObject({
    status: 'FAILED',
    errorCode: 'workflow_lost',
    errorMessage: expect.stringContaining('no longer knows'),
  });
});

test('a job that was cancelled before its workflow began is CANCELLED, not started', async () => {
  const job = await queueJob();
  await dispatchedLongAgo(job);
  await requestCancel(database.db, job.id);
  await pass();
  expect(await reload(job)).toMatchObject({ status: 'CANCELLED' });
  expect(await engine.liveStatus(job)).toMatchObject({ state: 'not_found' });
});

test('a cancel that Temporal never heard of is repeated', async () => {
  const job = await runningJob();
  await requestCancel(database.db, job.id);
  await pass();
  const { events } = await temporal.client.workflow.getHandle(job.workflowId).fetchHistory();
  expect(events?.some((event) => Boolean(event.workflowExecutionCancelRequestedEventAttributes))).toBe(true);
  expect(await reload(job)).toMatchObject({ status: 'RUNNING' });
});

test('while Temporal is away no job is closed', async () => {
  const job = await queueJob();
  await dispatchedLongAgo(job);
  await openJob(database.db, job.id, 'run');
  const lonely = connectEngine({ address: '127.0.0.1:1', namespace: 'default', uiUrl: null });
  expect(await reconcile({ db: database.db, engine: lonely, log: quietLog, limit: 4 })).toMatchObject({ closed: 0 });
  await lonely.close();
  expect(await reload(job)).toMatchObject({ status: 'RUNNING' });
});

test('jobs start in the order of their request, no more at once than the limit, and a failed start does not stop the others', async () => {
  const jobs = [await queueJob(), await queueJob(), await queueJob()];
  let refused = 0;
  const flaky = {
    startJob: async (job: StoredJob) => {
      if (job.id !== jobs[0]?.id) return await engine.startJob(job);
      refused += 1;
      throw new Error('no answer');
    },
  };
  expect(await dispatchQueuedJobs(database.db, flaky, 2)).toBe(2);
  expect(refused).toBe(1);
  expect(await Promise.all(jobs.map(async (job) => (await engine.liveStatus(job))?.state))).toEqual(['not_found', 'running', 'not_found']);
  expect(await dispatchQueuedJobs(database.db, engine, 2)).toBe(0);
});

test('the reconciler works at boot and again after every interval, and stops', async () => {
  const first = await queueJob();
  const reconciler = startReconciler({ db: database.db, engine, log: quietLog, limit: 10, intervalMs: 50 });
  try {
    await until(async () => (await engine.liveStatus(first))?.state === 'running');
    const second = await queueJob();
    await until(async () => (await engine.liveStatus(second))?.state === 'running');
  } finally {
    await reconciler.stop();
  }
});

test('of two processes one reconciles at a time', async () => {
  let working = 0;
  let most = 0;
  const slow: Pick<Engine, 'startJob' | 'cancelJob' | 'liveStatus'> = {
    startJob: async () => undefined,
    cancelJob: async () => 'requested',
    liveStatus: async () => {
      working += 1;
      most = Math.max(most, working);
      await new Promise((resolve) => setTimeout(resolve, 20));
      working -= 1;
      return null;
    },
  };
  const job = await queueJob();
  await dispatchedLongAgo(job);
  const reconcilers = [1, 2, 3].map(() => startReconciler({ db: database.db, engine: slow, log: quietLog, limit: 0, intervalMs: 1 }));
  await until(() => most > 0);
  await Promise.all(reconcilers.map((reconciler) => reconciler.stop()));
  expect(most).toBe(1);
});
