import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { pino } from 'pino';
import { WebSocket, type ClientOptions } from 'ws';
import type { LogLineResource } from '../../src/api/contract/jobs.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { startHttp } from '../../src/api/http-server.ts';
import { createGate, type GateOptions } from '../../src/api/gate.ts';
import { createLogStream } from '../../src/api/log-stream.ts';
import { createApiKey, revokeApiKey } from '../../src/db/api-keys.ts';
import { openDatabase, type Database } from '../../src/db/database.ts';
import { appendJobLog } from '../../src/db/job-log.ts';
import { addedRepository, eventually, LOCAL, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
let job: string;
let otherJob: string;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  api = await startTestApi();
  const jobOf = async (name: string) =>
    (await api.call('scrapeRepository', { params: await addedRepository(api, 'logs', name) })).body.id as string;
  job = await jobOf('one');
  otherJob = await jobOf('two');
});
afterAll(() => api.stop());
afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));

const write = (jobId: string, count: number, level = 30): Promise<void> =>
  appendJobLog(
    api.db,
    jobId,
    Array.from({ length: count }, (_, index) => ({ at: new Date(), level, message: 'line', fields: { index } })),
  );

/** A client that is connected and keeps what it hears. */
async function listen(query = '', options: ClientOptions = {}, url = `ws://127.0.0.1:${api.port}/dashboard/ws/logs`) {
  const socket = new WebSocket(`${url}${query}`, options);
  sockets.push(socket);
  const heard: LogLineResource[] = [];
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as LogLineResource));
  const closed = new Promise<number>((resolve) => socket.on('close', (code) => resolve(code)));
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return { socket, heard, closed };
}

/** Writes one line after the other until a client hears them: it is live then. */
async function untilLive(client: { heard: readonly unknown[] }, jobId = job): Promise<void> {
  await eventually(
    async () => {
      await write(jobId, 1);
      return client.heard.length;
    },
    (heard) => heard > 0,
  );
}

/** The status with which an upgrade is refused. */
async function refusal(path: string, options: ClientOptions = {}): Promise<{ status: number; body: { code: string } }> {
  const socket = new WebSocket(`ws://127.0.0.1:${api.port}${path}`, options);
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error('it was accepted')));
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_, response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as { code: string } }));
    });
  });
}

describe('the log stream', () => {
  test('gives live lines of all jobs in order, without gap or repetition', async () => {
    const client = await listen();
    await untilLive(client);
    const from = client.heard.length;
    for (let round = 0; round < 10; round += 1) await Promise.all([write(job, 5), write(otherJob, 5)]);
    await eventually(
      () => client.heard.length,
      (heard) => heard >= from + 100,
    );
    const ids = client.heard.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    const { rows } = await api.db.pool.query<{ count: number }>('SELECT count(*) FROM job_log WHERE id >= $1', [ids[0]]);
    expect(ids).toHaveLength(rows[0]?.count ?? -1);
  });

  test('gives only the asked job and level', async () => {
    const client = await listen(`?job=${job}&level=warn&after=0`);
    await write(otherJob, 3, 50);
    await write(job, 3, 30);
    await write(job, 2, 40);
    await write(job, 1, 50);
    await eventually(
      () => client.heard.length,
      (heard) => heard >= 3,
    );
    expect(client.heard.map(({ job_id, level }) => [job_id, level])).toEqual([
      [job, 'warn'],
      [job, 'warn'],
      [job, 'error'],
    ]);
  });

  test('replays what is stored behind the cursor, then goes on live, while lines keep coming', async () => {
    await write(job, 1_200);
    const enough = new AbortController();
    const writer = (async () => {
      while (!enough.signal.aborted) await write(job, 7);
    })();
    const client = await listen(`?job=${job}&after=0`);
    await eventually(
      () => client.heard.length,
      (heard) => heard > 2_000,
      15_000,
    );
    enough.abort();
    await writer;
    const { rows } = await api.db.pool.query<{ last: number }>('SELECT max(seq)::int AS last FROM job_log WHERE job_id = $1', [job]);
    await eventually(
      () => client.heard.length,
      (heard) => heard >= (rows[0]?.last ?? 0),
    );
    expect(client.heard.map(({ seq }) => seq)).toEqual(Array.from({ length: rows[0]?.last ?? 0 }, (_, index) => index + 1));
  });

  test('A119: after ten dropped connections the cursor gives a whole log', async () => {
    const seqs: number[] = [];
    let cursor = 0;
    for (let round = 0; round < 10; round += 1) {
      await write(otherJob, 20);
      const client = await listen(`?job=${otherJob}&after=${cursor}`);
      await eventually(
        () => client.heard.length,
        (heard) => heard >= 1,
      );
      client.socket.terminate();
      seqs.push(...client.heard.map(({ seq }) => seq));
      cursor = client.heard.at(-1)?.id ?? cursor;
    }
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1));
  });

  test('goes on after its database connection was lost, without a gap', async () => {
    const client = await listen();
    await untilLive(client);
    await api.db.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' OR query = 'SELECT 1'`,
    );
    const before = client.heard.length;
    await write(job, 25);
    await eventually(
      () => client.heard.length,
      (heard) => heard >= before + 25,
    );
    const ids = client.heard.map(({ id }) => id);
    const { rows } = await api.db.pool.query<{ count: number }>('SELECT count(*) FROM job_log WHERE id >= $1', [ids[0]]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(rows[0]?.count ?? -1);
  });
});

