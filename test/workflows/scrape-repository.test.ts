import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { SCRAPE_PHASE, TASK_QUEUES, WORKFLOW_TYPES, type Pace, type JobInput } from '../../src/workflows/contract.ts';
import { createNamespace, until, withFakeWorker, type TestNamespace } from '../temporal/test-namespace.ts';
import { createStage, type FakeActivities, type Stage } from './fake-activities.ts';

const pace: Pace = { initialRetryMs: 50, maximumRetryMs: 100, heartbeatTimeoutMs: 2_000 };
let temporal: TestNamespace;
let lastJob = 0;

beforeAll(async () => {
  temporal = await createNamespace();
});
afterAll(() => temporal.close());

/** What follows a published job, at the same time. */
const FOLLOWING = ['requestGlobalRecalculation', 'startQueuedJobs'];

/** What happens at the same time, in the order of the alphabet. */
function inOrder(calls: readonly string[]): readonly string[] {
  const [begin, end] = [calls.indexOf('readSlice gharchive:b'), calls.indexOf('readSlice gharchive:a')];
  const settled = begin >= 0 && begin < end ? calls.with(begin, 'readSlice gharchive:a').with(end, 'readSlice gharchive:b') : calls;
  return [...settled.slice(0, -2), ...settled.slice(-2).sort()];
}

function start(input: Partial<JobInput> = {}): Promise<WorkflowHandle> {
  lastJob += 1;
  const jobId = `job-${lastJob}`;
  return temporal.client.workflow.start(WORKFLOW_TYPES.scrapeRepository, {
    workflowId: `scrape:octo/repo:${jobId}`,
    taskQueue: TASK_QUEUES.main,
    args: [{ jobId, pace, ...input }],
  });
}

/** An activity that runs until it is cancelled, and then ends as the real ones do. */
function untilCancelled(began: () => void): () => Promise<never> {
  return async () => {
    began();
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 20);
    try {
      return await context.cancelled;
    } finally {
      clearInterval(beat);
    }
  };
}

async function statusOf(handle: WorkflowHandle): Promise<string> {
  await handle.result().catch(() => undefined);
  return (await handle.describe()).status.name;
}

test('a scrape opens its job, reads every slice of its source, publishes once, and the global board follows', async () => {
  const stage = createStage();
  const result = await withFakeWorker(temporal, stage.activities, async () => (await start()).result() as Promise<unknown>);
  expect(result).toEqual({ contributions: 20, people: 3 });
  expect(inOrder(stage.calls)).toEqual([
    'openJob',
    'importArchive',
    'planSource gharchive',
    'readSlice gharchive:a',
    'readSlice gharchive:b',
    'publish',
    'closeJob COMPLETED',
    ...FOLLOWING,
  ]);
});

test('several sources are read in turn and published together', async () => {
  const stage = createStage({}, ['github', 'gharchive']);
  await withFakeWorker(temporal, stage.activities, async () => (await start()).result());
  expect(stage.calls.filter((call) => /readSlice|publish/.test(call))).toEqual([
    expect.stringMatching(/^readSlice github:/),
    expect.stringMatching(/^readSlice github:/),
    expect.stringMatching(/^readSlice gharchive:/),
    expect.stringMatching(/^readSlice gharchive:/),
    'publish',
  ]);
});

test('what a scrape is doing can be asked while it does it', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const stage = createStage({
    publish: async () => {
      await held;
      return { contributions: 0, people: 0, complete: null, changed: false };
    },
  });
  await withFakeWorker(temporal, stage.activities, async () => {
    const handle = await start();
    await until(() => stage.calls.includes('publish'));
    expect(await handle.query(SCRAPE_PHASE)).toBe('PUBLISHING');
    release();
    await handle.result();
  });
});

test('a slice that a stopping worker puts down is read on, without an attempt being spent', async () => {
  const attempts: number[] = [];
  let putDown = 0;
  const stage = createStage({
    readSlice: async () => {
      attempts.push(Context.current().info.attempt);
      putDown += 1;
      return { done: putDown > 2, read: 5, resumeAt: null, waitingFor: null };
    },
    planSource: async ({ source }) => ({ undone: [{ source, slice: 'a' }] }),
  });
  await withFakeWorker(temporal, stage.activities, async () => (await start()).result());
  expect(stage.calls.filter((call) => call.startsWith('readSlice'))).toEqual([
    'readSlice gharchive:a',
    'readSlice gharchive:a',
    'readSlice gharchive:a',
  ]);
  expect(new Set(attempts)).toEqual(new Set([1]));
});

