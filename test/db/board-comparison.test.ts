import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readBoard, type BoardQuery } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { ensureSnapshotMonth } from '../../src/db/partitions.ts';
import type { StoredRepository } from '../../src/db/repositories.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape } from './publishing.ts';

let database: TestDatabase;
let today: Day;
let repository: StoredRepository;

const [riser, faller, newcomer, returner] = [account(1, 'riser'), account(2, 'faller'), account(3, 'newcomer'), account(4, 'returner')];

beforeAll(async () => {
  database = await createTestDatabase();
  today = await databaseToday(database.db);
});
afterAll(() => database.drop());

let serial = 0;
const commits = (who: ReturnType<typeof account>, daysAgo: number, count: number) =>
  Array.from({ length: count }, () => did('COMMIT', `c${(serial += 1)}`, who, `${addDays(today, -daysAgo)}T10:00:00Z`));

beforeEach(async () => {
  repository = await newRepository(database.db);
});

const read = (query: Partial<BoardQuery>) =>
  readBoard(database.db, { scope: { repositoryId: repository.id }, window: 'default', include: [], limit: 'all', ...query });
const changes = async (query: Partial<BoardQuery>) => {
  const { data, compared_to } = await read(query);
  return { compared_to, changes: Object.fromEntries(data.map(({ contributor, rank_change }) => [contributor.username, rank_change])) };
};
/** In the last thirty days: riser 4, newcomer 3, faller 2, returner 1; seven days ago: faller 2, riser 1. */
const busy = () => [
  ...commits(riser, 1, 3),
  ...commits(riser, 20, 1),
  ...commits(faller, 20, 2),
  ...commits(newcomer, 1, 3),
  ...commits(returner, 1, 1),
  ...commits(returner, 100, 1),
];

describe('rank changes', () => {
  test('of a window are against the same window seven days earlier, made from days', async () => {
    await scrape(database.db, repository, { window: presetWindow('2y', today), batches: [busy()] });
    const month = presetWindow('30d', today);
    expect(await changes({ window: month })).toEqual({
      compared_to: addDays(today, -7),
      changes: { riser: 1, newcomer: 'new', faller: -2, returner: 'returned' },
    });
    // The whole must not depend on where it is cut, nor on the order or a search.
    const { data } = await read({ window: month, limit: 1, q: 'fall' });
    expect(data).toMatchObject([{ rank: 3, rank_change: -2 }]);
    await rebuildGlobalBoard(database.db);
    expect((await changes({ scope: { repositoryIds: [repository.id] }, window: month })).changes).toMatchObject({ riser: 1 });
  });

  test('of kinds compare those kinds only', async () => {
    const release = did('RELEASE', 'r1', faller, `${addDays(today, -20)}T10:00:00Z`);
    const later = did('RELEASE', 'r2', riser, `${addDays(today, -1)}T10:00:00Z`);
    await scrape(database.db, repository, { window: presetWindow('2y', today), batches: [[...busy(), release, later]] });
    expect((await changes({ window: presetWindow('30d', today), kinds: ['RELEASE'] })).changes).toEqual({ faller: 0, riser: 'new' });
  });

  test('are unknown where the days before were not read', async () => {
    await scrape(database.db, repository, { window: { since: addDays(today, -32), until: today }, batches: [busy().slice(0, 6)] });
    expect(await changes({ window: presetWindow('30d', today) })).toMatchObject({ compared_to: null, changes: { riser: null } });
    // Two years were not read a week ago either.
    expect(await changes({})).toMatchObject({ compared_to: null });
  });

  test('of the stored board are against its snapshot, once there is one', async () => {
    const day = addDays(today, -7);
    await scrape(database.db, repository, { window: presetWindow('2y', today), batches: [busy()] });
    await ensureSnapshotMonth(database.db, day);
    await ensureSnapshotMonth(database.db, addDays(today, -60));
    await database.db.pool.query(
      `INSERT INTO leaderboard_snapshot (scope, person_id, day, rank, total_score)
       SELECT $1, u.id, s.day, s.rank, 1 FROM (VALUES ('riser', $2::date, 9), ('faller', $2::date, 1), ('returner', $3::date, 1)) AS s (login, day, rank)
       JOIN github_user u ON u.username = s.login`,
      [repository.id, day, addDays(today, -60)],
    );
    // The next publish of something new finds the snapshot.
    await scrape(database.db, repository, { window: presetWindow('2y', today), batches: [[...busy(), ...commits(riser, 1, 1)]] });
    expect(await changes({})).toEqual({
      compared_to: day,
      changes: { riser: 8, newcomer: 'new', faller: -2, returner: 'returned' },
    });
  });
});
