import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listProcesses } from '../../src/embedded/process-table.ts';

/** The project's directory. */
export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(PROJECT, 'src/cli.ts');
const MAIN = join(PROJECT, 'src/main.ts');

/** How a command ended and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has written to stdout and stderr so far. */
  written(): string;
  /** Resolves when what it has written matches; rejects with all of it when the command ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A data directory of its own, with the directory that commands run in (no .env is there). */
export interface Place {
  readonly dataDir: string;
  readonly directory: string;
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): Running;
  laurels(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ended>;
  /** `npm start` without npm. */
  up(environment?: Readonly<Record<string, string>>): Running;
  /** Command lines of processes that work in the data directory. */
  processes(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** Makes an empty place; PostgreSQL's account can enter it. */
export async function makePlace(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'laurels-e2e-'));
  await chmod(directory, 0o711);
  const dataDir = join(directory, 'data');
  await mkdir(dataDir, { mode: 0o711 });
  const run = (command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}, cwd = directory): Running =>
    follow(
      spawn(command, args, { cwd, env: { ...cleanEnvironment(), DATA_DIR: dataDir, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  // The commands start stacks of their own; the workflows' code of this run saves each of them two seconds.
  const bundle = process.env['TEST_WORKFLOW_BUNDLE'];
  const forCommands = bundle === undefined ? {} : { WORKFLOW_BUNDLE: bundle };
  const start: Place['start'] = (args, environment) => run(process.execPath, [CLI, ...args], { ...forCommands, ...environment });
  const processes = async (): Promise<readonly string[]> =>
    (await listProcesses()).map(({ command }) => command).filter((command) => command.includes(directory));
  return {
    dataDir,
    directory,
    start,
    laurels: (args, environment) => start(args, environment).ended,
    up: (environment) => run(process.execPath, [MAIN], { PORT: '0', ...environment }),
    processes,
    async remove() {
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** `npm run -s laurels -- …`, as people type it. */
export async function npmRunLaurels(args: readonly string[], dataDir: string): Promise<Ended> {
  const env = { ...cleanEnvironment(), DATA_DIR: dataDir };
  return await follow(spawn('npm', ['run', '-s', 'laurels', '--', ...args], { cwd: PROJECT, env, stdio: ['ignore', 'pipe', 'pipe'] }))
    .ended;
}

/** Our own settings must not reach what is tested; the path to programs must. */
function cleanEnvironment(): Record<string, string> {
  const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TEMPORAL_CLI', 'XDG_CACHE_HOME'];
  return Object.fromEntries(passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

function follow(child: ChildProcess): Running {
  const output = { stdout: '', stderr: '' };
  let both = '';
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      both += text;
    });
  }
  let isOver = false;
  const ended = once(child, 'close').then(([code]) => {
    isOver = true;
    return { code: code as number | null, ...output };
  });
  return {
    child,
    ended,
    written: () => both,
    async until(pattern) {
      for (;;) {
        const found = pattern.exec(both);
        if (found !== null) return found;
        if (isOver) throw new Error(`It ended before it wrote ${String(pattern)}:\n${both}`);
        await Promise.race([delay(25), ended]);
      }
    },
  };
}

/** Waits until something holds; the test's own time limit ends it. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await delay(50);
}
