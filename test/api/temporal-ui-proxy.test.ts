import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startExposedApi } from './security/exposed-api.ts';
import { eventually, sendWithHeaders, startTestApi, type TestApi } from './running-api.ts';

let ui: Server;
let api: TestApi;
const received: {
  method: string | undefined;
  url: string | undefined;
  host: string | undefined;
  body: string;
  cookie: string | undefined;
}[] = [];

beforeAll(async () => {
  ui = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      received.push({ method: request.method, url: request.url, host: request.headers.host, body, cookie: request.headers.cookie });
      response.setHeader('content-type', 'text/html').end('<p>Workflows</p>');
    });
  });
  await new Promise<void>((resolve) => ui.listen(0, '127.0.0.1', resolve));
  api = await startTestApi({ temporalUiUrl: `http://127.0.0.1:${(ui.address() as AddressInfo).port}` });
});
afterAll(async () => {
  await api.stop();
  ui.closeAllConnections();
  await new Promise((resolve) => ui.close(resolve));
});

describe("Temporal's Web UI", () => {
  test('is shown under /temporal, with the path it was started with', async () => {
    const { status, text, headers } = await api.send('GET', '/temporal/namespaces/default/workflows?query=x');
    expect(status).toBe(200);
    expect(text).toBe('<p>Workflows</p>');
    expect(received.at(-1)).toMatchObject({ url: '/temporal/namespaces/default/workflows?query=x' });
    expect(headers.get('content-security-policy')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect((await api.call('getIndex')).body.links.temporal).toBe('/temporal');
  });

  test('gets the body of a request of its own page', async () => {
    const answer = await api.send('POST', '/temporal/api/v1/x', {
      headers: { origin: api.url, 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    expect(answer.status).toBe(200);
    expect(received.at(-1)).toMatchObject({ method: 'POST', body: '{"a":1}' });
  });

  test('is written to in the open: the audit has who did it, and who tried to', async () => {
    await api.send('POST', '/temporal/api/v1/namespaces/default/workflows/x/terminate', { headers: { origin: api.url }, body: '' });
    const audit = await eventually(
      async () => (await api.call('listAudit')).body.data as readonly object[],
      (entries) => entries.length > 1,
    );
    expect(audit[0]).toMatchObject({ actor: { id: 'local' }, method: 'POST', path: '/temporal/{path}', target: {}, result: 200 });
  });

  test('A137: is behind our checks of Host and Origin', async () => {
    const before = received.length;
    expect((await sendWithHeaders(api.port, '/temporal/api/v1/namespaces', { host: 'evil.example' })).status).toBe(421);
    const headers = { origin: 'http://evil.example', 'content-type': 'text/plain' };
    expect((await api.send('POST', '/temporal/api/v1/x', { headers, body: '{}' })).status).toBe(403);
    expect(received).toHaveLength(before);
  });

  test('is for administrators where others can reach it, and is not told who they are', async () => {
    const exposed = await startExposedApi({}, { temporalUiUrl: `http://127.0.0.1:${(ui.address() as AddressInfo).port}` });
    try {
      expect((await exposed.send('GET', '/temporal/')).status).toBe(401);
      expect((await exposed.send('GET', '/temporal/', { headers: exposed.as('write') })).status).toBe(403);
      expect((await exposed.send('POST', '/temporal/x', { headers: exposed.as('write') })).status).toBe(403);
      const { body: audit } = await exposed.call('listAudit', { headers: exposed.as('admin') });
      expect(audit.data).toMatchObject([{ actor: { name: 'write key' }, path: '/temporal/{path}', result: 403 }]);
      const { headers } = await exposed.call('createSession', { body: { key: exposed.keys.admin.text } });
      const cookie = `_csrf=1; ${headers.get('set-cookie')?.split(';')[0]}`;
      expect((await exposed.send('GET', '/temporal/', { headers: { cookie } })).status).toBe(200);
      expect(received.at(-1)?.cookie).toBe('_csrf=1');
    } finally {
      await exposed.stop();
    }
  });

  test('has no other path', async () => {
    const before = received.length;
    expect((await api.send('GET', '/temporalx')).status).toBe(404);
    expect(received).toHaveLength(before);
  });

  test('that is away is a 503, and only that', async () => {
    const lonely = await startTestApi({ temporalUiUrl: 'http://127.0.0.1:1' });
    const { status, body } = await lonely.send('GET', '/temporal/');
    expect(status).toBe(503);
    expect(body.code).toBe('service_unavailable');
    expect((await lonely.send('GET', '/healthz')).status).toBe(200);
    await lonely.stop();
  });

  test('that is not given is 404', async () => {
    const without = await startTestApi();
    expect((await without.send('GET', '/temporal')).status).toBe(404);
    await without.stop();
  });
});
