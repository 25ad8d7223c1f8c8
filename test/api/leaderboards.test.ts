import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BoardPage, BoardRowResource } from '../../src/api/contract/leaderboards.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { KIND_CODES } from '../../src/domain/contribution.ts';
import { addDays, lengthOf, presetWindow } from '../../src/domain/window.ts';
import { publishBoard, type Work } from './published-board.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

const PEOPLE = 120;
const PATH = '/api/v1/leaderboard/board/of-many';
let api: TestApi;
let params: { owner: string; name: string };

/** person-001 does most, a hundred issues; the last twenty-one do equally much. */
const crowd = (): Work[] =>
  Array.from({ length: PEOPLE }, (_, index) => ({
    login: `person-${String(index + 1).padStart(3, '0')}`,
    githubId: 1_000 + index,
    count: Math.max(1, PEOPLE - 20 - index),
  }));

beforeAll(async () => {
  api = await startTestApi();
  params = await addedRepository(api, 'board', 'of-many');
  await publishBoard(api.db, params, [
    ...crowd(),
    { login: 'renovate[bot]', githubId: 5_000, type: 'Bot', count: 500 },
    { login: 'person-001', githubId: 1_000, kind: 'RELEASE', count: 1, daysAgo: 100 },
  ]);
  await rebuildGlobalBoard(api.db);
}, 60_000);
afterAll(() => api.stop());

const board = async (query = ''): Promise<BoardPage> => {
  const { status, body } = await api.send('GET', `${PATH}${query}`);
  expect(status).toBe(200);
  return body as BoardPage;
};
const names = (rows: readonly BoardRowResource[]): string[] => rows.map(({ contributor }) => contributor.username);

