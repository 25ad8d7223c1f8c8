import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Database } from '../db/database.ts';
import type { OptOutKey } from '../db/opt-out-key.ts';
import { ServiceUnavailable } from '../domain/errors.ts';
import type { SourceName } from '../domain/contribution.ts';
import { createJobLogWriter } from '../log/job-log.ts';
import type { Logger } from '../log/logger.ts';
import { createMetrics, type Metrics } from '../metrics/metrics.ts';
import type { ContributionSource } from '../sources/contribution-source.ts';
import { dispatchQueuedJobs } from '../temporal/dispatch.ts';
import type { Engine } from '../temporal/engine.ts';
import type { TemporalServer } from '../temporal/server-address.ts';
import { SLICES_AT_ONCE, TASK_QUEUES } from '../workflows/contract.ts';
import { attemptInterceptor } from './attempt-interceptor.ts';
import { createBigQueryActivities } from './bigquery-activities.ts';
import type { BigQueryAccess } from './bigquery-queries.ts';
import { createDispatchActivities } from './dispatch-activities.ts';
import { createEnrichmentActivities } from './enrichment-activities.ts';
import type { EnrichmentSources } from './enrichment-sources.ts';
import { createJobActivities } from './job-activities.ts';
import { createLeaderboardActivities } from './leaderboard-activities.ts';
import { createMaintenanceActivities } from './maintenance-activities.ts';
import { createReadActivities } from './read-activities.ts';
import { stepObserver } from './step-observer.ts';
import { installRuntime } from './worker-runtime.ts';
import type { WorkerTracing } from './worker-tracing.ts';
import type { WorkflowBundle } from './workflow-bundle.ts';

/** What the workers of a process are made of. */
export interface WorkersOptions {
  readonly temporal: TemporalServer;
  readonly db: Database;
  /** Starts the jobs that follow and asks for recalculation. */
  readonly engine: Pick<Engine, 'startJob' | 'requestRecalculation' | 'requestBigQuery'>;
  /** All that may be used, and those that can be used at a moment; each in order of preference. */
  readonly sources: {
    readonly all: readonly ContributionSource[];
    readonly available: () => readonly ContributionSource[];
    /** Those that a scheduled refresh reads; all that are available unless said. */
    readonly preferred?: () => readonly ContributionSource[];
    /** BigQuery, where it is configured. */
    readonly bigquery?: BigQueryAccess | null;
  };
  /** A directory whose new archive files a gharchive scrape imports into `mirrorDir` first; null: none. */
  readonly archiveDir: string | null;
  readonly mirrorDir: string;
  readonly maxConcurrentScrapes: number;
  /** Knows erased people again; null where nobody is erased (tests). */
  readonly optOutKey?: OptOutKey | null;
  /** Who is asked about people; nobody by default. */
  readonly enrichment?: EnrichmentSources;
  readonly log: Logger;
  /** Where all is counted; default: where nobody looks. */
  readonly metrics?: Metrics;
  /** Joins steps to the traces of what they were asked by; default: nothing is traced. */
  readonly tracing?: WorkerTracing | null;
  readonly workflowBundle: WorkflowBundle;
  /** The release these workers are of: a workflow stays with the one that began it. Null: any worker goes on with any workflow. */
  readonly version?: { readonly deploymentName: string; readonly buildId: string } | null;
}

/** The running workers of a process. */
export interface Workers {
  /** Resolves when all have stopped; rejects when one died, and the process should end then. */
  run(): Promise<void>;
  /** Asks all to stop: slices are put down, other activities get 20 s. `run` resolves after it. */
  shutdown(): Promise<void>;
}

/** People that are asked about at the same time, and steps a second, over all workers. */
const ENRICHMENT = { maxConcurrentActivityTaskExecutions: 5, maxTaskQueueActivitiesPerSecond: 10 } as const;
const NOBODY: EnrichmentSources = { github: null, x: null, website: null, emails: false };

/** Running activities get this long to end by themselves; activities that never return must not keep the process. */
const SHUTDOWN_GRACE = '20 seconds';
const SHUTDOWN_FORCE = '30 seconds';
/** How often a worker without an archive looks whether there is one now. */
const ARCHIVE_LOOK_MS = 2_000;

/** Activities at once: the slices of every scrape, and room for the short ones that must not wait for them. */
function slotsFor(scrapes: number): number {
  return scrapes * SLICES_AT_ONCE + 8;
}

