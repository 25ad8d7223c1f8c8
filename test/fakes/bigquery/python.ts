import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runToEnd } from '../../../src/embedded/child-process.ts';
import { userCacheDir } from '../../../src/embedded/places.ts';
import { isAlive } from '../../../src/embedded/process-table.ts';
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

type Environment = Readonly<Record<string, string>>;

/** Where to look for Python and where to put the emulator; what is left out is this machine's own. */
interface InstallOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly cacheDir?: string;
  readonly say?: (line: string) => void;
}

/** What pip needs behind a proxy or a mirror; tokens of ours are not handed on. */
function toolEnvironment(environment: Readonly<Record<string, string | undefined>>): Environment {
  const passed = /^(PATH|HOME|LANG|LC_.*|TMPDIR|.*_proxy|PIP_.*|PYENV.*|SSL_.*|REQUESTS_CA_BUNDLE|XDG_.*)$/i;
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && passed.test(entry[0])),
  );
}

async function run(command: string, args: readonly string[], env: Environment, limitMs: number): Promise<void> {
  const end = await runToEnd({ name: 'python', command, args, cwd: '/', env, account: null, timeoutMs: limitMs });
  if (end.code === 0) return;
  const tail = end.output.split('\n').filter((line) => line.trim() !== '');
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} … ended with ${end.code ?? end.signal}: ${tail.slice(-3).join(' ')}`);
}

async function basePython(env: Environment): Promise<string> {
  for (const name of PYTHONS) {
    const command = await findOnPath(name, env);
    if (command === null) continue;
    const isFit = await run(command, ['-c', 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'], env, MINUTE_MS).then(
      () => true,
      () => false,
    );
    if (isFit) return command;
  }
  throw new Error('no Python on PATH is 3.11 or newer and has venv');
}

const pythonIn = (directory: string): EmulatorPython => ({ command: join(directory, 'bin', 'python'), home: join(directory, 'home') });

async function build(directory: string, env: Environment, say: (line: string) => void): Promise<void> {
  const base = await basePython(env);
  say(`Installing the BigQuery emulator for the tests, once, into ${directory}; this takes a minute or two …`);
  await sweep(dirname(directory));
  // Made aside and moved in whole, so that of two runs at once each finds all of it or nothing.
  const aside = `${directory}.${process.pid}-${randomBytes(3).toString('hex')}`;
  const { command, home } = pythonIn(aside);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:'];
  try {
    await mkdir(aside, { recursive: true });
    await run(base, ['-m', 'venv', aside], env, 5 * MINUTE_MS);
    await run(command, [...pip, '-r', REQUIREMENTS], env, 15 * MINUTE_MS);
    await mkdir(home);
    await run(command, ['-c', 'import duckdb_extensions as e; e.import_extension("spatial")'], { ...env, HOME: home }, MINUTE_MS);
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

/** Removes what killed runs left half made. */
async function sweep(cacheDir: string): Promise<void> {
  for (const entry of await readdir(cacheDir).catch(() => [])) {
    const maker = /^bqemulator-[0-9a-f]+\.(\d+)-[0-9a-f]+$/.exec(entry)?.[1];
    if (maker !== undefined && !(await isAlive(Number(maker)))) await rm(join(cacheDir, entry), { recursive: true, force: true });
  }
}

/**
 * The emulator's Python, installed where it is not yet: into this user's cache, under a name made of the pinned versions.
 * @throws Error with what failed and what to do.
 */
export async function installEmulator(o: InstallOptions = {}): Promise<EmulatorPython> {
  const versions = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 12);
  const directory = join(o.cacheDir ?? userCacheDir(), `bqemulator-${versions}`);
  const python = pythonIn(directory);
  const say = o.say ?? ((line: string) => process.stderr.write(`${line}\n`));
  try {
    if (!(await isExecutable(python.command))) await build(directory, toolEnvironment(o.environment ?? process.env), say);
    return python;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The BigQuery emulator can't be installed: ${reason}. ${ADVICE}`, { cause: error });
  }
}

/** Whether the emulator can run here: tests without it are skipped, with a line that says why. @throws Error instead when CI=true. */
export async function hasEmulator(o: InstallOptions = {}): Promise<boolean> {
  try {
    await installEmulator(o);
    return true;
  } catch (error) {
    if ((o.environment ?? process.env)['CI'] === 'true') throw error;
    const say = o.say ?? ((line: string) => process.stderr.write(`${line}\n`));
    say(`BigQuery tests are SKIPPED. ${(error as Error).message}`);
    return false;
  }
}
