import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../temporal/test-namespace.ts';

/** An API in a process of its own: `node src/server.ts`. */
export interface ApiProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Resolves with exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  send(method: 'GET' | 'POST', path: string): Promise<ApiAnswer>;
  /** The crash: no handler runs. */
  kill(): Promise<void>;
}

/** What tests look at of an answer. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies freely
  readonly body: any;
}

const SERVER = fileURLToPath(new URL('../../src/server.ts', import.meta.url));
const SKEWED_CLOCK = new URL('skewed-clock.ts', import.meta.url).href;

/** Starts one and waits until it is ready. `clockSkewHours`: how far its clock is ahead. */
export async function startApiProcess(env: Readonly<Record<string, string>>, clockSkewHours = 0): Promise<ApiProcess> {
  const child = spawn(process.execPath, ['--import', SKEWED_CLOCK, SERVER], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', CLOCK_SKEW_HOURS: String(clockSkewHours), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code ?? -1) as number | NodeJS.Signals);
  const urlOf = (): string | undefined => /"url":"(http[^"]+)".*"server ready"/.exec(output)?.[1];
  await until(() => urlOf() !== undefined || child.exitCode !== null, { withinMs: 60_000, what: 'the API to be ready' });
  const url = urlOf();
  if (url === undefined) throw new Error(`The API ended: ${output}`);
  return {
    child,
    url,
    ended,
    async send(method, path) {
      const response = await fetch(`${url}${path}`, { method });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? null : (JSON.parse(text) as unknown) };
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
