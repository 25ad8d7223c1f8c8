import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { requestWhole } from '../../../src/sources/github/whole-request.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

/** A server on loopback that answers so, by the name it is asked by. */
async function serverOf(answer: Answer, host = '127.0.0.1'): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

const textOf = async (answer: unknown): Promise<string> => (answer as Response).text();

describe('a whole request', () => {
  test('gives the text of a success, unzipped', async () => {
    const url = await serverOf((request, response) => {
      response.setHeader('x-asked', String(request.headers['accept-encoding']));
      response.setHeader('content-encoding', 'gzip').end(gzipSync('{"name":"Zoë"}'));
    });
    const answer = await requestWhole(url, {});
    expect(answer).toMatchObject({ status: 200, body: '{"name":"Zoë"}', headers: expect.arrayContaining([['x-asked', 'gzip']]) });
  });

  test('sends method, headers and body', async () => {
    const url = await serverOf((request, response) => {
      request
        .setEncoding('utf8')
        .on('data', (body: string) => response.end(`${request.method} ${String(request.headers['x-one'])} ${body}`));
    });
    await expect(requestWhole(url, { method: 'POST', headers: { 'x-one': '1' }, body: '{}' })).resolves.toMatchObject({
      body: 'POST 1 {}',
    });
  });

  test.each([403, 404, 500])('gives what comes with a %d as a response', async (status) => {
    const url = await serverOf((_, response) => response.writeHead(status, { 'retry-after': '7' }).end('no'));
    const answer = (await requestWhole(url, {})) as Response;
    expect([answer.status, answer.ok, answer.headers.get('retry-after'), await textOf(answer)]).toEqual([status, false, '7', 'no']);
  });

  test('gives a 304 without a body', async () => {
    const url = await serverOf((_, response) => response.writeHead(304, { etag: '"one"' }).end());
    expect(await requestWhole(url, {})).toMatchObject({ status: 304, body: null });
  });

  test('follows a repository that moved with its token, and to another host without it', async () => {
    const seen: (string | undefined)[] = [];
    const end: Answer = (request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    };
    const elsewhere = await serverOf(end, 'localhost');
    const url = await serverOf((request, response) => {
      if (request.url === '/near') response.writeHead(301, { location: '/repositories/1' }).end();
      else if (request.url === '/far') response.writeHead(301, { location: elsewhere }).end();
      else end(request, response);
    });
    for (const path of ['near', 'far']) {
      await expect(requestWhole(`${url}/${path}`, { headers: { authorization: 'token secret' } })).resolves.toMatchObject({ body: '{}' });
    }
    expect(seen).toEqual(['token secret', undefined]);
  });

  test('fails when a body breaks off, zipped or not', async () => {
    const zipped = await serverOf((_, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(10_000)).subarray(0, 20)),
    );
    const plain = await serverOf((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    });
    await expect(requestWhole(zipped, {})).rejects.toThrow(/unexpected end/);
    await expect(requestWhole(plain, {})).rejects.toThrow(/closed|aborted|terminated/);
  });

  test('ends with its signal, before the answer and in the middle of it', async () => {
    const url = await serverOf((request, response) => {
      if (request.url === '/begun') response.writeHead(200, { 'content-length': '100' }).write('half');
    });
    for (const path of ['silent', 'begun']) {
      const ending = new AbortController();
      const asked = requestWhole(`${url}/${path}`, { signal: ending.signal });
      setTimeout(() => ending.abort(new Error('enough')), 50);
      await expect(asked).rejects.toThrow(/enough|abort/i);
    }
  });
});
