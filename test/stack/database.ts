import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { openDatabase, type Database } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';

/** A migrated database of its own for one test file. */
export interface TestDatabase {
  readonly db: Database;
  readonly url: string;
  /** Closes `db` and drops the database, whoever else is connected. */
  drop(): Promise<void>;
}

const TEMPLATE = 'laurels_template';
/** Held while the template is made: test files may run side by side. */
const TEMPLATE_LOCK = 0x7465_7374;

/**
 * A fresh database, copied from a migrated template that the first caller of a test run makes. `TEST_DATABASE_URL`: the server,
 * as a role that may create databases.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined) throw new Error('TEST_DATABASE_URL is not set: jest starts PostgreSQL in test/stack/start.ts');
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await asAdmin(server, async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1 AND NOT datallowconn', [TEMPLATE]);
    if (rowCount === 0) await makeTemplate(admin, server);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  });
  const url = urlOf(server, name);
  const db = await openDatabase({ url, applicationName: 'laurels-test' });
  return {
    db,
    url,
    async drop() {
      await db.close();
      await asAdmin(server, async (admin) => void (await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)));
    },
  };
}

/** Runs `work` with a database of its own, which is dropped afterwards. */
export async function withDatabase<T>(work: (db: Database, url: string) => Promise<T>): Promise<T> {
  const database = await createTestDatabase();
  try {
    return await work(database.db, database.url);
  } finally {
    await database.drop();
  }
}

async function makeTemplate(admin: Client, server: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${TEMPLATE}`);
  const db = await openDatabase({ url: urlOf(server, TEMPLATE), applicationName: 'laurels-test-template' });
  try {
    await migrate(db);
  } finally {
    await db.close();
  }
  // A template that somebody is connected to can't be copied; this also marks it as complete.
  await admin.query(`ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`);
}

async function asAdmin(server: string, work: (admin: Client) => Promise<void>): Promise<void> {
  const admin = new Client({ connectionString: server });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
