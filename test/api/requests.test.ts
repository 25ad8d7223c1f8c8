import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sendWithHeaders, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const PATH = '/api/v1/repositories';
const problemOf = (text: string) => JSON.parse(text) as { status: number; code: string; request_id?: string };
const repositories = async (): Promise<number> => (await api.call('listRepositories')).body.total as number;
const JSON_TYPE = { 'content-type': 'application/json' };

/** Sends bytes as they are and gives all that comes back. */
async function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(api.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

describe('the Host header', () => {
  test.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example:8000',
    'localhost.',
    '[::2]',
    'localhost:1:2',
    'other.example',
  ])('%s is not ours: 421, without data', async (host) => {
    const { status, text } = await sendWithHeaders(api.port, PATH, { host });
    expect(status).toBe(421);
    expect(problemOf(text)).toMatchObject({ status: 421, code: 'misdirected_request' });
    expect(text).not.toContain('data');
  });

  test.each(['localhost', 'LOCALHOST:1234', '127.0.0.1:9', '[::1]:8000', 'laurels.example', 'laurels.example:80', 'other.example:8443'])(
    '%s is ours',
    async (host) => {
      expect((await sendWithHeaders(api.port, PATH, { host })).status).toBe(200);
    },
  );

  test('is checked before anything else, also of paths that are not there', async () => {
    expect((await sendWithHeaders(api.port, '/nowhere', { host: 'evil.example' })).status).toBe(421);
    expect((await sendWithHeaders(api.port, '/healthz', { host: 'evil.example' })).status).toBe(421);
  });

  test.each([
    ['missing', 'GET / HTTP/1.0\r\n\r\n'],
    ['missing in HTTP/1.1', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['given twice, good first', 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n'],
    ['given twice, evil first', 'GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
    ['empty', 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
  ])('%s: 400', async (_, text) => {
    expect(await raw(text)).toMatch(/^HTTP\/1\.1 4(00|21) /);
  });

  test('in the request line is refused', async () => {
    const answer = await raw('GET http://evil.example/api/v1/repositories HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('of a proxy is not believed', async () => {
    const headers = { host: 'localhost', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' };
    const answer = await sendWithHeaders(api.port, PATH, headers);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer)).not.toContain('evil.example');
  });
});

describe('a write', () => {
  const write = (headers: Record<string, string>) =>
    api.send('POST', PATH, { headers: { ...JSON_TYPE, ...headers }, body: '{"owner":"o","name":"r"}' });

  test.each<[string, Record<string, string>]>([
    ['of a foreign origin', { origin: 'http://evil.example' }],
    ['of another port of this machine', { origin: 'http://localhost:3000' }],
    ['of origin null', { origin: 'null' }],
    ['that the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['that the browser calls same-site', { 'sec-fetch-site': 'same-site' }],
  ])('%s is refused with 403 and stores nothing', async (_, headers) => {
    const answer = await write(headers);
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe('foreign_origin');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    await expect(repositories()).resolves.toBe(0);
  });

  test('without a body is refused from a foreign origin too: it needs no preflight', async () => {
    const answer = await api.send('POST', `${PATH}/o/r/scrape`, { headers: { origin: 'http://evil.example' } });
    expect(answer.status).toBe(403);
  });

  test.each<[string, Record<string, string>]>([
    ['of no browser', {}],
    ['of its own page', { origin: 'SELF', 'sec-fetch-site': 'same-origin' }],
    ['typed into the address bar', { 'sec-fetch-site': 'none' }],
  ])('%s is let through', async (_, headers) => {
    const origin = headers.origin === 'SELF' ? { origin: api.url } : {};
    const answer = await api.send('DELETE', '/api/v1/sample', { headers: { ...headers, ...origin } });
    expect(answer.status).toBe(204);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])('as %s is 415', async (type) => {
    const answer = await api.send('POST', PATH, { headers: { 'content-type': type }, body: '{"owner":"o","name":"r"}' });
    expect(answer.status).toBe(415);
    await expect(repositories()).resolves.toBe(0);
  });

  test('by another method in disguise is no such thing', async () => {
    const headers = { 'x-http-method-override': 'DELETE' };
    expect((await api.send('POST', `${PATH}/o/r`, { headers })).status).toBe(405);
    expect((await api.send('GET', `${PATH}/o/r?_method=DELETE`)).status).toBe(400);
  });
});

describe('a method', () => {
  test('that a path does not know is 405 and says which it knows', async () => {
    const answer = await api.send('GET', `${PATH}/o/r/scrape`);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
    expect((await api.send('PUT', PATH)).headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
  });

  test('OPTIONS from another site finds no CORS headers', async () => {
    const answer = await api.send('OPTIONS', PATH, { headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' } });
    expect(answer.status).toBe(204);
    expect([...answer.headers.keys()].filter((header) => header.startsWith('access-control'))).toEqual([]);
  });

  test('TRACE echoes nothing', async () => {
    const answer = await raw('TRACE / HTTP/1.1\r\nHost: localhost\r\nX-Secret: canary\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).not.toContain('canary');
  });

  test('HEAD answers like GET, without a body', async () => {
    const answer = await api.send('HEAD', PATH);
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });
});

describe('a body', () => {
  const post = (body: string, headers: Record<string, string> = JSON_TYPE) => api.send('POST', PATH, { headers, body });

  test.each([
    ['that is not JSON', '{"owner":', 400, 'malformed_json'],
    ['of no bytes', '', 400, 'invalid_input'],
    ['null', 'null', 422, 'invalid_input'],
    ['an array', '[]', 422, 'invalid_input'],
    ['a number', '42', 422, 'invalid_input'],
    ['5,000 arrays deep', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, 422, 'invalid_input'],
    ['with a field nobody knows', '{"owner":"o","name":"r","status":"COMPLETED"}', 422, 'invalid_input'],
    ['with __proto__', '{"__proto__":{"polluted":1},"owner":"o","name":"r"}', 422, 'invalid_input'],
    ['with a NUL', '{"owner":"a\\u0000","name":"r"}', 422, 'invalid_input'],
    ['with a lone surrogate', '{"owner":"\\ud800","name":"r"}', 422, 'invalid_input'],
    ['with an object for a text', '{"owner":{"$ne":1},"name":"r"}', 422, 'invalid_input'],
    ['with half a name', '{"owner":"o"}', 422, 'invalid_input'],
    ['with a name and a URL', '{"owner":"o","name":"r","url":"https://github.com/o/r"}', 422, 'invalid_input'],
    ['with a hyphen first', '{"owner":"-foo","name":"r"}', 422, 'invalid_input'],
    ['with a Cyrillic letter', '{"owner":"gіthub","name":"r"}', 422, 'invalid_input'],
    ['with spaces', '{"owner":" o","name":"r "}', 422, 'invalid_input'],
    ['with dots for a name', '{"owner":"o","name":".."}', 422, 'invalid_input'],
    ['with a URL of another host', '{"url":"https://gitlab.com/o/r"}', 422, 'invalid_input'],
    ['with a URL that only looks right', '{"url":"https://github.com.evil.example/o/r"}', 422, 'invalid_input'],
    ['with a URL of nothing', '{"url":"https://github.com/"}', 422, 'invalid_input'],
  ])('%s is refused', async (_, body, status, code) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, code });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    await expect(repositories()).resolves.toBe(0);
  });

  test('that is wrong is told field by field', async () => {
    const { body } = await post('{"owner":"-foo","name":"r","stars":9}');
    expect(body.errors).toEqual(
      expect.arrayContaining([
        { pointer: '/owner', detail: expect.stringContaining('an owner is') },
        { pointer: '/stars', detail: 'is not known here' },
      ]),
    );
  });

  test('of 200 KB is 413', async () => {
    const answer = await post(JSON.stringify({ owner: 'x'.repeat(200_000) }));
    expect(answer.status).toBe(413);
    expect(answer.body.code).toBe('body_too_large');
  });

  test('that is compressed or in another charset is 415', async () => {
    expect((await post('{}', { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post('{}', { 'content-type': 'application/json; charset=latin1' })).status).toBe(415);
  });

  test('with two lengths is 400', async () => {
    const text =
      'POST /api/v1/repositories HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await raw(text)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('a parameter', () => {
  const board = (query: string) => api.send('GET', `/api/v1/leaderboard/global?${query}`);

  test.each(['abc', '-1', '0', '101', '99999999999999999999', '10.5', '', '1e1', '0x10', '%2050'])(
    'limit=%s is 400 and named',
    async (limit) => {
      const { status, body } = await board(`limit=${limit}`);
      expect(status).toBe(400);
      expect(body.errors[0].pointer).toBe('limit');
    },
  );

  test.each([
    ['limit=1&limit=2', 'limit'],
    ['limit[a]=1', 'limit[a]'],
    ['__proto__[polluted]=1', '__proto__[polluted]'],
    ['__proto__=1', '__proto__'],
    ['constructor[prototype][x]=1', 'constructor[prototype][x]'],
    ['page=9007199254740991', 'page'],
    ['sort=(select%20pg_sleep(5))', 'sort'],
    ['sort=__proto__', 'sort'],
    ['sort=constructor', 'sort'],
    ['sort=toString', 'sort'],
    ['window=999999d', 'window'],
    ['since=2026-13-45', 'since'],
    ['since=2026-02-30', 'since'],
    ['until=now()', 'until'],
    ['since=2026-02-01&until=2026-01-01', 'since'],
    ['window=7d&since=2026-01-01', 'window'],
    ['kinds=COMMIT,nothing', 'kinds'],
    ['include=humans', 'include'],
    ['q=a%00b', 'q'],
    [`q=${'x'.repeat(101)}`, 'q'],
    ['cursor=', 'cursor'],
    ['format=xml', 'format'],
    ['format=csv&limit=5', 'limit'],
  ])('%s is 400 and named', async (query, pointer) => {
    const { status, body } = await board(query);
    expect(status).toBe(400);
    expect(body.errors[0].pointer).toBe(pointer);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each(["q=' OR 1=1--", 'q=%25', 'q=_', 'q=%5C', 'q=%EF%BF%BD'])('%s is only text', async (query) => {
    const { status, body } = await board(query);
    expect(status).toBe(200);
    expect(body.data).toEqual([]);
  });

  test.each(['AAAA', '%7B%22v%22:1%7D', 'bm90IGEgY3Vyc29y'])('cursor=%s is none of ours: 400', async (cursor) => {
    expect((await board(`cursor=${cursor}`)).status).toBe(400);
    expect((await api.send('GET', `/api/v1/jobs?cursor=${cursor}`)).status).toBe(400);
    expect((await api.send('GET', `${PATH}?cursor=${cursor}`)).status).toBe(400);
  });

  test.each([
    ['/api/v1/repositories/a%00b/c', 400],
    ['/api/v1/repositories/%E0%A4/c', 400],
    ['/api/v1/repositories/..%2f..%2fetc/passwd', 400],
    ["/api/v1/repositories/'%20OR%20'1'='1/r", 400],
    ['/api/v1/repositories/constructor/toString', 404],
    ['/api/v1/repositories/o/__proto__', 404],
    ['/api/v1/jobs/not-a-job', 400],
    ['/api/v1/jobs/0198f7d6-0000-7000-8000-000000000000', 404],
    ['/.env', 404],
    ['/package.json', 404],
    ['/dashboard/..%2f..%2fpackage.json', 404],
  ])('%s is %i', async (path, status) => {
    const answer = await api.send('GET', path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  test('of 20,000 characters in the path is refused', async () => {
    expect((await api.send('GET', `/api/v1/repositories/${'a'.repeat(20_000)}/r`)).status).toBe(431);
  });

  test('made to keep a pattern busy takes no time', async () => {
    const begun = performance.now();
    const answer = await api.send('POST', PATH, { headers: JSON_TYPE, body: JSON.stringify({ owner: 'a-'.repeat(20_000), name: 'r' }) });
    expect(answer.status).toBe(422);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe('an answer', () => {
  test('carries the security headers and says nothing of what is behind', async () => {
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