describe('an upgrade', () => {
  test.each<[string, string, ClientOptions, number]>([
    ['of a foreign origin', '/dashboard/ws/logs', { headers: { origin: 'http://evil.example' } }, 403],
    ['of origin null', '/dashboard/ws/logs', { headers: { origin: 'null' } }, 403],
    ['for a foreign host', '/dashboard/ws/logs', { headers: { host: 'evil.example' } }, 421],
    ['somewhere else', '/dashboard/ws', {}, 404],
    ['for no job', '/dashboard/ws/logs?job=x', {}, 400],
    ['at no level', '/dashboard/ws/logs?level=loud', {}, 400],
    ['with a token in the URL', '/dashboard/ws/logs?token=x', {}, 400],
    ['with a cursor twice', '/dashboard/ws/logs?after=1&after=2', {}, 400],
  ])('A111: %s is refused', async (_, path, options, status) => {
    const refused = await refusal(path, options);
    expect(refused.status).toBe(status);
    expect(refused.body.code).toEqual(expect.any(String));
  });

  test('of its own page is accepted', async () => {
    const { socket } = await listen('', { headers: { origin: api.url } });
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe('a client that misbehaves', () => {
  test.each<[string, (socket: WebSocket) => void, number]>([
    ['with a frame of 5 KB is closed with 1009', (socket) => socket.send('x'.repeat(5_000)), 1009],
    ['with a binary frame with 1003', (socket) => socket.send(Buffer.from([1, 2, 3])), 1003],
    ['with bytes that are not UTF-8 with 1007', (socket) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false }), 1007],
    [
      'with many messages with 1008',
      (socket) => {
        for (let count = 0; count < 200; count += 1) socket.send('x');
      },
      1008,
    ],
    [
      'with many pings with 1008',
      (socket) => {
        for (let count = 0; count < 200; count += 1) socket.ping('x'.repeat(125));
      },
      1008,
    ],
  ])('A114, A115: %s, and the server stays', async (_, misbehave, code) => {
    const client = await listen();
    misbehave(client.socket);
    await expect(client.closed).resolves.toBe(code);
    expect((await api.send('GET', '/healthz')).status).toBe(200);
  });

  test('A114: that announces 101 MiB is closed at once', async () => {
    const { socket, closed } = await listen();
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x06, 0x50, 0, 0]);
    (socket as unknown as { _socket: Socket })._socket.write(Buffer.concat([head, Buffer.alloc(4)]));
    await expect(closed).resolves.toBe(1009);
  });

  test('A115: that hears no goodbye and goes on is cut off', async () => {
    const socket = connect(api.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(
      'GET /dashboard/ws/logs HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await new Promise((resolve) => socket.once('data', resolve));
    // A text of one letter, masked with nothing.
    const frame = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]);
    const flood = setInterval(() => socket.write(Buffer.concat(Array<Buffer>(50).fill(frame))), 20);
    await closed;
    clearInterval(flood);
  });

  test('that reads nothing is cut off, and others hear everything meanwhile', async () => {
    const good = await listen();
    await untilLive(good);
    const slow = await listen();
    await untilLive(slow);
    slow.socket.pause();
    const from = good.heard.length;
    const text = 'x'.repeat(8_000);
    const lines = Array.from({ length: 100 }, () => ({ at: new Date(), level: 30, message: 'long', fields: { text } }));
    let written = 0;
    await eventually(
      async () => {
        await appendJobLog(api.db, job, lines);
        written += lines.length;
        return api.logged.some(({ msg }) => msg === 'slow log client cut off');
      },
      (isCut) => isCut,
      20_000,
    );
    await eventually(
      () => good.heard.length,
      (heard) => heard >= from + written,
    );
    expect(good.socket.readyState).toBe(WebSocket.OPEN);
  });

  test('that speaks no HTTP is told so', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(api.port, '127.0.0.1', () => socket.write('\x16\x03\x01 hello\r\n\r\n'));
      let text = '';
      socket.setEncoding('utf8').on('data', (part: string) => (text += part));
      socket.on('close', () => resolve(text)).on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('application/problem+json');
  });
});

/** A server of its own with other limits. */
async function strict({
  gate = LOCAL,
  db = api.db,
  ...options
}: {
  pingEveryMs?: number;
  maxClients?: number;
  probeMs?: number;
  gate?: GateOptions;
  db?: Database;
}) {
  const log = pino({ level: 'silent' });
  const stream = createLogStream({
    db,
    log,
    gate: createGate(db, gate),
    metrics: createMetrics({ ofProcess: false }).logStream,
    ...options,
  });
  const server = await startHttp(express(), { host: '127.0.0.1', port: 0, log, upgrades: stream });
  return { stream, server, url: `ws://127.0.0.1:${server.port}/dashboard/ws/logs` };
}

