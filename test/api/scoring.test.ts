import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { closeJob } from '../../src/db/jobs.ts';
import { DEFAULT_SCORING, numberOf, SCORED_NAMES } from '../../src/domain/scoring.ts';
import { presetWindow } from '../../src/domain/window.ts';
import { publishBoard } from './published-board.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

const WEIGHTS = Object.fromEntries(SCORED_NAMES.map((name) => [name, numberOf(DEFAULT_SCORING.weights[name])]));
const PATH = '/api/v1/config/scoring';
let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
  const params = await addedRepository(api, 'scored', 'one');
  await publishBoard(api.db, params, [
    { login: 'ada', githubId: 1, count: 10 },
    { login: 'ada', githubId: 1, kind: 'RELEASE', count: 1 },
    { login: 'bob', githubId: 2, kind: 'COMMENT', count: 20 },
  ]);
  const other = await addedRepository(api, 'scored', 'two');
  await publishBoard(api.db, other, [
    { login: 'ada', githubId: 1, kind: 'COMMENT', count: 2, daysAgo: 40 },
    { login: 'helper-bot', githubId: 3, count: 3 },
  ]);
  await rebuildGlobalBoard(api.db);
}, 60_000);
afterAll(() => api.stop());
beforeEach(async () => {
  api.engine.isAway = false;
  await api.db.pool.query(`UPDATE scrape_job SET status = 'COMPLETED' WHERE job_type = 'RESCORE'`);
});

const tag = async (): Promise<string> => (await api.call('getScoring')).headers.get('etag') ?? '';
const put = async (body: object, ifMatch?: string) =>
  api.call('putScoring', {
    body: { weights: WEIGHTS, line_bonus_cap: 500, ...body } as never,
    headers: { 'if-match': ifMatch ?? (await tag()) },
  });
const withWeight = (name: string, points: unknown) => ({ weights: { ...WEIGHTS, [name]: points } });

