import { chmod, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { AppError } from '../domain/errors.ts';
import { type Child, startChild, systemEnvironment } from './child-process.ts';
import { findFreePorts } from './free-port.ts';
import { endProcess, listensOn, listProcesses } from './process-table.ts';
import { supervise } from './supervisor.ts';

const DATABASE_FILE = 'temporal.db';
const PREFERRED_PORT = 54_330;
const START_LIMIT_MS = 120_000;
const END_STEPS = [{ signal: 'SIGTERM', graceMs: 10_000 }] as const;
/** Closed workflows stay readable this long (design: decisions.md 15). */
const RETENTION_SECONDS = 30 * 24 * 3600;
/**
 * What the server keeps of workflows between their tasks. Its own limits, 128,000 workflows and 256 MB of events for an hour each, are
 * a cluster's: on one machine they look like a leak.
 */
const CACHE_LIMITS = ['history.hostLevelCacheMaxSize=250', 'history.eventsHostLevelCacheMaxSizeBytes=4194304'] as const;
/** First line of each stack that the Go runtime prints when it gives up. */
const CRASH = /^goroutine \d+ \[/m;
/** What workflows of Laurels can be searched by in the Web UI. */
const SEARCH_ATTRIBUTES = ['JobKind', 'Repository'] as const;

/** A Temporal development server that runs as our child. */
export interface EmbeddedTemporal {
  /** host:port of its gRPC service. */
  readonly address: string;
  /** Where its Web UI answers, below `/temporal`; it accepts any Host header, so it belongs behind a proxy that checks it. Null: none. */
  readonly uiUrl: string | null;
  /** Process id of the server at this moment. */
  pid(): number;
  /** Resolves when the server ended and can't be kept running. */
  readonly failed: Promise<AppError>;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** How an embedded Temporal is started. */
export interface TemporalOptions {
  /** Claimed by the caller; histories live in its temporal.db. */
  readonly dataDir: string;
  /** Path of the Temporal CLI. */
  readonly binary: string;
  readonly webUi: boolean;
  readonly say: (line: string) => void;
  /** gRPC; the next three serve HTTP API, Web UI and metrics. 0: any free ports. */
  readonly preferredPort?: number;
  /** Wait before the first restart of a server that ended, ms. */
  readonly firstWaitMs?: number;
}

interface Ports {
  readonly grpc: number;
  readonly http: number;
  readonly ui: number;
  readonly metrics: number;
}

/** Ends a server of ours that outlived its parent (kill -9): the one whose command line names our database file. */
async function endOrphan(databaseFile: string, say: (line: string) => void): Promise<void> {
  for (const { pid, command } of await listProcesses()) {
    if (pid === process.pid || !command.includes(' start-dev ') || !`${command} `.includes(` ${databaseFile} `)) continue;
    say(`Found Temporal (pid ${pid}) of an earlier run that was killed: shutting it down.`);
    if (await endProcess(pid, [...END_STEPS, { signal: 'SIGKILL', graceMs: 5000 }])) continue;
    throw new AppError(
      'temporal_orphan',
      500,
      `Temporal (pid ${pid}) still uses ${databaseFile} and does not end. End it, then start again.`,
      { pid },
    );
  }
}

function commandLine(databaseFile: string, ports: Ports, webUi: boolean): readonly string[] {
  return [
    'server',
    'start-dev',
    '--db-filename',
    databaseFile,
    '--ip',
    '127.0.0.1',
    '--port',
    String(ports.grpc),
    '--http-port',
    String(ports.http),
    '--metrics-port',
    String(ports.metrics),
    '--log-level',
    'warn',
    // Its HTTP API accepts posts from any web page: nobody is allowed in.
    '--dynamic-config-value',
    'frontend.httpAllowedHosts=["none.invalid"]',
    ...CACHE_LIMITS.flatMap((limit) => ['--dynamic-config-value', limit]),
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...(webUi ? ['--ui-port', String(ports.ui), '--ui-public-path', '/temporal', '--ui-disable-news-fetch'] : ['--headless']),
  ];
}

/** The last lines; of a crash all that are kept, because its reason stands before the stack. */
function startFailure(child: Child): AppError {
  const lines = child.lastLines();
  const told = lines.some((line) => CRASH.test(line)) ? lines : lines.slice(-8);
  return new AppError('temporal_start', 500, `Temporal did not start:\n${told.join('\n')}`, {});
}

/** Namespace `default` answers with its search attributes, and keeps closed workflows for our retention. */
async function prepareNamespace(connection: Connection): Promise<boolean> {
  const namespace = 'default';
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const aliases = Object.values(config?.customSearchAttributeAliases ?? {});
  if (!SEARCH_ATTRIBUTES.every((name) => aliases.includes(name))) return false;
  if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) !== RETENTION_SECONDS) {
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: { seconds: RETENTION_SECONDS as never } },
    });
  }
  return true;
}

