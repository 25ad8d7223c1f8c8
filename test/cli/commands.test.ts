import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { closeJob } from '../../src/db/jobs.ts';
import { publishBoard } from '../api/published-board.ts';
import { addedRepository, startTestApi, type TestApi } from '../api/running-api.ts';
import { laurelsAt, type Ended } from './laurels-at.ts';

let api: TestApi;
let failedJob: string;

beforeAll(async () => {
  api = await startTestApi();
  for (const name of ['rocket', 'wheel']) {
    await publishBoard(api.db, await addedRepository(api, 'acme', name), [
      { login: 'ada', githubId: 1, count: 5, daysAgo: name === 'rocket' ? 1 : 2 },
      { login: 'ben', githubId: 2, count: 3 },
      { login: 'helper[bot]', githubId: 3, type: 'Bot', count: 9 },
    ]);
  }
  await rebuildGlobalBoard(api.db);
  const { body } = await api.call('scrapeRepository', { params: await addedRepository(api, 'acme', 'broken') });
  failedJob = body.id as string;
  await closeJob(api.db, failedJob, { status: 'FAILED', errorCode: 'archive_unreadable', errorMessage: 'No such directory' });
}, 60_000);
afterAll(() => api.stop());

const laurels = (...args: readonly string[]): Promise<Ended> => laurelsAt(api.url, ...args);

