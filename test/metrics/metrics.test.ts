import { expect, test } from '@jest/globals';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import { createGithubSource } from '../../src/sources/github/source.ts';
import { handChecked } from '../fakes/github/datasets/hand-checked.ts';
import { quotaExhausted } from '../fakes/github/faults.ts';
import { startFakeGithub } from '../fakes/github/server.ts';
import { lintOf, readExposition, type Exposition } from './exposition.ts';

/* What a scrape without trouble does not move; test/e2e/observed.test.ts has the rest. */

async function told(metrics: Metrics): Promise<Exposition> {
  return readExposition((await metrics.exposition()).text);
}

test('a pause that GitHub asks for is counted with its seconds, and the request by its outcome', async () => {
  const metrics = createMetrics({ ofProcess: false });
  const { data, window } = handChecked(new Date().toISOString().slice(0, 10));
  const github = await startFakeGithub({ dataset: data, faults: [[{ nth: 1 }, quotaExhausted({ resetInSeconds: 600 })]] });
  const source = createGithubSource({ tokens: ['ghp_testtokentesttokentesttoken00'], apiUrl: github.restUrl, meter: metrics.sources });
  const target = { owner: 'octo-corp', name: 'hand-checked', githubId: null, nodeId: null, window, type: 'FULL' } as const;
  await expect(source.plan(target)).resolves.toMatchObject({ note: expect.stringContaining('rate limit is used up') });
  await github.stop();
  const now = await told(metrics);
  expect(now.value('laurels_source_requests_total', { source: 'github', outcome: 'wait' })).toBe(1);
  expect(now.value('laurels_source_waits_total', { source: 'github' })).toBe(1);
  expect(now.value('laurels_source_wait_seconds_total', { source: 'github' })).toBeGreaterThan(500);
  expect(now.value('laurels_source_points_left', { credential: 'token 1' })).toBe(0);
});

test('what a database that is away would have said is left out, and that it is away is said', async () => {
  const metrics = createMetrics({ ofProcess: false });
  metrics.standing.watchStanding(() => Promise.reject(new Error('away')));
  metrics.standing.watchEngine(() => 'no_worker');
  const now = await told(metrics);
  expect(now.value('laurels_database_up')).toBe(0);
  expect(now.value('laurels_board_rows')).toBeNull();
  expect(now.value('laurels_jobs')).toBeNull();
  expect(now.value('laurels_temporal_up')).toBe(1);
  expect(now.value('laurels_temporal_worker_up')).toBe(0);
});

test('the rules of names find what Prometheus would not like', () => {
  const wrong =
    '# HELP laurels_waits x\n# TYPE laurels_waits counter\nlaurels_waits{login="ada"} 1\n# HELP laurels_took_ms x\n# TYPE laurels_took_ms gauge\nlaurels_took_ms 1\n';
  expect(lintOf(readExposition(wrong))).toEqual([
    'laurels_waits: a counter ends in _total',
    'laurels_waits: label login has endless values',
    'laurels_took_ms: is not in base units (seconds, bytes)',
  ]);
});
