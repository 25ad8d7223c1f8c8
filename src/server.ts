import './cli/current-node.ts';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ensureAdminKey } from './api/admin-key.ts';
import { startApi } from './api/api-server.ts';
import { within } from './api/deadline.ts';
import { apiSettingsOf } from './api-settings.ts';
import { attachServices, NotReady } from './attached-services.ts';
import { readEnvironment } from './cli/environment.ts';
import { InvalidConfiguration, loadConfig, type Config } from './config.ts';
import { openOptOutKey } from './db/opt-out-key.ts';
import { AppError } from './domain/errors.ts';
import { createMetrics } from './metrics/metrics.ts';
import { startMetricsServer, type MetricsServer } from './metrics/metrics-server.ts';
import { createLogger, sourceLogOf, type Logger } from './log/logger.ts';
import { createSources } from './sources/available-sources.ts';
import { startReconciler } from './temporal/reconciler.ts';

/*
 * The API process: `node src/server.ts`, as many as wanted. It needs a database and a Temporal that others run.
 * Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 the environment is wrong.
 */

/** The API's statements are short; one that takes longer has lost its connection. */
const QUERY_TIMEOUT_MS = 30_000;
/** A statement that hangs, whose request was broken off, must not keep a process that is to end. */
const CLOSE_MS = 1_000;

async function runServer(config: Config, log: Logger, stopped: Promise<void>): Promise<void> {
  const { http, maxConcurrentScrapes } = config;
  const services = await attachServices(config, {
    role: 'server',
    applicationName: 'laurels-api',
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    log,
  });
  const { db, engine, tracing } = services;
  const metrics = createMetrics({ ofProcess: true });
  metrics.database.watchPool('api', db.pool);
  let metricsServer: MetricsServer | null = null;
  try {
    await ensureAdminKey(db, http);
    const optOutKey = await openOptOutKey(db, config);
    const instance = randomUUID();
    const sources = createSources({ ...config, mirrorDir: join(config.dataDir, 'mirror'), log: sourceLogOf(log), meter: metrics.sources });
    const server = await startApi(
      {
        db,
        engine,
        log,
        metrics,
        ...(tracing === null ? {} : { requestSpans: tracing.requests }),
        instance,
        ...apiSettingsOf(config, sources),
        // A Web UI that others run has an address of its own, and jobs link to it there.
        temporalUiUrl: null,
        optOutKey,
      },
      http,
    );
    const reconciler = startReconciler({ db, engine, log, metrics: metrics.jobs, limit: maxConcurrentScrapes });
    metricsServer = config.metrics === null ? null : await startMetricsServer(metrics, config.metrics);
    log.info({ url: server.url, instance, ...(metricsServer === null ? {} : { metrics: metricsServer.url }) }, 'server ready');
    await stopped;
    await server.stop();
    await within(CLOSE_MS, reconciler.stop(), undefined);
  } finally {
    await metricsServer?.stop();
    await within(CLOSE_MS, services.close(), undefined);
  }
}

async function main(): Promise<number> {
  let log = createLogger({ level: 'info' });
  let isStopping = false;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        // The second one is a person who does not want to wait.
        if (isStopping) process.exit(1);
        isStopping = true;
        log.info({ signal }, 'server stopping');
        resolve();
      });
    }
  });
  try {
    const config = loadConfig(readEnvironment());
    log = createLogger({ level: config.logLevel });
    await runServer(config, log, stopped);
    log.info('server stopped');
    return 0;
  } catch (error) {
    if (error instanceof AppError) log.fatal({ code: error.code }, error.message);
    else log.fatal({ err: error }, 'server failed');
    return error instanceof InvalidConfiguration ||
      error instanceof NotReady ||
      (error instanceof AppError && error.code === 'admin_key_missing')
      ? 2
      : 1;
  }
}

// Not left to the event loop: a socket that lingers must not keep a stopped server alive.
process.exit(await main());
