import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAvatarFetcher } from '../../src/sources/github/avatars.ts';
import { startTestApi, type TestApi } from './running-api.ts';

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)]);

/** The host of avatars; what it answers is set by tests. */
let host: Server;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let api: TestApi;

beforeAll(async () => {
  host = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => void host.listen(0, '127.0.0.1', resolve));
  api = await startTestApi({ fetchAvatar: createAvatarFetcher({ baseUrl: `http://127.0.0.1:${(host.address() as AddressInfo).port}/` }) });
});
afterAll(async () => {
  await api.stop();
  host.close();
});

let lastId = 0;
beforeEach(async () => {
  asked = [];
  lastId += 1;
  await api.db.pool.query(
    `INSERT INTO github_user (id, person_id, github_id, username) VALUES ($1::bigint, $1::bigint, $1::bigint, 'u' || $1::text)`,
    [lastId],
  );
});
const image = async (
  id = lastId,
): Promise<{ readonly type: string | null; readonly bytes: Buffer; readonly headers: Headers; readonly status: number }> => {
  const response = await fetch(`${api.url}/avatars/${id}`);
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    bytes: Buffer.from(await response.arrayBuffer()),
    headers: response.headers,
  };
};

describe('an avatar', () => {
  test('is fetched once from the one host, kept, and sent as what it is', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PNG);
    const first = await Promise.all(Array.from({ length: 5 }, () => image()));
    for (const { status, type, bytes, headers } of first) {
      expect([status, type]).toEqual([200, 'image/png']);
      expect(bytes).toEqual(PNG);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('private, max-age=86400');
    }
    expect(asked).toEqual([`/u/${lastId}?s=80`]);
    const tag = first[0]?.headers.get('etag') ?? '';
    const again = await fetch(`${api.url}/avatars/${lastId}`, { headers: { 'if-none-match': tag } });
    expect(again.status).toBe(304);
    expect(asked).toHaveLength(1);
  });

  test.each<[string, typeof answer]>([
    ['is not there', (_, response) => response.writeHead(404).end()],
    ['is a page', (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).end('<script>alert(1)</script>')],
    [
      'is an SVG',
      (_, response) => response.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ],
    ['is elsewhere', (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end()],
    ['is larger than 200 KB', (_, response) => response.writeHead(200).end(Buffer.concat([PNG, Buffer.alloc(205 * 1024)]))],
  ])('that %s is drawn, and not asked for again', async (_, given) => {
    answer = given;
    const { status, type, bytes, headers } = await image();
    expect([status, type]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    expect(bytes.toString()).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="96"/);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await image()).bytes).toEqual(bytes);
    expect(asked).toHaveLength(1);
  });

  test('of somebody who is not known here, or is invented, is drawn without asking anybody', async () => {
    answer = (_, response) => response.writeHead(200).end(PNG);
    await api.db.pool.query(`INSERT INTO github_user (id, person_id, github_id, username) VALUES (9000, 9000, -5, 'sample')`);
    const [unknown, sample] = [await image(123_456), await image(-5)];
    expect(unknown.type).toMatch(/svg/);
    expect(sample.bytes).not.toEqual(unknown.bytes);
    expect(asked).toEqual([]);
    expect((await fetch(`${api.url}/avatars/ada`)).status).toBe(400);
  });

  test('is the old one while the host is away, and the host has a rest', async () => {
    answer = (_, response) => response.writeHead(200).end(PNG);
    await image();
    await api.db.pool.query(`UPDATE avatar SET fetched_at = now() - interval '8 days' WHERE github_id = $1`, [lastId]);
    answer = (request) => request.socket.destroy();
    expect((await image()).type).toBe('image/png');
    expect((await image()).type).toBe('image/png');
    expect(asked).toHaveLength(2);
  });
});
