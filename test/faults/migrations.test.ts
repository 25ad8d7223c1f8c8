import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { openDatabase, type Database } from '../../src/db/database.ts';
import { migrate, pendingMigrations } from '../../src/db/migrate.ts';
import { MIGRATIONS } from '../../src/db/orm-options.ts';
import { quietLog } from '../temporal/test-namespace.ts';
import { attachServices } from '../../src/attached-services.ts';

let admin: Client;
let url: string;
let db: Database;
const name = `faults_migrations_${process.pid}`;

beforeAll(async () => {
  const server = process.env['TEST_DATABASE_URL'] as string;
  admin = new Client({ connectionString: server });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const own = new URL(server);
  own.pathname = `/${name}`;
  url = own.href;
  db = await openDatabase({ url, applicationName: 'faults' });
});
afterAll(async () => {
  await db.close();
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
});

const attach = () =>
  attachServices(
    {
      databaseUrl: url,
      temporal: { address: '127.0.0.1:1', namespace: 'default', apiKey: null, tls: null, uiUrl: null, cli: null, workerVersion: null },
      tracing: null,
    },
    { role: 'server', applicationName: 'faults', queryTimeoutMs: 10_000, log: quietLog },
  );
async function tables(): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname IN ('public', 'staging') AND tablename <> 'schema_migration' ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

test('F50: of migrations of which one fails nothing is left, whatever lay before it, and the next try makes all', async () => {
  // In the way of one in the middle.
  await db.pool.query('CREATE TABLE avatar (mine text)');
  await expect(migrate(db)).rejects.toThrow(/"avatar" already exists/);
  expect(await tables()).toEqual(['avatar']);
  expect(await pendingMigrations(db)).toHaveLength(MIGRATIONS.length);
  await db.pool.query('DROP TABLE avatar');
  expect(await migrate(db)).toHaveLength(MIGRATIONS.length);
});

test('F50: what starts against a newer schema is refused with what to do; what runs already goes on', async () => {
  const running = await attach();
  try {
    await db.pool.query(`INSERT INTO schema_migration (name) VALUES ('Migration29991231000000_later')`);
    await expect(attach()).rejects.toMatchObject({
      code: 'server_not_ready',
      message: expect.stringContaining('_later): start that version'),
    });
    await expect(migrate(db)).rejects.toMatchObject({ code: 'database_newer' });
    // Its readiness asks for what it needs, and that is there.
    expect(await pendingMigrations(running.db)).toEqual([]);
  } finally {
    await running.close();
  }
});
