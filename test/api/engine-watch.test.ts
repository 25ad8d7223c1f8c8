import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { NativeConnection, Worker } from '@temporalio/worker';
import { watchEngine, type EngineWatch } from '../../src/api/engine-watch.ts';
import { installRuntime } from '../../src/activities/worker-runtime.ts';
import { connectEngine, type Engine } from '../../src/temporal/engine.ts';
import { TASK_QUEUES } from '../../src/workflows/contract.ts';
import { createNamespace, quietLog, until, workflowBundle, type TestNamespace } from '../temporal/test-namespace.ts';

let temporal: TestNamespace;
let engine: Engine;
const watches: EngineWatch[] = [];
beforeAll(async () => {
  temporal = await createNamespace();
  engine = connectEngine({ address: temporal.address, namespace: temporal.namespace, uiUrl: null });
});
afterAll(async () => {
  await Promise.all(watches.map((watch) => watch.stop()));
  await engine.close();
  await temporal.close();
});

/** Looks often and loses patience at once. */
function watch(of: Engine, oldestHandedOver: () => Date | null = () => null): EngineWatch {
  const made = watchEngine({ engine: of, oldestHandedOver: async () => oldestHandedOver(), intervalMs: 50, patienceMs: 300 });
  watches.push(made);
  return made;
}
const becomes = (watched: EngineWatch, state: string): Promise<void> =>
  until(() => watched.state().state === state, { what: `the engine to be ${state}` });

test('a Temporal that does not answer is unreachable since it was first asked in vain', async () => {
  const lonely = connectEngine({ address: '127.0.0.1:1', namespace: 'default', uiUrl: null });
  const watched = watch(lonely);
  const from = Date.now();
  await becomes(watched, 'unreachable');
  expect(watched.state().since?.getTime()).toBeGreaterThanOrEqual(from);
  await watched.stop();
  await lonely.close();
});

test('without a worker it is said after a while, with one no more, and again when one has died that Temporal still lists', async () => {
  let handedOver: Date | null = null;
  const watched = watch(engine, () => handedOver);
  expect(watched.state()).toEqual({ state: 'ok', since: null });
  await becomes(watched, 'no_worker');

  installRuntime(quietLog);
  const connection = await NativeConnection.connect({ address: temporal.address });
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: TASK_QUEUES.main,
    workflowBundle: await workflowBundle(),
  });
  await worker.runUntil(() => becomes(watched, 'ok'));
  await connection.close();

  handedOver = new Date();
  await becomes(watched, 'no_worker');
  expect(watched.state().since?.getTime()).toBeLessThanOrEqual(handedOver.getTime());
});