describe('laurels', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['board of some', ['board', '--repositories', 'acme/rocket,acme/wheel', '--sparkline', '--window', '30d'], /ada +80.*█/],
    ['board around somebody', ['board', 'acme/rocket', '--around', 'ben', '--limit', '2'], /ben +24/],
    ['compare repositories', ['compare', 'acme/rocket', 'acme/wheel'], /acme\/rocket +2 +64 +100 % +ada, ben[\s\S]*2 on several boards/],
    ['compare people', ['compare', 'ada', 'ben'], /ada +1 +80 +2[\s\S]*2 repositories in common/],
    ['contributor', ['contributor', 'ada'], /ada, human[\s\S]*1 of 2, 80 points[\s\S]*streak +2 days/],
    [
      'contributor activity',
      ['contributor', 'ada', 'activity', '--repository', 'acme/wheel', '--limit', '1'],
      /ISSUE_OPENED +acme\/wheel +https/,
    ],
    ['contributor repositories', ['contributor', 'ben', 'repositories'], /acme\/rocket +2 of 2 +24/],
    [
      'contributor series',
      ['contributor', 'ada', 'series', '--interval', 'day', '--window', '7d'],
      /day from +contributions\n\S+ +5\n\S+ +5/,
    ],
    ['contributor ranks', ['contributor', 'ada', 'ranks'], /\d{4}-\d\d-\d\d +1 +80/],
    ['contributors', ['contributors', '--kind', 'bot,agent'], /helper\[bot\].*bot/],
    ['search', ['search', 'a'], /acme\/rocket[\s\S]*ada/],
    ['repositories', ['repositories', '--q', 'rock'], /acme\/rocket +COMPLETED +2/],
    ['one repository', ['repositories', 'acme/rocket'], /acme\/rocket: COMPLETED[\s\S]*last job: .*completed/],
    ['coverage', ['coverage', 'acme/rocket'], /ISSUE_OPENED +17/],
    ['contributor enrichment', ['contributor', 'ada', 'enrichment'], /status +PENDING/],
    ['badge', ['badge', 'acme/rocket'], /2 contributors/],
    ['status', ['status'], /is ready\. You are local there and may do: admin\./],
    ['recalculate', ['recalculate'], /being recalculated/],
    ['stats', ['stats'], /repositories +3 \(2 completed, 1 failed\)/],
    ['errors', ['errors'], /acme\/broken.*archive_unreadable: No such directory/],
  ])('%s', async (_, args, expected) => {
    const [{ code, out, err }, json] = await Promise.all([laurels(...args), laurels(...args, '--json')]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(expected);
    expect(json.code).toBe(0);
    expect(typeof JSON.parse(json.out)).toBe('object');
  });

  test('jobs retry starts a new job, once', async () => {
    const { code, out } = await laurels('jobs', 'retry', failedJob, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ retry_of: failedJob, status: 'QUEUED' });
    const again = await laurels('jobs', 'retry', failedJob);
    expect([again.code, again.err]).toEqual([4, expect.stringContaining('already unfinished')]);
  });

  test('add and remove a repository', async () => {
    expect(await laurels('add', 'acme/new')).toMatchObject({ code: 0, out: 'acme/new: added\n' });
    expect(await laurels('add', 'https://github.com/acme/new')).toMatchObject({ code: 0, out: 'acme/new: was known already\n' });
    expect(await laurels('remove', 'acme/new')).toMatchObject({ code: 0, out: 'acme/new: removed\n' });
    expect((await laurels('remove', 'acme/new')).code).toBe(3);
  });

  test.each<[number, string]>([
    [2, ''],
    [2, 'dance'],
    [2, 'stats now'],
    [2, 'compare ada'],
    [2, 'compare ada acme/rocket'],
    [2, 'contributor ada dances'],
    [2, 'contributor ada --kind COMMIT'],
    [2, 'contributor ada ranks --interval day'],
    [2, 'repositories acme/rocket --status FAILED'],
    [2, 'jobs 0198f7d6-0000-7000-8000-000000000000 --limit 3'],
    [2, 'jobs not-a-job'],
    [2, 'board acme/rocket --repositories acme/wheel'],
    [2, 'board --since 2026-02-01 --until 2026-01-01'],
    [2, 'board --since 2999-01-01'],
    [2, 'board --window 30d --since 2026-01-01'],
    [2, 'board --limit 0'],
    [2, 'board --sort age'],
    [2, 'board --kinds LIKES'],
    [2, 'score'],
    [2, 'score a/b'],
    [2, 'score ada --since yesterday'],
    [2, 'scoring set'],
    [2, 'scoring set COMMIT=10001 --no-wait'],
    [2, 'scoring preview LIKES=3'],
    [2, 'kind ada human'],
    [2, 'avatar ada'],
    [2, 'badge ada --output /nowhere/badge.svg'],
    [2, 'audit --refused --done'],
    [2, 'enrich --top 0'],
    [3, 'contributor nobody'],
    [3, 'contributor nobody enrichment'],
    [3, 'score nobody'],
    [3, 'score ada --repository acme/none'],
    [3, 'badge nobody'],
    [3, 'badge acme/none'],
    [3, 'avatar nobody --json'],
    [3, 'identities show nobody'],
    [3, 'kind nobody bot --reason x'],
    [2, 'merge ada nobody'],
    [3, 'opt-out nobody'],
    [3, 'erase nobody --yes'],
    [3, 'enrich nobody'],
    [3, 'compare acme/rocket acme/none'],
    [3, 'compare ada nobody'],
    [3, 'coverage acme/none'],
    [3, 'repositories acme/none'],
    [3, 'remove acme/none'],
    [3, 'refresh acme/none'],
    [3, 'board acme/none'],
    [3, 'board --around nobody'],
    [3, 'scoring restore 99'],
    [3, 'jobs 0198f7d6-0000-7000-8000-000000000000'],
    [3, 'jobs retry 0198f7d6-0000-7000-8000-000000000000'],
    [3, 'cancel 0198f7d6-0000-7000-8000-000000000000'],
    [3, 'logs --job 0198f7d6-0000-7000-8000-000000000000'],
  ])('ends with %i and says why: %s', async (code, line) => {
    const args = line.split(' ').filter((word) => word !== '');
    expect({ ...(await laurels(...args)) }).toEqual({ code, out: '', err: expect.stringMatching(/\w/) });
  });

  test('ends with 3 for who has opted out, and with 4 for what is in the way', async () => {
    expect(await laurels('opt-out', 'ben')).toMatchObject({ code: 0 });
    for (const command of ['contributor', 'score', 'badge', 'avatar', 'enrich']) {
      const args = command === 'avatar' ? ['--json'] : [];
      expect(await laurels(command, 'ben', ...args)).toMatchObject({ code: 3, out: '' });
    }
    expect(await laurels('opt-out', 'ben', '--undo')).toMatchObject({ code: 0 });
    expect(await laurels('scrape', 'acme/broken')).toMatchObject({ code: 4, err: expect.stringContaining('/api/v1/jobs/') });
    expect(await laurels('add', 'acme/broken', '--scrape')).toMatchObject({ code: 4 });
    expect(await laurels('cancel', failedJob)).toMatchObject({ code: 4, err: expect.stringContaining('ended') });
  });

  test('writes pictures where it is told', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'laurels-pictures-'));
    try {
      const [badge, avatar] = [join(directory, 'badge.svg'), join(directory, 'ada')];
      expect(await laurels('badge', 'ada', '--output', badge)).toMatchObject({ code: 0, out: `${badge}: image/svg+xml\n` });
      expect(await laurels('avatar', 'ada', '--output', avatar)).toMatchObject({ code: 0, out: `${avatar}: image/svg+xml\n` });
      expect(await readFile(badge, 'utf8')).toBe((await api.send('GET', '/badges/contributors/ada.svg')).text);
      expect(await readFile(avatar, 'utf8')).toBe((await api.send('GET', '/avatars/1')).text);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
