import type { BigQueryActivities } from '../../src/activities/bigquery-activities.ts';
import type { DispatchActivities } from '../../src/activities/dispatch-activities.ts';
import type { EnrichmentBooks, EnrichmentSteps } from '../../src/activities/enrichment-activities.ts';
import type { JobActivities, JobEnd } from '../../src/activities/job-activities.ts';
import type { LeaderboardActivities } from '../../src/activities/leaderboard-activities.ts';
import type { MaintenanceActivities } from '../../src/activities/maintenance-activities.ts';
import type { ReadActivities } from '../../src/activities/read-activities.ts';
import type { SourceName } from '../../src/domain/contribution.ts';

/** Every activity there is, as the workers register them. */
export type FakeActivities = JobActivities &
  ReadActivities &
  DispatchActivities &
  LeaderboardActivities &
  MaintenanceActivities &
  EnrichmentSteps &
  EnrichmentBooks &
  BigQueryActivities;

/** Activities that succeed at once and write down that they were called; a test replaces the one it is about. */
export interface Stage {
  readonly activities: FakeActivities;
  /** Names of the activities in the order they began, readSlice with its slice. */
  readonly calls: string[];
  /** How the job was closed, each time. */
  readonly ends: JobEnd[];
}

export function createStage(overrides: Partial<FakeActivities> = {}, sources: readonly SourceName[] = ['gharchive']): Stage {
  const calls: string[] = [];
  const ends: JobEnd[] = [];
  const done = new Set<string>();
  const defaults: FakeActivities = {
    openJob: async () => ({ sources }),
    importArchive: async () => ({ done: true }),
    planSource: async ({ source }) => ({
      undone: ['a', 'b'].filter((slice) => !done.has(`${source}:${slice}`)).map((slice) => ({ source, slice })),
    }),
    readSlice: async ({ slice }) => {
      done.add(`${slice.source}:${slice.slice}`);
      return { done: true, read: 10, resumeAt: null, waitingFor: null };
    },
    noteWaiting: async () => undefined,
    publish: async () => ({ contributions: 20, people: 3, complete: null, changed: true }),
    closeJob: async () => undefined,
    startQueuedJobs: async () => ({ started: 0 }),
    requestGlobalRecalculation: async () => undefined,
    rebuildGlobalLeaderboard: async () => ({ people: 3, changed: true }),
    rescore: async () => ({ boards: 2, people: 3 }),
    closeRescore: async () => ({ closed: true }),
    queueStaleRepositories: async () => ({ queued: 2, skipped: 1 }),
    prune: async () => undefined,
    beginEnrichment: async () => ({ ready: true }),
    readProfile: async () => ({ resumeAt: null, asksX: true, asksWebsite: true }),
    readXProfile: async () => ({ answered: true }),
    readWebsite: async () => ({ answered: true }),
    endEnrichment: async () => undefined,
    choosePeople: async () => ({ userIds: [1, 2, 3] }),
    noteBatchProgress: async () => undefined,
    noteBatchEnd: async () => undefined,
    requestExtract: async () => ({ isReady: true }),
    leftBatches: async () => [],
    openBatch: async ({ batch }) => ({ query: `laurels_${batch}_1` }),
    runQuery: async ({ query }) => ({ query, isSettled: true, resumeAt: null }),
    failBatch: async () => undefined,
    waitersOf: async () => [],
  };
  const all = { ...defaults, ...overrides };
  const activities: FakeActivities = {
    ...all,
    openJob: (input) => noted('openJob', () => all.openJob(input)),
    importArchive: (input) => noted('importArchive', () => all.importArchive(input)),
    planSource: (input) => noted(`planSource ${input.source}`, () => all.planSource(input)),
    readSlice: (input) =>
      noted(`readSlice ${input.slice.source}:${input.slice.slice}`, async () => {
        const progress = await all.readSlice(input);
        if (progress.done) done.add(`${input.slice.source}:${input.slice.slice}`);
        return progress;
      }),
    noteWaiting: (input) =>
      noted(input.until === null ? 'noteWaiting over' : `noteWaiting ${input.waitingFor}`, () => all.noteWaiting(input)),
    publish: (input) => noted('publish', () => all.publish(input)),
    closeJob: (input) => {
      ends.push(input);
      return noted(`closeJob ${input.status}`, () => all.closeJob(input));
    },
    startQueuedJobs: () => noted('startQueuedJobs', () => all.startQueuedJobs()),
    requestGlobalRecalculation: () => noted('requestGlobalRecalculation', () => all.requestGlobalRecalculation()),
    readProfile: (input) => noted(`readProfile ${input.userId}`, () => all.readProfile(input)),
    readXProfile: (input) => noted('readXProfile', () => all.readXProfile(input)),
    readWebsite: (input) => noted('readWebsite', () => all.readWebsite(input)),
    endEnrichment: (input) => noted(`endEnrichment ${input.userId} ${input.status}`, () => all.endEnrichment(input)),
    noteBatchEnd: (input) => noted(`noteBatchEnd ${input.enriched} ${input.skipped} ${input.failed}`, () => all.noteBatchEnd(input)),
    rebuildGlobalLeaderboard: () => noted('rebuildGlobalLeaderboard', () => all.rebuildGlobalLeaderboard()),
    rescore: (input) => noted('rescore', () => all.rescore(input)),
    closeRescore: (input) => noted('closeRescore', () => all.closeRescore(input)),
    requestExtract: (input) => noted('requestExtract', () => all.requestExtract(input)),
    openBatch: (input) => noted('openBatch', () => all.openBatch(input)),
    runQuery: (input) => noted('runQuery', () => all.runQuery(input)),
    failBatch: (input) => noted(`failBatch ${input.errorCode}`, () => all.failBatch(input)),
  };
  return { activities, calls, ends };

  function noted<T>(name: string, work: () => Promise<T>): Promise<T> {
    calls.push(name);
    return work();
  }
}