describe('a board', () => {
  test('shows the first fifty, with what it is made of', async () => {
    const { status, body, headers } = await api.call('getRepositoryBoard', { params });
    expect(status).toBe(200);
    const page = body as BoardPage;
    expect(page).toMatchObject({ total: PEOPLE, scoring_version: 1, window: presetWindow('2y', await databaseToday(api.db)) });
    expect(page.data).toHaveLength(50);
    // 100 issues of 8 points, 1 release of 30.
    expect(page.data[0]).toMatchObject({ rank: 1, total_score: 830, issues_opened_count: 100, releases_count: 1 });
    expect(page.data[0]?.contributor).toMatchObject({ github_id: 1_000, username: 'person-001', kind: 'human' });
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(headers.get('vary')).toContain('Accept');
  });

  test('says how complete it is, and the coverage says it by month and kind, beside what GitHub counts', async () => {
    const released = { kind: 'RELEASE', stored: 1, unattributed: 0, excluded: 0 };
    const before = (await api.call('getCoverage', { params })).body;
    expect(before.complete).toBeNull();
    expect((await board()).coverage).toMatchObject({ complete: null, note: before.note });
    expect(before.data).toContainEqual(expect.objectContaining({ ...released, github_total: null, sources: ['gharchive'] }));
    await api.db.pool.query(`UPDATE repository_coverage SET github_total = 2, checked_at = now() WHERE kind = $1`, [KIND_CODES.RELEASE]);
    const after = (await api.call('getCoverage', { params })).body;
    expect(after.data).toContainEqual(expect.objectContaining({ ...released, github_total: 2, checked_at: expect.any(String) }));
    await api.db.pool.query(`UPDATE repository_coverage SET github_total = NULL, checked_at = NULL`);
  });

  test('ranks equal scores equally, in the order of logins, and goes on after them', async () => {
    const all = [...(await board('?limit=100')).data];
    expect(all[98]).toMatchObject({ rank: 99 });
    const { next_cursor } = await board('?limit=100');
    const rest = (await board(`?limit=100&cursor=${next_cursor}`)).data;
    expect(rest).toHaveLength(20);
    expect(rest.every(({ rank }) => rank === 100)).toBe(true);
    expect(names(rest)).toEqual(names(rest).toSorted());
  });

  test('comes in pages that hold everybody once, by the Link header', async () => {
    const seen: string[] = [];
    let path: string | null = `${PATH}?limit=7`;
    while (path !== null) {
      const { body, headers } = await api.send('GET', path);
      seen.push(...names((body as BoardPage).data));
      path = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;
    }
    expect(seen).toHaveLength(PEOPLE);
    expect(new Set(seen).size).toBe(PEOPLE);
  });

  test('searching and sorting never change a rank', async () => {
    const found = await board('?q=PERSON-042');
    expect(found.data).toHaveLength(1);
    expect(found.data[0]?.rank).toBe(42);
    const sorted = await board('?sort=releases_count&limit=1');
    expect(sorted.data[0]).toMatchObject({ rank: 1, releases_count: 1 });
    expect((await board('?q=_')).total).toBe(0);
  });

  test('leaves bots out unless they are asked for', async () => {
    expect(names((await board('?q=renovate')).data)).toEqual([]);
    const withBots = await board('?include=bots,agents');
    expect(withBots.total).toBe(PEOPLE + 1);
    expect(withBots.data[0]).toMatchObject({ rank: 1, contributor: { username: 'renovate[bot]', kind: 'bot' } });
    expect(withBots.data[1]).toMatchObject({ rank: 2, contributor: { username: 'person-001' } });
  });

  test('of other days or kinds is ranked anew', async () => {
    const week = await board('?window=7d&limit=1');
    // A release of a hundred days ago is what person-001 was ranked with before.
    expect(week.data[0]).toMatchObject({ total_score: 800, releases_count: 0, rank_change: 'returned' });
    expect(week.window).toEqual(presetWindow('7d', await databaseToday(api.db)));
    const releases = await board('?kinds=RELEASE');
    expect(releases.data).toHaveLength(1);
    expect(releases.data[0]).toMatchObject({ rank: 1, total_score: 30 });
    const dates = await board('?since=2010-01-01&until=2010-12-31');
    expect(dates).toMatchObject({ total: 0, window: { since: '2010-01-01', until: '2010-12-31' } });
  });

  test('has no days before GitHub and none to come; a window of only such days is 400', async () => {
    const today = await databaseToday(api.db);
    expect((await board('?since=1970-01-01&until=2999-12-31&limit=1')).window).toEqual(presetWindow('all', today));
    const tomorrow = addDays(today, 1);
    expect((await board(`?until=${tomorrow}&limit=1`)).window).toEqual(presetWindow('2y', today));
    const scored = await api.send('GET', `/api/v1/contributors/person-001/series?interval=day&since=1970-01-01&until=2999-12-31`);
    expect(scored.body.data).toHaveLength(lengthOf(presetWindow('all', today)));
    for (const [query, pointer] of [
      [`since=${tomorrow}`, 'since'],
      [`since=${tomorrow}&until=2999-12-31`, 'since'],
      ['until=2007-12-31', 'until'],
      [`since=${today}&until=2020-01-01`, 'since'],
    ]) {
      const { status, body } = await api.send('GET', `${PATH}?${query}`);
      expect([query, status, body.errors?.[0]?.pointer]).toEqual([query, 400, pointer]);
    }
  });

  test('of all repositories says in how many somebody is', async () => {
    const { status, body } = await api.call('getGlobalBoard', { query: { limit: '1' } });
    expect(status).toBe(200);
    expect((body as BoardPage).data[0]).toMatchObject({ rank: 1, repositories_contributed: 1, total_score: 830 });
  });

  test('of a repository that was never scraped is empty', async () => {
    const never = await addedRepository(api, 'never', 'scraped');
    const { status, body } = await api.call('getRepositoryBoard', { params: never });
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: [], total: 0, next_cursor: null, as_of: null });
  });

  test('of a repository that is not known is 404', async () => {
    expect((await api.call('getRepositoryBoard', { params: { owner: 'no', name: 'body' } })).status).toBe(404);
  });
});

