import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase } from '../../src/db/database.ts';
import { DEFAULT_SCORING, numberOf } from '../../src/domain/scoring.ts';
import { startExposedApi } from './security/exposed-api.ts';
import { eventually, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

describe('the process', () => {
  test('is healthy and says which it is', async () => {
    const { status, body } = await api.call('getHealth');
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'ok', instance: 'test-instance' });
  });

  test('is ready when the database, its schema and Temporal are', async () => {
    await expect(api.call('getReadiness')).resolves.toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { database: 'ok', migrations: 'ok', temporal: 'ok', event_loop: 'ok' } },
    });
  });

  test('is not ready without Temporal, and says so', async () => {
    api.engine.isAway = true;
    const { status, body, headers } = await api.call('getReadiness');
    api.engine.isAway = false;
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('5');
    expect(body).toMatchObject({
      code: 'not_ready',
      detail: 'Not ready: temporal unreachable.',
      details: { checks: { temporal: 'unreachable' } },
    });
  });

  test('shows where everything is', async () => {
    const { body } = await api.call('getIndex');
    for (const path of Object.values(body.links as Record<string, string>)) {
      expect((await api.send('GET', path)).status).toBe(200);
    }
  });
});

describe('where others reach it', () => {
  test('who is no one learns which check fails and nothing more, and metrics are for keys', async () => {
    const { call, engine, as, stop } = await startExposedApi({ publicReads: true });
    engine.isAway = true;
    const { status, body } = await call('getReadiness');
    expect(status).toBe(503);
    expect(body).toMatchObject({
      detail: 'Not ready: temporal.',
      details: { checks: { database: 'ok', migrations: 'ok', temporal: 'failed', event_loop: 'ok' } },
    });
    expect((await call('getMetrics')).status).toBe(401);
    expect((await call('getMetrics', { headers: as('read') })).status).toBe(200);
    await stop();
  });
});

describe('the scoring', () => {
  test('is shown with its version as tag', async () => {
    const { body, headers } = await api.call('getScoring');
    expect(body).toMatchObject({ version: 1, weights: { COMMIT: 10, PR_MERGED: 25, LINES_DELETED: 0.005 }, line_bonus_cap: 500 });
    expect(Object.keys(body.weights)).toHaveLength(Object.keys(DEFAULT_SCORING.weights).length);
    expect(body.weights.RELEASE).toBe(numberOf(DEFAULT_SCORING.weights.RELEASE));
    const tag = headers.get('etag') ?? '';
    const again = await api.send('GET', '/api/v1/config/scoring', { headers: { 'if-none-match': tag } });
    expect(again.status).toBe(304);
    expect(again.text).toBe('');
  });
});

describe('a recalculation', () => {
  test('is requested', async () => {
    const before = api.engine.recalculations;
    await expect(api.call('recalculateBoards')).resolves.toMatchObject({ status: 202, body: { status: 'requested' } });
    expect(api.engine.recalculations).toBe(before + 1);
  });

  test('that Temporal can not be asked for is 503', async () => {
    api.engine.isAway = true;
    const answer = await api.call('recalculateBoards');
    api.engine.isAway = false;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
  });
});

describe('without its database', () => {
  test('reads and writes answer 503, the process lives, and nothing is handed to Temporal', async () => {
    const db = await openDatabase({ url: 'postgres://laurels@127.0.0.1:1/laurels', applicationName: 'test' });
    const lonely = await startTestApi({ db });
    for (const path of ['/api/v1/leaderboard/global', '/api/v1/jobs', '/api/v1/repositories']) {
      const { status, body, headers } = await lonely.send('GET', path);
      expect({ path, status }).toEqual({ path, status: 503 });
      expect(body).toMatchObject({ code: 'service_unavailable', status: 503 });
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(5);
      expect(JSON.stringify(body)).not.toContain('ECONNREFUSED');
    }
    expect((await lonely.send('POST', '/api/v1/repositories/o/r/scrape')).status).toBe(503);
    expect(lonely.engine.started).toEqual([]);
    expect((await lonely.send('GET', '/healthz')).status).toBe(200);
    const ready = await lonely.send('GET', '/readyz');
    expect(ready.status).toBe(503);
    expect(ready.body.detail).toContain('database unreachable');
    await lonely.stop();
    await db.close();
  });

  test('after every connection was broken off it answers again', async () => {
    const restarted = await startTestApi();
    const board = () => restarted.send('GET', '/api/v1/leaderboard/global');
    expect((await board()).status).toBe(200);
    const admin = await openDatabase({ url: restarted.databaseUrl, applicationName: 'admin' });
    await admin.pool.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await admin.close();
    const statuses: number[] = [];
    await eventually(
      async () => statuses.push((await board()).status),
      () => statuses.at(-1) === 200,
    );
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    await restarted.stop();
  });

  test('an error that nobody foresaw is a 500 with the request id and no inside', async () => {
    const broken = await startTestApi({
      preferredSources: () => {
        throw new TypeError('secret inside');
      },
    });
    await broken.call('addRepository', { body: { owner: 'o', name: 'r' } });
    const { status, body, text } = await broken.call('scrapeRepository', { params: { owner: 'o', name: 'r' } });
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'internal_error', request_id: expect.any(String) });
    expect(text).not.toMatch(/secret|\.ts|at /);
    expect(broken.logged.find(({ msg }) => msg === 'request failed')).toMatchObject({
      request_id: body.request_id,
      err: { message: 'secret inside' },
    });
    await broken.stop();
  });
});

// The last one: whoever watches this process saw it stand still.
test('a process that stood still for seconds is not ready, and says so', async () => {
  const blockedUntil = performance.now() + 2_200;
  while (performance.now() < blockedUntil);
  const { status, body } = await api.call('getReadiness');
  expect(status).toBe(503);
  expect(body.details.checks).toMatchObject({ database: 'ok', event_loop: expect.stringMatching(/^blocked for [2-9]\.\d s$/) });
});
