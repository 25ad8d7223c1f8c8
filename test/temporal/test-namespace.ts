import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { installRuntime } from '../../src/activities/worker-runtime.ts';
import { workflowBundleOf, type WorkflowBundle } from '../../src/activities/workflow-bundle.ts';
import { createLogger } from '../../src/log/logger.ts';
import { TASK_QUEUES } from '../../src/workflows/contract.ts';
import type { FakeActivities } from '../workflows/fake-activities.ts';

/** Warnings and worse only: a test's expected failures are not news. */
export const quietLog = createLogger({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });

/** A namespace of its own on the run's Temporal: queue names and workflow ids are fixed, so tests share nothing else. */
export interface TestNamespace {
  readonly address: string;
  readonly namespace: string;
  readonly client: Client;
  readonly connection: Connection;
  close(): Promise<void>;
}

export function temporalAddress(): string {
  const address = process.env.TEST_TEMPORAL_ADDRESS;
  if (address === undefined) throw new Error('TEST_TEMPORAL_ADDRESS is not set: does the global set-up (test/stack/start.ts) run?');
  return address;
}

export async function createNamespace(address = temporalAddress()): Promise<TestNamespace> {
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: { seconds: 86_400 } as never });
  const client = new Client({ connection, namespace });
  // Registered is not yet usable: the front end learns of it a few milliseconds later.
  await until(async () => {
    try {
      await client.workflow.count();
      return true;
    } catch {
      return false;
    }
  });
  return { address, namespace, client, connection, close: () => connection.close() };
}

/** Polls for a condition. @throws when it does not come true in time. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  { withinMs = 20_000, everyMs = 20, what = 'condition' } = {},
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Where the workflows' code of this run is. */
export function workflowBundlePath(): string {
  const path = process.env.TEST_WORKFLOW_BUNDLE;
  if (path === undefined) throw new Error('TEST_WORKFLOW_BUNDLE is not set: does the global set-up (test/stack/start.ts) run?');
  return path;
}

/** The workflows' code, made once per run. */
export function workflowBundle(): Promise<WorkflowBundle> {
  return workflowBundleOf(workflowBundlePath());
}

/** Runs the real workflows with fake activities while `scenario` runs. */
export async function withFakeWorker<T>(
  { address, namespace }: Pick<TestNamespace, 'address' | 'namespace'>,
  activities: Partial<FakeActivities>,
  scenario: () => Promise<T>,
): Promise<T> {
  installRuntime(quietLog);
  const connection = await NativeConnection.connect({ address });
  const common: WorkerOptions = {
    connection,
    namespace,
    taskQueue: TASK_QUEUES.main,
    activities,
    identity: 'test-worker',
    maxHeartbeatThrottleInterval: '100 ms',
    defaultHeartbeatThrottleInterval: '100 ms',
    shutdownGraceTime: '1 second',
    shutdownForceTime: '5 seconds',
  };
  const main = await Worker.create({ ...common, workflowBundle: await workflowBundle() });
  const archive = await Worker.create({ ...common, taskQueue: TASK_QUEUES.archive });
  const enrichment = await Worker.create({ ...common, taskQueue: TASK_QUEUES.enrichment });
  try {
    return await enrichment.runUntil(archive.runUntil(main.runUntil(scenario)));
  } finally {
    await connection.close();
  }
}
