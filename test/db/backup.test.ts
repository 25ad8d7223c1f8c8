import { readFile, rm, stat, writeFile, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApiKey } from '../../src/db/api-keys.ts';
import { writeBackup } from '../../src/db/backup/backup.ts';
import { restoreBackup } from '../../src/db/backup/restore.ts';
import { readBoard } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday, type Database } from '../../src/db/database.ts';
import { createScrapeJob, jobById, openJob } from '../../src/db/jobs.ts';
import { MIGRATIONS } from '../../src/db/orm-options.ts';
import { hidePerson } from '../../src/db/opt-out.ts';
import { findPerson } from '../../src/db/people.ts';
import { addRepository, findRepository } from '../../src/db/repositories.ts';
import { verifyDatabase } from '../../src/db/verify.ts';
import { AppError } from '../../src/domain/errors.ts';
import { addDays, presetWindow } from '../../src/domain/window.ts';
import { createTestDatabase, withDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape } from './publishing.ts';

const KEY = Buffer.from('a key that only this test knows');
let source: TestDatabase;
let directory: string;
let file: string;
let runningJob: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'laurels-backup-'));
  file = join(directory, 'whole.laurels');
  source = await createTestDatabase();
  const { db } = source;
  const today = await databaseToday(db);
  const window = presetWindow('2y', today);
  const at = `${addDays(today, -3)}T10:00:00Z`;
  for (const index of [1, 2]) {
    const batches = [
      [
        ...[1, 2, 3, 4].map((who) => did('ISSUE_OPENED', who * 10 + index, account(who), at)),
        // What COPY writes in a way of its own.
        did('COMMENT', 'tab\tand\\.', account(5, 'back\\slash'), at, { sourceEvent: 'line\nend' }),
        did('COMMENT', '\\.', null, at),
      ],
    ];
    await scrape(db, await newRepository(db), { window, batches });
  }
  await hidePerson(db, KEY, (await findPerson(db, 'user-4')) ?? { githubId: 4 });
  await createApiKey(db, { name: 'ada', scope: 'read' });
  const { repository } = await addRepository(db, { owner: 'acme', name: 'under-way' }, null);
  runningJob = (await createScrapeJob(db, { repository, type: 'FULL', sources: ['github'], window, requestedBy: 'test' })).id;
  await openJob(db, runningJob, 'run');
  await rebuildGlobalBoard(db);
  await writeBackup(db, file, { optOutKey: KEY });
}, 60_000);
afterAll(async () => {
  await source.drop();
  await rm(directory, { recursive: true });
});

async function boardsOf(db: Database): Promise<unknown> {
  const { rows } = await db.pool.query<{ scope: number }>('SELECT scope FROM board ORDER BY scope');
  return Promise.all(
    rows.map(async ({ scope }) =>
      readBoard(db, {
        scope: scope === 0 ? 'global' : { repositoryId: scope },
        window: 'default',
        include: ['bots', 'agents'],
        limit: 'all',
      }),
    ),
  );
}

/** A copy of the back-up with its text changed. */
async function altered(name: string, change: (text: string) => string | Buffer): Promise<string> {
  const path = join(directory, name);
  const changed = change(gunzipSync(await readFile(file)).toString('utf8'));
  await writeFile(path, typeof changed === 'string' ? gzipSync(changed) : changed);
  return path;
}

async function fingerprint(db: Database): Promise<unknown> {
  const { rows } = await db.pool.query(
    `SELECT (SELECT count(*) FROM repository) AS repositories, (SELECT count(*) FROM contribution_event) AS contributions,
       (SELECT count(*) FROM scoring_weight) AS weights, (SELECT count(*) FROM schema_migration) AS migrations,
       (SELECT string_agg(c.oid::text, ',' ORDER BY c.oid) FROM pg_class c WHERE relnamespace = current_schema::regnamespace) AS tables`,
  );
  return rows[0];
}

