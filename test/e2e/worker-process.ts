import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '../temporal/test-namespace.ts';

/** A worker of its own process: `node src/worker.ts`. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  /** Everything it has written. */
  output(): string;
  ready(): Promise<void>;
  /** Resolves with exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** The crash: no handler runs, nothing is said to anybody. */
  kill(): Promise<void>;
}

export function spawnWorker(env: Readonly<Record<string, string>>): WorkerProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../src/worker.ts', import.meta.url))], {
    // Nothing of the environment of whoever runs the tests: a token there would be used.
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1));
  });
  return {
    child,
    output: () => output,
    ended,
    async ready() {
      await until(() => output.includes('worker ready') || child.exitCode !== null, { what: 'the worker to be ready' });
      if (!output.includes('worker ready')) throw new Error(`The worker ended: ${output}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
