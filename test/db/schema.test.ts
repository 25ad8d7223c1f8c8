import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate, pendingMigrations } from '../../src/db/migrate.ts';
import { currentScoring } from '../../src/db/scoring.ts';
import { DEFAULT_SCORING } from '../../src/domain/scoring.ts';
import { createTestDatabase, withDatabase, type TestDatabase } from '../stack/database.ts';
import { dumpSchema } from './schema-dump.ts';

const DUMP = new URL('../../src/db/schema.sql', import.meta.url);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('the entities describe the migrated database: the ORM finds nothing to change', async () => {
  expect(await database.db.orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
});

test('the migrated database is as src/db/schema.sql says (UPDATE=1 writes it)', async () => {
  const dump = await dumpSchema(database.db.pool);
  if (process.env['UPDATE'] === '1') await writeFile(DUMP, dump);
  expect(dump).toBe(await readFile(DUMP, 'utf8'));
});

test('migrating again, five times at once, applies nothing', async () => {
  const { db } = database;
  expect(await pendingMigrations(db)).toEqual([]);
  expect(await Promise.all(Array.from({ length: 5 }, () => migrate(db)))).toEqual([[], [], [], [], []]);
});

test('the first scoring version is that of the domain', async () => {
  expect(await currentScoring(database.db)).toMatchObject(DEFAULT_SCORING);
});

test('a migration can be taken back and applied again', () =>
  withDatabase(async (db) => {
    const all = await db.orm.migrator.getExecuted();
    await db.orm.migrator.down({ to: 0 });
    const { rows } = await db.pool.query(`SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migration'`);
    expect(rows).toHaveLength(0);
    expect(await migrate(db)).toHaveLength(all.length);
    expect(await dumpSchema(db.pool)).toBe(await readFile(DUMP, 'utf8'));
  }));
