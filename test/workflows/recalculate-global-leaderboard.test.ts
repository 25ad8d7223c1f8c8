import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectEngine, type Engine } from '../../src/temporal/engine.ts';
import { GLOBAL_LEADERBOARD_WORKFLOW_ID, RECALCULATION_REQUESTED, TASK_QUEUES, WORKFLOW_TYPES } from '../../src/workflows/contract.ts';
import { createNamespace, until, withFakeWorker, type TestNamespace } from '../temporal/test-namespace.ts';
import { createStage } from './fake-activities.ts';

let temporal: TestNamespace;
let engine: Engine;

beforeAll(async () => {
  temporal = await createNamespace();
  engine = connectEngine({ address: temporal.address, namespace: temporal.namespace, uiUrl: null });
});
afterAll(async () => {
  await engine.close();
  await temporal.close();
});

test('a burst of requests is one rebuild', async () => {
  const stage = createStage();
  await withFakeWorker(temporal, stage.activities, async () => {
    await Promise.all(Array.from({ length: 40 }, () => engine.requestRecalculation()));
    await temporal.client.workflow.getHandle(GLOBAL_LEADERBOARD_WORKFLOW_ID).result();
  });
  expect(stage.calls).toEqual(['rebuildGlobalLeaderboard']);
});

test('a request during a rebuild gets one of its own afterwards, and two rebuilds never run at once', async () => {
  let running = 0;
  let most = 0;
  let rebuilds = 0;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const stage = createStage({
    rebuildGlobalLeaderboard: async () => {
      rebuilds += 1;
      running += 1;
      most = Math.max(most, running);
      if (rebuilds === 1) await held;
      running -= 1;
      return { people: 1, changed: true };
    },
  });
  const request = () =>
    temporal.client.workflow.signalWithStart(WORKFLOW_TYPES.recalculateGlobalLeaderboard, {
      workflowId: GLOBAL_LEADERBOARD_WORKFLOW_ID,
      taskQueue: TASK_QUEUES.main,
      signal: RECALCULATION_REQUESTED,
      args: [{ coalesceMs: 1 }],
    });
  await withFakeWorker(temporal, stage.activities, async () => {
    const handle = await request();
    await until(() => rebuilds === 1);
    await Promise.all([request(), request(), request()]);
    release();
    await handle.result();
  });
  expect(rebuilds).toBe(2);
  expect(most).toBe(1);
});

test('no request is lost around the end of a run', async () => {
  let asked = 0;
  let answered = 0;
  const stage = createStage({
    rebuildGlobalLeaderboard: async () => {
      answered = asked;
      return { people: 1, changed: false };
    },
  });
  await withFakeWorker(temporal, stage.activities, async () => {
    for (let round = 0; round < 40; round += 1) {
      asked += 1;
      await temporal.client.workflow.signalWithStart(WORKFLOW_TYPES.recalculateGlobalLeaderboard, {
        workflowId: GLOBAL_LEADERBOARD_WORKFLOW_ID,
        taskQueue: TASK_QUEUES.main,
        signal: RECALCULATION_REQUESTED,
        args: [{ coalesceMs: 1 }],
      });
      // Irregular pauses, so that some requests meet a run that is completing.
      if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, (round * 7) % 60));
    }
    await until(
      async () => (await temporal.client.workflow.getHandle(GLOBAL_LEADERBOARD_WORKFLOW_ID).describe()).status.name !== 'RUNNING',
    );
  });
  expect(answered).toBe(40);
});
