import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { closeJob } from '../../src/db/jobs.ts';
import { publishBoard } from '../api/published-board.ts';
import { addedRepository, startTestApi, type TestApi } from '../api/running-api.ts';

const CLI = join(import.meta.dirname, '../../src/cli.ts');

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

/** Runs `laurels` against the test's API. */
const laurels = async (...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], LAURELS_URL: api.url };
    execFile(process.execPath, [CLI, ...args], { env, cwd: '/' }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });

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

  test('ends with 2 for wrong usage and 3 for what is not known', async () => {
    const wrong: readonly (readonly [number, readonly string[]])[] = [
      [2, ['compare', 'ada']],
      [2, ['compare', 'ada', 'acme/rocket']],
      [2, ['contributor', 'ada', 'dances']],
      [2, ['board', 'acme/rocket', '--repositories', 'acme/wheel']],
      [3, ['contributor', 'nobody']],
      [3, ['compare', 'acme/rocket', 'acme/none']],
      [3, ['coverage', 'acme/none']],
      [3, ['board', '--around', 'nobody']],
    ];
    const ended = await Promise.all(wrong.map(async ([, args]) => ({ args, ...(await laurels(...args)) })));
    expect(ended).toEqual(wrong.map(([code, args]) => ({ args, code, out: '', err: expect.stringMatching(/./) })));
  }, 30_000);
});
