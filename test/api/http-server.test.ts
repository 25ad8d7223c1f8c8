import { request as httpRequest, Agent } from 'node:http';
import { createServer, connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { pino } from 'pino';
import { startHttp, type HttpOptions, type HttpServer } from '../../src/api/http-server.ts';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

const log = pino({ level: 'silent' });
async function start(app: Express = express(), options: Partial<HttpOptions> = {}): Promise<HttpServer> {
  const server = await startHttp(app, { host: '127.0.0.1', port: 0, log, ...options });
  running.push(server);
  return server;
}

/** Another program on a port. */
async function squatter(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
  return (server.address() as { port: number }).port;
}

/** An app whose `/slow` answers when it is told to. */
function slowApp() {
  let answer: () => void = () => undefined;
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const app = express();
  app.get('/slow', (_request, response) => {
    arrive();
    answer = () => response.send('done');
  });
  app.get('/quick', (_request, response) => void response.send('quick'));
  return { app, arrived, answer: () => answer() };
}

describe('a port', () => {
  test('0 is any free one', async () => {
    const server = await start();
    expect(server.port).toBeGreaterThan(0);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  });

  test('that is taken is an error that names it', async () => {
    const port = await squatter();
    await expect(start(express(), { port })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(`Port ${port}`),
    });
  });

  test('that is taken is evaded where that is allowed, and said', async () => {
    const port = await squatter();
    const said: unknown[] = [];
    const loud = pino({}, { write: (line: string) => void said.push(JSON.parse(line)) });
    const server = await start(express(), { port, evadeTakenPort: true, log: loud });
    expect(server.port).toBeGreaterThan(port);
    expect(said).toMatchObject([{ msg: 'port taken, using the next free one', wanted: port, port: server.port }]);
  });
});

describe('stopping', () => {
  test('lets a request under way end, and accepts no new one', async () => {
    const { app, arrived, answer } = slowApp();
    const server = await start(app);
    const underWay = fetch(`${server.url}/slow`);
    await arrived;
    const stopped = server.stop();
    await expect(fetch(`${server.url}/slow`)).rejects.toThrow('fetch failed');
    answer();
    expect(await (await underWay).text()).toBe('done');
    await stopped;
  });

  test('does not wait for kept-alive connections', async () => {
    const { app } = slowApp();
    const server = await start(app);
    const agent = new Agent({ keepAlive: true });
    await new Promise((resolve) => httpRequest(`${server.url}/quick`, { agent }, (response) => response.resume().on('end', resolve)).end());
    const begun = performance.now();
    await server.stop();
    expect(performance.now() - begun).toBeLessThan(2_000);
    agent.destroy();
  });

  test('breaks a request off that takes longer than the grace', async () => {
    const { app, arrived } = slowApp();
    const server = await start(app, { stopGraceMs: 100 });
    const underWay = fetch(`${server.url}/slow`);
    const outcome = underWay.then(
      () => 'answered',
      () => 'broken off',
    );
    await arrived;
    await server.stop();
    await expect(outcome).resolves.toBe('broken off');
  });

  test('twice is harmless', async () => {
    const server = await start();
    await Promise.all([server.stop(), server.stop()]);
  });
});

describe('an upgrade where no stream is', () => {
  test('is refused', async () => {
    const server = await start();
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      );
      let text = '';
      socket.setEncoding('utf8').on('data', (part: string) => (text += part));
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('A075: clients that send their headers byte by byte', () => {
  test('are closed, and hold nobody else up', async () => {
    const { app } = slowApp();
    const server = await start(app, { headersTimeoutMs: 400 });
    const endings = Array.from(
      { length: 50 },
      () =>
        new Promise<string>((resolve) => {
          let text = '';
          const socket = connect(server.port, '127.0.0.1');
          const trickle = setInterval(() => socket.write('a'), 50);
          socket.write('GET /quick HTTP/1.1\r\nX: ');
          socket.setEncoding('utf8').on('data', (part: string) => (text += part));
          socket.on('error', () => undefined);
          socket.on('close', () => {
            clearInterval(trickle);
            resolve(text);
          });
        }),
    );
    expect(await (await fetch(`${server.url}/quick`)).text()).toBe('quick');
    const answers = await Promise.all(endings);
    // One that was writing when it was closed may not have read why.
    expect(answers.every((answer) => answer === '' || answer.startsWith('HTTP/1.1 408 '))).toBe(true);
    expect(answers.some((answer) => answer.startsWith('HTTP/1.1 408 '))).toBe(true);
  });
});
