import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild, systemEnvironment } from '../../../src/embedded/child-process.ts';
import { findFreePorts } from '../../../src/embedded/free-port.ts';
import { installEmulator } from './python.ts';

/** An answer of the emulator. */
export interface EmulatorAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** bqemulator as a child process; it keeps its tables in memory. */
export interface Emulator {
  /** For files that it is to load. */
  readonly directory: string;
  /** `path` begins with `/projects/`. */
  request(method: string, path: string, body?: unknown): Promise<EmulatorAnswer>;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;

/** Starts one on a free port. @throws Error with its last lines when it does not answer within a minute. */
export async function startEmulator(): Promise<Emulator> {
  const python = await installEmulator();
  // The prefix lets the next run sweep what a killed one leaves; see test/stack/start.ts.
  const directory = await mkdtemp(join(tmpdir(), `laurels-test-${process.pid}-bigquery-`));
  const [port] = await findFreePorts([0]);
  const origin = `http://127.0.0.1:${port}`;
  const child = await startChild({
    name: 'BigQuery emulator',
    command: python.command,
    args: ['-m', 'bqemulator', 'start', '--rest-port', String(port), '--grpc-port', '0', '--log-level', 'error', '--data-dir', directory],
    cwd: directory,
    env: {
      ...systemEnvironment(),
      HOME: python.home,
      BQEMU_PERSISTENCE_MODE: 'ephemeral',
      BQEMU_UPLOAD_STAGING_DIR: directory,
      // Would be downloaded.
      BQEMU_ENABLE_FORMAT_EXTENSIONS: 'false',
    },
    account: null,
    signalAtExit: 'SIGKILL',
  });
  const stop = async (): Promise<void> => {
    await child.end([]);
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  const deadline = Date.now() + START_LIMIT_MS;
  const answers = () =>
    fetch(`${origin}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    );
  while (!(await answers())) {
    if (!child.isRunning() || Date.now() > deadline) {
      const said = child.lastLines().slice(-5).join('\n');
      await stop();
      throw new Error(`The BigQuery emulator did not start:\n${said}`);
    }
    await delay(50);
  }
  return {
    directory,
    async request(method, path, body) {
      const answer = await fetch(`${origin}/bigquery/v2${path}`, {
        method,
        // The emulator closes idle connections after five seconds, maybe just when one is used again.
        headers: { connection: 'close', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as unknown) };
    },
    stop,
  };
}
