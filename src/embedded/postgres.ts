import { mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { AppError } from '../domain/errors.ts';
import { type Child, startChild, systemEnvironment } from './child-process.ts';
import { findFreePorts } from './free-port.ts';
import { chooseAccount } from './postgres-account.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { type Cluster, CLUSTER_OWNER, findCluster, openCluster } from './postgres-cluster.ts';
import { commandOf, endProcess, isAlive, workingDirectoryOf } from './process-table.ts';
import { supervise } from './supervisor.ts';

const PREFERRED_PORT = 54_329;
const START_LIMIT_MS = 300_000;
const SLOW_START_MS = 5000;
/** Processes of a killed server notice it within moments. */
const REMAINS_LIMIT_MS = 20_000;
/** SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one; neither loses what was committed. */
const END_STEPS = [
  { signal: 'SIGINT', graceMs: 20_000 },
  { signal: 'SIGQUIT', graceMs: 5000 },
] as const;

/** A PostgreSQL server that runs as our child. */
export interface EmbeddedPostgres {
  /** With password, for the database asked for. */
  readonly url: string;
  readonly port: number;
  /** PostgreSQL's own data directory. */
  readonly directory: string;
  /** Process id of the server at this moment. */
  pid(): number;
  /** Resolves when the server ended and can't be kept running. */
  readonly failed: Promise<AppError>;
  /** Fast shutdown; idempotent. */
  stop(): Promise<void>;
}

/** How an embedded PostgreSQL is started. */
export interface PostgresOptions {
  /** Claimed by the caller. */
  readonly dataDir: string;
  /** The database that the URL names; made when it is missing. */
  readonly database: string;
  readonly say: (line: string) => void;
  /** False: nothing is flushed to disk, for tests. */
  readonly durable?: boolean;
  readonly preferredPort?: number;
  readonly maxConnections?: number;
  /** Wait before the first restart of a server that ended, ms. */
  readonly firstWaitMs?: number;
}

interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly status: string;
}

/** What postmaster.pid says: line 1 is the process id, 4 the port, 8 the status. Null: there is none. */
async function readPostmaster(directory: string): Promise<Postmaster | null> {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  return { pid: Number.parseInt(lines[0] ?? '', 10), port: Number(lines[3]), status: lines[7]?.trim() ?? '' };
}

/** Whether a living process is the server of this cluster. */
async function isServerOf(pid: number, directory: string): Promise<boolean> {
  const command = await commandOf(pid);
  if (command === null || !/(^|[/\\])postgres(\.exe)?(\s|$)/.test(command)) return false;
  return `${command} `.includes(` -D ${directory} `) || (await workingDirectoryOf(pid)) === directory;
}

/** The URL, with password, of the server that runs on a data directory; null: none does. */
export async function runningPostgres(dataDir: string, database: string): Promise<string | null> {
  const found = await findCluster(dataDir);
  const postmaster = found === null ? null : await readPostmaster(found.directory);
  if (found === null || postmaster === null || !Number.isSafeInteger(postmaster.pid)) return null;
  if (!(await isServerOf(postmaster.pid, found.directory))) return null;
  return urlOf({ ...found, port: postmaster.port }, database);
}

