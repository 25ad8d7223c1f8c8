import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import {
  BIGQUERY_COLLECTOR_WORKFLOW_ID,
  EXTRACT_REQUESTED,
  TASK_QUEUES,
  WORKFLOW_TYPES,
  type CollectInput,
  type Pace,
} from '../../src/workflows/contract.ts';
import { createNamespace, until, withFakeWorker, type TestNamespace } from '../temporal/test-namespace.ts';
import { createStage } from './fake-activities.ts';

const pace: Pace = { initialRetryMs: 50, maximumRetryMs: 100, heartbeatTimeoutMs: 2_000 };
let temporal: TestNamespace;
let lastJob = 0;

beforeAll(async () => {
  temporal = await createNamespace();
});
afterAll(() => temporal.close());

/** Asks for rows, as the activity of a scrape does. */
function ask(waitMs = 10): Promise<WorkflowHandle> {
  const input: CollectInput = { waitMs, pace };
  return temporal.client.workflow.signalWithStart(WORKFLOW_TYPES.collectBigQuery, {
    workflowId: BIGQUERY_COLLECTOR_WORKFLOW_ID,
    taskQueue: TASK_QUEUES.main,
    signal: EXTRACT_REQUESTED,
    args: [input],
  });
}

function scrape(): Promise<WorkflowHandle> {
  lastJob += 1;
  return temporal.client.workflow.start(WORKFLOW_TYPES.scrapeRepository, {
    workflowId: `scrape:octo/repo:job-${lastJob}`,
    taskQueue: TASK_QUEUES.main,
    args: [{ jobId: `job-${lastJob}`, pace }],
  });
}

const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
};

test('requests that come within the wait share one query', async () => {
  const stage = createStage();
  await withFakeWorker(temporal, stage.activities, async () => {
    const handles = await Promise.all([ask(300), ask(300), ask(300)]);
    await handles[0]?.result();
  });
  expect(stage.calls).toEqual(['openBatch', 'runQuery']);
});

test('a request that comes while a query runs is not kept waiting for its end', async () => {
  const { opened, open } = gate();
  const batches: string[] = [];
  const stage = createStage({
    runQuery: async ({ batch, query }) => {
      batches.push(batch);
      if (batches.length === 1) await opened;
      return { query, isSettled: true, resumeAt: null };
    },
  });
  await withFakeWorker(temporal, stage.activities, async () => {
    const handle = await ask();
    await until(() => batches.length === 1);
    await ask();
    await until(() => batches.length === 2);
    open();
    await handle.result();
  });
  expect(new Set(batches).size).toBe(2);
});

test('a quota is waited out, and a query that BigQuery lost goes on as another one', async () => {
  const queries: string[] = [];
  const stage = createStage({
    openBatch: async () => ({ query: 'first_1' }),
    runQuery: async ({ query }) => {
      queries.push(query);
      if (queries.length === 1) return { query, isSettled: false, resumeAt: new Date(Date.now() + 100).toISOString() };
      return { query: 'first_2', isSettled: queries.length === 3, resumeAt: null };
    },
  });
  await withFakeWorker(temporal, stage.activities, async () => (await ask()).result());
  expect(queries).toEqual(['first_1', 'first_1', 'first_2']);
});

test('a query that fails tells everybody who waits for it why, and the next request gets a query of its own', async () => {
  let isBroken = true;
  const stage = createStage({
    openBatch: async ({ batch }) => {
      if (isBroken) throw ApplicationFailure.nonRetryable('BigQuery refuses a dry run: no access', 'bigquery_access_denied');
      return { query: `laurels_${batch}_1` };
    },
  });
  await withFakeWorker(temporal, stage.activities, async () => {
    await (await ask()).result();
    isBroken = false;
    await (await ask()).result();
  });
  expect(stage.calls).toEqual(['openBatch', 'failBatch bigquery_access_denied', 'openBatch', 'runQuery']);
});

test('what a collector left that was ended from outside, the next one takes up', async () => {
  let left = ['left-batch'];
  const opened: string[] = [];
  const stage = createStage({
    leftBatches: async () => left,
    openBatch: async ({ batch }) => {
      opened.push(batch);
      left = [];
      return { query: batch === 'left-batch' ? 'laurels_left_1' : null };
    },
  });
  await withFakeWorker(temporal, stage.activities, async () => (await ask()).result());
  expect(opened).toHaveLength(2);
  expect(opened).toContain('left-batch');
  expect(stage.calls.filter((call) => call === 'runQuery')).toHaveLength(1);
});

test('a scrape waits for its rows without holding a worker, and goes on when it is told', async () => {
  const asked: string[] = [];
  let waiter = '';
  const stage = createStage(
    {
      requestExtract: async ({ jobId }) => {
        asked.push(jobId);
        return { isReady: asked.length > 1 };
      },
      waitersOf: async () => ['scrape:octo/gone:job-0', waiter],
    },
    ['bigquery'],
  );
  await withFakeWorker(temporal, stage.activities, async () => {
    const handle = await scrape();
    waiter = handle.workflowId;
    await until(() => asked.length === 1);
    expect(stage.calls).toEqual(['openJob', 'requestExtract']);
    await (await ask()).result();
    await handle.result();
  });
  expect(asked).toHaveLength(2);
  expect(stage.calls).toContain('readSlice bigquery:a');
  expect(stage.ends).toMatchObject([{ status: 'COMPLETED' }]);
});

test('a scrape that is refused its rows ends with the reason', async () => {
  const stage = createStage(
    {
      requestExtract: async () => {
        throw ApplicationFailure.nonRetryable('Of the month 0 bytes are left', 'budget_exceeded');
      },
    },
    ['bigquery'],
  );
  await withFakeWorker(temporal, stage.activities, async () => {
    const handle = await scrape();
    await expect(handle.result()).rejects.toThrow('Workflow execution');
  });
  expect(stage.ends).toMatchObject([
    { status: 'FAILED', errorCode: 'budget_exceeded', errorMessage: expect.stringContaining('Of the month 0 bytes are left') },
  ]);
});

test('a scrape that is cancelled while it waits ends at once', async () => {
  const stage = createStage({ requestExtract: async () => ({ isReady: false }) }, ['bigquery']);
  await withFakeWorker(temporal, stage.activities, async () => {
    const handle = await scrape();
    await until(() => stage.calls.includes('requestExtract'));
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('Workflow execution');
  });
  expect(stage.ends).toMatchObject([{ status: 'CANCELLED' }]);
});
