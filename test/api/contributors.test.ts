import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { ensureSnapshotMonth } from '../../src/db/partitions.ts';
import { findRepository, type StoredRepository } from '../../src/db/repositories.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';
import { account, did, scrape } from '../db/publishing.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
let today: Day;
const ada = account(1, 'Ada');
const ben = account(2, 'ben');
const robot = account(3, 'helper[bot]', 'Bot');
const SHA = 'a'.repeat(40);

const at = (daysAgo: number, hour = '12'): string => `${addDays(today, -daysAgo)}T${hour}:00:00Z`;

async function repositoryNamed(name: string): Promise<StoredRepository> {
  await addedRepository(api, 'acme', name);
  return (await findRepository(api.db, { owner: 'acme', name }))!;
}

beforeAll(async () => {
  api = await startTestApi();
  today = await databaseToday(api.db);
  const window = presetWindow('2y', today);
  await scrape(api.db, await repositoryNamed('rocket'), {
    window,
    pullRequests: [{ number: 7, author: ada, createdAt: new Date(at(5)), mergedAt: new Date(at(3)), baseRef: 'main' }],
    batches: [
      [
        did('COMMIT', SHA, ada, at(0)),
        did('COMMIT', 'b'.repeat(40), ada, at(1)),
        did('COMMIT', 'push:99', ben, at(40), { quantity: 4, isEstimate: true }),
        did('PR_OPENED', 7, ada, at(5)),
        // Merged by ben, credited to the author.
        did('PR_MERGED', 7, ben, at(3), { linesAdded: 100, linesDeleted: 10 }),
        did('PR_REVIEWED', '7:2', ben, at(4), { number: 7 }),
        did('PR_REVIEWED', '7:1', ada, at(4), { number: 7 }),
        did('PR_REVIEW_COMMENT', '555', ben, at(4), { number: 7 }),
        did('COMMENT', 'issue:777', ada, at(10), { number: 8 }),
        did('ISSUE_OPENED', 8, ben, at(20)),
        did('RELEASE', '31', ada, at(30)),
        did('COMMIT', 'c'.repeat(40), robot, at(2)),
      ],
    ],
  });
  await scrape(api.db, await repositoryNamed('wheel'), {
    window,
    batches: [
      [did('ISSUE_OPENED', 1, ada, at(2)), did('ISSUE_OPENED', 2, ben, at(2)), did('COMMENT', 'issue:1', ben, at(1), { number: 1 })],
    ],
  });
  await rebuildGlobalBoard(api.db);
}, 60_000);
afterAll(() => api.stop());

const of = async (path: string) => {
  const { status, body } = await api.send('GET', `/api/v1/contributors/${path}`);
  expect({ path, status }).toEqual({ path, status: 200 });
  return body;
};

