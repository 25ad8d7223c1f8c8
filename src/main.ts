import './cli/current-node.ts';
import { randomUUID } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureAdminKey } from './api/admin-key.ts';
import { startApi } from './api/api-server.ts';
import { apiSettingsOf } from './api-settings.ts';
import { workflowBundleOf } from './activities/workflow-bundle.ts';
import { createEnrichmentSources } from './activities/enrichment-sources.ts';
import { createWorkers } from './activities/workers.ts';
import { mirrorOf } from './cli/archive.ts';
import { readEnvironment } from './cli/environment.ts';
import { EXIT, type ExitCode } from './cli/exit-code.ts';
import { isLeased } from './cli/lease.ts';
import { ONE_SHOT, type OneShotMessage } from './cli/one-shot-protocol.ts';
import { openStackLog } from './cli/stack-log.ts';
import { loadConfig, type Config } from './config.ts';
import { openDatabase, databaseToday, type Database } from './db/database.ts';
import { migrate } from './db/migrate.ts';
import { openOptOutKey } from './db/opt-out-key.ts';
import { listRepositories } from './db/repositories.ts';
import { AppError } from './domain/errors.ts';
import { ensureDashboard } from './embedded/dashboard-build.ts';
import { claimDataDirectory, removeStackDescriptor, writeStackDescriptor } from './embedded/data-directory.ts';
import { startEmbedded } from './embedded/services.ts';
import { withoutLogFields } from './log/log-context.ts';
import { sourceLogOf, type Logger } from './log/logger.ts';
import { createMetrics } from './metrics/metrics.ts';
import { startMetricsServer } from './metrics/metrics-server.ts';
import { createSources } from './sources/available-sources.ts';
import { connectEngine } from './temporal/engine.ts';
import { startReconciler } from './temporal/reconciler.ts';
import { ensureSchedules } from './temporal/schedules.ts';
import { temporalServerOf } from './temporal/server-address.ts';
import { startTracing } from './tracing/tracing.ts';
import { loadSampleOnce } from '../sample/load.ts';

/*
 * The whole of Laurels on this machine, in one process tree: `npm start`, `laurels up`. With --one-shot it serves one command.
 * Exit codes: 0 stopped, 1 failed, 2 the environment is wrong.
 */

/** The API's statements are short; one that takes longer has lost its connection. */
const QUERY_TIMEOUT_MS = 30_000;
const LEASE_POLL_MS = 250;
/** Longer than workers and servers take to put their work down; what hangs beyond it (a lock, a dead disk) is left. */
const STOP_LIMIT_MS = 60_000;

interface Mode {
  readonly config: Config;
  readonly isOneShot: boolean;
  /** PORT is set: then another port would be a surprise. */
  readonly isPortFixed: boolean;
  /** One line for the person who started it. */
  readonly say: (line: string) => void;
  readonly log: Logger;
}

/** What ends a stack that is well. */
interface StopRequest {
  /** Resolves with the reason; null: somebody asked for it. */
  readonly asked: Promise<Error | null>;
  /** Between two steps of the start: true when the next one need not begin. @throws the reason, when it is an error */
  isAsked(): boolean;
}

