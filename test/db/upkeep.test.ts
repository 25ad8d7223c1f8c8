import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { saveArchiveFiles } from '../../src/db/archive-files.ts';
import { readBoard } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { coverageOf } from '../../src/db/coverage.ts';
import { appendJobLog, readJobLog } from '../../src/db/job-log.ts';
import { closeJob, jobById } from '../../src/db/jobs.ts';
import { hasRepositories, markSampleLoaded, removeSample, sampleLoaded } from '../../src/db/sample.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { prune, staleRepositories } from '../../src/db/stale.ts';
import { stagingTables } from '../../src/db/staging.ts';
import { createTestDatabase, withDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, stagedJob } from './publishing.ts';

const window = { since: '2026-03-01', until: '2026-04-30' };
const ada = account(1, 'ada');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a repository is stale when its last success is old and nothing works at it', async () => {
  const { db } = database;
  const [old, older, busy, fresh] = [await newRepository(db), await newRepository(db), await newRepository(db), await newRepository(db)];
  await newRepository(db);
  for (const repository of [old, older, busy, fresh]) await scrape(db, repository, { window, batches: [[]] });
  await db.pool.query(`UPDATE repository SET last_scraped_at = now() - id * interval '25 hours' WHERE id = ANY($1)`, [
    [old.id, older.id, busy.id],
  ]);
  await stagedJob(db, busy, { window, batches: [[]] });
  expect((await staleRepositories(db, 24)).map(({ id }) => id)).toEqual([older.id, old.id]);
});

test('pruning takes what is past its time and nothing else', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const dead = await stagedJob(db, repository, { window, batches: [[did('COMMIT', 'a', ada, '2026-03-01T00:00:00Z')]] });
  await closeJob(db, dead.id, { status: 'FAILED' });
  const young = await stagedJob(db, repository, { window, batches: [[]] });
  await closeJob(db, young.id, { status: 'FAILED' });
  const ancient = await stagedJob(db, repository, { window, batches: [[]] });
  await closeJob(db, ancient.id, { status: 'CANCELLED' });
  const running = await stagedJob(db, repository, { window, batches: [[]] });
  await db.pool.query(`UPDATE scrape_job SET completed_at = now() - interval '25 hours' WHERE id = $1`, [dead.id]);
  await db.pool.query(`UPDATE scrape_job SET completed_at = now() - interval '366 days' WHERE id = $1`, [ancient.id]);
  const line = { level: 30, message: 'm', fields: {} };
  await appendJobLog(db, dead.id, [
    { ...line, at: new Date(Date.now() - 31 * 86_400_000) },
    { ...line, at: new Date() },
  ]);
  await prune(db, { logDays: 30, jobDays: 365 });
  expect((await readJobLog(db, { jobId: dead.id, limit: 10 })).map(({ seq }) => seq)).toEqual([2]);
  expect(await jobById(db, ancient.id)).toBeNull();
  const exists = async (id: string): Promise<boolean> => {
    const { rows } = await db.pool.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      stagingTables(id).contributions,
    ]);
    return rows[0]?.there ?? false;
  };
  expect(await Promise.all([dead.id, young.id, ancient.id, running.id].map(exists))).toEqual([false, true, false, true]);
});

test('the sample goes as a whole, people and boards too, and real ones stay', () =>
  withDatabase(async (db) => {
    expect(await hasRepositories(db)).toBe(false);
    const { repository: sample } = await addRepository(db, { owner: 'sample', name: 'one' }, { githubId: -1 });
    await scrape(db, sample, { source: 'sample', window, batches: [[did('COMMIT', 'a', account(-1, 'made-up'), '2026-03-01T00:00:00Z')]] });
    await rebuildGlobalBoard(db);
    expect(await coverageOf(db, sample.id)).toMatchObject({ complete: true, note: 'Sample data, generated.' });
    expect([await sampleLoaded(db), await markSampleLoaded(db), await sampleLoaded(db)]).toEqual([false, undefined, true]);
    expect(await removeSample(db)).toBe(1);
    expect(await removeSample(db)).toBe(0);
    await rebuildGlobalBoard(db);
    const left = await db.pool.query(
      `SELECT 'person' AS left FROM github_user UNION ALL SELECT 'alias' FROM user_alias UNION ALL SELECT 'event' FROM contribution_event
       UNION ALL SELECT 'day' FROM contribution_day UNION ALL SELECT 'board' FROM board WHERE scope <> 0
       UNION ALL SELECT 'row' FROM repository_leaderboard UNION ALL SELECT 'repository' FROM repository`,
    );
    expect(left.rows).toEqual([]);
    expect((await readBoard(db, { scope: 'global', window: 'default', include: [], limit: 5 })).total).toBe(0);
  }));

test('archive data says how much of it there is, and never that it is complete', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const file = { sha256: 'ab'.repeat(32), rows: 5, quarantined: 0, prShare: 0.1, reason: null };
  const files = [
    { ...file, name: '2026-03-01-0.json.gz', hour: '2026-03-01T00:00:00Z', state: 'ok' },
    { ...file, name: '2026-03-01-1.json.gz', hour: '2026-03-01T01:00:00Z', state: 'degraded' },
    { ...file, name: '2026-03-01-2.json.gz', hour: '2026-03-01T02:00:00Z', state: 'damaged', reason: 'unexpected end' },
    { ...file, name: '2025-03-01-2.json.gz', hour: '2025-03-01T02:00:00Z', state: 'ok' },
  ] as const;
  await saveArchiveFiles(db, files);
  await saveArchiveFiles(db, files);
  const published = await scrape(db, repository, {
    source: 'gharchive',
    window,
    covered: [
      { kind: null, since: '2026-03-01', until: '2026-03-01', state: 'degraded', note: '22 hours are missing' },
      { kind: 'COMMENT', since: '2026-03-02', until: '2026-03-03', state: 'complete', note: null },
    ],
    gaps: [{ kind: null, month: '2026-03', reason: '1,462 of 1,464 hours are missing' }],
    batches: [
      [
        did('COMMIT', 'push:1', ada, '2026-03-01T00:00:00Z', { quantity: 3 }),
        did('COMMIT', 'push:2', ada, '2026-03-01T01:00:00Z', { quantity: null }),
        did('COMMENT', 'issue:1', null, '2026-03-01T01:00:00Z'),
      ],
    ],
  });
  // Its gaps are known, so it is known not to be complete; whether a board is, nobody can tell without totals.
  expect(published.complete).toBe(false);
  const coverage = await coverageOf(db, repository.id);
  expect(coverage).toMatchObject({
    complete: null,
    note: 'GH Archive, 2 of 1,464 hours of this window imported; archive figures are a lower bound.',
  });
  expect(coverage.data.find(({ kind }) => kind === 'COMMIT')).toMatchObject({
    month: '2026-03',
    stored: 4,
    unattributed: 0,
    days_complete: 0,
    days: 3,
  });
  expect(coverage.data.find(({ kind }) => kind === 'COMMENT')).toMatchObject({
    stored: 0,
    unattributed: 1,
    days_complete: 2,
    sources: ['gharchive'],
    gaps: ['22 hours are missing'],
  });
});