/** A way to the database whose connections can all fall silent, as behind a firewall that forgot them. */
async function forgetfulWay() {
  const { hostname, port } = new URL(api.databaseUrl);
  const ways: { forget(): void; end(): void }[] = [];
  const server = createServer((client) => {
    const database = connect(Number(port), hostname);
    const forget = (): void => void [client.unpipe(), database.unpipe(), client.pause(), database.pause()];
    const end = (): void => void [client.destroy(), database.destroy()];
    for (const socket of [client, database]) socket.on('error', end).on('close', end);
    client.pipe(database).pipe(client);
    ways.push({ forget, end });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(api.databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    db: await openDatabase({ url: url.href, applicationName: 'test-forgetful', queryTimeoutMs: 1_000 }),
    forget: () => ways.forEach((way) => way.forget()),
    async stop() {
      ways.forEach((way) => way.end());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a database connection that falls silent without a word is found out and replaced, without a gap', async () => {
  const way = await forgetfulWay();
  const { server, url } = await strict({ db: way.db, probeMs: 300 });
  try {
    const client = await listen('', {}, url);
    await untilLive(client);
    way.forget();
    await write(job, 25);
    const { rows } = await api.db.pool.query<{ last: number }>('SELECT max(id)::int AS last FROM job_log');
    await eventually(
      () => client.heard.at(-1)?.id,
      (last) => last === rows[0]?.last,
      10_000,
    );
    const ids = client.heard.map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => (ids[0] ?? 0) + index));
  } finally {
    await server.stop();
    await way.db.close();
    await way.stop();
  }
});

describe('the number of clients', () => {
  test('A117: has an end: the next is refused with 503, those that are there stay', async () => {
    const { stream, server, url } = await strict({ maxClients: 2 });
    const admitted = [new WebSocket(url), new WebSocket(url)];
    await Promise.all(admitted.map((socket) => new Promise((resolve) => socket.on('open', resolve))));
    const next = new WebSocket(url);
    const status = await new Promise((resolve) => {
      next.on('error', () => undefined).on('unexpected-response', (_, response) => resolve(response.statusCode));
    });
    expect(status).toBe(503);
    expect(stream.clientCount()).toBe(2);
    expect(admitted.map(({ readyState }) => readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
    await server.stop();
  });

  test('A117: from one address is 20, as a proxy tells it; of thirty at once none slips through', async () => {
    const { stream, server, url } = await strict({ gate: { ...LOCAL, trustedProxies: ['127.0.0.0/8'] } });
    const from = (address: string) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(url, { headers: { 'x-forwarded-for': address } });
        sockets.push(socket);
        socket.on('open', () => resolve(101)).on('error', () => undefined);
        socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      });
    const statuses = await Promise.all(Array.from({ length: 30 }, () => from('192.0.2.7')));
    expect([statuses.filter((status) => status === 101).length, statuses.filter((status) => status === 503).length]).toEqual([20, 10]);
    expect(await from('192.0.2.8')).toBe(101);
    expect(stream.clientCount()).toBe(21);
    await server.stop();
  });

  test('A118: falls when one answers no ping', async () => {
    const { stream, server, url } = await strict({ pingEveryMs: 50 });
    const deaf = new WebSocket(url, { autoPong: false });
    const good = new WebSocket(url);
    deaf.on('error', () => undefined);
    await Promise.all([deaf, good].map((socket) => new Promise((resolve) => socket.on('open', resolve))));
    await new Promise((resolve) => deaf.on('close', resolve));
    await eventually(stream.clientCount, (count) => count === 1);
    expect(good.readyState).toBe(WebSocket.OPEN);
    await server.stop();
  });

  test('falls when a key is revoked: its streams are closed', async () => {
    const { stream, server, url } = await strict({ pingEveryMs: 50, gate: { ...LOCAL, isExposed: true } });
    const sockets = await Promise.all(
      ['kept', 'lost'].map(async (name) => {
        const { key } = await createApiKey(api.db, { name, scope: 'read' });
        const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } });
        await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
        return socket;
      }),
    );
    const closed = sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve)));
    await revokeApiKey(api.db, 'lost');
    await expect(closed[1]).resolves.toBe(1008);
    expect(sockets[0]?.readyState).toBe(WebSocket.OPEN);
    await eventually(stream.clientCount, (count) => count === 1);
    await server.stop();
  });
});

describe('when the server stops', () => {
  test('clients are told so with 1001', async () => {
    const other = await startTestApi();
    const socket = new WebSocket(`ws://127.0.0.1:${other.port}/dashboard/ws/logs`);
    await new Promise((resolve) => socket.on('open', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await other.stop();
    await expect(closed).resolves.toBe(1001);
  });
});
