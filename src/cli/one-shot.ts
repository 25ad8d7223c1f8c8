import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { AppError } from '../domain/errors.ts';
import { isLeased } from './lease.ts';
import { isOneShotMessage, ONE_SHOT, type OneShotMessage } from './one-shot-protocol.ts';
import type { Terminal } from './terminal.ts';

/** A stack of our own, or the news that another process has the data directory. */
export type OneShot =
  | { readonly state: 'ready'; readonly url: string; stop(): Promise<void> }
  | { readonly state: 'taken'; readonly error: AppError };

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const LAST_WORDS_MS = 250;
/** What is shown of a child that died without a word. */
const TAIL = 2_000;

/**
 * Starts PostgreSQL, Temporal, worker and API for one command, in a child process that stops when this one ends, however it ends.
 * @throws AppError with the child's reason when it can't start.
 */
export async function startOneShot({
  dataDir,
  terminal,
  signal,
}: {
  readonly dataDir: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}): Promise<OneShot> {
  // A process group of its own: Ctrl-C reaches this process only, which stops the child when its own work is put down.
  const child = spawn(process.execPath, [...process.execArgv, MAIN, ONE_SHOT], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
    env: { ...process.env, DATA_DIR: dataDir },
  });
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-TAIL)));
  // Not `close`: it never comes when this side has closed the channel.
  const ended = once(child, 'exit');
  let told: Verdict | null;
  try {
    told = await verdictOf(child, terminal, signal);
  } catch (error) {
    terminal.say('Stopping what was started.');
    letGo(child);
    await ended;
    throw error;
  }
  if (told?.type === 'ready') return { state: 'ready', url: told.url, stop: () => stop(child, ended, dataDir, terminal) };
  await ended;
  if (told?.type === 'taken') return { state: 'taken', error: new AppError('data_directory_taken', 500, told.message) };
  if (told?.type === 'failed') throw new AppError(told.code, 500, told.message);
  throw new AppError('stack_failed', 500, `Laurels could not be started:\n${tail.trim() || 'it ended without a word'}`);
}

type Verdict = Exclude<OneShotMessage, { readonly type: 'said' }>;

/** What the child comes to: its verdict, or null when it ends without one. @throws the signal's reason when it aborts before. */
async function verdictOf(child: ChildProcess, { say }: Terminal, signal: AbortSignal): Promise<Verdict | null> {
  return await new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    child.on('message', (message) => {
      if (!isOneShotMessage(message)) return;
      if (message.type === 'said') return say(message.line);
      signal.removeEventListener('abort', onAbort);
      resolve(message);
    });
    // Its last words may come after its end.
    child.once('exit', () => setTimeout(resolve, LAST_WORDS_MS, null));
  });
}

/** A one-shot stack stops when its channel closes, and nobody else uses it. */
function letGo(child: ChildProcess): void {
  if (child.connected) child.disconnect();
}

async function stop(child: ChildProcess, ended: Promise<unknown>, dataDir: string, { say }: Terminal): Promise<void> {
  letGo(child);
  if (await isLeased(dataDir)) {
    say('Another command uses what this one has started; it stops when that one is done.');
    child.stderr?.destroy();
    child.unref();
    return;
  }
  await ended;
}