/** Waits until our child, and nobody else, answers on its gRPC port with the namespace ready. */
async function waitUntilReady(child: Child, port: number): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  const pause = () => new Promise((resolve) => setTimeout(resolve, 25));
  const assertRuns = async (): Promise<void> => {
    if (!child.isRunning()) await child.exited;
    if (!child.isRunning() || Date.now() > deadline) throw startFailure(child);
  };
  // Only the socket's own process counts: null means that the system can't tell, then the gRPC answer and the living child decide.
  for (;;) {
    await assertRuns();
    if ((await listensOn(child.pid, port)) !== false) break;
    await pause();
  }
  let connection: Connection | null = null;
  try {
    for (;;) {
      await assertRuns();
      try {
        connection ??= await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: 2000 });
        if (await connection.withDeadline(Date.now() + 3000, () => prepareNamespace(connection as Connection))) break;
      } catch {
        // Not yet: the loop ends with the child's last lines when it never becomes ready.
      }
      await pause();
    }
    await assertRuns();
  } finally {
    await connection?.close();
  }
}

/** Histories name repositories: nobody else on this machine reads them. SQLite gives its side files the mode of the database. */
async function closeToOthers(dataDir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const names = (await readdir(dataDir)).filter((name) => name.startsWith(DATABASE_FILE));
  // A side file may go away at any moment.
  await Promise.all(names.map((name) => chmod(join(dataDir, name), 0o600).catch(() => undefined)));
}

/** Whether the database file was never finished: the first start was killed while it made its tables. */
function isHalfMade(error: unknown): boolean {
  return error instanceof AppError && error.code === 'temporal_start' && error.message.includes('no such table');
}

/**
 * Whether a failed start is only that somebody took a port in the meantime. Its inner services choose theirs themselves, and one that
 * finds its own taken serves a listener that is nil: a crash of the Go runtime (seen in matching.Service.Start, server 1.32.0).
 */
function isPortTaken(error: unknown): boolean {
  return (
    error instanceof AppError && error.code === 'temporal_start' && (/already in use/i.test(error.message) || CRASH.test(error.message))
  );
}

/**
 * Starts Temporal's development server as a child, on 127.0.0.1 only, with its histories in the data directory, and keeps it running.
 * @throws AppError temporal_start with its last lines when it does not start.
 */
export async function startEmbeddedTemporal(o: TemporalOptions): Promise<EmbeddedTemporal> {
  await mkdir(o.dataDir, { recursive: true, mode: 0o711 });
  const dataDir = await realpath(o.dataDir);
  const databaseFile = join(dataDir, DATABASE_FILE);
  const wish = o.preferredPort ?? PREFERRED_PORT;
  let ports: Ports | null = null;

  const launch = async (chosen: Ports): Promise<Child> => {
    const child = await startChild({
      name: 'Temporal',
      command: o.binary,
      args: commandLine(databaseFile, chosen, o.webUi),
      cwd: dataDir,
      env: { ...systemEnvironment(), HOME: dataDir },
      account: null,
    });
    try {
      await waitUntilReady(child, chosen.grpc);
      await closeToOthers(dataDir);
      return child;
    } catch (error) {
      await child.end(END_STEPS);
      throw error;
    }
  };

  const start = async (): Promise<Child> => {
    await endOrphan(databaseFile, o.say);
    // A restart keeps the ports: they were handed out.
    if (ports !== null) return launch(ports);
    for (let attempt = 1; ; attempt += 1) {
      const wishes = [0, 1, 2, 3].map((offset) => (wish === 0 ? 0 : wish + offset));
      const [grpc = 0, http = 0, ui = 0, metrics = 0] = await findFreePorts(wishes);
      const chosen = { grpc, http, ui, metrics };
      try {
        const child = await launch(chosen);
        if (wish !== 0 && grpc !== wish) o.say(`Port ${wish} is taken: Temporal listens on 127.0.0.1:${grpc}.`);
        ports = chosen;
        return child;
      } catch (error) {
        if (attempt < 5 && isPortTaken(error)) continue;
        if (attempt > 1 || !isHalfMade(error)) throw error;
        const aside = `${databaseFile}.incomplete-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
        await rename(databaseFile, aside);
        for (const suffix of ['-wal', '-shm']) await rm(`${databaseFile}${suffix}`, { force: true });
        o.say(`${databaseFile} was no complete database of Temporal: it is kept as ${aside}, and a new one is made.`);
      }
    }
  };

  const supervised = await supervise({
    name: 'Temporal',
    start,
    end: (child) => child.end(END_STEPS),
    say: o.say,
    ...(o.firstWaitMs === undefined ? {} : { firstWaitMs: o.firstWaitMs }),
  });
  const { grpc, ui } = ports as unknown as Ports;
  return {
    address: `127.0.0.1:${grpc}`,
    uiUrl: o.webUi ? `http://127.0.0.1:${ui}/temporal` : null,
    pid: () => supervised.child().pid,
    failed: supervised.failed,
    stop: () => supervised.stop(),
  };
}
