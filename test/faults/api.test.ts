import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { LogLineResource } from '../../src/api/contract/jobs.ts';
import { databaseToday, inTransaction } from '../../src/db/database.ts';
import { appendJobLog } from '../../src/db/job-log.ts';
import { unfinishedJobOf, type StoredJob } from '../../src/db/jobs.ts';
import { lock, LOCKS } from '../../src/db/locks.ts';
import { addRepository, findRepository } from '../../src/db/repositories.ts';
import { connectEngine } from '../../src/temporal/engine.ts';
import { reconcile, startReconciler } from '../../src/temporal/reconciler.ts';
import { startStack, type RunningStack } from '../activities/running-stack.ts';
import { createScriptedSource } from '../activities/scripted-source.ts';
import { createNamespace, quietLog, until } from '../temporal/test-namespace.ts';
import { startApiProcess, type ApiAnswer, type ApiProcess } from './api-process.ts';
import { startProxy, type Proxy } from './proxy.ts';
import { expectSound } from './stored-state.ts';

/** The API's clock is more than a year ahead in all of this file (F49). */
const FAR_AHEAD_HOURS = 400 * 24;
const LIMIT = 10;
const source = createScriptedSource({ slices: { pulls: 2 } });

let stack: RunningStack;
/** Between the API and Temporal. */
let proxy: Proxy;
let dataDir: string;
let api: ApiProcess;

beforeAll(async () => {
  stack = await startStack({ maxConcurrentScrapes: LIMIT });
  const [host = '', port] = stack.temporal.address.split(':');
  proxy = await startProxy({ host, port: Number(port) });
  dataDir = await mkdtemp(join(tmpdir(), 'laurels-faults-'));
  api = await startApi();
}, 90_000);
afterEach(() => proxy.set('pass'));
afterAll(async () => {
  await api.kill();
  await proxy.close();
  await stack.close();
  await rm(dataDir, { recursive: true });
});

