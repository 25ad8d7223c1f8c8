import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { isAlive } from '../../src/embedded/process-table.ts';
import { findTemporal } from '../../src/embedded/temporal-binary.ts';
import { type EmbeddedTemporal, startEmbeddedTemporal } from '../../src/embedded/temporal.ts';
import { temporaryDirectories, until } from './temporary-directory.ts';

const temporaryDirectory = temporaryDirectories();
const testOnUnix = process.platform === 'win32' ? test.skip : test;
// What a process listens on is read from /proc.
const testOnLinux = process.platform === 'linux' ? test : test.skip;
let binary = '';

beforeAll(async () => {
  binary = (await findTemporal({ given: process.env['TEMPORAL_CLI'] ?? null, say: () => undefined })).path;
});

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

describe('the embedded Temporal', () => {
  const said: string[] = [];
  let dataDir = '';
  let temporal: EmbeddedTemporal;

  beforeAll(async () => {
    dataDir = temporaryDirectory();
    temporal = await startEmbeddedTemporal({
      dataDir,
      binary,
      webUi: true,
      preferredPort: 0,
      firstWaitMs: 10,
      say: (line) => said.push(line),
    });
  });
  afterAll(() => temporal.stop());

  test('keeps closed workflows for 30 days and knows the search attributes of Laurels', async () => {
    await withClient(temporal.address, async (client) => {
      const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 86_400);
      await client.workflow.start('nothing', {
        taskQueue: 'nobody',
        workflowId: 'scrape:owner/name:1',
        searchAttributes: { JobKind: ['FULL'], Repository: ['owner/name'] },
      });
      await until('the workflow is found by its repository', async () => {
        for await (const found of client.workflow.list({ query: "Repository = 'owner/name' and JobKind = 'FULL'" }))
          return found.workflowId !== '';
        return false;
      });
    });
  });

  testOnLinux('its HTTP API refuses everybody, its Web UI answers below /temporal', async () => {
    const ui = temporal.uiUrl ?? '';
    expect((await fetch(`${ui}/namespaces/default/workflows`)).status).toBe(200);
    const command = readFileSync(`/proc/${temporal.pid()}/cmdline`, 'utf8').split('\0');
    const httpPort = command[command.indexOf('--http-port') + 1];
    const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/namespaces/default/workflows`);
    expect(answer.status).toBe(403);
  });

  testOnLinux('every port of it is on 127.0.0.1', () => {
    const { length: sockets } = listeningAddresses(temporal.pid()).filter((address) => address === '0100007F');
    expect(sockets).toBeGreaterThan(3);
    expect(listeningAddresses(temporal.pid())).toHaveLength(sockets);
  });

  test('its database is closed to others', () => {
    expect(statSync(join(dataDir, 'temporal.db')).mode & 0o777).toBe(0o600);
  });

  test('killed by the system, it is started again at its address with its histories', async () => {
    const first = temporal.pid();
    process.kill(first, 'SIGKILL');
    await until('it runs again', () => said.includes('Temporal runs again.'));
    expect(temporal.pid()).not.toBe(first);
    await withClient(temporal.address, async (client) => {
      const { status } = await client.workflow.getHandle('scrape:owner/name:1').describe();
      expect(status.name).toBe('RUNNING');
    });
  });

  test('after stop nothing of it is left', async () => {
    await temporal.stop();
    expect(await isAlive(temporal.pid())).toBe(false);
    expect(said).toEqual(['Temporal stopped (signal SIGKILL).', 'Temporal runs again.']);
  });
});

/** Local addresses, in hex, that a process listens on. */
function listeningAddresses(pid: number): readonly string[] {
  const table = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
  const inodes = new Map(
    table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[3] === '0A')
      .map((columns) => [`socket:[${columns[9] ?? ''}]`, columns[1]?.split(':')[0] ?? '']),
  );
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => inodes.get(readlinkSync(`/proc/${pid}/fd/${fd}`)))
    .filter((address) => address !== undefined);
}

/** Shell lines that print what the Go runtime prints at its end, with a stack of this many lines. */
function crash(lines: number): string {
  const printed = ['panic: runtime error: invalid memory address or nil pointer dereference', '', 'goroutine 117 [running]:'];
  while (printed.length < lines) printed.push('google.golang.org/grpc.(*Server).Serve(0x12943c6f1b08, {0x0, 0x0})');
  return printed.map((line) => `echo '${line}' >&2\n`).join('');
}

describe('a start of Temporal', () => {
  test('A141: takes other ports when somebody has the wanted one, and keeps a half made database aside', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const address = stranger.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    const dataDir = temporaryDirectory();
    writeFileSync(join(dataDir, 'temporal.db'), '');
    const said: string[] = [];
    const temporal = await startEmbeddedTemporal({ dataDir, binary, webUi: false, preferredPort: taken, say: (line) => said.push(line) });
    try {
      expect(temporal.address).not.toBe(`127.0.0.1:${taken}`);
      expect(temporal.uiUrl).toBeNull();
      expect(said).toEqual([expect.stringContaining('is kept as'), expect.stringContaining(`Port ${taken} is taken`)]);
    } finally {
      await temporal.stop();
      stranger.close();
    }
  });

  testOnUnix('is tried again when an inner service lost its port to somebody, which ends Temporal with a crash', async () => {
    const dataDir = temporaryDirectory();
    const unlucky = join(dataDir, 'temporal-that-crashes-once');
    writeFileSync(unlucky, `#!/bin/sh\n[ -e crashed ] && exec '${binary}' "$@"\ntouch crashed\n${crash(30)}exit 2\n`, { mode: 0o755 });
    const temporal = await startEmbeddedTemporal({ dataDir, binary: unlucky, webUi: false, preferredPort: 0, say: () => undefined });
    expect(existsSync(join(dataDir, 'crashed'))).toBe(true);
    await temporal.stop();
  });

  testOnUnix('that crashes every time says the reason before the stack', async () => {
    const dataDir = temporaryDirectory();
    const unlucky = join(dataDir, 'temporal-that-crashes');
    writeFileSync(unlucky, `#!/bin/sh\n${crash(30)}exit 2\n`, { mode: 0o755 });
    await expect(
      startEmbeddedTemporal({ dataDir, binary: unlucky, webUi: false, preferredPort: 0, say: () => undefined }),
    ).rejects.toMatchObject({ code: 'temporal_start', message: expect.stringContaining('nil pointer dereference') });
  });

  test('that fails says why, with its last lines', async () => {
    const dataDir = temporaryDirectory();
    await expect(
      startEmbeddedTemporal({ dataDir, binary: '/bin/false', webUi: false, preferredPort: 0, say: () => undefined }),
    ).rejects.toMatchObject({ code: 'temporal_start' });
    await expect(
      startEmbeddedTemporal({ dataDir, binary: join(dataDir, 'nothing'), webUi: false, preferredPort: 0, say: () => undefined }),
    ).rejects.toMatchObject({ code: 'program_start' });
  });
});