/** Starts everything in order, waits for the reason to stop, stops everything in the opposite order. */
async function run({ config, isOneShot, isPortFixed, say, log }: Mode, stop: StopRequest): Promise<void> {
  const { dataDir } = config;
  // What is started for one command serves this machine only.
  const http = isOneShot ? loadConfig({}).http : config.http;
  const instance = randomUUID();
  // Ends in the opposite order: the announcement, HTTP, workers, engine, databases, Temporal, PostgreSQL.
  await using started = new AsyncDisposableStack();

  const metrics = createMetrics({ ofProcess: !isOneShot });
  const tracing = await startTracing(config.tracing, 'laurels', log);
  started.defer(() => tracing?.close());

  // Takes a processor and waits for nobody, while the servers start.
  const workflowBundle = workflowBundleOf(config.workflowBundle, tracing?.worker.workflowModules);
  workflowBundle.catch(() => undefined);
  const dashboard = isOneShot ? null : ensureDashboard(say);
  const { gharchiveDir } = config;
  if (gharchiveDir !== null) {
    await access(gharchiveDir, constants.R_OK).catch(() =>
      say(`GHARCHIVE_DIR is ${gharchiveDir}, which can't be read: archive scrapes fail until it can.`),
    );
  }
  const services = await startEmbedded({
    dataDir,
    databaseUrl: config.databaseUrl,
    temporalAddress: config.temporal.address,
    temporalCli: config.temporal.cli,
    webUi: !isOneShot,
    freePorts: isOneShot,
    say,
  });
  started.defer(() => services.stop());
  // A second Ctrl-C: nobody waits, and nothing stays behind.
  process.once('exit', () => services.kill());
  if (stop.isAsked()) return;

  const open = async (applicationName: string, queryTimeoutMs?: number): Promise<Database> => {
    const db = await openDatabase({
      url: services.databaseUrl,
      applicationName,
      ...(queryTimeoutMs === undefined ? {} : { queryTimeoutMs }),
      onError: (error) => withoutLogFields(() => log.warn({ err: error }, 'database connection lost')),
    });
    started.defer(() => db.close());
    tracing?.statements(db.pool);
    return db;
  };
  const [db, apiDb] = [await open('laurels-worker'), await open('laurels-api', QUERY_TIMEOUT_MS)];
  metrics.database.watchPool('worker', db.pool);
  metrics.database.watchPool('api', apiDb.pool);
  const applied = await migrate(db);
  if (applied.length > 0) log.info({ migrations: applied }, 'database migrated');
  await ensureAdminKey(db, http);

  const optOutKey = await openOptOutKey(db, config);

  // Namespace, key and certificates belong to a server of one's own; the embedded one has none.
  const settings = config.temporal.address === null ? { namespace: 'default', apiKey: null, tls: null } : config.temporal;
  const temporal = await temporalServerOf(services.temporalAddress, settings);
  // The embedded Web UI is shown behind our own checks of Host and Origin; others have an address of their own.
  const engine = connectEngine({
    ...temporal,
    uiUrl: services.temporalUiUrl === null ? config.temporal.uiUrl : '/temporal',
    interceptors: tracing === null ? [] : [tracing.client],
  });
  started.defer(() => engine.close());

  const mirrorDir = mirrorOf(dataDir);
  const sources = createSources({ ...config, mirrorDir, log: sourceLogOf(log), meter: metrics.sources });
  const [, workers] = await Promise.all([
    isOneShot ? null : databaseToday(db).then((today) => loadSampleOnce(db, today)),
    createWorkers({
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
      metrics,
      tracing: tracing?.worker ?? null,
      workflowBundle: await workflowBundle,
    }),
  ]);
  if (stop.isAsked()) return;
  const workersEnd = workers.run().then(
    () => null,
    (error: unknown) => new AppError('worker_failed', 500, 'The worker ended by itself.', {}, { cause: error }),
  );
  started.defer(async () => {
    await workers.shutdown();
    await workersEnd;
  });
  if (!isOneShot) {
    await ensureSchedules(engine, {
      db,
      refresh: { staleAfterHours: config.staleAfterHours, fullScrapeDays: config.fullScrapeDays },
      retention: config.retention,
    });
  }

  // The files are looked up when the server starts.
  await dashboard;
  const api = await startApi(
    {
      db: apiDb,
      engine,
      log,
      metrics,
      ...(tracing === null ? {} : { requestSpans: tracing.requests }),
      instance,
      ...apiSettingsOf(config, sources),
      temporalUiUrl: services.temporalUiUrl,
      optOutKey,
    },
    { host: http.host, port: isOneShot ? 0 : http.port, evadeTakenPort: !isPortFixed },
  );
  started.defer(() => api.stop());
  const reconciler = startReconciler({ db, engine, log, metrics: metrics.jobs, limit: config.maxConcurrentScrapes });
  started.defer(() => reconciler.stop());

  if (config.metrics !== null && !isOneShot) {
    const metricsServer = await startMetricsServer(metrics, config.metrics);
    started.defer(() => metricsServer.stop());
    log.info({ url: metricsServer.url }, 'metrics ready');
  }

  const announce = (): Promise<void> =>
    writeStackDescriptor(dataDir, {
      pid: process.pid,
      url: api.url,
      instance,
      startedAt: new Date().toISOString(),
      temporal: services.temporalAddress,
    });
  await announce();
  started.defer(() => removeStackDescriptor(dataDir));
  log.info({ url: api.url, instance, ms: Math.round(performance.now()) }, 'ready');
  if (isOneShot) await tell({ type: 'ready', url: api.url });
  else {
    // The sample is there only while no real repository is.
    const { data } = await listRepositories(db, { sort: 'name', limit: 1 });
    welcome(say, config, api.url, services.temporalUiUrl, data[0]?.isSample ?? false);
  }

  const reason = await Promise.race([stop.asked, services.failed, workersEnd]);
  if (reason === null) {
    if (isOneShot) await drained(dataDir, announce);
    else say('Stopping …');
  }
  setTimeout(() => {
    log.fatal('did not stop in time');
    process.exit(EXIT.failed);
  }, STOP_LIMIT_MS).unref();
  if (reason !== null) throw reason;
}

