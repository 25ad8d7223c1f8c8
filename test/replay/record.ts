import { writeFile } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/activity';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { installRuntime } from '../../src/activities/worker-runtime.ts';
import { EXTRACT_REQUESTED, EXTRACT_SETTLED, TASK_QUEUES, WORKFLOW_TYPES, type Pace } from '../../src/workflows/contract.ts';
import { findTemporal } from '../../src/embedded/temporal-binary.ts';
import { quietLog, withFakeWorker } from '../temporal/test-namespace.ts';
import type { SourceName } from '../../src/domain/contribution.ts';
import { createStage, type FakeActivities } from '../workflows/fake-activities.ts';

/*
 * Records the histories that replay.test.ts replays: `node test/replay/record.ts [prefix [name]]`.
 * Run it when a workflow gets a new path, and keep the old files: they are the runs that were under way at the last release.
 * Those that are called like a recording here without a prefix are of before slices were read side by side.
 */

const pace: Pace = { initialRetryMs: 1_000, maximumRetryMs: 1_000, heartbeatTimeoutMs: 10_000 };
const scrape = { type: WORKFLOW_TYPES.scrapeRepository, args: [{ jobId: '0193a000-0000-7000-8000-000000000001', pace }] };
let paused = false;
let failed = false;
let refused = false;
let rested = false;

const begun = new Set<string>();
const SIDE_BY_SIDE = ['counts', 'waiting', 'put down', 'retried', 'waiting too', 'last'].map((slice) => ({
  source: 'gharchive' as const,
  slice,
  turn: slice === 'counts' ? 0 : 1,
}));
let savedAgain = false;
let asked = false;
let waited = false;

const RECORDINGS: readonly {
  readonly name: string;
  readonly type: string;
  readonly args: readonly unknown[];
  readonly activities?: Partial<FakeActivities>;
  readonly sources?: readonly SourceName[];
  readonly cancel?: true;
  /** Sent as soon as it has started. */
  readonly signal?: string;
}[] = [
  { name: 'scrape-completed', ...scrape },
  {
    name: 'scrape-paused-retried-and-read-again',
    ...scrape,
    activities: {
      readSlice: async () => {
        const isPause = !paused;
        paused = true;
        if (isPause) return { done: false, read: 1, resumeAt: new Date(Date.now() + 500).toISOString(), waitingFor: 'GitHub' };
        const isFailure = !failed;
        failed = true;
        if (isFailure) throw new Error('502');
        return { done: true, read: 1, resumeAt: null, waitingFor: null };
      },
      publish: async () => {
        const isRefusal = !refused;
        refused = true;
        if (isRefusal) throw ApplicationFailure.nonRetryable('1 slice of the plan is not done', 'slices_unfinished');
        return { contributions: 1, people: 1, complete: null, changed: true };
      },
    },
  },
  {
    name: 'scrape-failed',
    ...scrape,
    activities: {
      planSource: async () => {
        throw ApplicationFailure.nonRetryable('Repository octo/gone is not known here.', 'repository_not_found');
      },
    },
  },
  {
    name: 'scrape-cancelled',
    ...scrape,
    cancel: true,
    activities: {
      readSlice: async () => ({
        done: false,
        read: 0,
        resumeAt: new Date(Date.now() + 3_600_000).toISOString(),
        waitingFor: 'GitHub',
      }),
    },
  },
  {
    name: 'scrape-slices-wait-retry-and-are-put-down',
    ...scrape,
    activities: {
      planSource: async () => ({ undone: SIDE_BY_SIDE }),
      readSlice: async ({ slice: { slice } }) => {
        const isFirst = !begun.has(slice);
        begun.add(slice);
        const progress = { done: !isFirst, read: 1, resumeAt: null, waitingFor: null };
        if (isFirst && slice === 'retried') throw new Error('502');
        if (isFirst && slice.startsWith('waiting'))
          return { ...progress, resumeAt: new Date(Date.now() + 1_500).toISOString(), waitingFor: 'GitHub' };
        return slice === 'put down' ? progress : { ...progress, done: true };
      },
    },
  },
  {
    name: 'scrape-of-bigquery',
    ...scrape,
    sources: ['bigquery'],
    signal: EXTRACT_SETTLED,
    activities: {
      requestExtract: async () => {
        const isReady = asked;
        asked = true;
        return { isReady };
      },
    },
  },
  {
    name: 'enrich-completed',
    type: WORKFLOW_TYPES.enrichContributor,
    args: [{ userId: 7, jobId: '0193a000-0000-7000-8000-000000000002', pace }],
    activities: {
      readProfile: async () => {
        const isPause = !rested;
        rested = true;
        if (isPause) return { resumeAt: new Date(Date.now() + 500).toISOString(), asksX: false, asksWebsite: false };
        return { resumeAt: null, asksX: true, asksWebsite: true };
      },
      readXProfile: async () => {
        throw ApplicationFailure.nonRetryable('X did not answer');
      },
    },
  },
  {
    name: 'scrape-slice-fails-beside-others',
    ...scrape,
    activities: {
      planSource: async () => ({ undone: SIDE_BY_SIDE }),
      readSlice: async ({ slice: { slice } }) => {
        if (slice.startsWith('waiting'))
          return { done: false, read: 1, resumeAt: new Date(Date.now() + 3_600_000).toISOString(), waitingFor: 'GitHub' };
        if (slice === 'last') throw ApplicationFailure.nonRetryable('GitHub refuses the token', 'bad_credentials');
        return { done: true, read: 1, resumeAt: null, waitingFor: null };
      },
    },
  },
  {
    name: 'enrich-failed',
    type: WORKFLOW_TYPES.enrichContributor,
    args: [{ userId: 7, jobId: '0193a000-0000-7000-8000-000000000003', pace }],
    activities: {
      readProfile: async () => {
        throw ApplicationFailure.nonRetryable('GitHub has no public profile of this account (any more).', 'profile_not_found');
      },
    },
  },
  {
    name: 'enrich-batch',
    type: WORKFLOW_TYPES.batchEnrichContributors,
    args: [{ jobId: '0193a000-0000-7000-8000-000000000004', width: 2, perRun: 50, pace }],
    activities: {
      choosePeople: async () => ({ userIds: [1, 2, 3, 4, 5, 6] }),
      beginEnrichment: async ({ userId }) => ({ ready: userId !== 2 }),
      readProfile: async ({ userId }) => {
        if (userId === 3) throw ApplicationFailure.nonRetryable('gone', 'profile_not_found');
        return { resumeAt: null, asksX: false, asksWebsite: false };
      },
    },
  },
  {
    // A scoring that is saved while it works: a second round by the same job.
    name: 'rescore',
    type: WORKFLOW_TYPES.rescoreBoards,
    args: scrape.args,
    activities: {
      closeRescore: async () => {
        const closed = savedAgain;
        savedAgain = true;
        return { closed };
      },
    },
  },
  {
    name: 'collect-bigquery',
    type: WORKFLOW_TYPES.collectBigQuery,
    args: [{ waitMs: 50, pace }],
    signal: EXTRACT_REQUESTED,
    activities: {
      leftBatches: async () => ['0193a000-0000-7000-8000-00000000000b'],
      runQuery: async ({ query }) => {
        const isSettled = waited;
        waited = true;
        return { query, isSettled, resumeAt: isSettled ? null : new Date(Date.now() + 1_000).toISOString() };
      },
      waitersOf: async () => ['scrape:octo/gone:0193a000-0000-7000-8000-000000000001'],
    },
  },
  {
    name: 'collect-bigquery-failed',
    type: WORKFLOW_TYPES.collectBigQuery,
    args: [{ waitMs: 50, pace }],
    activities: {
      leftBatches: async () => ['0193a000-0000-7000-8000-00000000000b'],
      openBatch: async () => {
        throw ApplicationFailure.nonRetryable('BigQuery refuses a dry run: no access', 'bigquery_access_denied');
      },
    },
  },
  { name: 'recalculate', type: WORKFLOW_TYPES.recalculateGlobalLeaderboard, args: [{ coalesceMs: 10 }] },
  { name: 'request-recalculation', type: WORKFLOW_TYPES.requestRecalculation, args: [] },
  { name: 'refresh-stale', type: WORKFLOW_TYPES.refreshStaleRepositories, args: [{ staleAfterHours: 24, fullScrapeDays: 7 }] },
  { name: 'prune', type: WORKFLOW_TYPES.pruneOldRecords, args: [{ logDays: 30, jobDays: 365 }] },
];

