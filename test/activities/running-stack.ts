import type { BigQueryAccess } from '../../src/activities/bigquery-queries.ts';
import type { EnrichmentSources } from '../../src/activities/enrichment-sources.ts';
import { createWorkers, type Workers, type WorkersOptions } from '../../src/activities/workers.ts';
import { createScrapeJob, jobById, type StoredJob } from '../../src/db/jobs.ts';
import { addRepository } from '../../src/db/repositories.ts';
import type { SourceName } from '../../src/domain/contribution.ts';
import { isUnfinished, type ScrapeType } from '../../src/domain/job-status.ts';
import type { Window } from '../../src/domain/window.ts';
import type { Logger } from '../../src/log/logger.ts';
import type { Metrics } from '../../src/metrics/metrics.ts';
import type { ContributionSource } from '../../src/sources/contribution-source.ts';
import { dispatchQueuedJobs } from '../../src/temporal/dispatch.ts';
import { connectEngine, type Engine } from '../../src/temporal/engine.ts';
import type { Pace } from '../../src/workflows/contract.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createNamespace, quietLog, until, workflowBundle, type TestNamespace } from '../temporal/test-namespace.ts';

/** Everything real but the source: its own database, its own namespace, workers in this process. */
export interface RunningStack {
  readonly database: TestDatabase;
  readonly temporal: TestNamespace;
  /** Starts scrapes with shortened waits. */
  readonly engine: Engine;
  /** Queues a scrape of a repository of this name and hands it to Temporal. */
  scrape(
    name: string,
    o?: { type?: ScrapeType; limit?: number; owner?: string; window?: Window; sources?: readonly SourceName[]; retryOf?: string },
  ): Promise<StoredJob>;
  job(job: StoredJob): Promise<StoredJob>;
  /** Waits until a job is closed and gives it. */
  finished(job: StoredJob, withinMs?: number): Promise<StoredJob>;
  /** Runs workers with these sources while `scenario` runs; `available`: those that can be used at a moment. */
  withWorkers<T>(
    sources: readonly ContributionSource[],
    scenario: (workers: Workers) => Promise<T>,
    o?: {
      readonly available?: () => readonly ContributionSource[];
      readonly enrichment?: EnrichmentSources;
      readonly bigquery?: BigQueryAccess | null;
      readonly metrics?: Metrics;
      readonly version?: NonNullable<WorkersOptions['version']>;
    },
  ): Promise<T>;
  close(): Promise<void>;
}

const FAST: Pace = { initialRetryMs: 200, maximumRetryMs: 600, heartbeatTimeoutMs: 3_000 };

export async function startStack({
  pace = FAST,
  maxConcurrentScrapes = 4,
  log = quietLog,
}: { pace?: Pace; maxConcurrentScrapes?: number; log?: Logger } = {}): Promise<RunningStack> {
  const [database, temporal] = await Promise.all([createTestDatabase(), createNamespace()]);
  const { db } = database;
  const { address, namespace } = temporal;
  const engine = connectEngine({ address, namespace, uiUrl: null, pace });
  const jobOf = async ({ id }: StoredJob): Promise<StoredJob> => {
    const job = await jobById(db, id);
    if (job === null) throw new Error(`Job ${id} is gone`);
    return job;
  };
  return {
    database,
    temporal,
    engine,
    job: jobOf,
    async scrape(name, { type = 'FULL', limit = 100, owner = 'octo', window: given, sources = ['github'] as const, retryOf } = {}) {
      const { repository } = await addRepository(db, { owner, name }, null);
      const { rows } = await db.pool.query<{ since: string; until: string }>(
        `SELECT (current_date - 365)::text AS since, current_date::text AS until`,
      );
      const window = given ?? rows[0];
      if (window === undefined) throw new Error('The database gave no dates');
      const job = await createScrapeJob(db, {
        repository,
        type,
        sources,
        window,
        requestedBy: 'test',
        ...(retryOf === undefined ? {} : { retryOf }),
      });
      await dispatchQueuedJobs(db, engine, limit);
      return job;
    },
    async finished(job, withinMs = 30_000) {
      await until(async () => !isUnfinished((await jobOf(job)).status), { withinMs, what: `job of ${job.repositoryName} to end` });
      return await jobOf(job);
    },
    async withWorkers(sources, scenario, { available = () => sources, bigquery = null, ...o } = {}) {
      const workers = await createWorkers({
        temporal: { address, namespace },
        db,
        engine,
        sources: { all: sources, available, bigquery },
        archiveDir: null,
        mirrorDir: '/nonexistent',
        maxConcurrentScrapes,
        log,
        workflowBundle: await workflowBundle(),
        ...o,
      });
      const run = workers.run();
      try {
        return await Promise.race([scenario(workers), run.then(() => Promise.reject(new Error('the workers stopped')))]);
      } finally {
        await workers.shutdown();
        await run;
      }
    },
    async close() {
      await engine.close();
      await Promise.all([database.drop(), temporal.close()]);
    },
  };
}