function urlOf({ password, port }: { readonly password: string; readonly port: number }, database: string): string {
  return `postgresql://${CLUSTER_OWNER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/**
 * Makes sure that no server uses a cluster. A server of ours that outlived its parent (kill -9) is shut down. A postmaster.pid whose
 * process id now belongs to another program is removed, because PostgreSQL would take that program for its server; one that names a
 * dead process is left to PostgreSQL, which first checks that none of the old processes still uses the shared memory it names.
 */
async function endOrphan(directory: string, say: (line: string) => void): Promise<void> {
  const postmaster = await readPostmaster(directory);
  if (postmaster === null) return;
  const isDead = Number.isSafeInteger(postmaster.pid) && !(await isAlive(postmaster.pid));
  if (isDead) return;
  // An unreadable file, from a crash while it was written, would also be refused by PostgreSQL; a server that wrote it no longer lives.
  if (!Number.isSafeInteger(postmaster.pid) || !(await isServerOf(postmaster.pid, directory))) {
    if (process.platform !== 'win32') await rm(join(directory, 'postmaster.pid'), { force: true });
    return;
  }
  say(`Found PostgreSQL (pid ${postmaster.pid}) of an earlier run that was killed: shutting it down.`);
  if (await endProcess(postmaster.pid, END_STEPS)) return;
  throw new AppError(
    'postgres_orphan',
    500,
    `PostgreSQL (pid ${postmaster.pid}) still uses ${directory} and does not end. End it, then start again.`,
    { pid: postmaster.pid, directory },
  );
}

/** Settings of a server on somebody's laptop, on the command line so that a new release of Laurels can change them. */
function settings(o: { readonly port: number; readonly durable: boolean; readonly maxConnections: number }): readonly string[] {
  const megabytes = totalmem() / 1024 / 1024;
  const values: Record<string, string | number> = {
    port: o.port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: o.maxConnections,
    shared_buffers: `${Math.round(Math.min(512, Math.max(128, megabytes / 16)))}MB`,
    effective_cache_size: `${Math.round(megabytes / 2)}MB`,
    work_mem: '32MB',
    maintenance_work_mem: '256MB',
    random_page_cost: 1.1,
    jit: 'off',
    // Nobody replicates it: tables that are filled in the transaction that made them need no log.
    wal_level: 'minimal',
    max_wal_senders: 0,
    wal_compression: 'on',
    max_wal_size: '2GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    log_min_messages: 'warning',
    // A client that is gone is noticed while its query still runs.
    client_connection_check_interval: '10s',
    ...(o.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '60s' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function connectionTo(cluster: Cluster, port: number, database: string): Client {
  const client = new Client({
    host: '127.0.0.1',
    port,
    database,
    user: CLUSTER_OWNER,
    password: cluster.password,
    application_name: 'laurels-start',
    connectionTimeoutMillis: 10_000,
    query_timeout: 30_000,
  });
  client.on('error', () => undefined);
  return client;
}

/** Fails unless it is the server of this cluster that answers on the port. */
async function verifyIdentity(client: Client, cluster: Cluster, port: number): Promise<void> {
  const { rows } = await client.query<{ id: string; directory: string }>(
    "select system_identifier::text as id, current_setting('data_directory') as directory from pg_control_system()",
  );
  const row = rows[0];
  if (row !== undefined && row.id === cluster.id && (await realpath(row.directory).catch(() => row.directory)) === cluster.directory)
    return;
  throw new AppError(
    'postgres_stranger',
    500,
    `Another PostgreSQL server answers on port ${port}. It is not used: stop it, or set DATABASE_URL to use it.`,
    {
      port,
      expected: cluster.id,
      found: row?.id,
    },
  );
}

function startFailure(child: Child, directory: string): AppError {
  const lines = child.lastLines();
  return new AppError('postgres_start', 500, `PostgreSQL did not start in ${directory}:\n${lines.slice(-8).join('\n')}`, { directory });
}

/** Starts the server and waits until it accepts connections: as itself says in postmaster.pid, and as a connection confirms. */
async function launch(o: {
  readonly binaries: PostgresBinaries;
  readonly cluster: Cluster;
  readonly port: number;
  readonly durable: boolean;
  readonly maxConnections: number;
  readonly database: string;
  readonly say: (line: string) => void;
}): Promise<Child> {
  const { cluster, port } = o;
  await endOrphan(cluster.directory, o.say);
  const child = await startChild({
    name: 'PostgreSQL',
    command: o.binaries.postgres,
    args: ['-D', cluster.directory, ...settings(o)],
    cwd: cluster.directory,
    env: { ...systemEnvironment(), LC_ALL: 'C', TZ: 'UTC' },
    account: cluster.account,
    signalAtExit: 'SIGINT',
  });
  try {
    const startedAt = Date.now();
    let isSlow = false;
    for (;;) {
      if (!child.isRunning()) {
        await child.exited;
        throw startFailure(child, cluster.directory);
      }
      const postmaster = await readPostmaster(cluster.directory);
      if (postmaster?.pid === child.pid && postmaster.port === port && postmaster.status === 'ready') break;
      const waited = Date.now() - startedAt;
      if (waited > START_LIMIT_MS) throw startFailure(child, cluster.directory);
      if (waited > SLOW_START_MS && !isSlow) {
        isSlow = true;
        o.say('PostgreSQL is still starting (after a crash it first repeats what was not yet written).');
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const client = connectionTo(cluster, port, 'postgres');
    try {
      await client.connect();
      await verifyIdentity(client, cluster, port);
      const known = await client.query('select 1 from pg_database where datname = $1', [o.database]);
      if (known.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(o.database)} template template0`);
    } finally {
      await client.end();
    }
    return child;
  } catch (error) {
    await child.end(END_STEPS);
    throw error;
  }
}

