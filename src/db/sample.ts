import { inTransaction, queryable, type Database, type Queryable } from './database.ts';
import { removeSampleRows } from './repository-removal.ts';

/** Removes the generated sample, repositories and people, and says how many repositories that were. The global board follows when it is rebuilt. */
export async function removeSample(db: Database | Queryable): Promise<number> {
  return 'pool' in db ? inTransaction(db, removeSampleRows) : removeSampleRows(db);
}

/** Whether any repository is known, the sample's among them. */
export async function hasRepositories(db: Database | Queryable): Promise<boolean> {
  const { rows } = await queryable(db).query<{ known: boolean }>('SELECT EXISTS (SELECT FROM repository) AS known');
  return rows[0]?.known ?? false;
}

/** Whether the sample was ever loaded here: it comes once per data directory and never back by itself. */
export async function sampleLoaded(db: Database | Queryable): Promise<boolean> {
  const { rows } = await queryable(db).query<{ loaded: boolean }>(
    `SELECT EXISTS (SELECT FROM setting WHERE name = 'sample_loaded' AND value = 'true') AS loaded`,
  );
  return rows[0]?.loaded ?? false;
}

/** Remembers that the sample was loaded. */
export async function markSampleLoaded(db: Database | Queryable): Promise<void> {
  await queryable(db).query(
    `INSERT INTO setting (name, value) VALUES ('sample_loaded', 'true') ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  );
}
