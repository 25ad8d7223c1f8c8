import type { Day } from '../domain/window.ts';
import { inTransaction, type Database, type Queryable } from './database.ts';
import { lock, LOCKS } from './locks.ts';

/** Makes the partition that the snapshots of a day's month go to, unless it is there. */
export async function ensureSnapshotMonth(db: Database, day: Day): Promise<void> {
  await ensure(db, snapshotPartition(day), 'leaderboard_snapshot', monthOf(day));
}

/** Makes the partition of a scoring version's repository boards, unless it is there. */
export async function ensureScoringPartition(db: Database, version: number): Promise<void> {
  await ensure(db, scoringPartition(version), 'repository_leaderboard', `IN (${version})`);
}

/** {@link ensureScoringPartition} inside somebody's transaction. */
export async function makeScoringPartition(client: Queryable, version: number): Promise<void> {
  await make(client, scoringPartition(version), 'repository_leaderboard', `IN (${version})`);
}

/** The table of a scoring version's repository boards. */
export function scoringPartition(version: number): string {
  if (!Number.isSafeInteger(version)) throw new RangeError(`${version} is not a scoring version`);
  return `repository_leaderboard_${version}`;
}

/** Makes the partition of a version of the global board inside somebody's transaction, unless it is there. */
export async function makeGlobalPartition(client: Queryable, version: number): Promise<void> {
  if (!Number.isSafeInteger(version)) throw new RangeError(`${version} is not the version of a board`);
  await make(client, `global_leaderboard_${version}`, 'global_leaderboard', `IN (${version})`);
}

/** {@link ensureSnapshotMonth} inside somebody's transaction. */
export async function makeSnapshotMonth(client: Queryable, day: Day): Promise<void> {
  await make(client, snapshotPartition(day), 'leaderboard_snapshot', monthOf(day));
}

/** Whether a table of this name exists. */
export async function tableExists(client: Queryable, table: string): Promise<boolean> {
  // Not to_regclass: it may answer from a cache that has not heard of another session's commit yet.
  const { rowCount } = await client.query('SELECT FROM pg_class WHERE relname = $1 AND relnamespace = current_schema::regnamespace', [
    table,
  ]);
  return rowCount === 1;
}

/** Made beside the parent, then attached: that waits for no reader and no writer, as `PARTITION OF` would. */
async function ensure(db: Database, table: string, parent: string, values: string): Promise<void> {
  if (await tableExists(db.pool, table)) return;
  await inTransaction(db, (client) => make(client, table, parent, values));
}

async function make(client: Queryable, table: string, parent: string, values: string): Promise<void> {
  await lock(client, LOCKS.partitions);
  if (await tableExists(client, table)) return;
  await client.query(`CREATE TABLE ${table} (LIKE ${parent} INCLUDING ALL)`);
  await client.query(`ALTER TABLE ${parent} ATTACH PARTITION ${table} FOR VALUES ${values}`);
}

function firstOfNext(day: Day): Day {
  const [year, month] = day.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
}

function snapshotPartition(day: Day): string {
  return `leaderboard_snapshot_${day.slice(0, 7).replace('-', '_')}`;
}

function monthOf(day: Day): string {
  return `FROM ('${day.slice(0, 7)}-01') TO ('${firstOfNext(day)}')`;
}