/** Why a failed start is worth another try: somebody took the port in the meantime, or processes of a killed server still end. */
function passingReason(error: unknown): 'port' | 'remains' | null {
  if (!(error instanceof AppError) || error.code !== 'postgres_start') return null;
  if (/could not bind|address already in use/i.test(error.message)) return 'port';
  return /shared memory block .* is still in use/i.test(error.message) ? 'remains' : null;
}

/**
 * Starts the PostgreSQL of a data directory as a child, on 127.0.0.1 only, and keeps it running.
 * @throws AppError that says what to do: wrong version or owner of the data, no programs for this machine, no start.
 */
export async function startEmbeddedPostgres(o: PostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(o.dataDir, { recursive: true, mode: 0o711 });
  const dataDir = await realpath(o.dataDir);
  const account = await chooseAccount(o.say);
  const binaries = await findPostgresBinaries(account, o.say);
  const cluster = await openCluster({
    dataDir,
    binaries,
    account,
    durable: o.durable ?? true,
    say: o.say,
    beforeChange: (directory) => endOrphan(directory, o.say),
  });
  const wish = o.preferredPort ?? PREFERRED_PORT;
  let port = 0;
  const common = {
    binaries,
    cluster,
    durable: o.durable ?? true,
    maxConnections: o.maxConnections ?? 100,
    database: o.database,
    say: o.say,
  };
  const start = async (): Promise<Child> => {
    let portsTried = 0;
    const deadline = Date.now() + REMAINS_LIMIT_MS;
    for (;;) {
      // A restart keeps the port: it was handed out.
      const [candidate = 0] = port === 0 ? await findFreePorts([wish]) : [port];
      try {
        const child = await launch({ ...common, port: candidate });
        if (port === 0 && candidate !== wish && wish !== 0) o.say(`Port ${wish} is taken: PostgreSQL listens on 127.0.0.1:${candidate}.`);
        port = candidate;
        return child;
      } catch (error) {
        const reason = passingReason(error);
        portsTried += reason === 'port' ? 1 : 0;
        if (reason === null || (reason === 'port' && (port !== 0 || portsTried >= 5)) || Date.now() > deadline) throw error;
        if (reason === 'remains') await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  };
  const supervised = await supervise({
    name: 'PostgreSQL',
    start,
    end: (child) => child.end(END_STEPS),
    say: o.say,
    ...(o.firstWaitMs === undefined ? {} : { firstWaitMs: o.firstWaitMs }),
  });
  return {
    url: urlOf({ password: cluster.password, port }, o.database),
    port,
    directory: cluster.directory,
    pid: () => supervised.child().pid,
    failed: supervised.failed,
    stop: () => supervised.stop(),
  };
}
