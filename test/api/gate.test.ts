import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { readExposition } from '../metrics/exposition.ts';
import { startExposedApi, type ExposedApi } from './security/exposed-api.ts';
import { startTestApi, type TestApi } from './running-api.ts';

let api: TestApi | null = null;
afterEach(async () => {
  await api?.stop();
  api = null;
});
const exposed = async (...gate: Parameters<typeof startExposedApi>): Promise<ExposedApi> => {
  const started = await startExposedApi(...gate);
  api = started;
  return started;
};

describe('the limit of requests', () => {
  test('A133: a flood is answered with 429 and Retry-After, never with an error; /healthz is exempt', async () => {
    const { call, as } = await exposed({ requestsPerMinute: 5, publicReads: true });
    const statuses: number[] = [];
    for (let round = 0; round < 20; round += 1) statuses.push((await call('listRepositories')).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(15);
    const refused = await call('listRepositories');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.body).toMatchObject({ status: 429, code: 'too_many_requests' });
    for (let round = 0; round < 10; round += 1) expect((await call('getHealth')).status).toBe(200);
    // A key has a count of its own.
    expect((await call('listRepositories', { headers: as('read') })).status).toBe(200);
    const { text } = await call('getMetrics', { headers: as('read') });
    expect(readExposition(text).value('laurels_http_requests_limited_total')).toBe(16);
  });

  test('is told with every answer', async () => {
    const { call } = await exposed({ requestsPerMinute: 5, publicReads: true });
    const { headers } = await call('listRepositories');
    expect(headers.get('ratelimit')).toMatch(/^"minute"; r=4; t=\d+$/);
    expect(headers.get('ratelimit-policy')).toMatch(/^"minute"; q=5; w=60; pk=:.+:$/);
  });

  test('counts guesses of keys', async () => {
    const { call } = await exposed({ requestsPerMinute: 3 });
    const headers = { authorization: `Bearer lrl_${'x'.repeat(43)}` };
    const statuses = [];
    for (let round = 0; round < 5; round += 1) statuses.push((await call('listRepositories', { headers })).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });

  test('counts each client behind a trusted proxy for itself, and believes nobody else', async () => {
    const { call } = await exposed({ requestsPerMinute: 1, publicReads: true, trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] });
    const from = async (forwarded: string) => (await call('listRepositories', { headers: { 'x-forwarded-for': forwarded } })).status;
    expect(await from('192.0.2.1')).toBe(200);
    expect(await from('192.0.2.2, 10.0.0.7')).toBe(200);
    // What the client itself wrote stands before what the proxy saw.
    expect(await from('198.51.100.9, 192.0.2.1')).toBe(429);
    expect(await from('203.0.113.1, 192.0.2.2')).toBe(429);
  });

  test('does not bother this machine', async () => {
    api = await startTestApi({ gate: { requestsPerMinute: 1 } });
    const { call } = api;
    for (let round = 0; round < 5; round += 1) expect((await call('listRepositories')).status).toBe(200);
  });
});

describe('what is read', () => {
  let local: TestApi;
  beforeAll(async () => {
    local = await startTestApi();
  });
  afterAll(() => local.stop());

  test.each(['listJobs', 'listRepositories', 'getScoring', 'getGlobalBoard', 'listAudit'] as const)(
    '%s has an ETag, and is not sent again while it is the same',
    async (name) => {
      const first = await local.call(name);
      expect(first.headers.get('cache-control')).toBe('private, no-cache');
      const tag = first.headers.get('etag') ?? '';
      for (const given of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const again = await local.call(name, { headers: { 'if-none-match': given } });
        expect([given, again.status, again.text]).toEqual([given, 304, '']);
      }
      for (const given of ['', '"other"', tag.slice(1, -1), tag.toUpperCase(), '"x",'.repeat(2_000)]) {
        expect((await local.call(name, { headers: { 'if-none-match': given } })).status).toBe(200);
      }
    },
  );

  test('is sent when it has changed', async () => {
    const headers = { 'if-none-match': (await local.call('listRepositories')).headers.get('etag') ?? '' };
    await local.call('addRepository', { body: { owner: 'o', name: 'r' } });
    expect((await local.call('listRepositories', { headers })).status).toBe(200);
  });

  test('of the moment is not kept', async () => {
    const { headers } = await local.call('getHealth');
    expect([headers.get('etag'), headers.get('cache-control')]).toEqual([null, 'no-store']);
  });
});

describe('A113: the log stream where others can reach the API', () => {
  /** 101, or the status with which the upgrade is refused. */
  const upgrade = async (port: number, path: string, headers: Record<string, string> = {}): Promise<number> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    return await new Promise((resolve, reject) => {
      socket.on('open', () => {
        socket.close();
        resolve(101);
      });
      socket.on('unexpected-response', (_, { statusCode = 0, headers: { 'retry-after': wait } }) => {
        if (statusCode === 429) expect(Number(wait)).toBeGreaterThan(0);
        resolve(statusCode);
      });
      socket.on('error', reject);
    });
  };
  const PATH = '/dashboard/ws/logs';

  test('needs a key or a session; a key in the URL is none', async () => {
    const { port, as, keys, call } = await exposed({ publicReads: true });
    expect(await upgrade(port, PATH)).toBe(401);
    expect(await upgrade(port, `${PATH}?token=${keys.admin.text}`)).toBe(401);
    expect(await upgrade(port, PATH, { authorization: 'Bearer nothing' })).toBe(401);
    expect(await upgrade(port, PATH, as('read'))).toBe(101);
    const { headers } = await call('createSession', { body: { key: keys.read.text } });
    const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(await upgrade(port, PATH, { cookie })).toBe(101);
    expect(await upgrade(port, PATH, { cookie, origin: 'http://evil.example' })).toBe(403);
  });

  test('A133: is asked for as often as anything else, guesses of keys counted', async () => {
    const { port, as, call } = await exposed({ requestsPerMinute: 3 });
    const guess = { authorization: `Bearer lrl_${'x'.repeat(43)}` };
    const statuses: number[] = [];
    for (const headers of [guess, guess, {}, guess, {}]) statuses.push(await upgrade(port, PATH, headers));
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await call('listJobs')).status).toBe(429);
    expect(await upgrade(port, PATH, as('read'))).toBe(101);
  });
});
