import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { addedRepository, OPT_OUT_KEY, startTestApi, type TestApi } from './running-api.ts';
import { publishBoard, type Work } from './published-board.ts';

let api: TestApi;
let repository: { owner: string; name: string };
let serial = 0;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const ada = { login: 'ada', githubId: 7_654_321_001, count: 5 };
const bob = { login: 'bob', githubId: 7_654_321_002, count: 4 };
const cyd = { login: 'cyd', githubId: 7_654_321_003, count: 3 };

beforeEach(async () => {
  await api.db.pool.query('TRUNCATE repository, github_user, opt_out, identity_change, board, contribution_day CASCADE');
  serial += 1;
  repository = await addedRepository(api, 'acme', `people-${serial}`);
});

async function publish(work: readonly Work[] = [ada, bob, cyd]): Promise<void> {
  await publishBoard(api.db, repository, work, OPT_OUT_KEY);
  await rebuildGlobalBoard(api.db);
}

type Line = readonly [rank: number, login: string, issues: number];
async function linesOf(path: string): Promise<readonly Line[]> {
  const { status, body } = await api.send('GET', path);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  return body.data.map((row: { rank: number; contributor: { username: string }; issues_opened_count: number }) => [
    row.rank,
    row.contributor.username,
    row.issues_opened_count,
  ]);
}
const board = (query = ''): Promise<readonly Line[]> => linesOf(`/api/v1/leaderboard/${repository.owner}/${repository.name}${query}`);
const globalBoard = (query = ''): Promise<readonly Line[]> => linesOf(`/api/v1/leaderboard/global${query}`);

test('a kind that somebody sets moves boards at once, with its reason, and no scrape takes it back', async () => {
  await publish();
  const set = await api.call('setContributorKind', { params: { username: 'ADA' }, body: { kind: 'bot', reason: 'Posts release notes.' } });
  expect(set).toMatchObject({
    status: 200,
    body: { kind: 'bot', kind_rule: 'override', kind_overridden: true, contributor: { username: 'ada' } },
  });
  const ranks = [
    [1, 'bob', 4],
    [2, 'cyd', 3],
  ];
  expect(await board()).toEqual(ranks);
  expect(await globalBoard()).toEqual(ranks);
  expect((await board('?include=bots'))[0]).toEqual([1, 'ada', 5]);
  await publish();
  expect(await board()).toEqual(ranks);

  await api.call('setContributorKind', { params: { username: 'ada' }, body: { kind: 'human', reason: 'She is one.' } });
  expect((await globalBoard())[0]).toEqual([1, 'ada', 5]);
  const { body } = await api.call('getContributorIdentities', { params: { username: 'ada' } });
  expect(body.changes).toMatchObject({
    total: 2,
    data: [
      { action: 'kind', reason: 'She is one.', before: { kind: 'bot', rule: 'override' }, after: { kind: 'human', overridden: true } },
      { action: 'kind', reason: 'Posts release notes.', before: { kind: 'human', rule: null, overridden: false }, after: { kind: 'bot' } },
    ],
  });
});

test('two people who are one are ranked as one, and split into what they were', async () => {
  await publish();
  const before = await globalBoard();
  const merged = await api.call('mergeContributors', { params: { username: 'cyd' }, body: { accounts: ['bob'], reason: 'Old account.' } });
  expect(merged).toMatchObject({ status: 200, body: { accounts: [{ username: 'cyd' }, { username: 'bob' }] } });
  const together = [
    [1, 'cyd', 7],
    [2, 'ada', 5],
  ];
  expect(await board()).toEqual(together);
  expect(await globalBoard()).toEqual(together);
  await publish();
  expect(await board()).toEqual(together);
  // The merged account leads to the person.
  expect((await api.call('getContributorIdentities', { params: { username: 'bob' } })).body).toMatchObject({
    contributor: { username: 'cyd' },
    changes: { data: [{ action: 'merge', by: 'local', reason: 'Old account.', before: expect.any(Array), after: expect.any(Array) }] },
  });

  expect(await api.call('splitContributor', { params: { username: 'cyd' } })).toMatchObject({
    status: 200,
    body: { accounts: [{ username: 'cyd' }] },
  });
  expect(await globalBoard()).toEqual(before);
  expect(await board()).toEqual(before);
});

