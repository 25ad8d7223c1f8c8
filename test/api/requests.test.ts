import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

describe('an answer', () => {
  test('A125, A126: carries the security headers and says nothing of what is behind', async () => {
    const { headers } = await api.send('GET', '/');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'self'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
  });

  test('an error carries them too', async () => {
    const { headers } = await api.send('GET', '/nowhere');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('has the id of the request: the given one when it is decent, else one of ours; the log line has it too', async () => {
    const given = await api.send('GET', '/healthz', { headers: { 'x-request-id': 'trace-42' } });
    expect(given.headers.get('x-request-id')).toBe('trace-42');
    const indecent = await api.send('GET', '/nowhere', { headers: { 'x-request-id': 'a b<script>' } });
    expect(indecent.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(indecent.body).toMatchObject({ request_id: indecent.headers.get('x-request-id'), instance: '/nowhere', code: 'not_found' });
    const line = api.logged.find(({ request_id }) => request_id === 'trace-42');
    expect(line).toMatchObject({ msg: 'request', method: 'GET', path: '/healthz', status: 200, duration_ms: expect.any(Number) });
  });

  test('the log never holds what people search for', async () => {
    await api.send('GET', '/api/v1/leaderboard/global?q=canary-person');
    expect(JSON.stringify(api.logged)).not.toContain('canary-person');
  });
});
