import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { databaseToday } from '../../src/db/database.ts';
import { createScrapeJob, requestCancel, type StoredJob } from '../../src/db/jobs.ts';
import { addRepository, deleteRepository } from '../../src/db/repositories.ts';
import { isUnfinished } from '../../src/domain/job-status.ts';
import { addDays } from '../../src/domain/window.ts';
import { dispatchQueuedJobs } from '../../src/temporal/dispatch.ts';
import { connectEngine, type Engine } from '../../src/temporal/engine.ts';
import { startReconciler } from '../../src/temporal/reconciler.ts';
import type { Pace } from '../../src/workflows/contract.ts';
import { startStack, type RunningStack } from '../activities/running-stack.ts';
import { spawnEntry, type WorkerProcess } from '../e2e/worker-process.ts';
import { quietLog, until, workflowBundlePath } from '../temporal/test-namespace.ts';
import { startCommitProxy, type CommitFault, type CommitProxy } from './commit-proxy.ts';
import type { ScriptedWorkerOptions } from './scripted-worker.ts';
import { expectSound, publishedHash } from './stored-state.ts';

/*
 * A scrape is some fifteen commits. Each test runs as many scrapes at once, and breaks each of them at another commit: after it, or in
 * the middle of its transaction. What is published must be what an undisturbed scrape publishes.
 */

const PACE: Pace = { initialRetryMs: 200, maximumRetryMs: 600, heartbeatTimeoutMs: 5_000 };
const IDLE_IN_TRANSACTION_MS = 4_000;
const SLICES = { pulls: 2 };
const CONTRIBUTIONS = 20;
const MOST_AT_ONCE = 60;
/** The workers' clock is more than a day behind in all of this file (F49). */
const BEHIND_HOURS = -25;

let stack: RunningStack;
/** Starts scrapes of which no step is given up for lost, and tried again, because the machine is busy or the step is held. */
let patient: Engine;
let proxy: CommitProxy;
let worker: WorkerProcess | undefined;
/** As in every API process: where a hundred workflows start at once, a start may be lost. */
let reconciler: { stop(): Promise<void> };
/** Of an undisturbed scrape. */
let rightHash: string;
let commits: { readonly all: number; readonly explicit: number };

function startWorker(): WorkerProcess {
  const options: ScriptedWorkerOptions = {
    databaseUrl: proxy.url,
    address: stack.temporal.address,
    namespace: stack.temporal.namespace,
    slices: SLICES,
    pace: PACE,
    maxConnections: 80,
    idleInTransactionMs: IDLE_IN_TRANSACTION_MS,
    maxConcurrentScrapes: MOST_AT_ONCE,
    bundlePath: workflowBundlePath(),
  };
  const [skewedClock, script] = ['skewed-clock.ts', 'scripted-worker.ts'].map((file) => fileURLToPath(new URL(file, import.meta.url)));
  return spawnEntry('worker', { CLOCK_SKEW_HOURS: String(BEHIND_HOURS) }, [
    '--import',
    skewedClock ?? '',
    script ?? '',
    JSON.stringify(options),
  ]);
}

beforeAll(async () => {
  stack = await startStack({ pace: PACE });
  const { address, namespace } = stack.temporal;
  patient = connectEngine({ address, namespace, uiUrl: null, pace: { ...PACE, heartbeatTimeoutMs: 60_000 } });
  proxy = await startCommitProxy(stack.database.url);
  reconciler = startReconciler({ db: stack.database.db, engine: stack.engine, log: quietLog, limit: MOST_AT_ONCE, intervalMs: 1_000 });
  worker = startWorker();
  await worker.ready();
  const [undisturbed] = await scrapes('undisturbed', 1, ({ id }) => proxy.count(id));
  const ended = await stack.finished(undisturbed as StoredJob);
  expect(ended).toMatchObject({ status: 'COMPLETED', eventsProcessed: CONTRIBUTIONS, people: 5 });
  rightHash = await publishedHash(stack.database.db, ended.repositoryId as number);
  commits = { ...proxy.commitsOf(ended.id) };
}, 60_000);
afterAll(async () => {
  await worker?.kill();
  await reconciler.stop();
  await proxy.close();
  await patient.close();
  await stack.close();
});

