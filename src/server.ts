import './cli/current-node.ts';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { startApi } from './api/api-server.ts';
import { readEnvironment } from './cli/environment.ts';
import { loadConfig, type Config } from './config.ts';
import { openDatabase } from './db/database.ts';
import { pendingMigrations } from './db/migrate.ts';
import { AppError } from './domain/errors.ts';
import { createLogger, sourceLogOf, type Logger } from './log/logger.ts';
import { createSources } from './sources/available-sources.ts';
import { createRepositoryFacts } from './sources/github/repository-facts.ts';
import { connectEngine } from './temporal/engine.ts';
import { startReconciler } from './temporal/reconciler.ts';
import { temporalServerOf } from './temporal/server-address.ts';

/*
 * The API process: `node src/server.ts`, as many as wanted. It needs a database and a Temporal that others run.
 * Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 the environment is wrong.
 */

/** The API's statements are short; one that takes longer has lost its connection. */
const QUERY_TIMEOUT_MS = 30_000;

/** Something a person must change before the server can start. */
class NotReady extends AppError {
  constructor(message: string) {
    super('server_not_ready', 500, message);
  }
}

async function runServer(config: Config, log: Logger, stopped: Promise<void>): Promise<void> {
  const { databaseUrl, temporal, http } = config;
  if (databaseUrl === null)
    throw new NotReady('DATABASE_URL is not set: a server uses the database of a running Laurels. For all in one: npm start.');
  if (temporal.address === null)
    throw new NotReady('TEMPORAL_ADDRESS is not set: a server needs a running Temporal (host:port). For all in one: npm start.');

  const db = await openDatabase({
    url: databaseUrl,
    applicationName: 'laurels-api',
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
    const engine = connectEngine({ ...(await temporalServerOf(temporal.address, temporal)), uiUrl: temporal.uiUrl });
    const instance = randomUUID();
    const sources = createSources({ ...config, mirrorDir: join(config.dataDir, 'mirror'), log: sourceLogOf(log) });
    try {
      const server = await startApi(
        {
          db,
          engine,
          log,
          instance,
          availableSources: sources.available,
          preferredSources: sources.preferred,
          bigquery: {
            isConfigured: sources.bigquery !== null,
            monthlyBytes: config.bigquery.monthlyBytes,
            pricePerTib: config.bigquery.pricePerTib,
          },
          lookUpRepository: createRepositoryFacts(config.github),
          allowedHosts: [http.host, ...http.allowedHosts],
          // A Web UI that others run has an address of its own, and jobs link to it there.
          temporalUiUrl: null,
          maxConcurrentScrapes: config.maxConcurrentScrapes,
        },
        http,
      );
      const reconciler = startReconciler({ db, engine, log, limit: config.maxConcurrentScrapes });
      log.info({ url: server.url, instance }, 'server ready');
      await stopped;
      await server.stop();
      await reconciler.stop();
    } finally {
      await engine.close();
    }
  } finally {
    await db.close();
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
    return error instanceof AppError && (error.code === 'invalid_configuration' || error.code === 'server_not_ready') ? 2 : 1;
  }
}

// Not left to the event loop: a socket that lingers must not keep a stopped server alive.
process.exit(await main());
