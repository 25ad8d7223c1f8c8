import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { escapeIdentifier, type PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { AppError } from '../../domain/errors.ts';
import { inTransaction, type Database, type Queryable } from '../database.ts';
import { lock, LOCKS } from '../locks.ts';
import { migrationNames, migrationSql } from '../migration-sql.ts';
import type { OptOutKey } from '../opt-out-key.ts';
import { makeGlobalPartition, makeScoringPartition, makeSnapshotMonth } from '../partitions.ts';
import { ownTables } from './backup.ts';
import { BackupReader, endLine, FORMAT, header, RowSum, sumLine, tableLine, type BackupHeader } from './format.ts';

/** What a restore has done. */
export interface Restored {
  readonly createdAt: string;
  readonly tables: number;
  readonly rows: number;
  /** Migrations that the back-up lacked. */
  readonly migrated: readonly string[];
  /** Jobs that were under way when the back-up was made. */
  readonly closedJobs: number;
  /** The key that opt-outs are recognised by; null: there was none. */
  readonly optOutKey: OptOutKey | null;
}

class BackupDamaged extends AppError {
  constructor(path: string, place: string, reason: string, cause: unknown) {
    super('backup_damaged', 422, `${path} is damaged ${place}: ${reason}. Nothing was changed.`, {}, { cause });
  }
}

/** Why a job that was under way when the back-up was made has ended. */
const RESTORED = 'The database was restored from a back-up that was made while this job was under way. Start it again.';

/**
 * Makes the database what a back-up says, in one transaction: with a damaged file, or when anything fails, it stays as it was. An older
 * schema is brought up to date, jobs that were under way are closed as FAILED `restored`.
 * @throws AppError `database_not_empty` (409), `database_in_use` (409), `backup_newer`, `backup_unreadable`, `backup_damaged` (422)
 */
export async function restoreBackup(
  db: Database,
  path: string,
  o: {
    readonly replace: boolean;
    readonly onTable?: (table: string, rows: number) => void;
    /** Called with all in place, before it counts: an error takes everything back. */
    readonly beforeCommit?: (restored: Restored) => Promise<void>;
  },
): Promise<Restored> {
  const file = createReadStream(path);
  await once(file, 'open').catch((error: unknown) => {
    throw new AppError('backup_unreadable', 422, `${path} can't be read: ${messageOf(error)}`, {}, { cause: error });
  });
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  const reader = new BackupReader(file.pipe(gunzip));
  try {
    const head = await headOf(reader, path);
    const known = migrationNames();
    const unknown = head.migrations.filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      throw new AppError(
        'backup_newer',
        422,
        `${path} was made by a newer Laurels (${head.laurels}): this one does not know ${unknown.join(', ')}. Update Laurels first.`,
      );
    }
    return await inTransaction(db, async (client) => {
      await lock(client, LOCKS.boards);
      await refuseUnlessFree(client, o.replace);
      const restored = await load(db, client, { ...o, path, head, reader, known });
      await o.beforeCommit?.(restored);
      return restored;
    });
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

async function headOf(reader: BackupReader, path: string): Promise<BackupHeader> {
  const head = await reader.line(header).catch((error: unknown) => {
    throw new AppError('backup_unreadable', 422, `${path} is not a back-up of Laurels: ${messageOf(error)}.`, {}, { cause: error });
  });
  if (head.laurels_backup === FORMAT) return head;
  throw new AppError(
    'backup_newer',
    422,
    `${path} has the format ${head.laurels_backup}; this Laurels reads ${FORMAT}. Update Laurels first.`,
  );
}

/** Whoever else works on the database must be stopped, and what it holds must be meant to go. */
async function refuseUnlessFree(client: Queryable, replace: boolean): Promise<void> {
  const { rows: others } = await client.query<{ names: string | null }>(
    `SELECT string_agg(DISTINCT application_name, ', ') AS names FROM pg_stat_activity
     WHERE datname = current_database() AND application_name IN ('laurels-api', 'laurels-worker')`,
  );
  const names = others[0]?.names ?? null;
  if (names !== null) throw new AppError('database_in_use', 409, `The database is in use (${names}): stop every server and worker first.`);
  const newer = await client.query<{ name: string }>('SELECT name FROM schema_migration WHERE NOT name = ANY($1)', [migrationNames()]);
  if (newer.rows[0] !== undefined) {
    // Its tables would stay between those that are restored.
    throw new AppError('backup_newer', 422, `The database was migrated by a newer Laurels (${newer.rows[0].name}). Update Laurels first.`);
  }
  if (replace) return;
  for (const table of ['repository', 'api_key', 'opt_out', 'scrape_job']) {
    const { rows } = await client.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${table}`);
    const count = rows[0]?.rows ?? 0;
    if (count > 0) {
      throw new AppError(
        'database_not_empty',
        409,
        `The database is not empty (${count} rows in ${table}). With --replace all of it goes.`,
      );
    }
  }
}

interface Loading {
  readonly path: string;
  readonly head: BackupHeader;
  readonly reader: BackupReader;
  readonly known: readonly string[];
  readonly onTable?: (table: string, rows: number) => void;
}

async function load(db: Database, client: PoolClient, { path, head, reader, known, onTable }: Loading): Promise<Restored> {
  await dropEverything(db, client);
  await applyMigrations(db, client, head.migrations);
  // What migrations bring along is in the back-up.
  await client.query(`TRUNCATE ${head.tables.map(escapeIdentifier).join(', ')} CASCADE`);
  for (const version of head.partitions.repository_leaderboard) await makeScoringPartition(client, version);
  for (const version of head.partitions.global_leaderboard) await makeGlobalPartition(client, version);
  for (const month of head.partitions.leaderboard_snapshot) await makeSnapshotMonth(client, `${month}-01`);
  let total = 0;
  for (const table of head.tables) {
    const rows = await loadTable(client, path, table, reader);
    total += rows;
    onTable?.(table, rows);
  }
  await atEnd(path, reader, { tables: head.tables.length, rows: total });
  for (const [name, last] of Object.entries(head.sequences)) await client.query('SELECT setval($1::regclass, $2)', [name, last]);
  const migrated = known.filter((name) => !head.migrations.includes(name));
  await applyMigrations(db, client, migrated);
  const closedJobs = await closeJobs(client);
  return {
    createdAt: head.created_at,
    tables: head.tables.length,
    rows: total,
    migrated,
    closedJobs,
    optOutKey: head.opt_out_key === null ? null : Buffer.from(head.opt_out_key),
  };
}

async function dropEverything(db: Database, client: Queryable): Promise<void> {
  const tables = [...ownTables(db), 'staged_contribution', 'staged_pull_request', 'staged_change'];
  await client.query(`DROP TABLE IF EXISTS ${tables.map(escapeIdentifier).join(', ')} CASCADE`);
  await client.query('DROP SEQUENCE IF EXISTS board_version_seq');
  await client.query('DROP SCHEMA IF EXISTS staging CASCADE');
  await client.query('DELETE FROM schema_migration');
}

async function applyMigrations(db: Database, client: Queryable, names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const statement of migrationSql(db, name)) await client.query(statement);
    await client.query('INSERT INTO schema_migration (name) VALUES ($1)', [name]);
  }
}

/** Loads one table and holds it against its sum. */
async function loadTable(client: PoolClient, path: string, table: string, reader: BackupReader): Promise<number> {
  const sum = new RowSum();
  const damaged = (error: unknown): BackupDamaged =>
    new BackupDamaged(path, `in table ${table}${sum.rows === 0 ? '' : ` after row ${sum.rows}`}`, messageOf(error), error);
  const begun = await reader.line(tableLine).catch((error: unknown) => {
    throw damaged(error);
  });
  if (begun.table !== table) throw damaged(new Error(`table ${begun.table} stands there`));
  const stream = client.query(copyFrom(`COPY ${escapeIdentifier(table)} (${begun.columns.map(escapeIdentifier).join(', ')}) FROM STDIN`));
  const done = finished(stream);
  // Awaited below; until then a failure must not count as unhandled.
  done.catch(() => undefined);
  try {
    for await (const chunk of reader.rows()) {
      sum.add(chunk);
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), done]);
    }
    stream.end();
    await done;
    const { rows, sha256 } = await reader.line(sumLine);
    if (rows !== sum.rows) throw new Error(`it has ${sum.rows} rows instead of ${rows}`);
    if (sha256 !== sum.digest()) throw new Error('its sum is not what it was');
    return rows;
  } catch (error) {
    // Else the connection would wait for the rest of the rows for ever.
    if (!stream.destroyed) stream.destroy(error as Error);
    await done.catch(() => undefined);
    throw damaged(error);
  }
}

async function atEnd(path: string, reader: BackupReader, expected: { readonly tables: number; readonly rows: number }): Promise<void> {
  try {
    const end = await reader.line(endLine);
    if (end.tables !== expected.tables || end.rows !== expected.rows)
      throw new Error(`it should have ${end.rows} rows, not ${expected.rows}`);
    // Up to its last byte: the checksum of gzip stands there.
    if (!(await reader.isAtEnd())) throw new Error('something follows');
  } catch (error) {
    throw new BackupDamaged(path, 'at its end', messageOf(error), error);
  }
}

/** What was under way is over: no workflow knows of it any more, and what it had read is not in the back-up. */
async function closeJobs(client: Queryable): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE scrape_job SET status = 'FAILED', phase = 'CLOSED', error_code = 'restored', error_message = $1, completed_at = now(),
       next_retry_at = NULL, waiting_until = NULL, waiting_for = NULL, waiting_since = NULL
     WHERE status IN ('QUEUED','RUNNING','RETRYING')`,
    [RESTORED],
  );
  await client.query(
    `UPDATE repository SET status = CASE WHEN last_scraped_at IS NOT NULL THEN 'COMPLETED' ELSE 'FAILED' END WHERE status = 'SCRAPING'`,
  );
  await client.query(`UPDATE contributor_enrichment SET enrichment_status = 'FAILED', error = $1 WHERE enrichment_status = 'RUNNING'`, [
    RESTORED,
  ]);
  await client.query(
    `UPDATE bigquery_extract SET state = 'FAILED', error_code = 'restored', error_message = $1, settled_at = now() WHERE state IN ('WAITING','BATCHED')`,
    [RESTORED],
  );
  // Whether it was billed is not known: it keeps what was estimated of the budget.
  await client.query(`UPDATE bigquery_query SET state = 'DONE', error = $1, finished_at = now() WHERE state IN ('RESERVED','RUNNING')`, [
    RESTORED,
  ]);
  return rowCount ?? 0;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const where = 'where' in error && typeof error.where === 'string' ? ` (${error.where.split('\n')[0]})` : '';
  // Rows may hold names: of what PostgreSQL says only where it was.
  return `${error.message.replace(/\.$/, '')}${where.replace(/: ".*$/s, ')')}`;
}
