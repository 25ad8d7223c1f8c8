import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createXReader, type ReadX } from '../../src/enrichment/x-profile.ts';

let server: Server;
let read: ReadX;
let answer: (response: ServerResponse) => void;
const seen: unknown[] = [];
const signal = new AbortController().signal;
beforeAll(async () => {
  server = createServer(({ url, headers }, response) => {
    seen.push([url, headers.authorization]);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  read = createXReader({ apiKey: 'secret-key', apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const json =
  (body: unknown, status = 200) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

test('a name is looked up with the key; the website it shows is a finding', async () => {
  answer = json({ data: { username: 'ada_l', entities: { url: { urls: [{ expanded_url: 'https://ada.example' }] } } } });
  expect(await read('ada_l', signal)).toEqual({
    state: 'ok',
    findings: [{ field: 'personal_website', value: 'https://ada.example/', source: 'x' }],
  });
  expect(seen.at(-1)).toEqual(['/2/users/by/username/ada_l?user.fields=entities', 'Bearer secret-key']);
});

test('nobody of that name, a refused key and a website that is none are answers', async () => {
  answer = json({ errors: [{ title: 'Not Found Error' }] });
  expect(await read('ada_l', signal)).toEqual({ state: 'not_found', findings: [] });
  answer = json({}, 403);
  expect(await read('ada_l', signal)).toEqual({ state: 'refused', findings: [] });
  answer = json({ data: { username: 'ada_l', entities: { url: { urls: [{ expanded_url: 'javascript:alert(1)' }] } } } });
  expect(await read('ada_l', signal)).toEqual({ state: 'ok', findings: [] });
});

test('a limit, a failure and no answer are errors that may heal, and tell no key', async () => {
  for (const failing of [json({}, 429), json({}, 503), (response: ServerResponse) => void response.destroy()]) {
    answer = failing;
    const error = await read('ada_l', signal).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain('secret-key');
  }
});