/** Connects, bundles the workflows, and makes one worker per queue: `laurels`, and `laurels-archive` from when there is an archive. Nothing is polled before `run`. */
export async function createWorkers(options: WorkersOptions): Promise<Workers> {
  const { temporal, db, engine, sources, log, tracing = null } = options;
  const metrics = options.metrics ?? createMetrics({ ofProcess: false });
  installRuntime(log, options.metrics?.temporal);
  const connection = await NativeConnection.connect({
    address: temporal.address,
    ...(temporal.tls === undefined ? {} : { tls: temporal.tls }),
    ...(temporal.apiKey === undefined ? {} : { apiKey: temporal.apiKey }),
  }).catch((error: unknown) => {
    throw new ServiceUnavailable('Temporal', error);
  });
  const jobLog = createJobLogWriter({ db, log });
  const stopping = new AbortController();
  const byName = new Map<SourceName, ContributionSource>(sources.all.map((source) => [source.name, source]));
  const activities = {
    ...createJobActivities({ db, jobLog, metrics, optOutKey: options.optOutKey ?? null }),
    ...createReadActivities({
      db,
      jobLog,
      sources: byName,
      archive: options.archiveDir === null ? null : { directory: options.archiveDir, mirrorDir: options.mirrorDir },
      metrics,
      stopping: stopping.signal,
    }),
    ...createEnrichmentActivities({ db, jobLog, sources: options.enrichment ?? NOBODY }),
    ...createDispatchActivities({
      startQueued: () => dispatchQueuedJobs(db, engine, options.maxConcurrentScrapes),
      requestRecalculation: () => engine.requestRecalculation(),
    }),
    ...createLeaderboardActivities({ db, jobLog, log, metrics }),
    ...createMaintenanceActivities({ db, log, sourceNames: () => (sources.preferred ?? sources.available)().map(({ name }) => name) }),
    ...createBigQueryActivities({
      db,
      jobLog,
      log,
      metrics: metrics.sources,
      bigquery: sources.bigquery ?? null,
      requestCollection: (waitMs) => engine.requestBigQuery(waitMs),
      stopping: stopping.signal,
    }),
  };
  const common: WorkerOptions & { connection: NativeConnection } = {
    connection,
    namespace: temporal.namespace,
    taskQueue: TASK_QUEUES.main,
    activities,
    interceptors: {
      activity: [
        ...(tracing?.activityInterceptors ?? []),
        (context) => ({ inbound: stepObserver(metrics.jobs, context) }),
        (context) => ({ inbound: attemptInterceptor({ db, jobLog, log }, context) }),
      ],
    },
    ...(tracing === null ? {} : { sinks: tracing.sinks }),
    // How long a workflow waits for a worker that is gone before another one may go on with it; 10 s unless said.
    stickyQueueScheduleToStartTimeout: '2 seconds',
    // Cancellation travels on heartbeats: throttled to 0.8 of the timeout it would take 8 s to be heard.
    maxHeartbeatThrottleInterval: '2 seconds',
    defaultHeartbeatThrottleInterval: '2 seconds',
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
    ...(options.version === undefined || options.version === null
      ? {}
      : {
          workerDeploymentOptions: {
            version: options.version,
            useWorkerVersioning: true,
            // Jobs end by themselves, and the two workflows of one id close whenever nothing is asked of them.
            defaultVersioningBehavior: 'PINNED',
          },
        }),
  };
  const makeMain = async (): Promise<Worker> => {
    const { workflowBundle } = options;
    return await Worker.create({ ...common, workflowBundle, maxConcurrentActivityTaskExecutions: slotsFor(options.maxConcurrentScrapes) });
  };
  // Reading the mirror takes whole cores.
  const makeArchive = (): Promise<Worker> =>
    Worker.create({ ...common, taskQueue: TASK_QUEUES.archive, maxConcurrentActivityTaskExecutions: availableParallelism() });
  const makeEnrichment = (): Promise<Worker> => Worker.create({ ...common, taskQueue: TASK_QUEUES.enrichment, ...ENRICHMENT });
  const hasArchive = (): boolean => sources.available().some(({ name }) => name === 'gharchive');

  const workers: Worker[] = [];
  const hasArchiveWorker = hasArchive();
  try {
    workers.push(await makeMain(), await makeEnrichment());
    if (hasArchiveWorker) workers.push(await makeArchive());
  } catch (error) {
    await connection.close();
    throw error;
  }

  let ended: Promise<void> | undefined;
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    stopping.abort(new Error('the worker stops'));
  };
  // One that dies takes the others with it: half a worker process would look healthy and leave jobs waiting.
  const runOne = (worker: Worker): Promise<void> => worker.run().finally(shutdown);
  /** A first import makes the archive available to a process that runs: its queue is polled from then on. */
  const runArchiveOnceThere = async (): Promise<void> => {
    try {
      while (!hasArchive()) await sleep(ARCHIVE_LOOK_MS, undefined, { signal: stopping.signal });
      const archive = await makeArchive();
      workers.push(archive);
      log.info('archive found: its queue is polled');
      const run = runOne(archive);
      // Made while the others were told to stop.
      if (stopping.signal.aborted) shutdown();
      await run;
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
  };
  const runAll = async (): Promise<void> => {
    const watch = hasArchiveWorker ? [] : [runArchiveOnceThere().finally(shutdown)];
    const ends = await Promise.allSettled([...workers.map(runOne), ...watch]);
    await jobLog.close();
    await connection.close();
    const died = ends.find((end) => end.status === 'rejected');
    if (died !== undefined) throw died.reason;
  };
  return {
    run: () => (ended ??= runAll()),
    async shutdown() {
      shutdown();
      await ended?.catch(() => undefined);
    },
  };
}
