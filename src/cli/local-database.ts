import type { Database } from '../db/database.ts';
import { claimDataDirectory } from '../embedded/data-directory.ts';
import type { CommandContext } from './context.ts';
import { UsageError } from './exit-code.ts';

/**
 * Works with the database itself, for what must not need the API: that of DATABASE_URL; else the embedded one, running or, when it is
 * not, started for this command. The schema is brought up to date first, or with `schema: 'as it is'` left alone.
 * @throws UsageError when LAURELS_URL names a Laurels elsewhere.
 */
export async function withLocalDatabase<T>(
  { config, terminal }: CommandContext,
  work: (db: Database) => Promise<T>,
  { schema = 'up to date' }: { readonly schema?: Schema } = {},
): Promise<T> {
  const { dataDir, databaseUrl, laurelsUrl } = config();
  if (laurelsUrl !== null) {
    throw new UsageError(`This works on this machine's database, but LAURELS_URL is set (${laurelsUrl}). Unset it.`);
  }
  if (databaseUrl !== null) return await withDatabaseAt(databaseUrl, work, schema);
  const { runningPostgres, startEmbeddedPostgres } = await import('../embedded/postgres.ts');
  const { DATABASE_NAME } = await import('../embedded/services.ts');
  const running = await runningPostgres(dataDir, DATABASE_NAME);
  if (running !== null) return await withDatabaseAt(running, work, schema);
  const claim = await claimDataDirectory(dataDir);
  try {
    const postgres = await startEmbeddedPostgres({ dataDir, database: DATABASE_NAME, say: terminal.say, preferredPort: 0 });
    try {
      return await withDatabaseAt(postgres.url, work, schema);
    } finally {
      await postgres.stop();
    }
  } finally {
    await claim.release();
  }
}

type Schema = 'up to date' | 'as it is';

async function withDatabaseAt<T>(url: string, work: (db: Database) => Promise<T>, schema: Schema): Promise<T> {
  // The ORM is loaded by the commands that need it, as it takes longer than all the rest.
  const [{ openDatabase }, { migrate }] = await Promise.all([import('../db/database.ts'), import('../db/migrate.ts')]);
  const db = await openDatabase({ url, applicationName: 'laurels-cli', maxConnections: 2 });
  try {
    if (schema === 'up to date') await migrate(db);
    return await work(db);
  } finally {
    await db.close();
  }
}