describe('the scoring', () => {
  test('is read with its tag', async () => {
    const { status, body, headers } = await api.call('getScoring');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: 1,
      weights: WEIGHTS,
      line_bonus_cap: 500,
      options: { coauthor_credit: false, daily_caps: {}, concave_lines: false },
      created_by: 'laurels',
    });
    const etag = headers.get('etag') ?? '';
    expect((await api.call('getScoring', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test('is saved with If-Match, and a job has the boards follow', async () => {
    const before = await tag();
    const answer = await put({ ...withWeight('COMMENT', 3.5), note: 'comments are work' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      weights: { COMMENT: 3.5 },
      created_by: 'local',
      note: 'comments are work',
      rescore: { status: 'QUEUED', url: answer.headers.get('location') },
    });
    expect(answer.headers.get('etag')).not.toBe(before);
    expect(answer.headers.get('etag')).toBe(await tag());
    expect(api.engine.started).toContain(answer.body.rescore.id);
    const job = await api.call('getJob', { params: { id: answer.body.rescore.id } });
    expect(job.body).toMatchObject({ type: 'RESCORE', repository: null, requested_by: 'local' });

    const again = await put(withWeight('COMMENT', 3.5));
    expect(again).toMatchObject({ status: 200, body: { version: answer.body.version, rescore: null } });
    expect(again.headers.get('location')).toBeNull();
  });

  test('with Temporal away it is saved all the same: the reconciler starts the job', async () => {
    api.engine.isAway = true;
    expect(await put(withWeight('COMMENT', 3.75))).toMatchObject({ status: 200, body: { rescore: { status: 'QUEUED' } } });
  });

  test.each([
    ['without If-Match', null, 428, 'precondition_required'],
    ['with the tag of another version', '"scoring-0"', 412, 'scoring_changed'],
    ['with a weak tag', 'W/"scoring-1"', 412, 'scoring_changed'],
  ])('%s it is refused', async (_, ifMatch, status, code) => {
    const current = await tag();
    const answer = await api.call('putScoring', {
      body: { ...withWeight('COMMIT', 99), line_bonus_cap: 500 } as never,
      headers: ifMatch === null ? {} : { 'if-match': ifMatch },
    });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(await tag()).toBe(current);
  });

  test('A030, A069: every wrong field is named, and nothing is saved', async () => {
    const current = await tag();
    const { RELEASE: _, ...most } = WEIGHTS;
    const { status, body } = await put({
      weights: { ...most, COMMIT: -1, COMMENT: 1e9, PR_OPENED: 0.00001, PR_MERGED: '5', DANCING: 3 },
      line_bonus_cap: 10_000.5,
      isAdmin: true,
      options: { daily_caps: { COMMIT: 0, COMMENT: 1.5 }, concave_lines: 'yes' },
    });
    expect(status).toBe(422);
    const pointers = (body.errors as { pointer: string; detail: string }[]).map(({ pointer }) => pointer);
    expect(new Set(pointers)).toEqual(
      new Set([
        '/weights/COMMIT',
        '/weights/COMMENT',
        '/weights/PR_OPENED',
        '/weights/PR_MERGED',
        '/weights/RELEASE',
        '/weights/DANCING',
        '/line_bonus_cap',
        '/isAdmin',
        '/options/daily_caps/COMMIT',
        '/options/daily_caps/COMMENT',
        '/options/concave_lines',
      ]),
    );
    expect(await tag()).toBe(current);
  });

  test.each([0, 0.0001, 3 * 0.0001, 0.07, 9_999.9999, 10_000])('%d points are a weight', async (points) => {
    const { status, body } = await put(withWeight('RELEASE', points));
    expect(status).toBe(200);
    expect(body.weights.RELEASE).toBe(Number(points.toFixed(4)));
  });

  test('each weight, the cap and each option changes boards', async () => {
    const scores = async (): Promise<unknown> => {
      await rebuildGlobalBoard(api.db);
      const { body } = await api.call('getGlobalBoard');
      return (body.data as { contributor: { username: string }; total_score: number }[]).map((row) => [
        row.contributor.username,
        row.total_score,
      ]);
    };
    await put({});
    expect(await scores()).toEqual([
      ['ada', 80 + 30 + 6],
      ['bob', 60],
    ]);
    await put(withWeight('ISSUE_OPENED', 0.5));
    expect(await scores()).toEqual([
      ['bob', 60],
      ['ada', 5 + 30 + 6],
    ]);
    await put({ options: { daily_caps: { COMMENT: 5, ISSUE_OPENED: 4 } } });
    expect(await scores()).toEqual([
      ['ada', 32 + 30 + 6],
      ['bob', 15],
    ]);
  });
});

describe('the history', () => {
  test('shows every version with who, when, why and what changed; a version is restored as a new one', async () => {
    await put({});
    await put({ ...withWeight('COMMIT', 12), line_bonus_cap: 400, options: { daily_caps: { COMMENT: 7 } }, note: 'try' });
    const { body } = await api.call('listScorings', { query: { limit: '2' } });
    expect(body.data).toHaveLength(2);
    const [newest, before] = body.data;
    expect(newest).toMatchObject({
      created_by: 'local',
      note: 'try',
      in_force: false,
      changes: [
        { pointer: '/weights/COMMIT', before: 10, after: 12 },
        { pointer: '/line_bonus_cap', before: 500, after: 400 },
        { pointer: '/options/daily_caps/COMMENT', before: null, after: 7 },
      ],
    });
    const next = await api.call('listScorings', { query: { limit: '100', cursor: body.next_cursor } });
    expect(next.body.data.at(-1)).toMatchObject({ version: 1, created_by: 'laurels', changes: [] });
    expect(next.body.data[0].version).toBe(before.version - 1);

    const restored = await api.call('restoreScoring', { params: { version: '1' } });
    expect(restored).toMatchObject({ status: 200, body: { version: newest.version + 1, weights: WEIGHTS, note: 'Version 1 restored' } });
    const stale = { params: { version: '1' as never }, headers: { 'if-match': '"scoring-1"' } };
    expect(await api.call('restoreScoring', stale)).toMatchObject({ status: 412 });
    expect(await api.call('restoreScoring', { params: { version: '99999' } })).toMatchObject({
      status: 404,
      body: { code: 'scoring_not_found' },
    });
    expect((await api.send('POST', `${PATH}/one/restore`)).status).toBe(400);
  });
});

describe('a preview', () => {
  test('says who would move, by how much, and how much of the order stays', async () => {
    await put({});
    await rebuildGlobalBoard(api.db);
    const current = await tag();
    const body = { ...withWeight('ISSUE_OPENED', 1), line_bonus_cap: 500 } as never;
    const { status, body: answer } = await api.call('previewScoring', { body });
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      repository: null,
      window: presetWindow('2y', await databaseToday(api.db)),
      people: 2,
      changes: [{ pointer: '/weights/ISSUE_OPENED', before: 8, after: 1 }],
      order: { unchanged_ranks: 0, unchanged_share: 0, rank_correlation: -1 },
      top_before: [
        { username: 'ada', before: { rank: 1, score: 116 }, after: { rank: 2, score: 46 }, rank_change: -1, score_change: -70 },
        { username: 'bob' },
      ],
      top_after: [{ username: 'bob' }, { username: 'ada' }],
    });
    expect(answer.biggest_movers).toHaveLength(2);
    const one = await api.call('previewScoring', { query: { repository: 'Scored/Two' }, body });
    expect(one.body).toMatchObject({ repository: 'scored/two', people: 1, order: { unchanged_share: 1, rank_correlation: null } });
    expect(await api.call('previewScoring', { query: { repository: 'scored/none' }, body })).toMatchObject({ status: 404 });
    expect((await api.call('previewScoring', { body: { weights: {} } as never })).status).toBe(422);
    expect(await tag()).toBe(current);
  });
});

describe('the receipt of a score', () => {
  const score = (username: string, query: Record<string, string> = {}) =>
    api.call('getContributorScore', { params: { username }, query: query });

  test('has a line for each kind, count x points, with links to the contributions, and adds up to the board', async () => {
    await put({ options: { daily_caps: { ISSUE_OPENED: 4 } } });
    await rebuildGlobalBoard(api.db);
    const window = presetWindow('2y', await databaseToday(api.db));
    const { status, body } = await score('ADA', { repository: 'scored/one' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      contributor: { github_id: 1, username: 'ada' },
      repository: 'scored/one',
      window,
      total_score: 62,
      board: { total_score: 62, rank: 1, is_current: true },
      line_bonus: { points: 0, cap: 500, concave: false },
    });
    const [issues, releases, ...rest] = body.lines;
    expect(rest).toEqual([]);
    expect(issues).toMatchObject({
      kind: 'ISSUE_OPENED',
      count: 10,
      counted: 4,
      daily_cap: 4,
      points_each: 8,
      points: 32,
      links: {
        contributions: `/api/v1/contributors/ada/activity?kind=ISSUE_OPENED&repository=scored/one&since=${window.since}&until=${window.until}`,
        github: [expect.stringMatching(/^https:\/\/github\.com\/scored\/one\/issues\?q=is%3Aissue\+author%3Aada\+created%3A/)],
      },
    });
    expect(releases).toMatchObject({
      kind: 'RELEASE',
      count: 1,
      counted: 1,
      daily_cap: null,
      points: 30,
      links: { github: ['https://github.com/scored/one/releases'] },
    });
  });

  test('over all repositories is the sum of theirs; a window narrows it', async () => {
    await put({});
    await rebuildGlobalBoard(api.db);
    const { body } = await score('ada');
    expect(body).toMatchObject({ repository: null, total_score: 116, board: { total_score: 116, rank: 1, is_current: true } });
    expect(body.repositories).toMatchObject([
      { repository: 'scored/one', total_score: 110, links: { score: '/api/v1/contributors/ada/score?repository=scored/one' } },
      { repository: 'scored/two', total_score: 6 },
    ]);
    const recent = await score('id:1', { window: '30d' });
    expect(recent.body).toMatchObject({ total_score: 110, board: null });
    expect(recent.body.repositories[0].links.score).toBe('/api/v1/contributors/ada/score?repository=scored/one&window=30d');
    expect((await score('helper-bot')).body).toMatchObject({ total_score: 24, board: { rank: null, total_score: 24 } });
    expect((await score('bob', { repository: 'scored/two' })).body).toMatchObject({
      total_score: 0,
      lines: [],
      repositories: [],
      board: null,
    });
  });

  test('of nobody, of an unknown repository, or over a wrong window is an error that says so', async () => {
    expect(await score('nobody')).toMatchObject({ status: 404, body: { code: 'contributor_not_found' } });
    expect(await score('ada', { repository: 'scored/none' })).toMatchObject({ status: 404, body: { code: 'repository_not_found' } });
    expect(await score('ada', { window: '2y', since: '2026-01-01' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: 'window' }] },
    });
    expect((await api.send('GET', '/api/v1/contributors/a%20b/score')).status).toBe(400);
  });
});

test('a job that is closed makes way for the next', async () => {
  await put({});
  const first = await put(withWeight('COMMIT', 1));
  await closeJob(api.db, first.body.rescore.id, { status: 'COMPLETED' });
  const second = await put(withWeight('COMMIT', 2));
  expect(second.body.rescore.id).not.toBe(first.body.rescore.id);
});
