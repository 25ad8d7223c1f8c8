import './cli/current-node.ts';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { createEnrichmentSources } from './activities/enrichment-sources.ts';
import { createWorkers } from './activities/workers.ts';
import { workflowBundleOf } from './activities/workflow-bundle.ts';
import { attachServices, NotReady } from './attached-services.ts';
import { readEnvironment } from './cli/environment.ts';
import { InvalidConfiguration, loadConfig, type Config } from './config.ts';
import { openOptOutKey } from './db/opt-out-key.ts';
import { AppError } from './domain/errors.ts';
import { createMetrics } from './metrics/metrics.ts';
import { startMetricsServer, type MetricsServer } from './metrics/metrics-server.ts';
import { createLogger, sourceLogOf, type Logger } from './log/logger.ts';
import { createSources } from './sources/available-sources.ts';
import { ensureSchedules } from './temporal/schedules.ts';

/*
 * The worker process: `node src/worker.ts`, as many as wanted. It needs a database and a Temporal that others run.
 * Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 the environment is wrong.
 */

/** Longer than the 15 minutes that publishing allows a statement: one that takes longer has lost its connection. */
const QUERY_TIMEOUT_MS = 16 * 60_000;

/** Where an API runs on the same machine it comes first: somebody waits for it, and nobody for a scrape. */
const NICENESS = 5;

async function runWorker(config: Config, log: Logger, stop: AbortSignal): Promise<void> {
  const services = await attachServices(config, {
    role: 'worker',
    applicationName: 'laurels-worker',
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    log,
  });
  const { db, temporal, engine, tracing } = services;
  // Nobody could read them otherwise.
  const metrics = config.metrics === null ? null : createMetrics({ ofProcess: true });
  metrics?.database.watchPool('worker', db.pool);
  let metricsServer: MetricsServer | null = null;
  try {
    if (metrics !== null && config.metrics !== null) metricsServer = await startMetricsServer(metrics, config.metrics);
    const optOutKey = await openOptOutKey(db, config);
    const mirrorDir = join(config.dataDir, 'mirror');
    const sources = createSources({ ...config, mirrorDir, log: sourceLogOf(log), ...(metrics === null ? {} : { meter: metrics.sources }) });
    const workers = await createWorkers({
      temporal,
      db,
      engine,
      sources,
      mirrorDir,
      archiveDir: config.gharchiveDir,
      maxConcurrentScrapes: config.maxConcurrentScrapes,
      optOutKey,
      enrichment: createEnrichmentSources({ ...config, log: sourceLogOf(log) }),
      log,
      ...(metrics === null ? {} : { metrics }),
      tracing: tracing?.worker ?? null,
      version: config.temporal.workerVersion,
      workflowBundle: await workflowBundleOf(config.workflowBundle, tracing?.worker.workflowModules),
    });
    await ensureSchedules(engine, {
      db,
      refresh: { staleAfterHours: config.staleAfterHours, fullScrapeDays: config.fullScrapeDays },
      retention: config.retention,
    });
    stop.addEventListener('abort', () => void workers.shutdown(), { once: true });
    if (stop.aborted) return;
    log.info(
      {
        temporal: temporal.address,
        sources: sources.available().map(({ name }) => name),
        ...(metricsServer === null ? {} : { metrics: metricsServer.url }),
      },
      'worker ready',
    );
    await workers.run();
  } finally {
    await metricsServer?.stop();
    await services.close();
  }
}

async function main(): Promise<number> {
  // Who was started with less already can't be given more.
  if (getPriority() < NICENESS) setPriority(NICENESS);
  let log = createLogger({ level: 'info' });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // The second one is a person who does not want to wait: work under way is tried again by another worker.
      if (stop.signal.aborted) process.exit(1);
      log.info({ signal }, 'worker stopping');
      stop.abort();
    });
  }
  try {
    const config = loadConfig(readEnvironment());
    log = createLogger({ level: config.logLevel });
    await runWorker(config, log, stop.signal);
    log.info('worker stopped');
    return 0;
  } catch (error) {
    if (error instanceof AppError)
      log.fatal({ code: error.code, ...(error.cause === undefined ? {} : { err: error.cause }) }, error.message);
    else log.fatal({ err: error }, 'worker failed');
    return error instanceof InvalidConfiguration || error instanceof NotReady ? 2 : 1;
  }
}

// Not left to the event loop: a native thread or a socket that lingers must not keep a stopped worker alive.
process.exit(await main());
