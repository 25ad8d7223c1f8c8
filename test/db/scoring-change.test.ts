import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readBoard, type Board } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { closeJob, jobById } from '../../src/db/jobs.ts';
import { publishJob } from '../../src/db/publish.ts';
import { deleteRepository, type StoredRepository } from '../../src/db/repositories.ts';
import { changeScoring, closeRescore } from '../../src/db/scoring-change.ts';
import { previewScoring } from '../../src/db/scoring-preview.ts';
import { currentScoring, findScoring, newestScoring } from '../../src/db/scoring.ts';
import type { Account, Contribution } from '../../src/domain/contribution.ts';
import { NO_OPTIONS, pointsOf, type ScoringOptions, type ScoringRules } from '../../src/domain/scoring.ts';
import { addDays, presetWindow, type Day, type Window } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, stagedJob } from './publishing.ts';

const [ada, bob] = [account(1, 'ada'), account(2, 'bob')];

let database: TestDatabase;
let today: Day;
let window: Window;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  const { db } = database;
  today = await databaseToday(db);
  window = presetWindow('2y', today);
  const { rows } = await db.pool.query<{ id: number }>('SELECT id FROM repository');
  for (const { id } of rows) await deleteRepository(db, id);
  await db.pool.query('TRUNCATE board, leaderboard_snapshot');
  await db.pool.query('DELETE FROM scrape_job');
});

const commits = (who: Account, count: number): readonly Contribution[] =>
  Array.from({ length: count }, (_, index) => did('COMMIT', `${who.login}-${index}`, who, `${addDays(today, -1)}T12:00:00Z`));

async function rules(commit: string, options: Partial<ScoringOptions> = {}): Promise<ScoringRules> {
  const { weights, lineBonusCap } = await newestScoring(database.db);
  return { weights: { ...weights, COMMIT: pointsOf(commit) }, lineBonusCap, options: { ...NO_OPTIONS, ...options } };
}
const change = async (commit: string, options: Partial<ScoringOptions> = {}, expected: number | null = null) =>
  changeScoring(database.db, { expected, rules: await rules(commit, options), by: 'test', note: null });

const scoresOf = async (scope: StoredRepository | 'global'): Promise<readonly (readonly [string, number])[]> => {
  const board: Board = await readBoard(database.db, {
    scope: scope === 'global' ? scope : { repositoryId: scope.id },
    window: 'default',
    include: [],
    limit: 'all',
  });
  return board.data.map(({ contributor, total_score }) => [contributor.username, total_score] as const);
};

