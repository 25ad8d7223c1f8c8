import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AppError } from '../domain/errors.ts';

const KEPT_LINES = 40;
const OUTPUT_GRACE_MS = 250;

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process in its own process group: Ctrl-C in the terminal reaches only its parent, which then stops its children in order. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended and its output is read. */
  readonly exited: Promise<ChildExit>;
  isRunning(): boolean;
  /** The last lines that it wrote to stdout and stderr. */
  lastLines(): readonly string[];
  /** Sends each signal in turn, waits up to its grace (ms) for the end; a process that outlives all of them gets SIGKILL. */
  end(steps: readonly { readonly signal: NodeJS.Signals; readonly graceMs: number }[]): Promise<void>;
}

/** What a child is started with. Its environment is only what is given here, so that no token of ours reaches it. */
export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The account that it runs as; null: ours. */
  readonly account: { readonly uid: number; readonly gid: number } | null;
  /** Sent when our own process exits without having ended the child, as process.exit does. By default SIGTERM. */
  readonly signalAtExit?: NodeJS.Signals;
}

/** What every program needs of our environment; tokens and passwords are not part of it. */
export function systemEnvironment(): Record<string, string> {
  const names = ['PATH', 'Path', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

/**
 * Starts a child process.
 * @throws AppError program_start when the command can't be started (missing, not executable, wrong architecture).
 */
export async function startChild(o: ChildOptions): Promise<Child> {
  const child = spawn(o.command, o.args, {
    cwd: o.cwd,
    env: { ...o.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
    ...(o.account === null ? {} : o.account),
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    });
  }
  let exit: ChildExit | null = null;
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      // A grandchild may keep the pipes open for ever: the end of the process counts, its last output gets a moment.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, OUTPUT_GRACE_MS).unref();
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(
        new AppError('program_start', 500, `${o.command} can't be started: ${error.message}`, { command: o.command }, { cause: error }),
      ),
    );
  });
  child.on('error', () => undefined);
  const pid = child.pid ?? 0;
  const onOurExit = () => child.kill(o.signalAtExit ?? 'SIGTERM');
  process.once('exit', onOurExit);
  child.once('exit', () => process.removeListener('exit', onOurExit));
  return {
    name: o.name,
    pid,
    exited,
    isRunning: () => exit === null,
    lastLines: () => [...lines],
    async end(steps) {
      for (const { signal, graceMs } of [...steps, { signal: 'SIGKILL', graceMs: 5000 } as const]) {
        if (exit !== null) break;
        child.kill(signal);
        let timer: NodeJS.Timeout | undefined;
        const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
        await Promise.race([exited, grace]);
        clearTimeout(timer);
      }
    },
  };
}

/** Runs a command to its end, its output kept in memory. Never throws for an exit code. */
export async function runToEnd(o: ChildOptions & { readonly timeoutMs?: number }): Promise<ChildExit & { readonly output: string }> {
  const child = await startChild(o);
  let timer: NodeJS.Timeout | undefined;
  if (o.timeoutMs !== undefined) timer = setTimeout(() => void child.end([]), o.timeoutMs);
  const exit = await child.exited;
  clearTimeout(timer);
  return { ...exit, output: child.lastLines().join('\n') };
}
