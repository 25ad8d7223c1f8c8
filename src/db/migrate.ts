import { AppError, ServiceUnavailable } from '../domain/errors.ts';
import { DEFAULT_SCORING } from '../domain/scoring.ts';
import type { PoolClient } from 'pg';
import type { Database } from './database.ts';
import { LOCKS } from './locks.ts';
import { MIGRATIONS } from './orm-options.ts';
import { saveScoring } from './scoring.ts';

/**
 * Brings the schema up to date and makes scoring version 1, and says which migrations it applied. Several processes may call it
 * at once: one migrates, the others wait for it. A migration that fails leaves nothing behind.
 * @throws ServiceUnavailable when the database can't be reached.
 * @throws AppError `database_newer` when another version has migrated it beyond what this code knows.
 */
export async function migrate(db: Database): Promise<readonly string[]> {
  const client = await connect(db);
  let broken: Error | undefined;
  try {
    await client.query('SELECT pg_advisory_lock($1, $2)', [...LOCKS.migration]);
    const unknown = await unknownMigrations(db);
    if (unknown.length > 0) throw new AppError('database_newer', 500, newerDatabase(unknown), { migrations: unknown });
    const applied = await db.orm.migrator.up();
    const scored = await client.query('SELECT FROM scoring_version LIMIT 1');
    if (scored.rowCount === 0) await saveScoring(client, DEFAULT_SCORING, 'laurels', 'The weights of the original design');
    await client.query(
      `INSERT INTO setting (name, value) VALUES ('identity_version', '1'), ('coverage_version', '1') ON CONFLICT DO NOTHING`,
    );
    return applied.map(({ name }) => name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1, $2)', [...LOCKS.migration]).catch((error: Error) => (broken = error));
    // A connection that could not unlock must not go back to the pool with the lock.
    client.release(broken);
  }
}

/** The migrations that the database has and this code does not know: a newer version has been at work. */
export async function unknownMigrations(db: Database): Promise<readonly string[]> {
  const known = new Set<string>(MIGRATIONS.map(({ name }) => name));
  return (await db.orm.migrator.getExecuted()).map(({ name }) => name).filter((name) => !known.has(name));
}

/** What to do about {@link unknownMigrations}. */
export function newerDatabase(unknown: readonly string[]): string {
  return `The database was migrated by a newer version of Laurels (${unknown.join(', ')}): start that version, or restore a back-up of before.`;
}

/** The migrations that this code knows and the database lacks, oldest first. @throws ServiceUnavailable when it can't be reached. */
export async function pendingMigrations(db: Database): Promise<readonly string[]> {
  (await connect(db)).release();
  return (await db.orm.migrator.getPending()).map(({ name }) => name);
}

/** The first word with the database: a wrong address or password shows here. */
async function connect(db: Database): Promise<PoolClient> {
  try {
    return await db.pool.connect();
  } catch (error) {
    throw new ServiceUnavailable(`PostgreSQL (${error instanceof Error ? error.message : String(error)})`, error);
  }
}