test('of two changes from the same version one is saved and the other refused', async () => {
  const { db } = database;
  const { version } = await newestScoring(db);
  const results = await Promise.allSettled(['1.5', '2.5', '3.5'].map((commit) => change(commit, {}, version)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) {
    if (result.status === 'rejected')
      expect(result.reason).toMatchObject({ code: 'scoring_changed', status: 412, details: { version: version + 1 } });
  }
  expect((await newestScoring(db)).version).toBe(version + 1);
});

test('every field is stored, the same rules are not stored twice, and changes share an unfinished job', async () => {
  const { db } = database;
  const options: ScoringOptions = { coauthorCredit: true, dailyCaps: { COMMENT: 5, COMMIT_COAUTHOR: 2 }, concaveLines: true };
  const first = await change('4.25', options);
  expect(await findScoring(db, first.scoring.version)).toMatchObject({ options, createdBy: 'test', weights: { COMMIT: 42_500n } });
  expect(await change('4.25', options)).toMatchObject({ scoring: { version: first.scoring.version }, jobId: null });
  const second = await change('4.5', options);
  expect(second).toMatchObject({ scoring: { version: first.scoring.version + 1 }, jobId: first.jobId });
  expect(await jobById(db, String(first.jobId))).toMatchObject({ type: 'RESCORE', status: 'QUEUED', repositoryName: '' });
  await closeJob(db, String(first.jobId), { status: 'COMPLETED' });
  expect((await change('4.75', options)).jobId).not.toBe(first.jobId);
});

test('boards keep the scoring they have until all of them change at once; a publish in between keeps to it too', async () => {
  const { db } = database;
  const [one, two] = [await newRepository(db), await newRepository(db)];
  await change('10');
  await scrape(db, one, { window, batches: [commits(ada, 2)] });
  await scrape(db, two, { window, batches: [commits(bob, 1)] });
  await rebuildGlobalBoard(db);
  const { scoring, jobId } = await change('3');
  expect((await currentScoring(db)).version).toBe(scoring.version - 1);
  await scrape(db, two, { window, batches: [commits(bob, 4)] });
  expect([await scoresOf(one), await scoresOf(two)]).toEqual([[['ada', 20]], [['bob', 40]]]);
  expect(await closeRescore(db, String(jobId))).toBe(false);
  expect(await rebuildGlobalBoard(db)).toMatchObject({ rescored: 2, changed: true });
  expect([await scoresOf(one), await scoresOf(two), await scoresOf('global')]).toEqual([
    [['ada', 6]],
    [['bob', 12]],
    [
      ['bob', 12],
      ['ada', 6],
    ],
  ]);
  // A scoring that is saved before the job is closed is its business too.
  await change('1');
  expect(await closeRescore(db, String(jobId))).toBe(false);
  await rebuildGlobalBoard(db);
  expect(await scoresOf('global')).toEqual([
    ['bob', 4],
    ['ada', 2],
  ]);
  expect(await closeRescore(db, String(jobId))).toBe(true);
  expect(await jobById(db, String(jobId))).toMatchObject({ status: 'COMPLETED' });
});

test('changes, publishes, a deletion and rebuilds at once end as if they had come one after the other', async () => {
  const { db } = database;
  const repositories = [await newRepository(db), await newRepository(db), await newRepository(db)] as const;
  await change('10');
  for (const repository of repositories) await scrape(db, repository, { window, batches: [commits(ada, 2), commits(bob, 3)] });
  await rebuildGlobalBoard(db);
  for (const [round, weight] of ['2', '5', '7'].entries()) {
    const jobs = await Promise.all(
      repositories.slice(1).map((repository) => stagedJob(db, repository, { window, batches: [commits(ada, 5 + round), commits(bob, 1)] })),
    );
    await Promise.all([
      change(weight).then(() => rebuildGlobalBoard(db)),
      ...jobs.map(({ id }) => publishJob(db, id)),
      rebuildGlobalBoard(db),
      ...(round === 1 ? [deleteRepository(db, repositories[0].id)] : []),
    ]);
    for (const { id } of jobs) await closeJob(db, id, { status: 'COMPLETED' });
    await rebuildGlobalBoard(db);
    const points = Number(weight);
    expect(await scoresOf(repositories[1])).toEqual([
      ['ada', (5 + round) * points],
      ['bob', points],
    ]);
    const others = round === 0 ? [2, 3] : [0, 0];
    expect(await scoresOf('global')).toEqual([
      ['ada', (2 * (5 + round) + others[0]!) * points],
      ['bob', (2 + others[1]!) * points],
    ]);
  }
  const { rowCount } = await db.pool.query('SELECT FROM repository_leaderboard WHERE repository_id = $1', [repositories[0].id]);
  expect(rowCount).toBe(0);
  const current = await currentScoring(db);
  const { rows } = await db.pool.query('SELECT DISTINCT scoring_version AS version FROM board');
  expect(rows).toEqual([{ version: current.version }]);
});

test('without any board a scoring can change too', async () => {
  const { db } = database;
  await rebuildGlobalBoard(db);
  const { scoring } = await change('10.5');
  expect(await rebuildGlobalBoard(db)).toEqual({ people: 0, changed: true, rescored: 0 });
  expect((await currentScoring(db)).version).toBe(scoring.version);
});

test('scored from stored counts or ranked from days, boards are the same', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const late = `${addDays(today, -2)}T10:00:00Z`;
  const merge = did('PR_MERGED', 7, bob, late, { linesAdded: 70_000, linesDeleted: 1 });
  await change('10');
  await scrape(db, repository, { window, batches: [commits(ada, 30), commits(bob, 20), [merge, did('RELEASE', '1', bob, late)]] });
  await rebuildGlobalBoard(db);
  const state = async (): Promise<unknown> => {
    const { rows } = await db.pool.query(
      `SELECT l.person_id, l.rank, l.position, l.total_score, l.login_order, l.commit_count, l.lines_added FROM board b
       JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version) WHERE b.scope = $1
       ORDER BY l.person_id`,
      [repository.id],
    );
    const global = await db.pool.query(
      `SELECT l.person_id, l.rank, l.position, l.total_score, l.commit_count, l.repositories_contributed, l.lines_added
       FROM board b JOIN global_leaderboard l ON l.version = b.version WHERE b.scope = 0 ORDER BY l.person_id`,
    );
    return [rows, global.rows];
  };
  // Daily caps, and leaving them, rank from days; the curve and other weights score the counts.
  await change('2', { dailyCaps: { COMMIT: 25 } });
  await rebuildGlobalBoard(db);
  expect(await scoresOf(repository)).toEqual([
    ['bob', 20 * 2 + 25 + 30 + 500],
    ['ada', 25 * 2],
  ]);
  await change('3', { concaveLines: true });
  await rebuildGlobalBoard(db);
  const ranked = await state();
  await change('4', { concaveLines: true });
  await rebuildGlobalBoard(db);
  await change('3', { concaveLines: true });
  await rebuildGlobalBoard(db);
  expect(await state()).toEqual(ranked);
  await db.pool.query(`UPDATE board SET fingerprint = ''`);
  await rebuildGlobalBoard(db);
  expect(await state()).toEqual(ranked);
});