describe('a back-up', () => {
  test('restored into an empty database has every board, row for row, and everything that must hold of it', async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await withDatabase(async (db) => {
      const restored = await restoreBackup(db, file, { replace: false });
      expect(restored).toMatchObject({ closedJobs: 1, migrated: [], optOutKey: KEY });
      expect(await boardsOf(db)).toEqual(await boardsOf(source.db));
      const found = await verifyDatabase(db, { isSettled: true });
      expect(found.findings.filter(({ violations }) => violations > 0)).toEqual([]);
      expect(await jobById(db, runningJob)).toMatchObject({ status: 'FAILED', errorCode: 'restored' });
      expect(await findRepository(db, { owner: 'acme', name: 'under-way' })).toMatchObject({ status: 'FAILED' });
      // Numbers go on where they were, and the next scrape finds its rows.
      const again = await newRepository(db);
      const { rows } = await source.db.pool.query<{ id: number }>('SELECT max(id) AS id FROM repository');
      expect(again.id).toBeGreaterThan(rows[0]?.id ?? 0);
      const today = await databaseToday(db);
      await scrape(db, again, { window: presetWindow('2y', today), batches: [[did('RELEASE', '1', account(1), `${today}T00:00:00Z`)]] });
      await rebuildGlobalBoard(db);
      expect((await verifyDatabase(db, { isSettled: true })).isSound).toBe(true);
    });
  }, 30_000);

  test('of a back-up is the same text, but for when it was made', async () => {
    await withDatabase(async (db) => {
      await restoreBackup(db, file, { replace: false });
      const second = join(directory, 'second.laurels');
      await db.pool.query(
        `UPDATE scrape_job SET status = 'RUNNING', phase = 'OPENED', error_code = NULL, error_message = NULL, completed_at = NULL WHERE id = $1`,
        [runningJob],
      );
      await db.pool.query(`UPDATE repository SET status = 'SCRAPING' WHERE name = 'under-way'`);
      await writeBackup(db, second, { optOutKey: KEY });
      const sumsOf = async (path: string): Promise<unknown> => {
        const lines = gunzipSync(await readFile(path))
          .toString('utf8')
          .split('\n');
        // Rows that were written again stand elsewhere: rows of a table are sorted.
        return lines.filter((line) => !line.startsWith('{')).toSorted();
      };
      expect(await sumsOf(second)).toEqual(await sumsOf(file));
    });
  });

  test('is not written over another file, nor with a key that is not that of the opt-outs, and leaves nothing half written', async () => {
    await expect(writeBackup(source.db, file, { optOutKey: KEY })).rejects.toMatchObject({ code: 'file_exists' });
    const other = join(directory, 'other.laurels');
    await expect(writeBackup(source.db, other, { optOutKey: Buffer.from('another key, which is long enough') })).rejects.toMatchObject({
      code: 'opt_out_key_differs',
    });
    await expect(writeBackup(source.db, other, { optOutKey: null })).rejects.toMatchObject({ code: 'opt_out_key_differs' });
    expect((await readdir(directory)).filter((name) => name.includes('other') || name.includes('partial'))).toEqual([]);
  });
});

describe('a restore', () => {
  test.each<[string, RegExp, (text: string) => string | Buffer]>([
    [
      'cut off in the middle',
      /damaged in table \w+( after row \d+)?: .*end/,
      (text) => gzipSync(text).subarray(0, gzipSync(text).length / 2),
    ],
    ['without its end', /damaged at its end: the file ends too early/, (text) => text.slice(0, text.lastIndexOf('{"end"'))],
    [
      'with one letter changed',
      /damaged in table github_user after row \d+: its sum is not what it was/,
      (text) => text.replace('\tuser-2\t', '\tuser-X\t'),
    ],
    [
      'with a row less',
      /damaged in table repository after row \d: it has \d rows instead of \d/,
      (text) => text.replace(/\n\d+\t\d+\t\\N\tacme\trocket[^\n]*/, ''),
    ],
    [
      'with a row that is none',
      /damaged in table setting.*: missing data.*COPY setting, line 1/s,
      (text) => text.replace(/(\{"table":"setting"[^\n]*\n)/, '$1nonsense\n'),
    ],
    ['with something behind it', /damaged at its end: something follows/, (text) => `${text}more\n`],
    [
      'of a newer Laurels',
      /made by a newer Laurels .*Migration20990101000000_future. Update/,
      (text) => text.replace('"migrations":[', '"migrations":["Migration20990101000000_future",'),
    ],
    ['that is no back-up', /is not a back-up of Laurels/, () => Buffer.from('something else')],
  ])('of a file %s changes nothing and says why', async (name, message, change) => {
    const path = await altered(`${name.replaceAll(' ', '-')}.laurels`, change);
    await withDatabase(async (db) => {
      const before = await fingerprint(db);
      const failed: unknown = await restoreBackup(db, path, { replace: true }).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(AppError);
      expect((failed as AppError).message).toMatch(message);
      expect(await fingerprint(db)).toEqual(before);
    });
  });

  test('refuses a database that holds something, unless it is to be replaced, and one that others work on', async () => {
    await withDatabase(async (db, url) => {
      await newRepository(db);
      await expect(restoreBackup(db, file, { replace: false })).rejects.toMatchObject({ code: 'database_not_empty' });
      const { openDatabase } = await import('../../src/db/database.ts');
      const worker = await openDatabase({ url, applicationName: 'laurels-worker' });
      await worker.pool.query('SELECT 1');
      await expect(restoreBackup(db, file, { replace: true })).rejects.toMatchObject({ code: 'database_in_use' });
      await worker.close();
      await restoreBackup(db, file, { replace: true });
      expect(await boardsOf(db)).toEqual(await boardsOf(source.db));
    });
  });

  test('brings a back-up of the version before up to date', async () => {
    const names = MIGRATIONS.map(({ name }) => name);
    const older = names.slice(0, -1);
    await withDatabase(async (db) => {
      await db.orm.migrator.down({ to: older.at(-1) as string });
      await newRepository(db);
      const path = join(directory, 'older.laurels');
      await writeBackup(db, path, { optOutKey: null });
      await withDatabase(async (target) => {
        expect((await restoreBackup(target, path, { replace: false })).migrated).toEqual(names.slice(-1));
        expect((await target.orm.migrator.getPending()).map(({ name }) => name)).toEqual([]);
        expect((await verifyDatabase(target)).isSound).toBe(true);
      });
    });
  });
});