describe('a contributor', () => {
  test('has a profile with ranks, totals and streaks', async () => {
    const { status, body } = await api.call('getContributor', { params: { username: 'ADA' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      github_id: 1,
      username: 'Ada',
      kind: 'human',
      accounts: [{ github_id: 1, username: 'Ada' }],
      window: presetWindow('2y', today),
      totals: {
        commit_count: 2,
        pr_merged_count: 1,
        issues_opened_count: 1,
        releases_count: 1,
        repositories_contributed: 2,
        lines_added: 100,
      },
      ranks: { global: { rank: 1, of: 2 } },
      // Today, yesterday, two and three days ago.
      streaks: { current: { days: 4, until: today }, longest: { days: 4, since: addDays(today, -3) } },
      enrichment: null,
      links: { activity: '/api/v1/contributors/Ada/activity', avatar: '/avatars/1' },
    });
    expect(body.ranks.repositories).toEqual([
      expect.objectContaining({ repository: expect.objectContaining({ full_name: 'acme/rocket' }), rank: 1, of: 2 }),
      expect.objectContaining({ repository: expect.objectContaining({ full_name: 'acme/wheel' }), rank: 2, of: 2, total_score: 8 }),
    ]);
  });

  test('that is a bot has totals and no rank', async () => {
    const { body } = await api.call('getContributor', { params: { username: 'helper[bot]' } });
    expect(body).toMatchObject({ kind: 'bot', totals: { commit_count: 1 }, ranks: { global: { rank: null, of: 2 } } });
    expect(body.kind_rule).not.toBeNull();
  });

  test('is found by an earlier login and by number; what enrichment found has its sources', async () => {
    await api.db.pool.query(`INSERT INTO user_alias (login_lc, user_id, first_seen, last_seen)
      SELECT 'ada-of-old', id, now() - interval '3 years', now() - interval '2 years' FROM github_user WHERE github_id = 1`);
    await api.db.pool
      .query(`INSERT INTO contributor_enrichment (user_id, personal_website, enrichment_status, enrichment_sources, last_enriched_at)
      SELECT id, 'https://ada.example', 'PARTIAL', '{"personal_website": {"source": "github", "at": "2026-01-01T00:00:00Z"}}', now() FROM github_user WHERE github_id = 1`);
    const byNumber = await of('id:1');
    expect(await of('ada-of-old')).toEqual(byNumber);
    expect(byNumber.previous_usernames).toEqual(['ada-of-old']);
    expect(byNumber.enrichment).toMatchObject({
      status: 'PARTIAL',
      personal_website: 'https://ada.example/',
      sources: { personal_website: { source: 'github' } },
    });
  });

  test('nobody knows is 404', async () => {
    for (const path of ['nobody', 'nobody/activity', 'nobody/repositories', 'nobody/series', 'nobody/ranks']) {
      const { status, body } = await api.send('GET', `/api/v1/contributors/${path}`);
      expect({ path, status, code: body.code }).toEqual({ path, status: 404, code: 'contributor_not_found' });
    }
  });
});

describe("a contributor's timeline", () => {
  test('is what boards credit, newest first, with links', async () => {
    const { body } = await api.call('getContributorActivity', { params: { username: 'Ada' } });
    expect(body.data.map(({ kind, url }: { kind: string; url: string | null }) => [kind, url])).toEqual([
      ['COMMIT', `https://github.com/acme/rocket/commit/${SHA}`],
      ['COMMIT', `https://github.com/acme/rocket/commit/${'b'.repeat(40)}`],
      ['ISSUE_OPENED', 'https://github.com/acme/wheel/issues/1'],
      ['PR_MERGED', 'https://github.com/acme/rocket/pull/7'],
      ['PR_OPENED', 'https://github.com/acme/rocket/pull/7'],
      ['COMMENT', 'https://github.com/acme/rocket/issues/8#issuecomment-777'],
      ['RELEASE', 'https://github.com/acme/rocket/releases'],
    ]);
    const others = await of('ben/activity?repository=acme/rocket');
    expect(others.data.map(({ kind, url, quantity, is_estimate }: Record<string, unknown>) => [kind, url, quantity, is_estimate])).toEqual([
      ['PR_REVIEW_COMMENT', 'https://github.com/acme/rocket/pull/7#discussion_r555', 1, false],
      ['PR_REVIEWED', 'https://github.com/acme/rocket/pull/7', 1, false],
      ['ISSUE_OPENED', 'https://github.com/acme/rocket/issues/8', 1, false],
      ['COMMIT', null, 4, true],
    ]);
  });

  test('comes in pages that hold each once, filtered by kind and days', async () => {
    const seen: string[] = [];
    let path: string | null = '/api/v1/contributors/Ada/activity?limit=2';
    while (path !== null) {
      const { body, headers } = await api.send('GET', path);
      seen.push(...body.data.map(({ kind, occurred_at }: { kind: string; occurred_at: string }) => `${occurred_at} ${kind}`));
      path = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;
    }
    expect(seen).toHaveLength(7);
    expect(seen).toEqual([...new Set(seen)].toSorted().toReversed());
    expect((await of('Ada/activity?kind=PR_MERGED,RELEASE')).data).toHaveLength(2);
    expect((await of(`Ada/activity?since=${addDays(today, -4)}&until=${addDays(today, -2)}`)).data).toHaveLength(2);
    const { status, body } = await api.send('GET', '/api/v1/contributors/Ada/activity?kind=DANCING');
    expect([status, body.errors[0].pointer]).toEqual([400, 'kind']);
  });
});

describe("a contributor's figures", () => {
  test('per repository, the highest score first', async () => {
    const { body } = await api.call('getContributorRepositories', { params: { username: 'ben' }, query: { limit: '1' } });
    expect(body).toMatchObject({
      total: 2,
      data: [{ repository: { full_name: 'acme/rocket' }, rank: 2, commit_count: 4, pr_reviewed_count: 1 }],
    });
    const { body: next } = await api.call('getContributorRepositories', {
      params: { username: 'ben' },
      query: { cursor: body.next_cursor },
    });
    expect(next).toMatchObject({ next_cursor: null, data: [{ repository: { full_name: 'acme/wheel' }, rank: 1, total_score: 11 }] });
  });

  test('per day and per week, empty ones too', async () => {
    const days = await api.call('getContributorSeries', { params: { username: 'Ada' }, query: { interval: 'day', window: '7d' } });
    expect(days.body.data.map(({ since }: { since: Day }) => since)).toEqual(
      Array.from({ length: 7 }, (_, index) => addDays(today, index - 6)),
    );
    expect(days.body.data.map(({ total }: { total: number }) => total)).toEqual([0, 1, 0, 1, 1, 1, 1]);
    expect(days.body.data[6]).toMatchObject({ counts: { COMMIT: 1, RELEASE: 0 } });
    const weeks = await of('Ada/series?interval=week&repository=acme/wheel');
    expect(weeks.window).toEqual(presetWindow('1y', today));
    expect([52, 53, 54]).toContain(weeks.data.length);
    expect(weeks.data.reduce((sum: number, { total }: { total: number }) => sum + total, 0)).toBe(1);
    expect(weeks.data.every(({ since }: { since: Day }) => new Date(since).getUTCDay() === 1)).toBe(true);
  });

  test('ranks over time are the kept snapshots and today', async () => {
    const { rows } = await api.db.pool.query<{ id: number }>('SELECT id FROM github_user WHERE github_id = 2');
    const day = today.endsWith('-01') ? today : `${today.slice(0, 8)}01`;
    await ensureSnapshotMonth(api.db, day);
    await api.db.pool.query('INSERT INTO leaderboard_snapshot (scope, person_id, day, rank, total_score) VALUES (0, $1, $2, 5, 12.5)', [
      rows[0]?.id,
      day,
    ]);
    const { body } = await api.call('getContributorRanks', { params: { username: 'ben' } });
    expect(body.data[0]).toEqual({ day, rank: 5, total_score: 12.5 });
    if (day !== today) expect(body.data.at(-1)).toMatchObject({ day: today, rank: 2 });
    expect((await of('ben/ranks?repository=acme/wheel')).data).toMatchObject([{ day: today, rank: 1, total_score: 11 }]);
  });
});

describe('lists of people', () => {
  test('show bots with the rule that found them', async () => {
    const { body } = await api.call('listContributors', { query: { kind: 'bot,agent' } });
    expect(body.total).toBe(1);
    expect(body.data[0]).toMatchObject({
      username: 'helper[bot]',
      kind: 'bot',
      rank: null,
      total_score: 10,
      kind_rule: expect.any(String),
    });
    const first = (await api.call('listContributors', { query: { limit: '2' } })).body;
    const rest = (await api.call('listContributors', { query: { limit: '2', cursor: first.next_cursor } })).body;
    expect([...first.data, ...rest.data].map(({ username }: { username: string }) => username)).toEqual(['Ada', 'ben', 'helper[bot]']);
  });

  test('searching finds repositories and people with the ranks of the board', async () => {
    const { body } = await api.call('search', { query: { q: 'BE' } });
    expect(body.contributors).toEqual([expect.objectContaining({ username: 'ben', rank: 2, links: { self: '/api/v1/contributors/ben' } })]);
    expect((await api.call('search', { query: { q: 'rock' } })).body.repositories).toEqual([
      expect.objectContaining({
        full_name: 'acme/rocket',
        people: 2,
        links: expect.objectContaining({ leaderboard: '/api/v1/leaderboard/acme/rocket' }),
      }),
    ]);
    expect((await api.call('search', { query: { q: '%' } })).body).toEqual({ repositories: [], contributors: [] });
    expect((await api.send('GET', '/api/v1/search')).status).toBe(400);
  });
});

describe('comparing', () => {
  test('repositories shows them side by side, and who is on both', async () => {
    const { status, body } = await api.call('compareBoards', { query: { repositories: 'acme/rocket,ACME/wheel' } });
    expect(status).toBe(200);
    expect(body.repositories).toMatchObject([
      { repository: { full_name: 'acme/rocket' }, contributors: 2, totals: { commit_count: 6 }, top_three_share: 1 },
      { repository: { full_name: 'acme/wheel' }, contributors: 2, totals: { total_score: 19 } },
    ]);
    expect(
      body.repositories[1].top.map((row: { rank: number; contributor: { username: string } }) => [row.rank, row.contributor.username]),
    ).toEqual([
      [1, 'ben'],
      [2, 'Ada'],
    ]);
    expect(body.shared_contributors).toMatchObject({
      total: 2,
      data: [
        {
          contributor: { username: 'Ada' },
          places: [
            { repository: 'acme/rocket', rank: 1 },
            { repository: 'acme/wheel', rank: 2, total_score: 8 },
          ],
        },
        { contributor: { username: 'ben' } },
      ],
    });
    expect(body.repositories[0].series.length).toBe(body.repositories[1].series.length);
    const week = (await api.call('compareBoards', { query: { repositories: 'acme/rocket,acme/wheel', window: '7d', interval: 'day' } }))
      .body;
    expect(week.repositories[0]).toMatchObject({ totals: { commit_count: 2, releases_count: 0 } });
    expect(week.repositories[0].series).toHaveLength(7);
    expect(week.shared_contributors.total).toBe(2);
  });

  test('people shows them side by side, and where both are', async () => {
    const { body } = await api.call('compareBoards', { query: { contributors: 'ada,ben' } });
    expect(body.contributors).toMatchObject([
      { contributor: { username: 'Ada' }, rank: 1, totals: { repositories_contributed: 2, commit_count: 2 } },
      { contributor: { username: 'ben' }, rank: 2, totals: { commit_count: 4, pr_reviewed_count: 1 } },
    ]);
    expect(body.shared_repositories).toMatchObject([
      {
        repository: 'acme/rocket',
        places: [
          { username: 'Ada', rank: 1 },
          { username: 'ben', rank: 2 },
        ],
      },
      {
        repository: 'acme/wheel',
        places: [
          { username: 'ben', rank: 1, total_score: 11 },
          { username: 'Ada', rank: 2 },
        ],
      },
    ]);
    const week = (await api.call('compareBoards', { query: { contributors: 'ada,ben', window: '7d' } })).body;
    expect(week.contributors[1]).toMatchObject({ rank: 2, totals: { commit_count: 0, pr_reviewed_count: 1 } });
    expect(week.shared_repositories[0].places[0].rank).toBeNull();
  });

  test.each([
    ['', 'repositories'],
    ['repositories=acme/rocket', 'repositories'],
    ['repositories=acme/rocket,acme/rocket', 'repositories'],
    ['repositories=acme/rocket,acme', 'repositories'],
    ['contributors=ada,ben&repositories=acme/rocket,acme/wheel', 'repositories'],
    ['contributors=ada,id:1', 'contributors'],
    ['contributors=a,b,c,d,e,f', 'contributors'],
    [`repositories=${Array.from({ length: 501 }, (_, index) => `o/r${index}`).join(',')}`, 'repositories'],
  ])('A059: with "%s" is 400 and named', async (query, pointer) => {
    const { status, body } = await api.send('GET', `/api/v1/leaderboard/compare?${query}`);
    expect([status, body.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  test('with somebody or something unknown is 404', async () => {
    expect((await api.send('GET', '/api/v1/leaderboard/compare?repositories=acme/rocket,acme/no')).body.code).toBe('repository_not_found');
    expect((await api.send('GET', '/api/v1/leaderboard/compare?contributors=ada,nobody')).body.code).toBe('contributor_not_found');
  });
});

describe('a board of some repositories', () => {
  test('ranks their people among themselves', async () => {
    const { body } = await api.call('getGlobalBoard', { query: { repositories: 'acme/wheel' } });
    expect(body).toMatchObject({
      total: 2,
      data: [{ rank: 1, total_score: 11, contributor: { username: 'ben' }, repositories_contributed: 1 }, { rank: 2 }],
    });
    const both = (await api.call('getGlobalBoard', { query: { repositories: 'acme/wheel,acme/rocket' } })).body;
    const all = (await api.call('getGlobalBoard', {})).body;
    expect(both.data).toEqual(all.data);
    const week = (await api.call('getGlobalBoard', { query: { repositories: 'acme/rocket,acme/wheel', window: '7d' } })).body;
    expect(week.data[0]).toMatchObject({ contributor: { username: 'Ada' }, commit_count: 2, issues_opened_count: 1 });
    expect((await api.send('GET', '/api/v1/leaderboard/global?repositories=acme/none')).status).toBe(404);
    expect((await api.send('GET', '/api/v1/leaderboard/acme/wheel?repositories=acme/wheel')).status).toBe(400);
  });
});

test('what somebody did in a repository that is not known is 404', async () => {
  for (const name of ['getContributorActivity', 'getContributorSeries', 'getContributorRanks'] as const) {
    const { status, body } = await api.call(name, { params: { username: 'ada' }, query: { repository: 'acme/none' } });
    expect([name, status, body.code]).toEqual([name, 404, 'repository_not_found']);
  }
});

test("a page of somebody's repositories never repeats or misses one: after a board was made anew it is 410", async () => {
  const params = { username: 'ben' };
  const { body } = await api.call('getContributorRepositories', { params, query: { limit: '1' } });
  const wheel = (await findRepository(api.db, { owner: 'acme', name: 'wheel' }))!;
  // Now the second is the first: the page after the first would show it again, and the other never.
  const releases = Array.from({ length: 9 }, (_, index) => did('RELEASE', `${index}`, ben, at(2)));
  await scrape(api.db, wheel, { window: presetWindow('2y', today), batches: [releases] });
  const { status, body: problem } = await api.call('getContributorRepositories', { params, query: { cursor: body.next_cursor } });
  expect([status, problem.code]).toEqual([410, 'board_changed']);
  const names = (await of('ben/repositories')).data.map((row: { repository: { full_name: string } }) => row.repository.full_name);
  expect(names).toEqual(['acme/wheel', 'acme/rocket']);
});
