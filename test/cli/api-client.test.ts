import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiRefused, ApiUnreachable, createApiClient } from '../../src/cli/api-client.ts';

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const json = (status: number, body: unknown) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

describe('a call', () => {
  test('goes to the path of the contract with what it is sent, and gives status and body', async () => {
    let seen: unknown;
    answer = (request, response) => {
      let text = '';
      request.on('data', (part) => (text += String(part)));
      request.on('end', () => {
        seen = { method: request.method, url: request.url, body: JSON.parse(text), origin: request.headers.origin };
        json(202, { id: '1' })(request, response);
      });
    };
    const sent = { params: { owner: 'o', name: 'r.x' }, query: { dry_run: 'true' as const }, body: { since: 'all' } };
    expect(await createApiClient(`${url}/`).call('scrapeRepository', sent)).toEqual({ status: 202, body: { id: '1' } });
    // No Origin: to the API it is no browser.
    expect(seen).toEqual({
      method: 'POST',
      url: '/api/v1/repositories/o/r.x/scrape?dry_run=true',
      body: { since: 'all' },
      origin: undefined,
    });
  });

  test('of an answer without a body gives null', async () => {
    answer = (_, response) => response.writeHead(204).end();
    expect(await createApiClient(url).call('deleteSample')).toEqual({ status: 204, body: null });
  });

  test('throws what the problem says, with the job that is in the way', async () => {
    const job = { id: '018f0000-0000-7000-8000-000000000000', status: 'RUNNING', url: '/api/v1/jobs/018f' };
    answer = json(409, { code: 'scrape_already_running', detail: 'A scrape is unfinished.', job });
    const error = await createApiClient(url)
      .call('getHealth')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiRefused);
    expect(error).toMatchObject({ status: 409, code: 'scrape_already_running', message: 'A scrape is unfinished.', job });
  });

  test.each([
    ['an error page', 502, '<h1>Bad gateway</h1>'],
    ['an empty error', 500, ''],
    ['an error that is no object', 500, '"no"'],
  ])('throws the status of %s', async (_, status, text) => {
    answer = (_request, response) => response.writeHead(status).end(text);
    await expect(createApiClient(url).call('getHealth')).rejects.toMatchObject({ status });
  });

  test('to something that is not Laurels, or nothing, says so', async () => {
    answer = (_, response) => response.end('hello');
    await expect(createApiClient(url).call('getHealth')).rejects.toThrow(ApiUnreachable);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(createApiClient(url).call('getHealth')).rejects.toThrow(/^No Laurels answers at http:\/\/127/);
  });

  test('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('Ctrl-C'));
    await expect(createApiClient(url, stop.signal).call('getHealth')).rejects.toThrow('Ctrl-C');
  });
});