test('a preview says what a rebuild then does, and writes nothing', async () => {
  const { db } = database;
  const [one, two] = [await newRepository(db), await newRepository(db)];
  await change('10');
  const at = `${addDays(today, -1)}T12:00:00Z`;
  const crowd = Array.from({ length: 60 }, (_, index) => account(100 + index, `p-${String(index).padStart(2, '0')}`));
  await scrape(db, one, {
    window,
    batches: crowd.map((who, index) => [...commits(who, 1 + (index % 7)), did('COMMENT', `c${index}`, who, at)]),
  });
  await scrape(db, two, {
    window,
    batches: [crowd.slice(0, 5).map((who, index) => did('RELEASE', `r${index}`, who, at)), commits(ada, 2)],
  });
  await rebuildGlobalBoard(db);
  const versions = async (): Promise<unknown> => (await db.pool.query('SELECT scope, version, xmin::text FROM board ORDER BY scope')).rows;
  for (const options of [{}, { dailyCaps: { COMMIT: 2 } }, { concaveLines: true }] satisfies Partial<ScoringOptions>[]) {
    const proposed = await rules('0.5', options);
    const before = await versions();
    for (const scope of ['global', { repositoryId: one.id }] as const) {
      const preview = await previewScoring(db, proposed, scope);
      expect(preview).toMatchObject({ people: scope === 'global' ? 61 : 60, window });
      expect(preview.topBefore).toHaveLength(50);
      expect(preview.topBefore.map(({ before: place }) => [place?.rank, place?.score])).toEqual(
        (await boardOf(scope)).slice(0, 50).map(({ rank, total_score }) => [rank, total_score]),
      );
      expect(preview.rankCorrelation).toBeGreaterThanOrEqual(-1);
      expect(preview.rankCorrelation).toBeLessThanOrEqual(1);
      const gains = preview.biggestMovers.map(({ before: was, after: is }) => Math.abs(Number(was?.rank) - Number(is?.rank)));
      expect(gains).toEqual(gains.toSorted((a, b) => b - a));
    }
    expect(await versions()).toEqual(before);
    const promised = await previewScoring(db, proposed, 'global');
    await changeScoring(db, { expected: null, rules: proposed, by: 'test', note: null });
    await rebuildGlobalBoard(db);
    expect(promised.topAfter.map(({ username, after }) => [username, after?.rank, after?.score])).toEqual(
      (await boardOf('global')).slice(0, 50).map(({ contributor, rank, total_score }) => [contributor.username, rank, total_score]),
    );
    expect(await previewScoring(db, proposed, 'global')).toMatchObject({ unchangedRanks: 61, rankCorrelation: 1, biggestMovers: [] });
  }

  async function boardOf(scope: 'global' | { repositoryId: number }): Promise<Board['data']> {
    return (await readBoard(db, { scope, window: 'default', include: [], limit: 'all' })).data;
  }
});