/** Queues so many scrapes, each of a repository of its own, and hands them to Temporal; `plan` says first what befalls each. */
async function scrapes(
  name: string,
  count: number,
  plan: (job: StoredJob, index: number) => void,
  engine: Engine = stack.engine,
): Promise<StoredJob[]> {
  const { db } = stack.database;
  const today = await databaseToday(db);
  const window = { since: addDays(today, -365), until: today };
  const jobs = [];
  for (let index = 0; index < count; index += 1) {
    const { repository } = await addRepository(db, { owner: 'octo', name: `${name}-${index + 1}` }, null);
    const job = await createScrapeJob(db, { repository, type: 'FULL', sources: ['github'], window, requestedBy: 'test' });
    plan(job, index);
    jobs.push(job);
  }
  await dispatchQueuedJobs(db, engine, MOST_AT_ONCE);
  return jobs;
}

/** Numbers from 1 to n. */
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

/** Waits until every scrape has reached the commit that is planned for it. On another day it has a commit less, and ends first. */
async function isStruck(jobs: readonly StoredJob[]): Promise<void> {
  let ended = 0;
  await until(
    async () => {
      const others = jobs.filter(({ id }) => !proxy.struck().has(id));
      const now = await Promise.all(others.map((job) => stack.job(job)));
      ended = now.filter(({ status }) => !isUnfinished(status)).length;
      return ended === others.length;
    },
    { withinMs: 90_000, everyMs: 100, what: 'every scrape to reach its commit' },
  );
  expect(ended).toBeLessThanOrEqual(Math.ceil(jobs.length / 5));
}

/** Holds scrapes at every commit, before it and after it; they are held when it resolves. */
async function heldEverywhere(name: string): Promise<StoredJob[]> {
  const points: readonly (readonly [number, CommitFault])[] = [
    ...upTo(commits.all).map((nth) => [nth, 'held-after'] as const),
    ...upTo(commits.explicit - 1).map((nth) => [nth, 'held-before'] as const),
  ];
  const held = await scrapes(name, points.length, ({ id }, index) => {
    const [nth, fault] = points[index] as readonly [number, CommitFault];
    proxy.plan(id, nth, fault);
  });
  await isStruck(held);
  // The last commit closes the job and holds what every closing writes: the others would not get there.
  const closing = await scrapes(`${name}-closing`, 1, ({ id }) => proxy.plan(id, commits.explicit, 'held-before'));
  await isStruck(closing);
  return [...held, ...closing];
}

async function expectAllRight(jobs: readonly StoredJob[]): Promise<void> {
  const { db } = stack.database;
  const ends = await Promise.all(jobs.map((job) => stack.finished(job, 90_000)));
  const results = await Promise.all(
    ends.map(async ({ status, errorMessage, eventsProcessed, repositoryId }) => ({
      status,
      errorMessage,
      eventsProcessed,
      isRight: (await publishedHash(db, repositoryId as number)) === rightHash,
    })),
  );
  expect(results).toEqual(jobs.map(() => ({ status: 'COMPLETED', errorMessage: null, eventsProcessed: CONTRIBUTIONS, isRight: true })));
}

/** Once the workflows have ended too: what comes after the job's end is part of a scrape. */
async function workflowsEnded(jobs: readonly StoredJob[]): Promise<void> {
  await Promise.all(
    jobs.map(({ workflowId }) =>
      stack.temporal.client.workflow
        .getHandle(workflowId)
        .result()
        .catch(() => undefined),
    ),
  );
}

