import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWebsiteReader } from '../../src/enrichment/website.ts';

/** A server on loopback that counts who comes. */
let canary: Server;
let port: number;
let accepted = 0;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeAll(async () => {
  canary = createServer((request, response) => answer(request, response));
  canary.on('connection', () => (accepted += 1));
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  port = (canary.address() as AddressInfo).port;
});
afterAll(async () => {
  canary.closeAllConnections();
  await new Promise((resolve) => canary.close(resolve));
});

const signal = new AbortController().signal;
const html = (text: string) => (_request: IncomingMessage, response: ServerResponse) => {
  response.setHeader('content-type', 'text/html; charset=utf-8').end(text);
};
/** Reaches the canary, whatever host is asked for. */
const near = (timeoutMs = 5_000) =>
  createWebsiteReader({ resolve: async () => ['127.0.0.1'], reach: { address: () => true, port: () => true }, timeoutMs });

test('a page tells the accounts that it calls its own, and nothing else', async () => {
  answer = html(`<!doctype html><a href="https://www.linkedin.com/in/stranger">a friend</a><a href="https://x.com/stranger">x</a>
    <link rel="me" href="https://uk.linkedin.com/in/ada-l/?trk=1"><a class=x rel="nofollow ME" href="https://twitter.com/ada_l">t</a>
    <a rel=me href="javascript:alert(1)">x</a><a rel=me href="mailto:ada@example.org">mail</a>`);
  expect(await near()(`http://site.example:${port}/`, signal)).toEqual({
    state: 'ok',
    findings: [
      { field: 'linkedin_url', value: 'https://www.linkedin.com/in/ada-l', source: 'website' },
      { field: 'twitter_username', value: 'ada_l', source: 'website' },
    ],
  });
});

test('three redirections are followed, a fourth is not; compressed pages are read', async () => {
  answer = ({ url }, response) => {
    const left = Number(url?.slice(1));
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end();
    else {
      const page = gzipSync('<a rel=me href="https://x.com/ada_l">x</a>');
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end(page);
    }
  };
  expect(await near()(`http://site.example:${port}/3`, signal)).toMatchObject({ state: 'ok', findings: [{ value: 'ada_l' }] });
  expect(await near()(`http://site.example:${port}/4`, signal)).toEqual({ state: 'unreachable', findings: [] });
});

test.each([
  ['A097', 'http://localhost:PORT/'],
  ['A098', 'http://0.0.0.0:PORT/'],
  ['A099', 'http://[::1]:PORT/'],
  ['A099', 'http://[::ffff:127.0.0.1]/'],
  ['A101', 'http://2130706433:PORT/'],
  ['A102', 'http://0x7f.1:PORT/'],
  ['A103', 'http://017700000001:PORT/'],
  ['A105', 'http://169.254.169.254/latest/meta-data/'],
  ['A106', 'http://10.0.0.1/'],
  ['A106', 'http://192.168.0.1/'],
  ['A106', 'http://172.16.0.1/'],
  ['A106', 'http://100.64.0.1/'],
  ['A109', 'gopher://example.org/'],
  ['A109', 'ftp://example.org/'],
  ['A109', 'file:///etc/passwd'],
  ['A109', 'http://user:pw@host.example/'],
  ['A109', 'http://host.example:22/'],
  ['A109', 'http://host.example:5432/'],
  ['A109', 'http://host.example:7233/'],
])('%s: nothing is connected to at %s', async (_id, template) => {
  answer = html('reached');
  accepted = 0;
  let resolved = 0;
  const resolve = async (host: string): Promise<readonly string[]> => {
    resolved += 1;
    return host === 'localhost' ? ['127.0.0.1'] : ['127.0.0.1', '93.184.215.14'];
  };
  // The usual ports and, so that the address alone decides, any port.
  for (const url of [template.replace('PORT', String(port)), template.replace(':PORT', '')]) {
    expect(await createWebsiteReader({ resolve })(url, signal)).toEqual({ state: 'blocked_address', findings: [] });
  }
  expect(accepted).toBe(0);
  if (_id === 'A109') expect(resolved).toBe(0);
});

test('A106: each hop is checked: a redirection to an inner address is not followed', async () => {
  answer = (_request, response) => {
    response.writeHead(302, { location: `http://inner.example:${port}/` }).end();
  };
  accepted = 0;
  const read = createWebsiteReader({
    resolve: async (host) => [host === 'inner.example' ? '10.0.0.7' : '127.0.0.1'],
    reach: { address: (address) => address === '127.0.0.1', port: () => true },
  });
  expect(await read(`http://outer.example:${port}/`, signal)).toEqual({ state: 'blocked_address', findings: [] });
  expect(accepted).toBe(1);
});

test('A107: a name that means a public address first and this machine a moment later is asked for once', async () => {
  answer = html('reached');
  accepted = 0;
  let asked = 0;
  const read = createWebsiteReader({
    resolve: async () => {
      asked += 1;
      return [asked === 1 ? '192.0.2.1' : '127.0.0.1'];
    },
    // 192.0.2.1 stands in for a public address; nothing answers there.
    reach: { address: (address) => address === '192.0.2.1', port: () => true },
    timeoutMs: 300,
  });
  expect(['too_slow', 'unreachable']).toContain((await read(`http://rebinding.example:${port}/`, signal)).state);
  expect([asked, accepted]).toEqual([1, 0]);
});

test('A110: a page that never ends, one that is too large, a bomb and a picture are given up', async () => {
  let beat: NodeJS.Timeout | undefined;
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    beat = setInterval(() => response.write('x'), 50);
    response.on('close', () => clearInterval(beat));
  };
  expect(await near(400)(`http://slow.example:${port}/`, signal)).toEqual({ state: 'too_slow', findings: [] });

  let sent = 0;
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x'))) sent += 65_536;
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  expect(await near()(`http://large.example:${port}/`, signal)).toEqual({ state: 'too_large', findings: [] });
  expect(sent).toBeLessThan(50_000_000);

  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000)));
  };
  expect(await near()(`http://bomb.example:${port}/`, signal)).toEqual({ state: 'too_large', findings: [] });

  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'image/png' }).end('PNG');
  };
  expect(await near()(`http://picture.example:${port}/`, signal)).toEqual({ state: 'not_html', findings: [] });
});

test('a reading that is cancelled ends with that', async () => {
  answer = () => undefined;
  const stop = new AbortController();
  const reading = near()(`http://silent.example:${port}/`, stop.signal);
  stop.abort(new Error('the worker stops'));
  await expect(reading).rejects.toThrow('the worker stops');
});