test('a merge that makes no sense names what is wrong and changes nothing', async () => {
  await publish();
  const merge = (username: string, accounts: unknown) =>
    api.call('mergeContributors', { params: { username }, body: { accounts: accounts as string[] } });
  expect(await merge('cyd', ['cyd'])).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/accounts/0', detail: expect.stringContaining('already') }] },
  });
  expect(await merge('cyd', ['ada', 'nobody'])).toMatchObject({ status: 422, body: { errors: [{ pointer: '/accounts/1' }] } });
  expect(await merge('nobody', ['cyd'])).toMatchObject({ status: 404, body: { code: 'contributor_not_found' } });
  expect(await merge('cyd', [])).toMatchObject({ status: 422 });
  expect(await api.call('splitContributor', { params: { username: 'cyd' } })).toMatchObject({
    status: 422,
    body: { detail: expect.stringContaining('one account') },
  });
  await merge('cyd', ['bob']);
  expect(await api.call('splitContributor', { params: { username: 'cyd' }, body: { accounts: ['cyd'] } })).toMatchObject({ status: 422 });
  expect(await api.call('splitContributor', { params: { username: 'cyd' }, body: { accounts: ['ada'] } })).toMatchObject({ status: 422 });
  expect(
    await api.call('setContributorKind', { params: { username: 'cyd' }, body: { kind: 'robot' as 'bot', reason: ' ' } }),
  ).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/kind' }, { pointer: '/reason' }] },
  });
});

test('whoever opts out is on no board, ranks close up, and comes back as before', async () => {
  await publish();
  const before = await globalBoard();
  const first = await api.send('GET', '/api/v1/leaderboard/global?limit=1');
  expect(await api.call('hideContributor', { params: { username: 'bob' } })).toMatchObject({ status: 204 });
  expect(await api.call('hideContributor', { params: { username: 'bob' } })).toMatchObject({ status: 204 });
  const without = [
    [1, 'ada', 5],
    [2, 'cyd', 3],
  ];
  for (const query of ['', '?window=30d', '?include=bots,agents', '?kinds=ISSUE_OPENED']) {
    expect(await board(query)).toEqual(without);
    expect(await globalBoard(query)).toEqual(without);
  }
  expect(await globalBoard('?q=bob')).toEqual([]);
  // The board of before is not given any more, not even its next page.
  expect(await api.send('GET', `/api/v1/leaderboard/global?limit=1&cursor=${first.body.next_cursor}`)).toMatchObject({ status: 410 });
  const page = await api.call('getContributorIdentities', { params: { username: 'bob' } });
  expect(page).toMatchObject({ status: 410, body: { code: 'contributor_opted_out' } });
  expect(page.text).not.toContain('bob');
  expect(await api.call('mergeContributors', { params: { username: 'ada' }, body: { accounts: ['bob'] } })).toMatchObject({ status: 410 });
  await publish();
  expect(await board()).toEqual(without);

  expect(await api.call('showContributor', { params: { username: `id:${bob.githubId}` } })).toMatchObject({ status: 204 });
  expect(await globalBoard()).toEqual(before);
  expect(await board()).toEqual(before);
});

test('somebody can opt out before being seen, by number', async () => {
  expect(await api.call('hideContributor', { params: { username: 'bob' } })).toMatchObject({ status: 404 });
  expect(await api.call('hideContributor', { params: { username: `id:${bob.githubId}` } })).toMatchObject({ status: 204 });
  await expect(publishBoard(api.db, repository, [ada])).rejects.toMatchObject({ code: 'opt_out_key_missing' });
  await api.db.pool.query('DELETE FROM scrape_job');
  await expect(publishBoard(api.db, repository, [ada], Buffer.from('the key of another machine'))).rejects.toMatchObject({
    code: 'opt_out_key_differs',
  });
  await api.db.pool.query(`DELETE FROM scrape_job`);
  await publish();
  expect(await board()).toEqual([
    [1, 'ada', 5],
    [2, 'cyd', 3],
  ]);
  expect(await api.call('showContributor', { params: { username: 'bob' } })).toMatchObject({ status: 204 });
  expect(await board()).toHaveLength(3);
});

test('logins that two accounts had in turn are suggested as one person, until somebody has split them', async () => {
  await publish([ada, { ...bob, login: 'ada-old', daysAgo: 9 }, cyd]);
  await publish([ada, { ...bob, login: 'ada', daysAgo: 90 }, { ...bob, login: 'ada-old' }, cyd]);
  const { body } = await api.call('listIdentitySuggestions');
  expect(body).toMatchObject({
    total: 1,
    next_cursor: null,
    data: [
      {
        reason: 'rename',
        evidence: 'Both were seen under the login ada.',
        contributors: [{ username: 'ada' }, { username: 'ada-old' }],
        links: { merge: `/api/v1/contributors/id%3A${ada.githubId}/merge` },
      },
    ],
  });
  const accounts = [`id:${bob.githubId}`];
  await api.send('POST', body.data[0].links.merge, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ accounts }) });
  expect((await api.call('listIdentitySuggestions')).body.total).toBe(0);
  await api.call('splitContributor', { params: { username: 'ada' }, body: { accounts } });
  expect((await api.call('listIdentitySuggestions')).body.total).toBe(0);
});

