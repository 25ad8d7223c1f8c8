import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TASK_QUEUES, WORKFLOW_TYPES, type PruneInput, type RefreshStaleInput } from '../../src/workflows/contract.ts';
import * as workflows from '../../src/workflows/index.ts';
import { createNamespace, withFakeWorker, type TestNamespace } from '../temporal/test-namespace.ts';
import { createStage } from './fake-activities.ts';

let temporal: TestNamespace;
beforeAll(async () => {
  temporal = await createNamespace();
});
afterAll(() => temporal.close());

function run(type: string, args: unknown[]): Promise<unknown> {
  return temporal.client.workflow.execute(type, { workflowId: `run-${type}`, taskQueue: TASK_QUEUES.main, args });
}

test('the bundle holds exactly the workflows that the contract names', () => {
  expect(Object.keys(workflows).sort()).toEqual(Object.values(WORKFLOW_TYPES).sort());
});

test('a refresh queues the stale repositories and then starts what may run', async () => {
  let asked: RefreshStaleInput | undefined;
  const stage = createStage({
    queueStaleRepositories: async (input) => {
      asked = input;
      return { queued: 2, skipped: 1 };
    },
  });
  const report = await withFakeWorker(temporal, stage.activities, () =>
    run(WORKFLOW_TYPES.refreshStaleRepositories, [{ staleAfterHours: 24, fullScrapeDays: 7 }]),
  );
  expect(asked).toEqual({ staleAfterHours: 24, fullScrapeDays: 7 });
  expect(report).toEqual({ queued: 2, skipped: 1 });
  expect(stage.calls).toEqual(['startQueuedJobs']);
});

test('the half-hourly schedule only asks for a recalculation', async () => {
  const stage = createStage();
  await withFakeWorker(temporal, stage.activities, () => run(WORKFLOW_TYPES.requestRecalculation, []));
  expect(stage.calls).toEqual(['requestGlobalRecalculation']);
});

test('pruning is told how long records are kept', async () => {
  let asked: PruneInput | undefined;
  const stage = createStage({
    prune: async (input) => {
      asked = input;
    },
  });
  await withFakeWorker(temporal, stage.activities, () => run(WORKFLOW_TYPES.pruneOldRecords, [{ logDays: 30, jobDays: 365 }]));
  expect(asked).toEqual({ logDays: 30, jobDays: 365 });
});
