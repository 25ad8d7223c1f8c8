import { expect, test } from '@jest/globals';
import { loadSampleOnce } from '../../sample/load.ts';
import { readBoard } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { listJobs } from '../../src/db/jobs.ts';
import { addRepository, listRepositories } from '../../src/db/repositories.ts';
import { removeSample } from '../../src/db/sample.ts';
import { verifyDatabase } from '../../src/db/verify.ts';
import { withDatabase } from '../stack/database.ts';

const names = async (db: Parameters<typeof listRepositories>[0]) =>
  (await listRepositories(db, { sort: 'name', limit: 10 })).data.map(({ owner, name }) => `${owner}/${name}`);

test('the sample is loaded as people see it: boards, people of every kind, finished jobs', async () => {
  await withDatabase(async (db) => {
    const today = await databaseToday(db);
    expect(await loadSampleOnce(db, today)).toBe(true);

    const board = await readBoard(db, { scope: 'global', window: 'default', include: [], limit: 10 });
    expect(board.total).toBeGreaterThan(50);
    expect(board.data.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(board.data[0]?.lines_added).toBeGreaterThan(0);
    expect(board.data.every(({ incomplete_kinds, contributor }) => incomplete_kinds.length === 0 && contributor.kind === 'human')).toBe(
      true,
    );
    const withMachines = await readBoard(db, { scope: 'global', window: 'default', include: ['bots', 'agents'], limit: 'all' });
    expect(new Set(withMachines.data.map(({ contributor }) => contributor.kind))).toEqual(new Set(['human', 'bot', 'agent']));
    const { data: jobs } = await listJobs(db, { limit: 10 });
    expect(jobs.map(({ status, sources }) => [status, sources])).toEqual(jobs.map(() => ['COMPLETED', ['sample']]));
  });
});

test('it comes once: not a second time, not after it was removed, not where a repository is', async () => {
  await withDatabase(async (db) => {
    const today = await databaseToday(db);
    expect(await loadSampleOnce(db, today)).toBe(true);
    expect(await loadSampleOnce(db, today)).toBe(false);
    expect(await names(db)).toHaveLength(4);
    // A day later there are ranks of yesterday, which name its people.
    await db.pool.query(`UPDATE board SET window_until = window_until - 1, fingerprint = ''`);
    await rebuildGlobalBoard(db);
    expect(await removeSample(db)).toBe(4);
    await rebuildGlobalBoard(db);
    expect((await verifyDatabase(db, { isSettled: true })).findings.filter(({ violations }) => violations > 0)).toEqual([]);
    expect(await loadSampleOnce(db, today)).toBe(false);
    expect(await names(db)).toEqual([]);
  });
  await withDatabase(async (db) => {
    await addRepository(db, { owner: 'rust-lang', name: 'rust' }, null);
    expect(await loadSampleOnce(db, await databaseToday(db))).toBe(false);
    expect(await names(db)).toEqual(['rust-lang/rust']);
  });
});

test('the first real repository takes its place', async () => {
  await withDatabase(async (db) => {
    await loadSampleOnce(db, await databaseToday(db));
    await addRepository(db, { owner: 'rust-lang', name: 'rust' }, null);
    expect(await names(db)).toEqual(['rust-lang/rust']);
  });
});

test('a load that was broken off is begun again', async () => {
  await withDatabase(async (db) => {
    const today = await databaseToday(db);
    await addRepository(db, { owner: 'sample', name: 'harbor-lights' }, { githubId: -101 });
    expect(await loadSampleOnce(db, today)).toBe(true);
    expect(await names(db)).toHaveLength(4);
  });
});
