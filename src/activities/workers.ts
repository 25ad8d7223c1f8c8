import { availableParallelism } from 'node:os';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Database } from '../db/database.ts';
import { ServiceUnavailable } from '../domain/errors.ts';
import type { SourceName } from '../domain/contribution.ts';
import { createJobLogWriter } from '../log/job-log.ts';
import type { Logger } from '../log/logger.ts';
import type { ContributionSource } from '../sources/contribution-source.ts';
import { dispatchQueuedJobs } from '../temporal/dispatch.ts';
import type { Engine } from '../temporal/engine.ts';
import type { TemporalServer } from '../temporal/server-address.ts';
import { TASK_QUEUES, type TaskQueue } from '../workflows/contract.ts';
import { attemptInterceptor } from './attempt-interceptor.ts';
import { createBigQueryActivities } from './bigquery-activities.ts';
import type { BigQueryAccess } from './bigquery-queries.ts';
import { createDispatchActivities } from './dispatch-activities.ts';
import { createJobActivities } from './job-activities.ts';
import { createLeaderboardActivities } from './leaderboard-activities.ts';
import { createMaintenanceActivities } from './maintenance-activities.ts';
import { createReadActivities } from './read-activities.ts';
import { installRuntime } from './worker-runtime.ts';
import { bundleWorkflows, type WorkflowBundle } from './workflow-bundle.ts';

/** What the workers of a process are made of. */
export interface WorkersOptions {
  readonly temporal: TemporalServer;
  readonly db: Database;
  /** Starts the jobs that follow and asks for recalculation. */
  readonly engine: Pick<Engine, 'startScrape' | 'requestRecalculation' | 'requestBigQuery'>;
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
  readonly log: Logger;
  /** Default: `laurels`, and `laurels-archive` when the archive is among the sources that are available now. */
  readonly queues?: readonly TaskQueue[];
  /** A bundle made before; default: made now. */
  readonly workflowBundle?: WorkflowBundle;
}

/** The running workers of a process. */
export interface Workers {
  /** Resolves when all have stopped; rejects when one died, and the process should end then. */
  run(): Promise<void>;
  /** Asks all to stop: slices are put down, other activities get 20 s. `run` resolves after it. */
  shutdown(): Promise<void>;
}

/** Running activities get this long to end by themselves; activities that never return must not keep the process. */
const SHUTDOWN_GRACE = '20 seconds';
const SHUTDOWN_FORCE = '30 seconds';

/** Connects, bundles the workflows, and makes one worker per queue. Nothing is polled before `run`. */
export async function createWorkers(options: WorkersOptions): Promise<Workers> {
  const { temporal, db, engine, sources, log } = options;
  installRuntime(log);
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
    ...createJobActivities({ db, jobLog }),
    ...createReadActivities({
      db,
      jobLog,
      sources: byName,
      archive: options.archiveDir === null ? null : { directory: options.archiveDir, mirrorDir: options.mirrorDir },
      stopping: stopping.signal,
    }),
    ...createDispatchActivities({
      startQueued: () => dispatchQueuedJobs(db, engine, options.maxConcurrentScrapes),
      requestRecalculation: () => engine.requestRecalculation(),
    }),
    ...createLeaderboardActivities({ db, log }),
    ...createMaintenanceActivities({ db, log, sourceNames: () => (sources.preferred ?? sources.available)().map(({ name }) => name) }),
    ...createBigQueryActivities({
      db,
      jobLog,
      log,
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
    interceptors: { activity: [(context) => ({ inbound: attemptInterceptor({ db, jobLog, log }, context) })] },
    // How long a workflow waits for a worker that is gone before another one may go on with it; 10 s unless said.
    stickyQueueScheduleToStartTimeout: '2 seconds',
    // Cancellation travels on heartbeats: throttled to 0.8 of the timeout it would take 8 s to be heard.
    maxHeartbeatThrottleInterval: '2 seconds',
    defaultHeartbeatThrottleInterval: '2 seconds',
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
  };
  const make = async (queue: TaskQueue): Promise<Worker> => {
    if (queue === TASK_QUEUES.archive) {
      // Reading the mirror takes whole cores.
      return await Worker.create({ ...common, taskQueue: queue, maxConcurrentActivityTaskExecutions: availableParallelism() });
    }
    const workflowBundle = options.workflowBundle ?? (await bundleWorkflows());
    return await Worker.create({ ...common, workflowBundle, maxConcurrentActivityTaskExecutions: 20 });
  };
  const queues = options.queues ?? [
    TASK_QUEUES.main,
    ...(sources.available().some(({ name }) => name === 'gharchive') ? [TASK_QUEUES.archive] : []),
  ];
  const workers: Worker[] = [];
  try {
    for (const queue of queues) workers.push(await make(queue));
  } catch (error) {
    await connection.close();
    throw error;
  }

  let ended: Promise<void> | undefined;
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    stopping.abort(new Error('the worker stops'));
  };
  const runAll = async (): Promise<void> => {
    // One that dies takes the others with it: half a worker process would look healthy and leave jobs waiting.
    const ends = await Promise.allSettled(workers.map((worker) => worker.run().finally(shutdown)));
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
