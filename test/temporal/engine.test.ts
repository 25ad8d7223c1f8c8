import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ServiceUnavailable } from '../../src/domain/errors.ts';
import { connectEngine, type Engine, type StartableJob } from '../../src/temporal/engine.ts';
import { createStage } from '../workflows/fake-activities.ts';
import { createNamespace, until, withFakeWorker, type TestNamespace } from './test-namespace.ts';

/** `temporal.api.enums.v1.IndexedValueType` */
const KEYWORD = 2 as never;

let temporal: TestNamespace;
let engine: Engine;

beforeAll(async () => {
  temporal = await createNamespace();
  engine = connectEngine({
    address: temporal.address,
    namespace: temporal.namespace,
    uiUrl: 'http://127.0.0.1:8233/',
    pace: { initialRetryMs: 30_000, maximumRetryMs: 30_000, heartbeatTimeoutMs: 5_000 },
  });
});
afterAll(async () => {
  await engine.close();
  await temporal.close();
});

function someJob(): StartableJob {
  const id = randomUUID();
  return {
    id,
    workflowId: `scrape:octo/repo:${id}`,
    repositoryName: 'Octo/Repo',
    type: 'FULL',
    userId: null,
    window: { since: '2024-11-24', until: '2026-11-23' },
    sources: ['gharchive'],
  };
}

test('a start may be repeated: it is the same run, and a closed one is not started again', async () => {
  const job = someJob();
  // This namespace has never heard of our search attributes: the start goes on without them.
  await engine.startJob(job);
  const { runId } = await temporal.client.workflow.getHandle(job.workflowId).describe();
  await engine.startJob(job);
  expect((await temporal.client.workflow.getHandle(job.workflowId).describe()).runId).toBe(runId);
  await withFakeWorker(temporal, createStage().activities, () => temporal.client.workflow.getHandle(job.workflowId).result());
  await engine.startJob(job);
  expect(await engine.liveStatus(job)).toMatchObject({ state: 'closed', closedAs: 'COMPLETED' });
});

test('of starts that come at once none is lost to search attributes that the namespace does not know', async () => {
  const unknowing = connectEngine({ address: temporal.address, namespace: temporal.namespace, uiUrl: null });
  try {
    const jobs = [someJob(), someJob(), someJob(), someJob()];
    await Promise.all(jobs.map((job) => unknowing.startJob(job)));
    const states = await Promise.all(jobs.map(async (job) => (await unknowing.liveStatus(job))?.state));
    expect(states).toEqual(jobs.map(() => 'running'));
  } finally {
    await unknowing.close();
  }
});

test('search attributes are set where the namespace knows them', async () => {
  const known = await createNamespace();
  await known.connection.operatorService.addSearchAttributes({
    namespace: known.namespace,
    searchAttributes: { JobKind: KEYWORD, Repository: KEYWORD },
  });
  const knowing = connectEngine({ address: known.address, namespace: known.namespace, uiUrl: null });
  try {
    const job = someJob();
    await until(
      async () => {
        await knowing.startJob(job);
        return await known.client.workflow.count(`Repository = 'octo/repo' and JobKind = 'FULL'`).then(
          ({ count }) => count === 1,
          () => false,
        );
      },
      { what: 'the start to be found by its attributes' },
    );
  } finally {
    await knowing.close();
    await known.close();
  }
});

test('between two attempts the live status says so: when the next one is and what went wrong', async () => {
  const job = someJob();
  const stage = createStage({
    readSlice: async () => {
      throw new Error('502 from api.github.com');
    },
  });
  await withFakeWorker(temporal, stage.activities, async () => {
    await engine.startJob(job);
    await until(async () => (await engine.liveStatus(job))?.retrying === true);
    const status = await engine.liveStatus(job);
    expect(status).toMatchObject({ state: 'running', retrying: true, attempt: 2, lastError: '502 from api.github.com' });
    const inSeconds = ((status?.nextRetryAt?.getTime() ?? 0) - Date.now()) / 1_000;
    expect(inSeconds).toBeGreaterThan(20);
    expect(inSeconds).toBeLessThan(32);
    expect(await engine.cancelJob(job)).toBe('requested');
    await until(async () => (await engine.liveStatus(job))?.state === 'closed');
  });
  expect(await engine.liveStatus(job)).toMatchObject({ closedAs: 'CANCELLED' });
});

test('a workflow that Temporal does not know is not found, and a cancel of it unknown', async () => {
  const job = someJob();
  expect(await engine.liveStatus(job)).toMatchObject({ state: 'not_found' });
  expect(await engine.cancelJob(job)).toBe('unknown');
});

test('without a server everything answers within seconds', async () => {
  const lonely = connectEngine({ address: '127.0.0.1:1', namespace: 'default', uiUrl: null });
  try {
    const started = performance.now();
    const answers = await Promise.all([
      lonely.startJob(someJob()).catch((error: unknown) => error),
      lonely.cancelJob(someJob()).catch((error: unknown) => error),
      lonely.requestRecalculation().catch((error: unknown) => error),
      lonely.liveStatus(someJob()),
      lonely.isReachable(),
    ]);
    expect(answers.slice(0, 3).map((error) => error instanceof ServiceUnavailable)).toEqual([true, true, true]);
    expect(answers.slice(3)).toEqual([null, false]);
    expect(performance.now() - started).toBeLessThan(6_000);
  } finally {
    await lonely.close();
  }
});

test('the page of a workflow in the Web UI has its id escaped', () => {
  expect(engine.workflowUrl('scrape:octo/repo:1', 'run')).toBe(
    `http://127.0.0.1:8233/namespaces/${temporal.namespace}/workflows/scrape%3Aocto%2Frepo%3A1/run`,
  );
});

test('no e-mail and no login but the repository owner is in what Temporal is told', async () => {
  const job = someJob();
  await engine.startJob(job);
  const { events } = await temporal.client.workflow.getHandle(job.workflowId).fetchHistory();
  const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.map(({ data }) =>
    Buffer.from(data ?? []).toString(),
  );
  expect(input?.map((text) => Object.keys(JSON.parse(text) as object))).toEqual([['jobId', 'pace']]);
});