describe('slices of a source', () => {
  const planOf = (slices: readonly { slice: string; turn?: number }[]): Partial<FakeActivities> => ({
    planSource: async ({ source }) => ({ undone: slices.map((slice) => ({ source, ...slice })) }),
  });
  const lettersOf = (word: string) => word.split('').map((slice) => ({ slice }));
  const READ = { done: true, read: 1, resumeAt: null, waitingFor: null };

  test('are read side by side, four at once, and a later turn when the earlier one is done', async () => {
    let [running, most] = [0, 0];
    const plan = [...lettersOf('cdefgh').map((slice) => ({ ...slice, turn: 1 })), { slice: 'first', turn: 0 }];
    const stage = createStage({
      ...planOf(plan),
      readSlice: async () => {
        running += 1;
        most = Math.max(most, running);
        // Held until as many are there as can be, or nobody else comes.
        await until(() => most === 4 || stage.calls.filter((call) => call.startsWith('readSlice')).length === 1);
        running -= 1;
        return READ;
      },
    });
    await withFakeWorker(temporal, stage.activities, async () => (await start()).result());
    const reads = stage.calls.filter((call) => call.startsWith('readSlice'));
    expect(reads[0]).toBe('readSlice gharchive:first');
    expect(reads.slice(1).sort()).toEqual('cdefgh'.split('').map((slice) => `readSlice gharchive:${slice}`));
    expect(most).toBe(4);
  });

  test('of which one fails: the others are put down and waited for, and the job fails for the reason of the first', async () => {
    const begun = new Set<string>();
    const ended: string[] = [];
    const stage = createStage({
      ...planOf(lettersOf('abcde')),
      readSlice: async ({ slice: { slice } }) => {
        if (slice === 'b') {
          await until(() => begun.size === 3);
          throw ApplicationFailure.nonRetryable('GitHub refuses the token', 'bad_credentials');
        }
        if (slice === 'c') begun.add('c');
        return await untilCancelled(() => begun.add(slice))().finally(() => ended.push(slice));
      },
      closeJob: async () => expect(ended.sort()).toEqual(['a', 'c', 'd']),
    });
    const status = await withFakeWorker(temporal, stage.activities, async () => statusOf(await start()));
    expect(status).toBe('FAILED');
    expect(stage.ends).toEqual([
      expect.objectContaining({
        status: 'FAILED',
        errorCode: 'bad_credentials',
        errorMessage: expect.stringContaining('GitHub refuses the token (while reading gharchive (b)'),
      }),
    ]);
    expect(stage.calls).not.toContain('readSlice gharchive:e');
    expect(stage.calls).not.toContain('publish');
  });

  test('of which one fails while another waits for its source: nobody waits any longer', async () => {
    const stage = createStage({
      ...planOf(lettersOf('ab')),
      readSlice: async ({ slice: { slice } }) => {
        if (slice === 'a') return { ...READ, done: false, resumeAt: new Date(Date.now() + 3_600_000).toISOString(), waitingFor: 'github' };
        await until(() => stage.calls.includes('noteWaiting github'));
        throw ApplicationFailure.nonRetryable('gone', 'repository_not_found');
      },
    });
    expect(await withFakeWorker(temporal, stage.activities, async () => statusOf(await start()))).toBe('FAILED');
    expect(stage.ends).toEqual([expect.objectContaining({ status: 'FAILED', errorCode: 'repository_not_found' })]);
  });

  test('that wait: the job shows the wait that ends first, and none only when none waits', async () => {
    const shown: (string | null)[] = [];
    const waited = new Set<string>();
    // So far apart that a busy machine does not make them one.
    const soon = new Date(Date.now() + 1_500).toISOString();
    const later = new Date(Date.now() + 6_000).toISOString();
    const stage = createStage({
      ...planOf(lettersOf('abc')),
      readSlice: async ({ slice: { slice } }) => {
        if (slice === 'c' || waited.has(slice)) return READ;
        waited.add(slice);
        // The one that ends later is told first.
        if (slice === 'b') await until(() => shown.length > 0);
        return { ...READ, done: false, resumeAt: slice === 'a' ? later : soon, waitingFor: 'GitHub' };
      },
      noteWaiting: async (wait) => void shown.push(wait.until),
    });
    let waiting: unknown;
    await withFakeWorker(temporal, stage.activities, async () => {
      const handle = await start();
      await until(() => shown.length === 2);
      waiting = await handle.query(SCRAPE_PHASE);
      await handle.result();
    });
    expect(shown).toEqual([later, soon, later, null]);
    expect(waiting).toBe('WAITING');
    expect(stage.calls.filter((call) => /readSlice .*:[ab]/.test(call))).toHaveLength(4);
  });
});

test('slices that are undone at publishing (Postgres crashed and lost its staging) are planned and read again', async () => {
  let publishes = 0;
  let lost = false;
  const stage = createStage({
    planSource: async ({ source }) => {
      const undone = publishes === 0 || lost ? [{ source, slice: 'a' }] : [];
      lost = false;
      return { undone };
    },
    publish: async () => {
      publishes += 1;
      if (publishes === 1) {
        lost = true;
        throw ApplicationFailure.nonRetryable('1 slice of the plan is not done', 'slices_unfinished');
      }
      return { contributions: 1, people: 1, complete: null, changed: true };
    },
  });
  await withFakeWorker(temporal, stage.activities, async () => (await start()).result());
  expect(inOrder(stage.calls).slice(1)).toEqual([
    'importArchive',
    'planSource gharchive',
    'readSlice gharchive:a',
    'publish',
    'planSource gharchive',
    'readSlice gharchive:a',
    'publish',
    'closeJob COMPLETED',
    ...FOLLOWING,
  ]);
});

