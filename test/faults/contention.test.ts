import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday, openDatabase, type Database } from '../../src/db/database.ts';
import { closeJob } from '../../src/db/jobs.ts';
import { publishJob } from '../../src/db/publish.ts';
import { did, newRepository, scrape, stagedJob } from '../db/publishing.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { until } from '../temporal/test-namespace.ts';
import { startCommitProxy, type CommitProxy } from './commit-proxy.ts';
import { expectSound } from './stored-state.ts';

const PEOPLE = 1_500;
const ROUNDS = 4;
/** Steps that visit everybody once: they share no factor with the number of people. */
const STEPS = [7, 11, 13, 17, 19, 23, 29, 31];
const REPOSITORIES = STEPS.length;

let database: TestDatabase;
let proxy: CommitProxy;
let proxied: Database;
let today: string;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startCommitProxy(database.url);
  proxied = await openDatabase({ url: proxy.url, applicationName: 'faults' });
  today = await databaseToday(database.db);
});
afterAll(async () => {
  proxy.release();
  await proxied.close();
  await proxy.close();
  await database.drop();
});

/** One issue of everybody, in an order of each repository's own; logins change with every round, so that every row is written. */
function issuesOf(repository: number, round: number) {
  return Array.from({ length: PEOPLE }, (_, index) => {
    const person = (index * (STEPS[repository] ?? 1) + repository * 311) % PEOPLE;
    const account = { githubId: 10_000 + person, login: `person-${person}-${round}`, type: 'User' };
    return did('ISSUE_OPENED', index + 1, account, `${today}T00:00:00Z`);
  });
}

test('F22: eight repositories with the same people, published at once again and again, never lock each other out', async () => {
  const { db } = database;
  const repositories = [];
  for (let index = 0; index < REPOSITORIES; index += 1) repositories.push(await newRepository(db));
  for (let round = 0; round < ROUNDS; round += 1) {
    const jobs = await Promise.all(
      repositories.map((repository, index) =>
        stagedJob(db, repository, { window: { since: today, until: today }, batches: [issuesOf(index, round)] }),
      ),
    );
    const published = await Promise.all(jobs.map(({ id }) => publishJob(db, id)));
    expect(published.map(({ contributions }) => contributions)).toEqual(jobs.map(() => PEOPLE));
    await Promise.all(jobs.map(({ id }) => closeJob(db, id, { status: 'COMPLETED' })));
  }
  // None was even repeated unseen.
  const { rows } = await db.pool.query('SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()');
  expect(rows).toEqual([{ deadlocks: 0 }]);
  await expectSound(db);
}, 60_000);

test('F26: a rebuild of the global board whose process dies in its middle leaves the old one; one whose commit nobody heard of is the new one', async () => {
  const { db } = database;
  const shown = async (): Promise<unknown> => {
    const { rows } = await db.pool.query(
      `SELECT b.version, count(*)::int AS people, sum(l.issues_opened_count)::int AS issues, max(l.rank) AS last
       FROM board b JOIN global_leaderboard l USING (version) WHERE b.scope = 0 GROUP BY 1`,
    );
    return rows[0];
  };
  await rebuildGlobalBoard(db);
  const before = await shown();
  expect(before).toMatchObject({ people: PEOPLE, issues: PEOPLE * REPOSITORIES, last: 1 });
  const newcomer = { githubId: 99, login: 'newcomer', type: 'User' };
  await scrape(db, await newRepository(db), {
    window: { since: today, until: today },
    batches: [[did('ISSUE_OPENED', 1, newcomer, `${today}T00:00:00Z`)]],
  });

  proxy.plan('INSERT INTO board AS b', 1, 'held-before');
  const dying = rebuildGlobalBoard(proxied).catch((error: unknown) => error);
  await until(() => proxy.struck().size === 1, { what: 'the rebuild to be about to commit' });
  expect(await shown()).toEqual(before);
  proxy.link.set('refuse');
  expect(await dying).toBeInstanceOf(Error);
  expect(await shown()).toEqual(before);

  proxy.link.set('pass');
  proxy.plan('INSERT INTO board AS b', 1, 'unacknowledged');
  expect(await rebuildGlobalBoard(proxied).catch((error: unknown) => error)).toBeInstanceOf(Error);
  const after = await shown();
  expect(after).toMatchObject({ people: PEOPLE + 1, issues: PEOPLE * REPOSITORIES + 1 });
  // The next attempt finds that nothing is left to do.
  expect(await rebuildGlobalBoard(proxied)).toMatchObject({ people: PEOPLE + 1, changed: false });
  expect(await shown()).toEqual(after);
}, 60_000);