/** Without stack traces and process names, which say where it was recorded and matter to nobody. */
function withoutMachine(json: string): string {
  return `${JSON.stringify(
    JSON.parse(json, (key, value: unknown) => (key === 'stackTrace' ? '' : key === 'identity' ? 'recorder' : value)),
  )}\n`;
}

installRuntime(quietLog); // before the first native connection, else the SDK installs its own
const { path } = await findTemporal({ given: process.env.TEMPORAL_CLI ?? null, say: console.log });
const env = await TestWorkflowEnvironment.createLocal({
  server: {
    executable: { type: 'existing-path', path },
  },
});
try {
  const [, , prefix = '', wanted = ''] = process.argv;
  for (const { name, type, args, activities, sources, cancel, signal } of RECORDINGS.filter((one) => one.name.startsWith(wanted))) {
    const stage = createStage(activities, sources);
    await withFakeWorker({ address: env.address, namespace: 'default' }, stage.activities, async () => {
      const handle = await env.client.workflow.start(type, { workflowId: `record:${name}`, taskQueue: TASK_QUEUES.main, args: [...args] });
      if (signal !== undefined) {
        if (signal === EXTRACT_SETTLED)
          while (!stage.calls.includes('requestExtract')) await new Promise((resolve) => setTimeout(resolve, 20));
        await handle.signal(signal);
      }
      if (cancel === true) {
        while (!stage.calls.some((call) => call.startsWith('noteWaiting'))) await new Promise((resolve) => setTimeout(resolve, 20));
        await handle.cancel();
      }
      await handle.result().catch(() => undefined);
      const history = await handle.fetchHistory();
      const file = `${prefix}${name}.json`;
      await writeFile(new URL(file, import.meta.url), withoutMachine(historyToJSON(history)));
      console.log(`${file}: ${history.events?.length ?? 0} events`);
    });
  }
} finally {
  await env.teardown();
}
process.exit(0);