/** Waits until no other command uses this stack. A lease that came while the descriptor was being removed counts. */
async function drained(dataDir: string, announce: () => Promise<void>): Promise<void> {
  for (;;) {
    while (await isLeased(dataDir)) await delay(LEASE_POLL_MS);
    await removeStackDescriptor(dataDir);
    if (!(await isLeased(dataDir))) return;
    await announce();
  }
}

function welcome(say: Mode['say'], config: Config, url: string, temporalUiUrl: string | null, showsSample: boolean): void {
  const lines: readonly (readonly [string, string] | null)[] = [
    ['Dashboard', `${url}/dashboard`],
    ['API', `${url}/`],
    ['Global board', `curl '${url}/api/v1/leaderboard/global'`],
    temporalUiUrl === null
      ? config.temporal.uiUrl === null
        ? null
        : ['Temporal UI', config.temporal.uiUrl]
      : ['Temporal UI', `${url}/temporal`],
    ['Data', config.dataDir],
    ['Log', logPathOf(config.dataDir)],
    showsSample
      ? ['Sample', 'four invented repositories; they go when you add a real one (or: npm run -s laurels -- sample remove)']
      : null,
    [
      'A board of yours',
      config.github.tokens.length > 0 || config.github.app !== null
        ? 'npm run -s laurels -- scrape OWNER/NAME --wait'
        : 'GITHUB_TOKEN in .env, start again, then: npm run -s laurels -- scrape OWNER/NAME --wait',
    ],
    ['… from archive files', 'npm run -s laurels -- scrape OWNER/NAME --source gharchive --archive-dir DIR --since all --wait'],
  ];
  say(`Laurels is ready after ${(performance.now() / 1000).toFixed(1)} s. Ctrl-C stops it.`);
  for (const line of lines) if (line !== null) say(`  ${line[0].padEnd(22)}${line[1]}`);
}

function logPathOf(dataDir: string): string {
  return join(dataDir, 'laurels.log');
}

/** Tells the command that started this stack; resolves when it is sent. */
async function tell(message: OneShotMessage): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}

/** Resolves at the first signal, or when the command behind a one-shot stack has let go. A second signal ends the process at once. */
function stopRequest(isOneShot: boolean): StopRequest {
  let reason: Error | null | undefined;
  const asked = new Promise<Error | null>((resolve) => {
    const ask = (why: Error | null): void => {
      reason ??= why;
      resolve(why);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (reason !== undefined) process.exit(EXIT.interrupted);
        ask(null);
      });
    }
    if (isOneShot) process.once('disconnect', () => ask(null));
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => ask(error instanceof Error ? error : new Error(String(error))));
    }
  });
  return {
    asked,
    isAsked() {
      if (reason instanceof Error) throw reason;
      return reason === null;
    },
  };
}

async function main(): Promise<ExitCode> {
  const isOneShot = process.argv.includes(ONE_SHOT);
  const say = (line: string): void => {
    if (isOneShot) void tell({ type: 'said', line });
    else console.log(line);
  };
  // The command behind a one-shot stack may be gone, and its end of the pipe with it.
  process.stderr.on('error', () => undefined);
  const stop = stopRequest(isOneShot);
  let log: Logger | null = null;
  try {
    const environment = readEnvironment();
    const config = loadConfig(environment);
    const claim = await claimDataDirectory(config.dataDir);
    try {
      log = openStackLog({ path: logPathOf(config.dataDir), level: config.logLevel, isQuiet: isOneShot });
      say(isOneShot ? 'Starting Laurels for this command …' : `Laurels starts in ${config.dataDir} …`);
      await run({ config, isOneShot, isPortFixed: (environment['PORT'] ?? '') !== '', say, log }, stop);
      log.info('stopped');
    } finally {
      await claim.release();
    }
    if (!isOneShot) say('Stopped.');
    return EXIT.ok;
  } catch (error) {
    const known = error instanceof AppError ? error : null;
    const message = known?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
    // What is foreseen is said below in a sentence; a stack beside it would hide it.
    if (known === null) log?.fatal({ err: error }, 'failed');
    else log?.info({ code: known.code }, 'failed: ' + message);
    if (!isOneShot) console.error(message);
    const isTaken = known?.code === 'data_directory_taken';
    await tell(isTaken ? { type: 'taken', message } : { type: 'failed', code: known?.code ?? 'internal_error', message });
    return known?.code === 'invalid_configuration' || known?.code === 'admin_key_missing' ? EXIT.usage : EXIT.failed;
  }
}

// Not left to the event loop: a native thread or a socket that lingers must not keep a stopped stack alive.
process.exit(await main());
