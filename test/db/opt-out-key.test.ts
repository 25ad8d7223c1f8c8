import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkOptOutKey, openOptOutKey } from '../../src/db/opt-out-key.ts';
import { hidePerson } from '../../src/db/opt-out.ts';
import { temporaryDirectories } from '../embedded/temporary-directory.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

const newDirectory = temporaryDirectories();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a key is made once per data directory, for its owner only, and found again', async () => {
  const dataDir = newDirectory();
  const made = await Promise.all(Array.from({ length: 2 }, () => openOptOutKey(database.db, { optOutKey: null, dataDir })));
  expect(made[0]).toEqual(made[1]);
  const path = join(dataDir, 'opt-out.key');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await chmod(path, 0o644);
  expect(await openOptOutKey(database.db, { optOutKey: null, dataDir })).toEqual(made[0]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await readFile(path, 'utf8')).trim()).toBe(made[0]?.toString());
  await writeFile(path, 'short');
  await expect(openOptOutKey(database.db, { optOutKey: null, dataDir })).rejects.toMatchObject({ code: 'opt_out_key_unreadable' });
});

test('another key is taken while nobody is hidden, and refused from then on', async () => {
  const [one, other] = [Buffer.from('the first key that was ever used'), Buffer.from('another key, of another machine')];
  await checkOptOutKey(database.db, one);
  await checkOptOutKey(database.db, other);
  await hidePerson(database.db, other, { githubId: 5 });
  await expect(checkOptOutKey(database.db, one)).rejects.toMatchObject({ code: 'opt_out_key_differs' });
  await expect(hidePerson(database.db, one, { githubId: 6 })).rejects.toMatchObject({ code: 'opt_out_key_differs' });
  await checkOptOutKey(database.db, other);
});
