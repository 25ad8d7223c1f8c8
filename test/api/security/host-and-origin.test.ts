import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { raw, sendWithHeaders, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const PATH = '/api/v1/repositories';
const problemOf = (text: string) => JSON.parse(text) as { status: number; code: string; request_id?: string };
const repositories = async (): Promise<number> => (await api.call('listRepositories')).body.total as number;
const JSON_TYPE = { 'content-type': 'application/json' };

describe('the Host header', () => {
  test.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example:8000',
    'localhost.',
    '[::2]',
    'localhost:1:2',
    'localhost:99999',
    'localhost@evil.example',
    '127.1.2.3',
    '[::ffff:127.0.0.1]',
    'other.example',
  ])('A001, A002, A003: %s is not ours: 421, without data', async (host) => {
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
  ])('A005, A006: %s: 400', async (_, text) => {
    expect(await raw(api.port, text)).toMatch(/^HTTP\/1\.1 4(00|21) /);
  });

  test.each([
    ['two origins, ours first', 'Origin: http://localhost\r\nOrigin: http://evil.example\r\n'],
    ['two origins, ours last', 'Origin: http://evil.example\r\nOrigin: http://localhost\r\n'],
    ['an empty origin', 'Origin:\r\n'],
    ['two kinds of site', 'Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n'],
  ])('beside %s: 403', async (_, headers) => {
    const text = `DELETE /api/v1/sample HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`;
    expect(await raw(api.port, text)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('in the request line is refused', async () => {
    const answer = await raw(
      api.port,
      'GET http://evil.example/api/v1/repositories HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('A007: of a proxy is not believed', async () => {
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
    ['of an extension that calls itself like this machine', { origin: 'chrome-extension://SELF' }],
    ['of origin null', { origin: 'null' }],
    ['that the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['that the browser calls same-site', { 'sec-fetch-site': 'same-site' }],
  ])('A009, A010: %s is refused with 403 and stores nothing', async (_, headers) => {
    const { origin } = headers;
    const answer = await write(origin === undefined ? headers : { origin: origin.replace('SELF', new URL(api.url).host) });
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe('foreign_origin');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    await expect(repositories()).resolves.toBe(0);
  });

  test('A014: without a body is refused from a foreign origin too: it needs no preflight', async () => {
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

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'A011, A013: as %s is 415',
    async (type) => {
      const answer = await api.send('POST', PATH, { headers: { 'content-type': type }, body: '{"owner":"o","name":"r"}' });
      expect(answer.status).toBe(415);
      await expect(repositories()).resolves.toBe(0);
    },
  );

  test('A018: by another method in disguise is no such thing', async () => {
    const headers = { 'x-http-method-override': 'DELETE' };
    expect((await api.send('POST', `${PATH}/o/r`, { headers })).status).toBe(405);
    expect((await api.send('GET', `${PATH}/o/r?_method=DELETE`)).status).toBe(400);
  });
});

describe('a method', () => {
  test('A017: that a path does not know is 405 and says which it knows', async () => {
    const answer = await api.send('GET', `${PATH}/o/r/scrape`);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
    expect((await api.send('PUT', PATH)).headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
  });

  test('A015: OPTIONS from another site finds no CORS headers', async () => {
    const answer = await api.send('OPTIONS', PATH, { headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' } });
    expect(answer.status).toBe(204);
    expect([...answer.headers.keys()].filter((header) => header.startsWith('access-control'))).toEqual([]);
  });

  test('A019: TRACE echoes nothing', async () => {
    const answer = await raw(api.port, 'TRACE / HTTP/1.1\r\nHost: localhost\r\nX-Secret: canary\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).not.toContain('canary');
  });

  test('that offers another protocol is answered in this one', async () => {
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA' };
    expect((await sendWithHeaders(api.port, '/healthz', headers)).status).toBe(200);
  });

  test('HEAD answers like GET, without a body', async () => {
    const answer = await api.send('HEAD', PATH);
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });
});
