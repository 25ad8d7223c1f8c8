import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { raw, startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const PATH = '/api/v1/repositories';
const repositories = async (): Promise<number> => (await api.call('listRepositories')).body.total as number;
const JSON_TYPE = { 'content-type': 'application/json' };

describe('a body', () => {
  const post = (body: string, headers: Record<string, string> = JSON_TYPE) => api.send('POST', PATH, { headers, body });

  test.each([
    ['that is not JSON', '{"owner":', 400, 'malformed_json'],
    ['of no bytes', '', 400, 'invalid_input'],
    ['null', 'null', 422, 'invalid_input'],
    ['a text', '"x"', 422, 'invalid_input'],
    ['with a byte order mark', '\ufeff[]', 422, 'invalid_input'],
    ['of 40 characters for an owner', `{"owner":"${'a'.repeat(40)}","name":"r"}`, 422, 'invalid_input'],
    ['in full width', '{"owner":"ｏ","name":"r"}', 422, 'invalid_input'],
    ['with null for a text', '{"owner":null,"name":"r"}', 422, 'invalid_input'],
    ['with an emoji', '{"owner":"😀","name":"r"}', 422, 'invalid_input'],
    ['with a list for a text', '{"owner":["a"],"name":"r"}', 422, 'invalid_input'],
    ['with a number for a text', '{"owner":1,"name":"r"}', 422, 'invalid_input'],
    ['with nothing for a name', '{"owner":"","name":"r"}', 422, 'invalid_input'],
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
    ['with dots for a name', '{"owner":"o/..","name":".."}', 422, 'invalid_input'],
    ['with a URL of another host', '{"url":"https://gitlab.com/o/r"}', 422, 'invalid_input'],
    ['with a URL that only looks right', '{"url":"https://github.com.evil.example/o/r"}', 422, 'invalid_input'],
    ['with a URL of nothing', '{"url":"https://github.com/"}', 422, 'invalid_input'],
  ])('A055, A063, A065, A066, A070, A073: %s is refused', async (_, body, status, code) => {
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

  test('A057, A067: that names a repository in another case names the same one; of a field given twice the last counts', async () => {
    expect((await post('{"owner":"twice","owner":"Case","name":"r"}')).status).toBe(201);
    expect((await post('{"owner":"cASE","name":"R"}')).status).toBe(200);
    expect((await post('{"owner":" case","name":"r "}')).status).toBe(422);
    expect(await repositories()).toBe(1);
    await api.send('DELETE', `${PATH}/case/r`);
  });

  test('A071: of 200 KB is 413', async () => {
    const answer = await post(JSON.stringify({ owner: 'x'.repeat(200_000) }));
    expect(answer.status).toBe(413);
    expect(answer.body.code).toBe('body_too_large');
  });

  test('that is compressed or in another charset is 415', async () => {
    expect((await post('{}', { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post('{}', { 'content-type': 'application/json; charset=latin1' })).status).toBe(415);
  });

  test('A073: of bytes that are no UTF-8 is 400', async () => {
    const head = 'POST /api/v1/repositories HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n';
    expect(await raw(api.port, Buffer.from(`${head}Connection: close\r\n\r\n\xff\xfe`, 'latin1'))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each([
    ['two lengths', 'Content-Length: 2\r\nTransfer-Encoding: chunked'],
    ['two different lengths', 'Content-Length: 2\r\nContent-Length: 3'],
    ['a length with a sign', 'Content-Length: +2'],
    ['an encoding that only looks like one', 'Transfer-Encoding: xchunked'],
    ['an encoding taken back', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'],
    ['a folded header', 'X-A: b\r\n c'],
    ['a space before a colon', 'Content-Length : 2'],
  ])('A074: with %s is 400: no second request hides in it', async (_, headers) => {
    const text = `POST /api/v1/repositories HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const answer = await raw(api.port, text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});
