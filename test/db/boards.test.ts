import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readBoard, type Board } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday, inTransaction } from '../../src/db/database.ts';
import { publishJob } from '../../src/db/publish.ts';
import { deleteRepository, type StoredRepository } from '../../src/db/repositories.ts';
import { rankRepositories } from '../../src/db/repository-board.ts';
import { currentScoring, saveScoring } from '../../src/db/scoring.ts';
import type { Account, Contribution } from '../../src/domain/contribution.ts';
import { pointsOf, type Scoring } from '../../src/domain/scoring.ts';
import { addDays, presetWindow, type Day, type Window } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, stagedJob } from './publishing.ts';

const [ada, bob, carol, dora] = [account(1, 'ada'), account(2, 'bob'), account(3, 'carol'), account(4, 'dora')];

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
});

/** So many commits of each, yesterday. */
function commits(...counts: readonly (readonly [who: Account, count: number])[]): readonly Contribution[] {
  const at = `${addDays(today, -1)}T12:00:00Z`;
  return counts.flatMap(([who, count]) => Array.from({ length: count }, (_, index) => did('COMMIT', `${who.login}-${index}`, who, at)));
}

const boardOf = (repository: StoredRepository | 'global'): Promise<Board> =>
  readBoard(database.db, {
    scope: repository === 'global' ? repository : { repositoryId: repository.id },
    window: 'default',
    include: [],
    limit: 'all',
  });
const standing = ({ data }: Board): readonly unknown[] =>
  data.map(({ rank, rank_change, contributor }) => [contributor.username, rank, rank_change]);

/** Makes stored boards those of `days` ago: as if nobody had ranked since. */
const age = (days: number): Promise<unknown> =>
  database.db.pool.query(
    `UPDATE board SET window_until = window_until - $1::int, window_since = window_since - $1::int, fingerprint = ''`,
    [days],
  );

async function newScoring(commit: string): Promise<Scoring> {
  const current = await currentScoring(database.db);
  const scoring = { ...current, version: current.version + 1, weights: { ...current.weights, COMMIT: pointsOf(commit) } };
  await saveScoring(database.db.pool, scoring, 'test', null);
  return scoring;
}

describe('rank changes', () => {
  test('compare with the board of seven days ago, which is kept when the board is ranked anew', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    await scrape(db, repository, { window, batches: [commits([ada, 3], [bob, 2])] });
    expect(standing(await boardOf(repository))).toEqual([
      ['ada', 1, null],
      ['bob', 2, null],
    ]);
    await age(7);
    await db.pool.query(
      `CREATE TABLE IF NOT EXISTS leaderboard_snapshot_old PARTITION OF leaderboard_snapshot FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')`,
    );
    await scrape(db, repository, { window, batches: [commits([ada, 3], [bob, 4], [carol, 2])] });
    await db.pool.query(
      `INSERT INTO leaderboard_snapshot SELECT $1, id, '2020-01-05', 1, 5 FROM github_user WHERE username = 'dora' ON CONFLICT DO NOTHING`,
      [repository.id],
    );
    const board = await boardOf(repository);
    expect(board.compared_to).toBe(addDays(today, -7));
    expect(standing(board)).toEqual([
      ['bob', 1, 1],
      ['ada', 2, -1],
      ['carol', 3, 'new'],
    ]);
  });

  test('who was on the board before, but not seven days ago, has returned', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    await scrape(db, repository, { window, batches: [commits([ada, 3], [dora, 1])] });
    await age(14);
    await scrape(db, repository, { window, batches: [commits([ada, 3])] });
    await age(7);
    await scrape(db, repository, { window, batches: [commits([ada, 3], [dora, 1])] });
    expect(standing(await boardOf(repository))).toEqual([
      ['ada', 1, 0],
      ['dora', 2, 'returned'],
    ]);
  });
});

describe('the global rebuild', () => {
  test('ranks repositories whose window does not end today first, so that all boards have one window', async () => {
    const { db } = database;
    const [one, two] = [await newRepository(db), await newRepository(db)];
    await scrape(db, one, { window, batches: [commits([ada, 1])] });
    await scrape(db, two, { window, batches: [[...commits([bob, 1]), did('COMMIT', 'old', bob, `${window.since}T00:00:00Z`)]] });
    await age(1);
    expect(await rebuildGlobalBoard(db)).toEqual({ people: 2, changed: true, rescored: 0 });
    for (const board of [await boardOf(one), await boardOf(two), await boardOf('global')]) expect(board.window).toEqual(window);
    expect(standing(await boardOf('global'))).toEqual([
      ['bob', 1, null],
      ['ada', 2, null],
    ]);
  });

  test('with unchanged inputs writes nothing', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    await scrape(db, repository, { window, batches: [commits([ada, 1])] });
    await rebuildGlobalBoard(db);
    const state = async (): Promise<unknown> => {
      const { rows } = await db.pool.query(`SELECT scope, version, ctid, xmin::text FROM board ORDER BY scope`);
      return rows as unknown;
    };
    const before = await state();
    expect(await rebuildGlobalBoard(db)).toEqual({ people: 1, changed: false, rescored: 0 });
    const scoring = await currentScoring(db);
    expect(await inTransaction(db, (client) => rankRepositories(client, { ids: 'all', today, scoring }))).toBe(0);
    expect(await state()).toEqual(before);
  });

  test('several at once come to one result, and old versions do not pile up', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    for (let round = 1; round <= 4; round += 1) {
      await scrape(db, repository, { window, batches: [commits([ada, round])] });
      const results = await Promise.all(Array.from({ length: 4 }, () => rebuildGlobalBoard(db)));
      expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    }
    const { rows } = await db.pool.query(`SELECT FROM pg_inherits WHERE inhparent = 'global_leaderboard'::regclass`);
    expect(rows.length).toBeLessThanOrEqual(3);
    const versions = await db.pool.query(`SELECT DISTINCT version FROM repository_leaderboard WHERE repository_id = $1`, [repository.id]);
    expect(versions.rowCount).toBe(2);
  });

  test('forgets a repository that was deleted', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    await scrape(db, repository, { window, batches: [commits([ada, 1])] });
    await rebuildGlobalBoard(db);
    await deleteRepository(db, repository.id);
    expect(await rebuildGlobalBoard(db)).toEqual({ people: 0, changed: true, rescored: 0 });
    expect((await boardOf('global')).data).toEqual([]);
  });
});

