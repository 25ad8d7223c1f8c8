import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { escapeIdentifier, type PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import packageFile from '../../../package.json' with { type: 'json' };
import { AppError } from '../../domain/errors.ts';
import type { Database, Queryable } from '../database.ts';
import { foreignKeys } from '../foreign-keys.ts';
import { keyFits, type OptOutKey } from '../opt-out-key.ts';
import { inSnapshot } from '../snapshot.ts';
import { END_OF_ROWS, FORMAT, RowSum, type BackupHeader } from './format.ts';

/** What a back-up holds. */
export interface BackupSummary {
  readonly tables: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * What is left out: what a job under way has read so far (a restore closes such jobs), sessions and answers kept for a day, and pictures,
 * which are fetched again.
 */
const LEFT_OUT: ReadonlySet<string> = new Set(['planned_slice', 'scrape_slice', 'session', 'idempotency_key', 'avatar']);

/** The tables of this version of Laurels, whether a database has them or not. */
export function ownTables(db: Database): readonly string[] {
  return [...db.orm.getMetadata().getAll().values()].map(({ tableName }) => tableName).filter((table) => table !== 'schema_migration');
}

/**
 * Writes everything that can't be collected again to one file (0600): one snapshot, beside whatever runs. The file holds the key of
 * opt-outs and the hashes of API keys. A file that is there is not written over; one that was broken off does not appear.
 * @throws AppError `file_exists` (409), `opt_out_key_differs`.
 */
export async function writeBackup(
  db: Database,
  path: string,
  { optOutKey, onTable }: { readonly optOutKey: OptOutKey | null; readonly onTable?: (table: string, rows: number) => void },
): Promise<BackupSummary> {
  if ((await stat(path).catch(() => null)) !== null) {
    throw new AppError('file_exists', 409, `${path} is there already: name another file, or remove it.`);
  }
  await keyFits(db, optOutKey);
  const draft = `${path}.${process.pid}.partial`;
  // Nobody else may ever have been able to read it.
  await (await open(draft, 'wx', 0o600)).close();
  try {
    const gzip = createGzip({ level: 3 });
    const written = pipeline(gzip, createWriteStream(draft, { flags: 'r+' }));
    written.catch(() => undefined);
    const summary = await inSnapshot(db, (client) =>
      writeTables(db, client, gzip, { optOutKey, ...(onTable === undefined ? {} : { onTable }) }),
    );
    gzip.end();
    await written;
    const file = await open(draft, 'r+');
    await file.sync();
    await file.close();
    await rename(draft, path);
    return { ...summary, bytes: (await stat(path)).size };
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeTables(
  db: Database,
  client: PoolClient,
  gzip: Gzip,
  { optOutKey, onTable }: { readonly optOutKey: OptOutKey | null; readonly onTable?: (table: string, rows: number) => void },
): Promise<Omit<BackupSummary, 'bytes'>> {
  const write = async (text: string | Buffer): Promise<void> => {
    if (!gzip.write(text)) await once(gzip, 'drain');
  };
  const say = (line: unknown): Promise<void> => write(`${JSON.stringify(line)}\n`);
  const columns = await columnsOf(client, ownTables(db));
  const tables = await parentsFirst(client, [...columns.keys()]);
  await say(await headerOf(client, tables, optOutKey));
  let total = 0;
  for (const table of tables) {
    const names = columns.get(table) ?? [];
    await say({ table, columns: names });
    const sum = new RowSum();
    // A query, as the rows of a table's partitions are not copied with it.
    const rows = client.query(copyTo(`COPY (SELECT ${names.map(escapeIdentifier).join(', ')} FROM ${escapeIdentifier(table)}) TO STDOUT`));
    for await (const chunk of rows as AsyncIterable<Buffer>) {
      sum.add(chunk);
      await write(chunk);
    }
    await write(END_OF_ROWS);
    await say({ rows: sum.rows, sha256: sum.digest() });
    total += sum.rows;
    onTable?.(table, sum.rows);
  }
  await say({ end: true, tables: tables.length, rows: total });
  return { tables: tables.length, rows: total };
}

/** The columns of those tables that a database has and a back-up holds, in their order. */
async function columnsOf(client: Queryable, tables: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `SELECT c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = current_schema::regnamespace AND c.relkind IN ('r','p') AND c.relname = ANY($1) GROUP BY c.relname ORDER BY c.relname`,
    [tables.filter((table) => !LEFT_OUT.has(table))],
  );
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

/** Tables in an order in which every row comes after the one it belongs to. */
async function parentsFirst(client: Queryable, tables: readonly string[]): Promise<readonly string[]> {
  const keys = (await foreignKeys(client)).filter(({ child, parent }) => child !== parent);
  const ordered: string[] = [];
  const add = (table: string): void => {
    if (ordered.includes(table) || !tables.includes(table)) return;
    for (const { parent } of keys.filter(({ child }) => child === table)) add(parent);
    ordered.push(table);
  };
  for (const table of tables) add(table);
  return ordered;
}

async function headerOf(client: Queryable, tables: readonly string[], optOutKey: OptOutKey | null): Promise<BackupHeader> {
  const { rows: migrations } = await client.query<{ name: string }>('SELECT name FROM schema_migration ORDER BY id');
  const { rows: children } = await client.query<{ parent: string; name: string }>(
    `SELECT inhparent::regclass::text AS parent, c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE inhparent IN ('repository_leaderboard'::regclass, 'global_leaderboard'::regclass, 'leaderboard_snapshot'::regclass) ORDER BY 1, 2`,
  );
  const keysOf = (parent: string): string[] =>
    children.filter((child) => child.parent === parent).map(({ name }) => name.slice(parent.length + 1));
  const { rows: sequences } = await client.query<{ name: string; last: number }>(
    `SELECT sequencename AS name, last_value AS last FROM pg_sequences
     WHERE schemaname = current_schema AND last_value IS NOT NULL AND sequencename = ANY($1)`,
    [[...tables.map((table) => `${table}_id_seq`), 'board_version_seq']],
  );
  const { rows: server } = await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`);
  return {
    laurels_backup: FORMAT,
    created_at: new Date().toISOString(),
    laurels: packageFile.version,
    postgres: server[0]?.version ?? '',
    migrations: migrations.map(({ name }) => name),
    tables: [...tables],
    partitions: {
      repository_leaderboard: keysOf('repository_leaderboard').map(Number),
      global_leaderboard: keysOf('global_leaderboard').map(Number),
      leaderboard_snapshot: keysOf('leaderboard_snapshot').map((month) => month.replace('_', '-')),
    },
    sequences: Object.fromEntries(sequences.map(({ name, last }) => [name, last])),
    opt_out_key: optOutKey?.toString() ?? null,
  };
}