function startApi(): Promise<ApiProcess> {
  const env = {
    DATABASE_URL: stack.database.url,
    TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}`,
    TEMPORAL_NAMESPACE: stack.temporal.namespace,
    DATA_DIR: dataDir,
    GITHUB_TOKEN: 'ghp_nobody_asks_with_it',
    GITHUB_API_URL: 'http://127.0.0.1:1',
    MAX_CONCURRENT_SCRAPES: String(LIMIT),
  };
  return startApiProcess(env, FAR_AHEAD_HOURS);
}

async function add(name: string): Promise<void> {
  await addRepository(stack.database.db, { owner: 'octo', name }, null);
}
const post = (name: string): Promise<ApiAnswer> => api.send('POST', `/api/v1/repositories/octo/${name}/scrape`);

/** The repository's unfinished job, once it is as wanted. */
async function jobOf(name: string, isSo: (job: StoredJob) => boolean | Promise<boolean> = () => true): Promise<StoredJob> {
  const { db } = stack.database;
  const repository = await findRepository(db, { owner: 'octo', name });
  let job: StoredJob | null = null;
  await until(
    async () => {
      job = await unfinishedJobOf(db, repository?.id ?? 0);
      return job !== null && (await isSo(job));
    },
    { everyMs: 5, what: `the job of ${name}` },
  );
  return job as unknown as StoredJob;
}

/** A job that was handed over a moment ago becomes one whose start is overdue. */
async function timePasses(): Promise<void> {
  await stack.database.db.pool.query(`UPDATE scrape_job SET dispatched_at = dispatched_at - interval '20 seconds'`);
}

async function expectDoneOnce(jobs: readonly StoredJob[]): Promise<void> {
  for (const job of jobs) {
    expect(await stack.finished(job, 60_000)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 20, errorMessage: null });
  }
  await until(
    async () => {
      const runs: string[] = [];
      for await (const { workflowId } of stack.temporal.client.workflow.list()) runs.push(workflowId);
      const counts = jobs.map(({ workflowId }) => runs.filter((id) => id === workflowId).length);
      if (counts.some((count) => count > 1)) throw new Error(`a job has several workflows: ${runs.join(', ')}`);
      return counts.every((count) => count === 1);
    },
    { what: 'every job to be found with its workflow' },
  );
}

test('F2, F3, F4, F49: an API that is killed at any point of a request leaves a job that runs once; a lost answer of Temporal is 202', async () => {
  const { db } = stack.database;
  for (const name of ['first', 'deaf', 'started', 'dispatched', 'stored']) await add(name);
  expect((await api.send('GET', '/readyz')).status).toBe(200);
  // It learns here which search attributes this Temporal has.
  expect((await post('first')).status).toBe(202);

  // F4: Temporal has heard of the job, its answer does not come.
  proxy.set('deaf');
  const asked = performance.now();
  const unanswered = await post('deaf');
  expect(performance.now() - asked).toBeLessThan(4_200);
  expect(unanswered).toMatchObject({ status: 202, body: { status: 'QUEUED', starting: true } });
  const isRunning = async (job: StoredJob): Promise<boolean> => (await stack.engine.liveStatus(job))?.state === 'running';
  const deaf = await jobOf('deaf', isRunning);

  // F3, F2: one request is started and unanswered, one stored and marked, one only stored, when the process is killed.
  const untold = ['started', 'dispatched', 'stored'];
  const answers: Promise<ApiAnswer | null>[] = [];
  const ask = (name: string): void => void answers.push(post(name).catch(() => null));
  ask('started');
  const started = await jobOf('started', isRunning);
  proxy.set('silent');
  ask('dispatched');
  const dispatched = await jobOf('dispatched', ({ dispatchedAt }) => dispatchedAt !== null);
  const stored = await inTransaction(db, async (client) => {
    await lock(client, LOCKS.dispatch);
    ask('stored');
    const job = await jobOf('stored');
    await api.kill();
    return job;
  });
  expect(stored.dispatchedAt).toBeNull();
  for (const answer of await Promise.all(answers)) if (answer !== null) expect(answer.status).toBe(202);
  expect((await stack.engine.liveStatus(dispatched))?.state).toBe('not_found');

  proxy.set('pass');
  await timePasses();
  api = await startApi();
  for (const name of untold) {
    const again = await post(name);
    expect(again).toMatchObject({ status: 409, body: { job: { id: (await jobOf(name)).id } } });
  }
  await stack.withWorkers([source], () => expectDoneOnce([deaf, started, dispatched, stored]));
  // F49: days are the database's, not those of a clock that is wrong.
  expect(stored.window.until).toBe(await databaseToday(db));
  await expectSound(db, stack.engine.liveStatus);
}, 150_000);

test('F5, F9: while Temporal is away, or no worker runs, requests are accepted and told why they wait; they run when both are back', async () => {
  const names = ['away-1', 'away-2', 'away-3', 'away-4', 'away-5'];
  for (const name of names) await add(name);
  proxy.set('refuse');
  const answers = await Promise.all(names.map(post));
  expect(answers.map(({ status, body }) => [status, body.status])).toEqual(names.map(() => [202, 'QUEUED']));
  expect((await api.send('GET', '/readyz')).body.detail).toContain('temporal unreachable');
  await timePasses();
  expect((await api.send('GET', `/api/v1/jobs/${answers[0]?.body.id}`)).body).toMatchObject({
    status: 'QUEUED',
    waiting_for: expect.stringContaining('a worker'),
  });
  proxy.set('pass');
  // As in the API process, which looks every 15 s.
  const reconciler = startReconciler({ db: stack.database.db, engine: stack.engine, log: quietLog, limit: LIMIT, intervalMs: 200 });
  try {
    const jobs = await Promise.all(names.map((name) => jobOf(name)));
    await stack.withWorkers([source], () => expectDoneOnce(jobs));
  } finally {
    await reconciler.stop();
  }
  await expectSound(stack.database.db, stack.engine.liveStatus);
}, 90_000);

test('F29: a Temporal that has lost its data: the job fails with that reason, a new scrape runs, the old worker writes no more', async () => {
  const { db } = stack.database;
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  let reads = 0;
  const slow = createScriptedSource({
    slices: { pulls: 2 },
    before: async ({ batch }) => {
      reads += 1;
      if (batch === 1) await held;
    },
  });
  // A namespace that has never heard of the job is a Temporal whose database was deleted.
  const empty = await createNamespace();
  const engine = connectEngine({ address: empty.address, namespace: empty.namespace, uiUrl: null });
  try {
    await stack.withWorkers([slow], async () => {
      const lost = await stack.scrape('lost', { limit: LIMIT });
      await until(() => reads === 2, { what: 'the worker to be in the middle of its slice' });
      expect(await reconcile({ db, engine, log: quietLog, limit: LIMIT })).toMatchObject({ closed: 1 });
      expect(await stack.job(lost)).toMatchObject({ status: 'FAILED', errorCode: 'workflow_lost' });
      const again = await post('lost');
      expect(again.status).toBe(202);
      // The old worker goes on, whatever Temporal knows: its batch is refused.
      goOn();
      await stack.temporal.client.workflow
        .getHandle(lost.workflowId)
        .result()
        .catch(() => undefined);
      expect(await stack.finished(await jobOf('lost'))).toMatchObject({ status: 'COMPLETED', eventsProcessed: 20 });
    });
  } finally {
    await engine.close();
    await empty.close();
  }
  await expectSound(db, stack.engine.liveStatus);
}, 60_000);

test('F42, F45: an API that is asked to stop answers what it has taken and tells its streams; the next one goes on with the log where they were', async () => {
  const { db } = stack.database;
  await add('streamed');
  const { body } = await post('streamed');
  const job = body.id as string;
  const heard: LogLineResource[] = [];
  const listen = async (): Promise<{ closed: Promise<number> }> => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/dashboard/ws/logs?job=${job}&after=${heard.at(-1)?.id ?? 0}`);
    socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as LogLineResource));
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    return { closed };
  };
  // A worker on another machine that goes on all the time.
  const over = new AbortController();
  let written = 0;
  const writing = (async () => {
    while (!over.signal.aborted) {
      await appendJobLog(
        db,
        job,
        [1, 2, 3].map((index) => ({ at: new Date(), level: 30, message: 'line', fields: { index } })),
      );
      written += 3;
    }
  })();
  const first = await listen();
  await until(() => heard.length > 50, { what: 'the first lines' });

  const answers = await inTransaction(db, async (client) => {
    // What is asked for now is under way until this is over.
    await client.query('LOCK TABLE repository IN ACCESS EXCLUSIVE MODE');
    const asked = Array.from({ length: 8 }, () => api.send('GET', '/api/v1/repositories?limit=1'));
    await until(
      async () => {
        const { rows } = await db.pool.query<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_locks WHERE relation = 'repository'::regclass AND NOT granted`,
        );
        return (rows[0]?.waiting ?? 0) >= 8;
      },
      { what: 'eight requests to wait' },
    );
    api.child.kill('SIGTERM');
    expect(await first.closed).toBe(1001);
    return asked;
  });
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(await api.ended).toBe(0);

  api = await startApi();
  const before = heard.length;
  await listen();
  await until(() => heard.length > before + 200, { what: 'the lines of meanwhile' });
  over.abort();
  await writing;
  await until(() => heard.length >= written, { what: 'the last lines' });
  expect(heard.map(({ seq }) => seq)).toEqual(Array.from({ length: written }, (_, index) => index + 1));
}, 90_000);
