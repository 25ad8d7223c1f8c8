import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '../temporal/test-namespace.ts';

/** A process of its own: `node src/worker.ts`, `node src/server.ts`. */
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
  return spawnEntry('worker', env);
}

/** `command`: another program in the place of the entry, with its arguments, that says that it is ready in the same words. */
export function spawnEntry(
  entry: 'worker' | 'server',
  env: Readonly<Record<string, string>>,
  command: readonly string[] = [fileURLToPath(new URL(`../../src/${entry}.ts`, import.meta.url))],
): WorkerProcess {
  const child = spawn(process.execPath, [...command], {
    // Nothing of the environment of whoever runs the tests: a token there would be used.
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      WORKFLOW_BUNDLE: process.env.TEST_WORKFLOW_BUNDLE,
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
      const said = `${entry} ready`;
      await until(() => output.includes(said) || child.exitCode !== null, { what: `the ${entry} to be ready`, withinMs: 60_000 });
      if (!output.includes(said)) throw new Error(`The ${entry} ended: ${output}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