test('a job that somebody has closed before it began is left as it is', async () => {
  const stage = createStage({
    openJob: async () => {
      throw ApplicationFailure.nonRetryable('Job has already ended: CANCELLED.', 'job_closed');
    },
  });
  const status = await withFakeWorker(temporal, stage.activities, async () => statusOf(await start()));
  expect(status).toBe('FAILED');
  expect(stage.ends).toEqual([]);
  expect(stage.calls).toEqual(['openJob', 'startQueuedJobs']);
});

describe('a cancel', () => {
  const blocked: readonly (keyof Pick<FakeActivities, 'importArchive' | 'planSource' | 'readSlice'>)[] = [
    'importArchive',
    'planSource',
    'readSlice',
  ];
  test.each(blocked)('during %s ends that step first and then closes the job CANCELLED, unpublished', async (name) => {
    let began = false;
    let ended = false;
    const block = untilCancelled(() => (began = true));
    const stage = createStage({ [name]: () => block().finally(() => (ended = true)), closeJob: async () => expect(ended).toBe(true) });
    const status = await cancelWhen(stage, () => began);
    expect(status).toBe('CANCELLED');
    expect(stage.ends).toEqual([expect.objectContaining({ status: 'CANCELLED' })]);
    expect(stage.calls).not.toContain('publish');
    expect(stage.calls.at(-1)).toBe('startQueuedJobs');
  });

  test('before a worker has opened the job closes it CANCELLED', async () => {
    const stage = createStage();
    const handle = await start();
    await handle.cancel();
    expect(await withFakeWorker(temporal, stage.activities, () => statusOf(handle))).toBe('CANCELLED');
    expect(stage.ends).toEqual([expect.objectContaining({ status: 'CANCELLED' })]);
  });

  test('during a wait for a rate limit ends the wait', async () => {
    const stage = createStage({
      readSlice: async () => ({
        done: false,
        read: 0,
        resumeAt: new Date(Date.now() + 3_600_000).toISOString(),
        waitingFor: 'GitHub',
      }),
    });
    const status = await cancelWhen(stage, () => stage.calls.some((call) => call.startsWith('noteWaiting')));
    expect(status).toBe('CANCELLED');
    expect(stage.ends).toEqual([expect.objectContaining({ status: 'CANCELLED' })]);
  });

  test('between two attempts of a step ends the job without another attempt', async () => {
    const stage = createStage({
      readSlice: async () => {
        throw new Error('502');
      },
    });
    const status = await cancelWhen(stage, () => stage.calls.filter((call) => call.startsWith('readSlice')).length === 2, {
      initialRetryMs: 60_000,
      maximumRetryMs: 60_000,
      heartbeatTimeoutMs: 2_000,
    });
    expect(status).toBe('CANCELLED');
    expect(stage.calls.filter((call) => call.startsWith('readSlice'))).toHaveLength(2);
  });

  test.each(['publish', 'closeJob'] as const)('during %s comes too late: the board is public and the job COMPLETED', async (name) => {
    let began = false;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const hold = async () => {
      began = true;
      await held;
      return { contributions: 1, people: 1, complete: null, changed: true };
    };
    const stage = createStage(name === 'publish' ? { publish: hold } : { closeJob: async () => void (await hold()) });
    const status = await cancelWhen(
      stage,
      () => began,
      pace,
      () => release(),
    );
    expect(status).toBe('COMPLETED');
    expect(stage.ends).toEqual([expect.objectContaining({ status: 'COMPLETED' })]);
    expect(stage.calls.slice(-2).sort()).toEqual(FOLLOWING);
  });

  test('that a source answers with an error of its own is a cancel all the same', async () => {
    let began = false;
    const stage = createStage({
      readSlice: async () => {
        await untilCancelled(() => (began = true))().catch(() => undefined);
        throw new CancelledFailure('CANCELLED');
      },
    });
    expect(await cancelWhen(stage, () => began)).toBe('CANCELLED');
  });

  test('of a step whose worker is gone, and can not say that it was cancelled, is a cancel all the same', async () => {
    let began = false;
    let wake: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    const stage = createStage({
      readSlice: async () => {
        began = true;
        await asleep;
        throw new Error('woken');
      },
      closeJob: async () => wake(),
    });
    expect(await cancelWhen(stage, () => began, { ...pace, heartbeatTimeoutMs: 500 })).toBe('CANCELLED');
    expect(stage.ends).toEqual([expect.objectContaining({ status: 'CANCELLED' })]);
  });

  function cancelWhen(stage: Stage, isTime: () => boolean, withPace = pace, afterwards: () => void = () => undefined): Promise<string> {
    return withFakeWorker(temporal, stage.activities, async () => {
      const handle = await start({ pace: withPace });
      await until(isTime);
      await handle.cancel();
      afterwards();
      return await statusOf(handle);
    });
  }
});
