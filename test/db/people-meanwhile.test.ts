import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setKind } from '../../src/db/account-kinds.ts';
import { readBoard } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday, inTransaction } from '../../src/db/database.ts';
import { mergePeople, splitPerson } from '../../src/db/identities.ts';
import { lock, LOCKS } from '../../src/db/locks.ts';
import { hidePerson } from '../../src/db/opt-out.ts';
import { findAnyone } from '../../src/db/people.ts';
import { publishJob } from '../../src/db/publish.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, stagedJob } from './publishing.ts';

const KEY = Buffer.from('a key that only this test knows');
const [ada, bob, cyd, dan] = ['ada', 'bob', 'cyd', 'dan'].map((login, index) => account(index + 1, login));

let database: TestDatabase;
let today: Day;
beforeAll(async () => {
  database = await createTestDatabase();
  today = await databaseToday(database.db);
});
afterAll(() => database.drop());

const read = (issues: number) => ({
  source: 'gharchive' as const,
  window: presetWindow('2y', today),
  batches: [
    [ada, bob, cyd, dan].flatMap((actor) =>
      Array.from({ length: issues }, (_, index) =>
        did('ISSUE_OPENED', `${actor?.login} ${index}`, actor ?? null, `${addDays(today, -1)}T00:00:00Z`),
      ),
    ),
  ],
});

async function lines(scope: Parameters<typeof readBoard>[1]['scope'], window: 'default' | ReturnType<typeof presetWindow> = 'default') {
  const { data } = await readBoard(database.db, { scope, window, include: [], limit: 'all' });
  return data.map(({ rank, contributor, issues_opened_count }) => [rank, contributor.username, issues_opened_count]);
}

test('a scrape, a recalculation and changes of people at the same time end as if they had come one after the other', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const scope = { repositoryId: repository.id };
  await scrape(db, repository, read(1));
  for (let round = 2; round <= 5; round += 1) {
    const job = await stagedJob(db, repository, read(round));
    const merge = { username: 'ada', accounts: ['bob'], reason: null, actor: 'test' };
    await Promise.all([
      publishJob(db, job.id),
      rebuildGlobalBoard(db),
      mergePeople(db, merge),
      setKind(db, { username: 'cyd', kind: round % 2 === 0 ? 'bot' : 'human', reason: 'a test', actor: 'test' }),
      rebuildGlobalBoard(db),
    ]);
    await db.pool.query(`UPDATE scrape_job SET status = 'COMPLETED' WHERE id = $1`, [job.id]);
    const others = round % 2 === 0 ? [[2, 'dan', round]] : [[2, 'cyd', round], [2, 'dan', round]]; // prettier-ignore
    const expected = [[1, 'ada', 2 * round], ...others];
    expect(await lines(scope)).toEqual(expected);
    expect(await lines(scope, presetWindow('2y', today))).toEqual(expected);
    await rebuildGlobalBoard(db);
    expect(await lines('global')).toEqual(expected);
    await splitPerson(db, { ...merge, accounts: [] });
  }
});

test('a change of people (an opt-out here) waits for a publish under way', async () => {
  const { db } = database;
  const anyone = await findAnyone(db, 'dan');
  const order: string[] = [];
  await inTransaction(db, async (client) => {
    // As publishing holds it.
    await lock(client, LOCKS.boards, 'shared');
    const hiding = hidePerson(db, KEY, anyone!).then(() => order.push('hidden'));
    const waiting = async (): Promise<number> => {
      const { rows } = await db.pool.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
      );
      return rows[0]?.waiting ?? 0;
    };
    while ((await waiting()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    order.push('published');
    void hiding;
  });
  while (order.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(order).toEqual(['published', 'hidden']);
});