test('people who show the same verified e-mail address are suggested, without telling it; a name that both have is no reason', async () => {
  await publish([ada, bob, cyd]);
  await api.db.pool.query(`UPDATE github_user SET display_name = 'Sam Smith', company = 'acme', location = 'Oslo'`);
  expect((await api.call('listIdentitySuggestions')).body.data.filter(({ reason }: { reason: string }) => reason === 'email')).toEqual([]);
  await api.db.pool.query(
    `INSERT INTO contributor_enrichment (user_id, personal_email, enrichment_status, enrichment_sources)
     SELECT id, CASE github_id WHEN $1 THEN 'Sam@Example.org' ELSE 'sam@example.org' END, 'COMPLETED',
       '{"personal_email":{"source":"github_profile","at":"2026-01-01T00:00:00Z"}}' FROM github_user WHERE github_id IN ($1, $2)`,
    [bob.githubId, cyd.githubId],
  );
  const { body, text } = await api.call('listIdentitySuggestions');
  const found = body.data.filter(({ reason }: { reason: string }) => reason === 'email');
  expect(found).toMatchObject([{ contributors: [{ username: 'bob', display_name: 'Sam Smith' }, { username: 'cyd' }] }]);
  expect(found[0].evidence).toContain('the same e-mail address');
  expect(text.toLowerCase()).not.toContain('sam@example.org');
  await api.call('hideContributor', { params: { username: 'cyd' } });
  expect((await api.call('listIdentitySuggestions')).text).not.toContain('cyd');
  await api.call('showContributor', { params: { username: 'cyd' } });
});

test('a change of people names who is not there, and is refused by a process with another key than people were hidden with', async () => {
  await publish();
  const nobody = { username: 'nobody' };
  for (const answer of [
    await api.call('setContributorKind', { params: nobody, body: { kind: 'bot', reason: 'x' } }),
    await api.call('splitContributor', { params: nobody }),
    await api.call('showContributor', { params: nobody }),
    await api.call('eraseContributor', { params: nobody }),
  ]) {
    expect([answer.status, answer.body.code]).toEqual([404, 'contributor_not_found']);
  }
  await api.call('hideContributor', { params: { username: 'bob' } });
  const { rows } = await api.db.pool.query(`UPDATE setting SET value = '"another"' WHERE name = 'opt_out_key_check' RETURNING name`);
  expect(rows).toHaveLength(1);
  const other = await api.call('hideContributor', { params: { username: 'ada' } });
  expect([other.status, other.body.code]).toEqual([500, 'opt_out_key_differs']);
  await api.db.pool.query(`DELETE FROM setting WHERE name = 'opt_out_key_check'`);
  expect((await board()).map(([, login]) => login)).toEqual(['ada', 'cyd']);
});

/** Every text that any table of the database holds. */
async function wholeDatabase(): Promise<string> {
  const { rows: tables } = await api.db.pool.query<{ name: string }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'staging')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await api.db.pool.query<{ text: string }>(`SELECT t::text AS text FROM ${name} AS t`);
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join('\n');
}

test('A146, A147: an erased person is in no table, board or log line, also after a scrape; what they did still counts', async () => {
  const work = [ada, { ...bob, login: 'bobby-tables' }, { ...bob, login: 'bobby-tables', kind: 'PR_REVIEWED' as const, count: 2 }, cyd];
  await publish(work);
  await api.call('setContributorKind', {
    params: { username: 'bobby-tables' },
    body: { kind: 'human', reason: 'bobby-tables is a friend' },
  });
  expect(await wholeDatabase()).toContain('bobby-tables');
  const totals = await api.db.pool.query('SELECT kind, month, stored + unattributed AS all FROM repository_coverage ORDER BY kind, month');
  expect(await api.call('eraseContributor', { params: { username: 'bobby-tables' } })).toMatchObject({ status: 204 });
  expect(await api.call('getContributorIdentities', { params: { username: 'bobby-tables' } })).toMatchObject({ status: 404 });
  const without = [
    [1, 'ada', 5],
    [2, 'cyd', 3],
  ];
  expect(await board()).toEqual(without);
  expect(await globalBoard()).toEqual(without);
  const after = await api.db.pool.query('SELECT kind, month, stored + unattributed AS all FROM repository_coverage ORDER BY kind, month');
  expect(after.rows).toEqual(totals.rows);
  const known = await wholeDatabase();
  expect(known).not.toContain('bobby');
  expect(known).not.toContain(String(bob.githubId));
  // The reader's own words come back in the answer to them, not in the log.
  expect(JSON.stringify(api.logged)).not.toContain('bobby');

  // A147: a later scrape does not bring them back.
  const events = await api.db.pool.query('SELECT kind, subject, user_id FROM contribution_event ORDER BY kind, subject');
  await publish(work);
  expect((await api.db.pool.query('SELECT kind, subject, user_id FROM contribution_event ORDER BY kind, subject')).rows).toEqual(
    events.rows,
  );
  expect(await globalBoard()).toEqual(without);
  expect(await wholeDatabase()).not.toContain('bobby');
  expect(await api.call('showContributor', { params: { username: `id:${bob.githubId}` } })).toMatchObject({ status: 204 });
  await publish(work);
  expect(await globalBoard()).toEqual(without);
});
