import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommandContext } from '../../src/cli/context.ts';
import { answeringUrl, reachStack } from '../../src/cli/stack.ts';
import { loadConfig } from '../../src/config.ts';
import { writeStackDescriptor } from '../../src/embedded/data-directory.ts';
import { recordTerminal } from './recorded-terminal.ts';

let dataDir: string;
let server: Server;
let url: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'laurels-stack-'));
  server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? 200 : 404).end(JSON.stringify({ status: 'ok', instance: 'one' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dataDir, { recursive: true });
});

const announce = (instance: string, pid = process.pid): Promise<void> =>
  writeStackDescriptor(dataDir, { pid, url, instance, startedAt: new Date().toISOString() });

const contextOf = (environment: Readonly<Record<string, string>>): CommandContext => ({
  terminal: recordTerminal(),
  config: () => loadConfig({ DATA_DIR: dataDir, ...environment }),
  signal: new AbortController().signal,
  exitWith: () => undefined,
});

describe('the stack of a data directory', () => {
  test('is the one that it announces, while it answers with the same instance', async () => {
    expect(await answeringUrl(dataDir)).toBeNull();
    await announce('one');
    expect(await answeringUrl(dataDir)).toBe(url);
  });

  test('is none when somebody else answers at its address, its process is dead, or nothing answers', async () => {
    await announce('another');
    expect(await answeringUrl(dataDir)).toBeNull();
    await announce('one', 2_147_483_646);
    expect(await answeringUrl(dataDir)).toBeNull();
    await announce('one');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await answeringUrl(dataDir)).toBeNull();
  });

  test('is used by a command, which holds a lease on it until it is done', async () => {
    await announce('one');
    const stack = await reachStack(contextOf({}));
    expect(stack).toMatchObject({ kind: 'running', api: { url } });
    expect(await readdir(join(dataDir, 'leases'))).toEqual([String(process.pid)]);
    await stack.close();
    expect(await readdir(join(dataDir, 'leases'))).toEqual([]);
  });
});

describe('LAURELS_URL', () => {
  test('wins over the data directory', async () => {
    expect(await reachStack(contextOf({ LAURELS_URL: url }))).toMatchObject({ kind: 'remote', api: { url } });
  });

  test('with nothing behind it is an error that names it', async () => {
    await expect(reachStack(contextOf({ LAURELS_URL: 'http://127.0.0.1:9' }))).rejects.toThrow(/http:\/\/127\.0\.0\.1:9/);
  });
});
