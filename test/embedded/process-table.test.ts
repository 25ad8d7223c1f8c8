import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { findFreePorts, isPortFree } from '../../src/embedded/free-port.ts';
import { commandOf, endProcess, isAlive, listensOn, listProcesses, startTimeOf } from '../../src/embedded/process-table.ts';

async function listening<T>(work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = server.address();
    return await work(typeof address === 'object' && address !== null ? address.port : 0);
  } finally {
    server.close();
  }
}

describe('processes', () => {
  test('this process lives, has a start time and a command line; a dead one has none', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'close');
    const dead = child.pid ?? 0;
    expect(await isAlive(process.pid)).toBe(true);
    expect(await startTimeOf(process.pid)).toBe(await startTimeOf(process.pid));
    expect(await commandOf(process.pid)).toContain('jest');
    expect(await isAlive(dead)).toBe(false);
    expect(await startTimeOf(dead)).toBeNull();
    expect(await commandOf(dead)).toBeNull();
  });

  test.each([0, -1, 1.5, Number.NaN])('%p is the id of no process', async (pid) => {
    expect(await isAlive(pid)).toBe(false);
  });

  test('the list of processes has this one', async () => {
    expect((await listProcesses()).map(({ pid }) => pid)).toContain(process.pid);
  });

  test('a process that ignores the first signal gets the next one', async () => {
    const child = spawn('/bin/sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    const isGone = await endProcess(child.pid ?? 0, [
      { signal: 'SIGTERM', graceMs: 100 },
      { signal: 'SIGKILL', graceMs: 5000 },
    ]);
    expect(isGone).toBe(true);
  });
});

describe('ports', () => {
  test('the owner of a listening port is told from other processes', async () => {
    await listening(async (port) => {
      const stranger = spawn('sleep', ['60']);
      const isLinux = process.platform === 'linux';
      expect(await listensOn(process.pid, port)).toBe(isLinux ? true : null);
      expect(await listensOn(stranger.pid ?? 0, port)).toBe(isLinux ? false : null);
      stranger.kill();
    });
  });

  test('a wished port is given where it is free, another one where it is taken', async () => {
    await listening(async (taken) => {
      const [free = 0] = await findFreePorts([0]);
      const [first, second] = await findFreePorts([free, taken]);
      expect(first).toBe(free);
      expect(second).not.toBe(taken);
      expect(await isPortFree(taken)).toBe(false);
    });
  });

  test('two wishes for one port give two ports', async () => {
    const [free = 0] = await findFreePorts([0]);
    const ports = await findFreePorts([free, free, 0, 0]);
    expect(new Set(ports).size).toBe(4);
  });
});
