import { expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { TASK_QUEUES, WORKFLOW_TYPES, type JobInput } from '../../src/workflows/contract.ts';
import { installRuntime } from '../../src/activities/worker-runtime.ts';
import { quietLog, withFakeWorker } from '../temporal/test-namespace.ts';
import { createStage } from './fake-activities.ts';

const server = process.env.TEST_TEMPORAL_TEST_SERVER;

/** Skips time: waits of minutes pass at once. Its time is its own server's, so it has one for itself. */
async function withSkippedTime<T>(scenario: (env: TestWorkflowEnvironment) => Promise<T>): Promise<T> {
  if (server === undefined) throw new Error('TEST_TEMPORAL_TEST_SERVER is not set: it is the path of temporal-test-server');
  installRuntime(quietLog);
  const env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path: server } } });
  try {
    return await scenario(env);
  } finally {
    await env.teardown();
  }
}

test('a step that keeps failing is tried after exactly 60, 120 and 180 seconds, then the job fails with a message that says so', () =>
  withSkippedTime(async (env) => {
    const tries: number[] = [];
    const stage = createStage({
      publish: async () => {
        tries.push(await env.currentTimeMs());
        throw new Error('deadlock detected');
      },
    });
    const input: JobInput = { jobId: 'job-1' };
    const error = await withFakeWorker({ address: env.address, namespace: 'default' }, stage.activities, () =>
      env.client.workflow
        .execute(WORKFLOW_TYPES.scrapeRepository, {
          workflowId: 'scrape:octo/repo:job-1',
          taskQueue: TASK_QUEUES.main,
          args: [input],
        })
        .catch((error: unknown) => error),
    );
    const waits = tries.slice(1).map((at, index) => Math.round((at - (tries[index] ?? 0)) / 1000));
    expect(waits).toEqual([60, 120, 180]);
    expect(stage.ends).toEqual([
      { jobId: 'job-1', status: 'FAILED', errorCode: 'step_failed', errorMessage: 'deadlock detected (while publishing; tried 4 times)' },
    ]);
    expect((error as Error).cause).toMatchObject({ message: 'deadlock detected (while publishing; tried 4 times)', type: 'step_failed' });
  }));

test('every slice has four attempts of its own', () =>
  withSkippedTime(async (env) => {
    const failures = new Map<string, number>();
    const stage = createStage({
      readSlice: async ({ slice }) => {
        const before = failures.get(slice.slice) ?? 0;
        failures.set(slice.slice, before + 1);
        if (before < 3) throw new Error('502');
        return { done: true, read: 1, resumeAt: null, waitingFor: null };
      },
    });
    await withFakeWorker({ address: env.address, namespace: 'default' }, stage.activities, () =>
      env.client.workflow.execute(WORKFLOW_TYPES.scrapeRepository, {
        workflowId: 'scrape:x/y:2',
        taskQueue: TASK_QUEUES.main,
        args: [{ jobId: 'job-2' }],
      }),
    );
    expect([...failures.values()]).toEqual([4, 4]);
    expect(stage.ends).toEqual([{ jobId: 'job-2', status: 'COMPLETED' }]);
  }));

test('a source that asks for a pause of 40 minutes gets it from a timer, without an attempt being spent', () =>
  withSkippedTime(async (env) => {
    let resumeAt = 0;
    let resumedAt = 0;
    const stage = createStage({
      readSlice: async ({ slice }) => {
        if (slice.slice === 'a' && resumeAt === 0) {
          resumeAt = (await env.currentTimeMs()) + 40 * 60_000;
          return { done: false, read: 5, resumeAt: new Date(resumeAt).toISOString(), waitingFor: 'GitHub' };
        }
        if (slice.slice === 'a') resumedAt = await env.currentTimeMs();
        return { done: true, read: 5, resumeAt: null, waitingFor: null };
      },
    });
    await withFakeWorker({ address: env.address, namespace: 'default' }, stage.activities, () =>
      env.client.workflow.execute(WORKFLOW_TYPES.scrapeRepository, {
        workflowId: 'scrape:x/y:3',
        taskQueue: TASK_QUEUES.main,
        args: [{ jobId: 'job-3' }],
      }),
    );
    expect(resumedAt).toBeGreaterThanOrEqual(resumeAt);
    expect(resumedAt - resumeAt).toBeLessThan(60_000);
    expect(stage.calls.filter((call) => call !== 'readSlice gharchive:b')).toEqual([
      'openJob',
      'importArchive',
      'planSource gharchive',
      'readSlice gharchive:a',
      'noteWaiting GitHub',
      'noteWaiting over',
      'readSlice gharchive:a',
      'publish',
      'closeJob COMPLETED',
      ...stage.calls.slice(-2),
    ]);
  }));

test('an error that trying again cannot heal fails the job at once', () =>
  withSkippedTime(async (env) => {
    let tries = 0;
    let closedAt = 0;
    const stage = createStage({
      planSource: async () => {
        tries += 1;
        throw ApplicationFailure.nonRetryable('Repository octo/gone is not known here.', 'repository_not_found');
      },
      closeJob: async () => {
        closedAt = await env.currentTimeMs();
      },
    });
    const started = await env.currentTimeMs();
    await withFakeWorker({ address: env.address, namespace: 'default' }, stage.activities, () =>
      env.client.workflow
        .execute(WORKFLOW_TYPES.scrapeRepository, { workflowId: 'scrape:x/y:4', taskQueue: TASK_QUEUES.main, args: [{ jobId: 'job-4' }] })
        .catch(() => undefined),
    );
    expect(tries).toBe(1);
    expect(closedAt - started).toBeLessThan(60_000);
    expect(stage.ends).toEqual([
      {
        jobId: 'job-4',
        status: 'FAILED',
        errorCode: 'repository_not_found',
        errorMessage: 'Repository octo/gone is not known here. (while planning gharchive; not tried again, as that would not help)',
      },
    ]);
  }));
