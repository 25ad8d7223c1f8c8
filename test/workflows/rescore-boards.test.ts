import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { TASK_QUEUES, WORKFLOW_TYPES } from '../../src/workflows/contract.ts';
import { createNamespace, withFakeWorker, type TestNamespace } from '../temporal/test-namespace.ts';
import { createStage, type FakeActivities, type Stage } from './fake-activities.ts';

const jobId = '0193a000-0000-7000-8000-000000000001';
let temporal: TestNamespace;
beforeAll(async () => {
  temporal = await createNamespace();
});
afterAll(() => temporal.close());

async function run(overrides: Partial<FakeActivities>): Promise<{ stage: Stage; ended: 'completed' | 'failed' }> {
  const stage = createStage(overrides);
  const ended = await withFakeWorker(temporal, stage.activities, async () => {
    const handle = await temporal.client.workflow.start(WORKFLOW_TYPES.rescoreBoards, {
      workflowId: `rescore:${Math.random()}`,
      taskQueue: TASK_QUEUES.main,
      args: [{ jobId }],
    });
    return handle.result().then(
      () => 'completed' as const,
      () => 'failed' as const,
    );
  });
  return { stage, ended };
}

test('boards are scored until none is behind, then the job is closed', async () => {
  let rounds = 0;
  const { stage, ended } = await run({ closeRescore: async () => ({ closed: (rounds += 1) === 2 }) });
  expect(ended).toBe('completed');
  expect(stage.calls).toEqual(['openJob', 'rescore', 'closeRescore', 'rescore', 'closeRescore']);
});

test('a failure closes the job with its reason', async () => {
  const { stage, ended } = await run({
    rescore: async () => {
      throw ApplicationFailure.nonRetryable('the disk is full', 'step_failed');
    },
  });
  expect(ended).toBe('failed');
  expect(stage.ends).toMatchObject([{ jobId, status: 'FAILED', errorMessage: expect.stringContaining('while scoring the boards anew') }]);
});
