import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from './stack/database.ts';

let database: TestDatabase;
const children: ChildProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** The API process with an environment of its own; `line` waits for a log line. */
function start(environment: Record<string, string>, { entry = 'server', cwd = process.cwd() } = {}) {
  const env = { PATH: process.env.PATH ?? '', PORT: '0', DATA_DIR: '/nonexistent', ...environment };
  const child = spawn(process.execPath, [resolvePath('src', `${entry}.ts`)], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const lines: { msg: string; url?: string }[] = [];
  const waiting: (() => void)[] = [];
  let rest = '';
  child.stdout.on('data', (part: Buffer) => {
    const parts = (rest + part.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map((line) => JSON.parse(line) as { msg: string }));
    waiting.forEach((wake) => wake());
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const line = (msg: string) =>
    new Promise<{ msg: string; url?: string }>((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((one) => one.msg === msg);
        if (found !== undefined) resolve(found);
      };
      waiting.push(look);
      look();
      void ended.then((code) => reject(new Error(`it ended with ${code}: ${JSON.stringify(lines)}`)));
    });
  return { child, lines, ended, line };
}

describe('the API process', () => {
  test('serves, says that it is ready, and stops on SIGTERM with 0', async () => {
    const temporal = process.env.TEST_TEMPORAL_ADDRESS ?? '127.0.0.1:1';
    const server = start({ DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal });
    const { url } = await server.line('server ready');
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: 'ok' });
    expect((await fetch(`${url}/readyz`)).status).toBe(temporal === '127.0.0.1:1' ? 503 : 200);
    server.child.kill('SIGTERM');
    await expect(server.ended).resolves.toBe(0);
    expect(server.lines.at(-1)?.msg).toBe('server stopped');
  });

  test('with a database that lacks migrations refuses in one clear line', async () => {
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    const name = `empty_${process.pid}`;
    await admin.query(`CREATE DATABASE ${name}`);
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    const server = start({ DATABASE_URL: url.href, TEMPORAL_ADDRESS: '127.0.0.1:1' });
    const code = await server.ended;
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
    expect(code).toBe(2);
    expect(server.lines).toHaveLength(1);
    expect(server.lines[0]?.msg).toMatch(/^The database lacks \d+ migration\(s\) \(.*\): run `npm run laurels -- migrate` first\.$/);
  });

  test.each(['server', 'worker'])('of the %s reads .env of its directory; the environment itself wins', async (entry) => {
    const cwd = await mkdtemp(join(tmpdir(), 'laurels-env-'));
    try {
      await writeFile(join(cwd, '.env'), 'DATABASE_URL=postgres://127.0.0.1:1/x\nLOG_LEVEL=loud\n');
      const wrong = start({}, { entry, cwd });
      await expect(wrong.ended).resolves.toBe(2);
      expect(wrong.lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('LOG_LEVEL: must be')]);
      const right = start({ LOG_LEVEL: 'info' }, { entry, cwd });
      await expect(right.ended).resolves.toBe(2);
      expect(right.lines.map(({ msg }) => msg)).toEqual([
        `TEMPORAL_ADDRESS is not set: a ${entry} needs a running Temporal (host:port). For all in one: npm start.`,
      ]);
    } finally {
      await rm(cwd, { recursive: true });
    }
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['a database', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, /^DATABASE_URL is not set/],
    ['Temporal', { DATABASE_URL: 'postgres://127.0.0.1:1/x' }, /^TEMPORAL_ADDRESS is not set/],
    [
      'a right environment',
      { PORT: 'many', HOST: '0.0.0.0', PUBLIC_READS: 'maybe' },
      /^The configuration is wrong:\n {2}PORT: .*\n {2}PUBLIC_READS: /,
    ],
  ])('without %s ends with 2 and says so', async (_, environment, message) => {
    const server = start(environment);
    await expect(server.ended).resolves.toBe(2);
    expect(server.lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(message)]);
  });
});