describe('a page around somebody', () => {
  test('has them in its middle and goes on from there', async () => {
    const page = await board('?around=PERSON-042&limit=5');
    expect(names(page.data)).toEqual(['person-040', 'person-041', 'person-042', 'person-043', 'person-044']);
    expect(names((await board(`?limit=2&cursor=${page.next_cursor}`)).data)).toEqual(['person-045', 'person-046']);
    expect(names((await board('?around=person-001&limit=3')).data)).toEqual(['person-001', 'person-002', 'person-003']);
    expect((await board('?around=person-120&limit=4')).next_cursor).toBeNull();
  });

  test('is there in every order, and on boards that are ranked on request', async () => {
    for (const query of [
      'sort=issues_opened_count',
      'window=30d',
      'q=person-04',
      'include=bots',
      'window=30d&sort=comments_count&q=person-04',
    ]) {
      expect({ query, middle: names((await board(`?around=person-042&limit=3&${query}`)).data)[1] }).toEqual({
        query,
        middle: 'person-042',
      });
    }
  });

  test('is 404 for who is not on the board, and stands against a cursor', async () => {
    for (const query of [
      'around=nobody',
      'around=renovate%5Bbot%5D',
      'around=person-042&kinds=RELEASE',
      'around=person-042&q=person-001',
    ]) {
      const { status, body } = await api.send('GET', `${PATH}?${query}`);
      expect({ query, status, code: body.code }).toEqual({ query, status: 404, code: 'contributor_not_found' });
    }
    const { next_cursor } = await board('?limit=5');
    expect((await api.send('GET', `${PATH}?around=person-042&cursor=${next_cursor}`)).status).toBe(400);
  });
});

describe('a sparkline', () => {
  test('shows twelve weeks, oldest first, when it is asked for', async () => {
    const [first, second] = (await board('?fields=sparkline&limit=2')).data;
    expect(first?.sparkline).toEqual([...Array.from({ length: 11 }, () => 0), 100]);
    expect(second?.sparkline?.at(-1)).toBe(99);
    expect((await board('?fields=sparkline&kinds=RELEASE')).data[0]?.sparkline).toEqual(Array.from({ length: 12 }, () => 0));
    expect((await board('?limit=1')).data[0]).not.toHaveProperty('sparkline');
    expect((await api.send('GET', `${PATH}?fields=colour`)).status).toBe(400);
  });
});

describe('a board as one JSON file', () => {
  test('holds all rows of the same view, in one envelope', async () => {
    const { headers, body } = await api.send('GET', `${PATH}?format=json&sort=issues_opened_count`);
    expect(headers.get('content-disposition')).toBe('attachment; filename="board-of-many-leaderboard.json"');
    const pages = [await board('?sort=issues_opened_count&limit=100')];
    pages.push(await board(`?sort=issues_opened_count&limit=100&cursor=${pages[0]?.next_cursor}`));
    expect(body).toEqual({ ...pages[0], data: pages.flatMap(({ data }) => data), next_cursor: null });
    expect((await board('?format=json&q=nobody')).data).toEqual([]);
    expect((await api.send('GET', `${PATH}?format=json&limit=5`)).body.errors[0].pointer).toBe('limit');
  });
});

