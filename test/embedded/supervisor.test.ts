import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../src/domain/errors.ts';
import { type Child, runToEnd, startChild } from '../../src/embedded/child-process.ts';
import { isAlive } from '../../src/embedded/process-table.ts';
import { supervise } from '../../src/embedded/supervisor.ts';
import { until } from './temporary-directory.ts';

function shell(script: string): Promise<Child> {
  return startChild({
    name: 'Shell',
    command: '/bin/sh',
    args: ['-c', script],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
    account: null,
  });
}

const steps = [{ signal: 'SIGTERM', graceMs: 2000 }] as const;

async function watched(scripts: readonly string[], restarts = 3) {
  const said: string[] = [];
  let starts = 0;
  const supervised = await supervise({
    name: 'Shell',
    async start() {
      const script = scripts[Math.min(starts, scripts.length - 1)] ?? '';
      starts += 1;
      if (script === 'throw') throw new AppError('x', 500, 'could not extend file: No space left on device');
      return shell(script);
    },
    end: (child) => child.end(steps),
    say: (line) => said.push(line),
    firstWaitMs: 1,
    restarts,
  });
  return { supervised, said, starts: () => starts };
}

describe('a child process', () => {
  test('keeps its last forty lines of both streams', async () => {
    const child = await shell('for i in $(seq 60); do echo line $i; done; echo bad >&2');
    await child.exited;
    expect(child.lastLines()).toHaveLength(40);
    expect(child.lastLines()).toEqual(expect.arrayContaining(['bad', 'line 60']));
  });

  test('gets SIGKILL when it outlives every signal', async () => {
    const child = await shell('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await until('the trap is set', () => child.lastLines().includes('ready'));
    await child.end([{ signal: 'SIGTERM', graceMs: 50 }]);
    expect(child.isRunning()).toBe(false);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('has a process group of its own, which Ctrl-C in the terminal does not reach', async () => {
    const child = await shell('ps -o pgid= -p $$');
    await child.exited;
    expect(Number(child.lastLines()[0])).toBe(child.pid);
  });

  test('a program that is not there is one clear error', async () => {
    await expect(startChild({ name: 'X', command: '/not/there', args: [], cwd: '/', env: {}, account: null })).rejects.toThrow(
      "/not/there can't be started",
    );
  });

  test('a command over its time is ended', async () => {
    const end = await runToEnd({ name: 'sleep', command: 'sleep', args: ['60'], cwd: '/', env: {}, account: null, timeoutMs: 50 });
    expect(end.signal).toBe('SIGKILL');
  });
});

describe('a supervised child', () => {
  test('is started again when it ends', async () => {
    const { supervised, said, starts } = await watched(['exit 1', 'kill -9 $$', 'exec sleep 60']);
    await until('the third start', () => starts() === 3 && supervised.child().isRunning());
    await until('it is said', () => said.filter((line) => line === 'Shell runs again.').length === 2);
    expect(said).toContain('Shell stopped (exit code 1).');
    expect(said).toContain('Shell stopped (signal SIGKILL).');
    await supervised.stop();
    expect(await isAlive(supervised.child().pid)).toBe(false);
  });

  test('that ends again and again is given up with its name and last words', async () => {
    const { supervised, starts } = await watched(['echo last words; exit 3'], 2);
    const error = await supervised.failed;
    expect(error).toMatchObject({ code: 'embedded_service_failed' });
    expect(error.message).toBe('Shell stopped (exit code 3) and does not start again. Its last lines:\n  last words');
    expect(starts()).toBe(3);
    await supervised.stop();
  });

  test('that ends because the disk is full says so, and gets more tries', async () => {
    const { supervised, said, starts } = await watched(
      ['echo "PANIC: No space left on device"; exit 1', 'throw', 'throw', 'exec sleep 60'],
      1,
    );
    await until('it runs again', () => starts() === 4 && supervised.child().isRunning());
    expect(said[0]).toBe('Shell stopped (the disk is full).');
    expect(said).toContain('Shell did not start again: the disk is full.');
    await supervised.stop();
  });

  test('is not started again after stop, which may be called twice', async () => {
    const { supervised, starts } = await watched(['exec sleep 60']);
    await Promise.all([supervised.stop(), supervised.stop()]);
    expect(starts()).toBe(1);
    expect(await isAlive(supervised.child().pid)).toBe(false);
  });
});