describe('other weights', () => {
  test('reach every board in one step, and publishing after it uses them', async () => {
    const { db } = database;
    const [one, two] = [await newRepository(db), await newRepository(db)];
    await scrape(db, one, { window, batches: [[...commits([ada, 3]), did('RELEASE', '1', bob, `${addDays(today, -1)}T00:00:00Z`)]] });
    await scrape(db, two, { window, batches: [commits([bob, 1])] });
    await rebuildGlobalBoard(db);
    const scoring = await newScoring('0.5');
    expect(await rebuildGlobalBoard(db)).toEqual({ people: 2, changed: true, rescored: 2 });
    expect((await boardOf(one)).data.map(({ total_score }) => total_score)).toEqual([30, 1.5]);
    expect((await boardOf('global')).data.map(({ total_score }) => total_score)).toEqual([30.5, 1.5]);
    expect(await rebuildGlobalBoard(db)).toMatchObject({ changed: false, rescored: 0 });
    await scrape(db, two, { window, batches: [commits([bob, 4])] });
    expect(await boardOf(two)).toMatchObject({ scoring_version: scoring.version, data: [{ total_score: 2 }] });
  });

  test('readers see whole boards of one version while everything is published, rescored and rebuilt at once', async () => {
    const { db } = database;
    const repositories = [await newRepository(db), await newRepository(db), await newRepository(db)];
    const people = Array.from({ length: 30 }, (_, index) => [account(1_000 + index), 1 + (index % 5)] as const);
    for (const repository of repositories) await scrape(db, repository, { window, batches: [commits(...people)] });
    await rebuildGlobalBoard(db);
    const jobs = await Promise.all(
      repositories.map((repository) =>
        stagedJob(db, repository, { window, batches: [commits(...people.map(([who, count]) => [who, count + 1] as const))] }),
      ),
    );
    const scoring = await newScoring('7');
    const written = new AbortController();
    const writing = Promise.all([...jobs.map(({ id }) => publishJob(db, id)), rebuildGlobalBoard(db), rebuildGlobalBoard(db)]).finally(() =>
      written.abort(),
    );
    let reads = 0;
    while (!written.signal.aborted || reads < 5) {
      reads += 1;
      for (const scope of ['global', repositories[0]!] as const) {
        const { data } = await boardOf(scope);
        expect(data).toHaveLength(30);
        for (const { rank, total_score } of data) {
          expect(rank).toBe(1 + data.filter((other) => other.total_score > total_score).length);
        }
        // One weight for all: no row of another version among them.
        const [best] = data;
        const points = Number(best?.total_score) / Number(best?.commit_count);
        for (const row of data) expect(row.total_score).toBeCloseTo(Number(row.commit_count) * points, 6);
      }
    }
    await writing;
    await rebuildGlobalBoard(db);
    const after = await boardOf('global');
    expect(after.scoring_version).toBe(scoring.version);
    expect(after.data.map(({ total_score }) => total_score)).toEqual(
      people.map(([, count]) => 3 * 7 * (count + 1)).toSorted((a, b) => b - a),
    );
  });
});

test('an account that turns out to be a bot leaves the ranks of every board', async () => {
  const { db } = database;
  const [one, two] = [await newRepository(db), await newRepository(db)];
  await scrape(db, one, { window, batches: [commits([account(70, 'helper'), 5], [ada, 1])] });
  await scrape(db, two, { window, batches: [commits([account(70, 'helper-bot'), 1])] });
  await rebuildGlobalBoard(db);
  expect(standing(await boardOf(one))).toEqual([['ada', 1, null]]);
  expect(standing(await boardOf('global'))).toEqual([['ada', 1, null]]);
  const withBots = await readBoard(db, { scope: 'global', window: 'default', include: ['bots'], limit: 'all' });
  expect(standing(withBots)).toEqual([
    ['helper-bot', 1, null],
    ['ada', 2, null],
  ]);
});