describe('an unchanged board', () => {
  test('is 304 without a body, by its ETag; another page or another board is not', async () => {
    const { headers } = await api.send('GET', PATH);
    const tag = headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]+"$/);
    for (const given of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await api.send('GET', PATH, { headers: { 'if-none-match': given } });
      expect({ given, status: again.status, text: again.text }).toEqual({ given, status: 304, text: '' });
      expect(again.headers.get('etag')).toBe(tag);
    }
    expect((await api.send('GET', `${PATH}?limit=2`, { headers: { 'if-none-match': tag } })).status).toBe(200);
    expect((await api.send('GET', PATH, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });
});

describe('a board as CSV', () => {
  const rowsOf = (text: string): string[] => text.split('\r\n').slice(0, -1);

  test('holds all pages', async () => {
    const { status, headers, text } = await api.send('GET', `${PATH}?format=csv`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
    expect(headers.get('content-disposition')).toBe('attachment; filename="board-of-many-leaderboard.csv"');
    const [head, first, ...rest] = rowsOf(text);
    expect(head?.split(',').slice(0, 7)).toEqual(['rank', 'rank_change', 'github_id', 'username', 'display_name', 'kind', 'total_score']);
    expect(first).toMatch(/^1,[^,]*,1000,person-001,[^,]*,human,830,/);
    expect(rest).toHaveLength(PEOPLE - 1);
  });

  test('is also what Accept: text/csv gets, with the same filters', async () => {
    const { text, headers } = await api.send('GET', `${PATH}?kinds=RELEASE`, { headers: { accept: 'text/csv' } });
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
    expect(rowsOf(text)).toHaveLength(2);
  });

  test('is JSON for whoever takes anything, and for format=json', async () => {
    expect((await api.send('GET', PATH, { headers: { accept: '*/*' } })).headers.get('content-type')).toMatch(/json/);
    expect((await api.send('GET', `${PATH}?format=json`, { headers: { accept: 'text/csv' } })).headers.get('content-type')).toMatch(/json/);
  });

  test('A085: no cell is a formula, and every cell is quoted as it must be', async () => {
    const hostile = [
      '=HYPERLINK("http://evil")',
      "+cmd|'/C calc'!A0",
      '-2+3',
      '@SUM(1)',
      '\t=1',
      '\r=1',
      'a,b "c"\r\nd',
      '＝1+1',
      '＠SUM(1)',
    ];
    for (const [index, name] of hostile.entries()) {
      await api.db.pool.query('UPDATE github_user SET display_name = $1 WHERE github_id = $2', [name, 1_000 + index]);
    }
    const { text } = await api.send('GET', `${PATH}?format=csv`);
    expect(text).toContain(`,"'=HYPERLINK(""http://evil"")",`);
    expect(text).toContain(`,'+cmd|'/C calc'!A0,`);
    expect(text).toContain(`,'-2+3,`);
    expect(text).toContain(`,'＝1+1,`);
    expect(text).toContain(`,'＠SUM(1),`);
    expect(text).toContain(`,'@SUM(1),`);
    expect(text).toContain(`,'\t=1,`);
    expect(text).toContain(`,"'\r=1",`);
    expect(text).toContain(',"a,b ""c""\r\nd",');
    // Pages that were written within the last seconds may show the names they had.
    const { body } = await api.send('GET', `${PATH}?limit=3`);
    expect(body.data[0].contributor.display_name).toBe('=HYPERLINK("http://evil")');
  });

  test('HEAD says what it would be', async () => {
    const { status, headers, text } = await api.send('HEAD', `${PATH}?format=csv`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
    expect(text).toBe('');
  });
});

describe('a cursor', () => {
  test('of a board two versions old is 410, and says to begin again', async () => {
    const { next_cursor } = await board('?limit=5');
    await publishBoard(api.db, params, [...crowd(), { login: 'newcomer', githubId: 9_000, count: 2 }]);
    // The previous version is kept: who is in the middle of it can go on.
    expect((await api.send('GET', `${PATH}?limit=5&cursor=${next_cursor}`)).status).toBe(200);
    await publishBoard(api.db, params, [...crowd(), { login: 'newcomer', githubId: 9_000, count: 3 }]);
    const { status, body } = await api.send('GET', `${PATH}?limit=5&cursor=${next_cursor}`);
    expect(status).toBe(410);
    expect(body.code).toBe('board_changed');
  });

  test('A061: of another sort, or with a changed letter, is refused', async () => {
    const { next_cursor: cursor } = await board('?limit=5');
    const next_cursor = cursor ?? '';
    expect((await api.send('GET', `${PATH}?limit=5&sort=releases_count&cursor=${next_cursor}`)).status).toBe(400);
    for (let at = 0; at < next_cursor.length; at += 3) {
      const changed = next_cursor.slice(0, at) + (next_cursor[at] === 'x' ? 'y' : 'x') + next_cursor.slice(at + 1);
      expect([200, 400, 410]).toContain((await api.send('GET', `${PATH}?limit=5&cursor=${changed}`)).status);
    }
  });
});
