import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from '../../../src/embedded/child-process.ts';
import { userCacheDir } from '../../../src/embedded/places.ts';
import { findOnPath, isExecutable } from '../../../src/embedded/temporal-fetch.ts';

/** A Python that can run the emulator, in a virtual environment of its own. */
export interface EmulatorPython {
  readonly command: string;
  /** DuckDB keeps its extensions under HOME; this one has the emulator's. */
  readonly home: string;
}

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'] as const;
const ADVICE = 'It needs Python 3.11 or newer with venv (Debian: apt-get install python3-venv) and PyPI, once.';
const MINUTE_MS = 60_000;

/** What pip needs behind a proxy or a mirror; tokens of ours are not handed on. */
function environment(): Record<string, string> {
  const passed = /^(PATH|HOME|LANG|LC_.*|TMPDIR|.*_proxy|PIP_.*|PYENV.*|SSL_.*|REQUESTS_CA_BUNDLE|XDG_.*)$/i;
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => passed.test(entry[0])));
}

async function run(
  command: string,
  args: readonly string[],
  o: { readonly env?: Record<string, string>; readonly limitMs: number },
): Promise<void> {
  const end = await runToEnd({
    name: 'python',
    command,
    args,
    cwd: '/',
    env: { ...environment(), ...o.env },
    account: null,
    timeoutMs: o.limitMs,
  });
  if (end.code === 0) return;
  const tail = end.output.split('\n').filter((line) => line.trim() !== '');
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} … ended with ${end.code ?? end.signal}: ${tail.slice(-3).join(' ')}`);
}

async function basePython(): Promise<string> {
  for (const name of PYTHONS) {
    const command = await findOnPath(name, environment());
    const fits = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))';
    if (command === null) continue;
    const isFit = await run(command, ['-c', fits], { limitMs: MINUTE_MS }).then(
      () => true,
      () => false,
    );
    if (isFit) return command;
  }
  throw new Error('no Python on PATH is 3.11 or newer and has venv');
}

async function build(directory: string, say: (line: string) => void): Promise<void> {
  const base = await basePython();
  say(`Installing the BigQuery emulator for the tests, once, into ${directory}; this takes a minute or two …`);
  // Made aside and moved in whole, so that of two runs at once each finds all of it or nothing.
  const aside = `${directory}.${process.pid}-${randomBytes(3).toString('hex')}`;
  const { command, home } = pythonIn(aside);
  try {
    await mkdir(aside, { recursive: true });
    await run(base, ['-m', 'venv', aside], { limitMs: 2 * MINUTE_MS });
    await run(
      command,
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:', '-r', REQUIREMENTS],
      { limitMs: 15 * MINUTE_MS },
    );
    await mkdir(home);
    await run(command, ['-c', 'import duckdb_extensions; duckdb_extensions.import_extension("spatial")'], {
      env: { HOME: home },
      limitMs: MINUTE_MS,
    });
    await rename(aside, directory).catch(async () => {
      // Another run was first; or it is what was left when the machine's Python went away.
      if (await isExecutable(pythonIn(directory).command)) return;
      await rm(directory, { recursive: true, force: true });
      await rename(aside, directory);
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

const pythonIn = (directory: string): EmulatorPython => ({ command: join(directory, 'bin', 'python'), home: join(directory, 'home') });

/**
 * The emulator's Python, installed where it is not yet: into this user's cache, under a name made of the pinned versions.
 * @throws Error with what failed and what to do.
 */
export async function installEmulator(
  o: { readonly say?: (line: string) => void; readonly cacheDir?: string } = {},
): Promise<EmulatorPython> {
  const versions = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 12);
  const directory = join(o.cacheDir ?? userCacheDir(), `bqemulator-${versions}`);
  const python = pythonIn(directory);
  try {
    if (!(await isExecutable(python.command))) await build(directory, o.say ?? ((line) => process.stderr.write(`${line}\n`)));
    return python;
  } catch (error) {
    throw new Error(`The BigQuery emulator can't be installed: ${error instanceof Error ? error.message : String(error)}. ${ADVICE}`, {
      cause: error,
    });
  }
}

/** Whether the emulator can run here: tests without it are skipped, with a line that says why. @throws Error instead when CI=true. */
export async function hasEmulator(): Promise<boolean> {
  try {
    await installEmulator();
    return true;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    process.stderr.write(`BigQuery tests are SKIPPED. ${(error as Error).message}\n`);
    return false;
  }
}