test('F20: a commit whose acknowledgement is lost, whichever it is, counts once', async () => {
  const jobs = await scrapes('unheard', commits.all, ({ id }, index) => proxy.plan(id, index + 1, 'unacknowledged'), patient);
  await expectAllRight(jobs);
  await isStruck(jobs);
  await workflowsEnded(jobs);
  await expectSound(stack.database.db, stack.engine.liveStatus);
}, 150_000);

test('F19: a worker that is killed at any commit, before or after it, is replaced by one that ends with the same board', async () => {
  const jobs = await heldEverywhere('killed');
  await worker?.kill();
  proxy.release();
  worker = startWorker();
  await expectAllRight(jobs);
  await workflowsEnded(jobs);
  await expectSound(stack.database.db, stack.engine.liveStatus);
}, 240_000);

test('F21: a worker that stands still is replaced; when it wakes, in the middle of whatever it did, it changes nothing', async () => {
  const jobs = await heldEverywhere('stopped');
  const zombie = worker as WorkerProcess;
  zombie.child.kill('SIGSTOP');
  try {
    worker = startWorker();
    await expectAllRight(jobs);
  } finally {
    proxy.release();
    zombie.child.kill('SIGCONT');
  }
  // It ends when all that it was in the middle of has come to an end.
  zombie.child.kill('SIGTERM');
  expect(await zombie.ended).toBe(0);
  await workflowsEnded(jobs);
  await expectAllRight(jobs);
  await expectSound(stack.database.db, stack.engine.liveStatus);
}, 240_000);

test('F31, F38, F39: a scrape that is cancelled, or whose repository is deleted and added again, at any commit writes no more', async () => {
  const { db } = stack.database;
  const held = (name: string): Promise<StoredJob[]> =>
    scrapes(name, commits.all, ({ id }, index) => proxy.plan(id, index + 1, 'held-after'), patient);
  const cancelled = await held('cancelled');
  await isStruck(cancelled);
  for (const job of cancelled) {
    // The last ones are held when they are over.
    await requestCancel(db, job.id).catch((error: unknown) => expect(error).toMatchObject({ code: 'job_closed' }));
    await stack.engine.cancelJob(job);
  }
  const deleted = await held('deleted');
  await isStruck(deleted);
  for (const { repositoryId } of deleted) await deleteRepository(db, repositoryId as number);
  const again = await scrapes('deleted', commits.all, () => undefined);
  proxy.release();

  await expectAllRight(again);
  await workflowsEnded([...cancelled, ...deleted]);
  const ends = await Promise.all(cancelled.map((job) => stack.finished(job)));
  for (const { status, repositoryId } of ends) {
    const hash = await publishedHash(db, repositoryId as number);
    // Once it is published a cancel comes too late.
    expect([status, hash]).toEqual(status === 'COMPLETED' ? ['COMPLETED', rightHash] : ['CANCELLED', 'nothing']);
  }
  expect(ends.map(({ status }) => status)).toContain('CANCELLED');
  for (const job of deleted) {
    const { status, repositoryId, errorCode } = await stack.job(job);
    expect({ status, repositoryId }).toEqual({ status: status === 'COMPLETED' ? status : 'CANCELLED', repositoryId: null });
    expect(errorCode).toBe(status === 'COMPLETED' ? null : 'repository_deleted');
  }
  await expectSound(db, stack.engine.liveStatus);
}, 240_000);

test('F28: a job whose last word can not be written, because PostgreSQL is away, is completed when it is back', async () => {
  const jobs = await scrapes('unsaid', 1, ({ id }) => proxy.plan(id, commits.explicit, 'held-before'));
  await isStruck(jobs);
  const before = proxy.link.refused();
  proxy.link.set('refuse');
  await until(() => proxy.link.refused() > before + 2, { what: 'the worker to try again' });
  expect(await stack.job(jobs[0] as StoredJob)).toMatchObject({ status: 'RUNNING', phase: 'PUBLISHED' });
  proxy.link.set('pass');
  await expectAllRight(jobs);
  await expectSound(stack.database.db, stack.engine.liveStatus);
}, 60_000);
