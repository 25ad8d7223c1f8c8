import { join } from 'node:path';
import { createEnrichmentSources } from './activities/enrichment-sources.ts';
import { createWorkers } from './activities/workers.ts';
import { loadConfig, type Config } from './config.ts';
import { openDatabase } from './db/database.ts';
import { pendingMigrations } from './db/migrate.ts';
import { openOptOutKey } from './db/opt-out-key.ts';
import { AppError } from './domain/errors.ts';
import { createLogger, sourceLogOf, type Logger } from './log/logger.ts';
import { createSources } from './sources/available-sources.ts';
import { connectEngine } from './temporal/engine.ts';
import { ensureSchedules } from './temporal/schedules.ts';
import { temporalServerOf } from './temporal/server-address.ts';

/*
 * The worker process: `node src/worker.ts`, as many as wanted. It needs a database and a Temporal that others run.
 * Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 the environment is wrong.
 */

/** Longer than the 15 minutes that publishing allows a statement: one that takes longer has lost its connection. */
const QUERY_TIMEOUT_MS = 16 * 60_000;

/** Something a person must change before the worker can start. */
class NotReady extends AppError {
  constructor(message: string) {
    super('worker_not_ready', 500, message);
  }
}

async function runWorker(config: Config, log: Logger, stop: AbortSignal): Promise<void> {
  const { databaseUrl, temporal } = config;
  if (databaseUrl === null)
    throw new NotReady('DATABASE_URL is not set: a worker uses the database of a running Laurels. For all in one: npm start.');
  if (temporal.address === null)
    throw new NotReady('TEMPORAL_ADDRESS is not set: a worker needs a running Temporal (host:port). For all in one: npm start.');

  const db = await openDatabase({
    url: databaseUrl,
    applicationName: 'laurels-worker',
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    onError: (error) => log.warn({ err: error }, 'database connection lost'),
  });
  try {
    const pending = await pendingMigrations(db);
    if (pending.length > 0) {
      throw new NotReady(
        `The database lacks ${pending.length} migration(s) (${pending.join(', ')}): run \`npm run laurels -- migrate\` first.`,
      );
    }
    const optOutKey = await openOptOutKey(db, config);
    const server = await temporalServerOf(temporal.address, temporal);
    const engine = connectEngine({ ...server, uiUrl: temporal.uiUrl });
    try {
      const mirrorDir = join(config.dataDir, 'mirror');
      const sources = createSources({ ...config, mirrorDir, log: sourceLogOf(log) });
      const workers = await createWorkers({
        temporal: server,
        db,
        engine,
        sources,
        mirrorDir,
        archiveDir: config.gharchiveDir,
        maxConcurrentScrapes: config.maxConcurrentScrapes,
        optOutKey,
        enrichment: createEnrichmentSources({ ...config, log: sourceLogOf(log) }),
        log,
      });
      await ensureSchedules(engine, {
        db,
        refresh: { staleAfterHours: config.staleAfterHours, fullScrapeDays: config.fullScrapeDays },
        retention: config.retention,
      });
      stop.addEventListener('abort', () => void workers.shutdown(), { once: true });
      if (stop.aborted) return;
      log.info({ temporal: temporal.address, sources: sources.available().map(({ name }) => name) }, 'worker ready');
      await workers.run();
    } finally {
      await engine.close();
    }
  } finally {
    await db.close();
  }
}

async function main(): Promise<number> {
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
    const config = loadConfig(process.env);
    log = createLogger({ level: config.logLevel });
    await runWorker(config, log, stop.signal);
    log.info('worker stopped');
    return 0;
  } catch (error) {
    if (error instanceof AppError)
      log.fatal({ code: error.code, ...(error.cause === undefined ? {} : { err: error.cause }) }, error.message);
    else log.fatal({ err: error }, 'worker failed');
    return error instanceof AppError && (error.code === 'invalid_configuration' || error.code === 'worker_not_ready') ? 2 : 1;
  }
}

// Not left to the event loop: a native thread or a socket that lingers must not keep a stopped worker alive.
process.exit(await main());
