import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BoardPage } from '../../src/api/contract/leaderboards.ts';
import type { JobResource } from '../../src/api/contract/jobs.ts';
import type { ScrapePlan } from '../../src/api/contract/repositories.ts';
import { countOf } from '../fakes/github/count-of.ts';
import { handChecked, type HandChecked } from '../fakes/github/datasets/hand-checked.ts';
import { startFakeGithub, type FakeGithub } from '../fakes/github/server.ts';
import { makePlace, type Place } from './laurels.ts';

/*
 * What a person does with a token and nothing else: `laurels scrape owner/name`, on an empty data directory.
 */

const TOKEN = 'ghp_testtokentesttokentesttoken00';

let place: Place;
let set: HandChecked;
let github: FakeGithub;
let environment: Record<string, string>;
beforeAll(async () => {
  place = await makePlace();
  set = handChecked(new Date().toISOString().slice(0, 10));
  github = await startFakeGithub({ dataset: set.data, tokens: { [TOKEN]: {} } });
  environment = { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: github.restUrl };
});
afterAll(async () => {
  await github.stop();
  await place.remove();
});

test('laurels scrape --dry-run says pages, points and minutes, and reads nothing', async () => {
  const ended = await place.laurels(['scrape', 'octo-corp/hand-checked', '--dry-run', '--json'], environment);
  expect(ended).toMatchObject({ code: 0 });
  const { sources } = JSON.parse(ended.stdout) as ScrapePlan;
  expect(sources).toMatchObject([{ source: 'github', note: expect.any(String), estimate: { minutes: expect.any(Number) } }]);
  const { pages, points, rest_requests, minutes } = sources[0]?.estimate ?? {};
  expect(sources[0]?.note).toContain(
    `about ${pages} pages, ${points} GraphQL points and ${rest_requests} REST requests, ${minutes} minute`,
  );
  expect(github.requests.map(({ operation }) => operation)).not.toContain('PullRequests');
}, 60_000);

test('laurels scrape prints the board of an independent count, complete', async () => {
  const ended = await place.laurels(
    ['scrape', 'octo-corp/hand-checked', '--wait', '--json', '--require-complete', '--include', 'bots,agents'],
    environment,
  );
  expect(ended).toMatchObject({ code: 0 });
  const { job, board } = JSON.parse(ended.stdout) as { job: JobResource; board: BoardPage };
  const { people, rows } = countOf(set.data, set.window, set.repository);
  expect(job).toMatchObject({ status: 'COMPLETED', sources: ['github'], events_processed: rows.length, complete: true, incomplete: [] });
  expect(board.coverage.complete).toBe(true);
  const scores = board.data.map(({ contributor, total_score }) => [contributor.github_id, total_score] as const);
  expect(new Map(scores)).toEqual(new Map([...people.values()].map(({ githubId, score }) => [githubId, score])));
  expect(github.mistakes).toEqual([]);
  expect(ended.stdout + ended.stderr).not.toContain(TOKEN);
}, 60_000);

test('a token that GitHub refuses is a failed job that says which setting to change', async () => {
  const ended = await place.laurels(['scrape', 'octo-corp/hand-checked', '--wait'], { ...environment, GITHUB_TOKEN: 'ghp_revoked' });
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/refused \(401\).*Set GITHUB_TOKEN anew/);
  expect(ended.stderr).not.toContain('ghp_revoked');
}, 60_000);
