import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { TASK_QUEUES, type EnrichBatchInput, type EnrichInput, type Pace } from '../../src/workflows/contract.ts';
import { createNamespace, until, withFakeWorker, type TestNamespace } from '../temporal/test-namespace.ts';
import { createStage, type FakeActivities, type Stage } from './fake-activities.ts';

let temporal: TestNamespace;
beforeAll(async () => {
  temporal = await createNamespace();
});
afterAll(() => temporal.close());

const pace: Pace = { initialRetryMs: 50, maximumRetryMs: 50, heartbeatTimeoutMs: 5_000 };

/** Runs a workflow to its end with these activities. */
async function run(
  type: 'enrichContributor' | 'batchEnrichContributors',
  input: Omit<EnrichInput, 'pace'> | Omit<EnrichBatchInput, 'pace'>,
  overrides: Partial<FakeActivities> = {},
): Promise<Stage & { readonly workflowId: string; readonly result: unknown }> {
  const stage = createStage(overrides, []);
  const workflowId = `${type}:${randomUUID()}`;
  const result = await withFakeWorker(temporal, stage.activities, async () =>
    temporal.client.workflow
      .execute(type, { workflowId, taskQueue: TASK_QUEUES.main, args: [{ ...input, pace }] })
      .catch((error: unknown) => error),
  );
  return { ...stage, workflowId, result };
}

test('a person with a job: opened, asked about, closed; X and the website at the same time', async () => {
  let atOnce = 0;
  let most = 0;
  const slowly = async (): Promise<{ answered: boolean }> => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await until(() => most === 2);
    atOnce -= 1;
    return { answered: true };
  };
  const { calls, result, ends } = await run(
    'enrichContributor',
    { userId: 7, jobId: 'job' },
    { readXProfile: slowly, readWebsite: slowly },
  );
  expect(result).toBe('enriched');
  expect(calls.filter((call) => call !== 'readXProfile' && call !== 'readWebsite')).toEqual(
    ['readProfile 7', 'endEnrichment 7 COMPLETED', 'closeJob COMPLETED'].toSpliced(0, 0, 'openJob'),
  );
  expect(most).toBe(2);
  expect(ends).toEqual([{ jobId: 'job', status: 'COMPLETED' }]);
});

test('an optional source that fails is tried twice and fails alone; a rate limit is a wait', async () => {
  let tries = 0;
  let isFirst = true;
  const { calls, result } = await run(
    'enrichContributor',
    { userId: 7, jobId: 'job' },
    {
      readProfile: async () => {
        const resumeAt = isFirst ? new Date(Date.now() + 100).toISOString() : null;
        isFirst = false;
        return { resumeAt, asksX: true, asksWebsite: false };
      },
      readXProfile: async () => {
        tries += 1;
        throw new Error('503');
      },
    },
  );
  expect(result).toBe('enriched');
  expect(tries).toBe(2);
  expect(calls).toEqual([
    'openJob',
    'readProfile 7',
    'noteWaiting GitHub',
    'noteWaiting over',
    'readProfile 7',
    'readXProfile',
    'readXProfile',
    'endEnrichment 7 PARTIAL',
    'closeJob COMPLETED',
  ]);
});

test('a batch asks about five at a time, goes on in new runs, counts who fails and skips who is taken', async () => {
  const userIds = Array.from({ length: 23 }, (_, index) => index + 1);
  let atOnce = 0;
  let most = 0;
  const asked: number[] = [];
  const { calls, result, ends, workflowId } = await run(
    'batchEnrichContributors',
    { jobId: 'batch', width: 5, perRun: 10 },
    {
      choosePeople: async () => ({ userIds }),
      beginEnrichment: async ({ userId }) => ({ ready: userId !== 11 }),
      readProfile: async ({ userId }) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        asked.push(userId);
        await new Promise((resolve) => setTimeout(resolve, 20));
        atOnce -= 1;
        if (userId % 10 === 3) throw ApplicationFailure.nonRetryable('gone', 'profile_not_found');
        return { resumeAt: null, asksX: false, asksWebsite: false };
      },
    },
  );
  expect(result).toEqual({ enriched: 19, skipped: 1, failed: 3 });
  expect(asked.toSorted((a, b) => a - b)).toEqual(userIds.filter((id) => id !== 11));
  expect(most).toBeLessThanOrEqual(5);
  expect(ends).toEqual([{ jobId: 'batch', status: 'COMPLETED' }]);
  expect(calls.filter((call) => call === 'openJob')).toHaveLength(1);
  expect(calls).toContain('noteBatchEnd 19 1 3');
  const runs: string[] = [];
  for await (const { runId } of temporal.client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.push(runId);
  // What is listed lags behind; the result above came through all of them.
  expect(runs.length).toBeLessThanOrEqual(3);
});

test('a batch that is cancelled closes its job and ends who was being asked about', async () => {
  const stage = createStage(
    { readProfile: async () => ({ resumeAt: new Date(Date.now() + 3_600_000).toISOString(), asksX: false, asksWebsite: false }) },
    [],
  );
  await withFakeWorker(temporal, stage.activities, async () => {
    const handle = await temporal.client.workflow.start('batchEnrichContributors', {
      workflowId: `batch:${randomUUID()}`,
      taskQueue: TASK_QUEUES.main,
      args: [{ jobId: 'cancelled-batch', width: 2, pace }],
    });
    await until(() => stage.calls.filter((call) => call.startsWith('readProfile')).length === 2);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
    await until(() => stage.calls.filter((call) => call.endsWith('PENDING')).length === 2);
  });
  expect(stage.ends).toEqual([{ jobId: 'cancelled-batch', status: 'CANCELLED' }]);
});
