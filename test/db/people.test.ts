import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findPerson, personOf } from '../../src/db/people.ts';
import type { SourceName } from '../../src/domain/contribution.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape } from './publishing.ts';

const window = { since: '2024-01-01', until: '2026-11-23' };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const seen = async (
  source: SourceName,
  ...logins: readonly (readonly [githubId: number, login: string, at: string, type?: string | null])[]
): Promise<void> => {
  const { db } = database;
  const batch = logins.map(([githubId, login, at, type = null]) =>
    did('COMMENT', `issue:${githubId}${login}${at}`, account(githubId, login, type), at),
  );
  await scrape(db, await newRepository(db), { source, window, batches: [batch] });
};
const person = async (githubId: number): Promise<unknown> => {
  const { rows } = await database.db.pool.query(
    `SELECT u.username, u.kind, u.kind_rule, u.account_type, u.person_id = u.id AS own,
       (SELECT array_agg(a.login_lc ORDER BY a.login_lc) FROM user_alias a WHERE a.user_id = u.id) AS aliases
     FROM github_user u WHERE u.github_id = $1`,
    [githubId],
  );
  return rows[0] as unknown;
};

test('a person is their number: the name is the one seen last, in whatever order the rows come; the others are aliases', async () => {
  await seen('gharchive', [1, 'Second', '2025-06-01T00:00:00Z'], [1, 'first', '2024-06-01T00:00:00Z']);
  expect(await person(1)).toEqual({
    username: 'Second',
    kind: 'human',
    kind_rule: null,
    account_type: null,
    own: true,
    aliases: ['first', 'second'],
  });
  await seen('gharchive', [1, 'zeroth', '2024-02-01T00:00:00Z']);
  expect(await person(1)).toMatchObject({ username: 'Second', aliases: ['first', 'second', 'zeroth'] });
  await seen('gharchive', [1, 'Third', '2026-01-01T00:00:00Z']);
  expect(await person(1)).toMatchObject({ username: 'Third' });
});

test('GitHub tells the name of today, even beside a commit of long ago', async () => {
  await seen('gharchive', [2, 'old-name', '2026-11-01T00:00:00Z']);
  await seen('github', [2, 'new-name', '2024-03-01T00:00:00Z', 'User']);
  expect(await person(2)).toMatchObject({ username: 'new-name', account_type: 'User' });
  await seen('gharchive', [2, 'old-name', '2026-11-02T00:00:00Z']);
  expect(await person(2)).toMatchObject({ username: 'new-name', account_type: 'User' });
});

test('kinds follow the rules of the domain; what a person has decided stays', async () => {
  await seen(
    'gharchive',
    [3, 'dependabot[bot]', '2026-01-01T00:00:00Z'],
    [4, 'some-ci', '2026-01-01T00:00:00Z'],
    [5, 'app', '2026-01-01T00:00:00Z', 'Bot'],
  );
  expect(await person(3)).toMatchObject({ kind: 'bot', kind_rule: 'suffix:[bot]' });
  expect(await person(4)).toMatchObject({ kind: 'bot', kind_rule: 'pattern:-ci' });
  expect(await person(5)).toMatchObject({ kind: 'bot', kind_rule: 'type:Bot' });
  await database.db.pool.query(`UPDATE github_user SET kind = 'human', kind_rule = 'person', kind_overridden = true WHERE github_id = 4`);
  await seen('gharchive', [4, 'another-ci', '2026-02-01T00:00:00Z']);
  expect(await person(4)).toMatchObject({ username: 'another-ci', kind: 'human', kind_rule: 'person' });
});

test('a login that another account has taken over is an alias of both', async () => {
  await seen('gharchive', [6, 'taken', '2024-06-01T00:00:00Z'], [7, 'taken', '2025-06-01T00:00:00Z'], [6, 'moved', '2025-01-01T00:00:00Z']);
  expect(await person(6)).toMatchObject({ username: 'moved', aliases: ['moved', 'taken'] });
  expect(await person(7)).toMatchObject({ username: 'taken', aliases: ['taken'] });
});

test('a row with a login only is stored unattributed, with the login as evidence', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const nobody = { githubId: null, login: 'timeline-name', type: null };
  const { contributions, people } = await scrape(db, repository, {
    source: 'gharchive',
    window,
    batches: [[did('COMMENT', 'issue:1', nobody, '2024-06-01T00:00:00Z')]],
  });
  expect({ contributions, people }).toEqual({ contributions: 1, people: 0 });
  const { rows } = await db.pool.query('SELECT user_id, actor_login FROM contribution_event WHERE repository_id = $1', [repository.id]);
  expect(rows).toEqual([{ user_id: null, actor_login: 'timeline-name' }]);
});

test('publishes of the same many people at once do not lock each other out', async () => {
  const { db } = database;
  const ids = Array.from({ length: 2_000 }, (_, index) => 10_000 + index);
  for (let round = 0; round < 2; round += 1) {
    const at = `2026-0${1 + round}-01T00:00:00Z`;
    await Promise.all(
      Array.from({ length: 4 }, async (_, which) => {
        const order = which % 2 === 0 ? ids : ids.toReversed();
        await seen('gharchive', ...order.map((id) => [id, `renamed-${round}-${id}`, at] as const));
      }),
    );
  }
  const { rows } = await db.pool.query(`SELECT count(*)::int AS people FROM github_user WHERE username LIKE 'renamed-1-%'`);
  expect(rows).toEqual([{ people: 2_000 }]);
});

test('a person is found by login in any case, by an earlier login, by number, and through an account merged into theirs', async () => {
  const { db } = database;
  await seen('gharchive', [21, 'Ada', '2025-01-01T00:00:00Z'], [21, 'Ada-Lovelace', '2026-01-01T00:00:00Z']);
  await seen('gharchive', [22, 'ada', '2026-02-01T00:00:00Z'], [23, 'grace', '2026-02-01T00:00:00Z']);
  expect(await findPerson(db, 'ADA-lovelace')).toMatchObject({ githubId: 21, username: 'Ada-Lovelace', accounts: [{ githubId: 21 }] });
  // Somebody else has the login now: theirs it is.
  expect(await findPerson(db, 'ada')).toMatchObject({ githubId: 22 });
  await seen('gharchive', [22, 'moved-on', '2026-03-01T00:00:00Z']);
  // Both had it; the last to be seen under it.
  expect(await findPerson(db, 'ada')).toMatchObject({ githubId: 22, username: 'moved-on' });
  expect(await findPerson(db, 'id:21')).toMatchObject({ username: 'Ada-Lovelace' });

  const { id } = await personOf(db, 'grace');
  await db.pool.query('UPDATE github_user SET person_id = $1 WHERE github_id = 21', [id]);
  expect(await findPerson(db, 'Ada-Lovelace')).toMatchObject({
    githubId: 23,
    username: 'grace',
    accounts: [
      { githubId: 23, username: 'grace' },
      { githubId: 21, username: 'Ada-Lovelace' },
    ],
  });
  expect(await findPerson(db, 'id:999')).toBeNull();
  await expect(personOf(db, 'nobody')).rejects.toMatchObject({ code: 'contributor_not_found', status: 404 });
});
