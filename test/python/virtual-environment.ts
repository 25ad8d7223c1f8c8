import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runToEnd } from '../../src/embedded/child-process.ts';
import { userCacheDir } from '../../src/embedded/places.ts';
import { isAlive } from '../../src/embedded/process-table.ts';
import { findOnPath, isExecutable } from '../../src/embedded/temporal-fetch.ts';

const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'] as const;
const ADVICE = 'It needs Python 3.11 or newer with venv (Debian: apt-get install python3-venv) and PyPI, once.';
const MINUTE_MS = 60_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where to look for Python and where to put what is installed; what is left out is this machine's own. */
export interface InstallOptions {
  readonly environment?: Environment;
  readonly cacheDir?: string;
  readonly say?: (line: string) => void;
  /** What else has to be there, made by the new Python below its directory. */
  readonly finish?: (directory: string, run: (args: readonly string[], env?: Environment) => Promise<void>) => Promise<void>;
}

/** What pip needs behind a proxy or a mirror; tokens of ours are not handed on. */
function toolEnvironment(environment: Environment): Record<string, string> {
  const passed = /^(PATH|HOME|LANG|LC_.*|TMPDIR|.*_proxy|PIP_.*|PYENV.*|SSL_.*|REQUESTS_CA_BUNDLE|XDG_.*)$/i;
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && passed.test(entry[0])),
  );
}

async function run(command: string, args: readonly string[], environment: Environment, limitMs: number): Promise<void> {
  const env = toolEnvironment(environment);
  const end = await runToEnd({ name: 'python', command, args, cwd: '/', env, account: null, timeoutMs: limitMs });
  if (end.code === 0) return;
  const tail = end.output.split('\n').filter((line) => line.trim() !== '');
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} … ended with ${end.code ?? end.signal}: ${tail.slice(-3).join(' ')}`);
}

async function basePython(environment: Environment): Promise<string> {
  for (const name of PYTHONS) {
    const command = await findOnPath(name, toolEnvironment(environment));
    const fits = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))';
    if (command === null) continue;
    const isFit = await run(command, ['-c', fits], environment, MINUTE_MS).then(
      () => true,
      () => false,
    );
    if (isFit) return command;
  }
  throw new Error('no Python on PATH is 3.11 or newer and has venv');
}

/** Where it is said what is installed or left out. */
export const onStderr = (line: string): void => void process.stderr.write(`${line}\n`);
const pythonIn = (directory: string): string => join(directory, 'bin', 'python');

async function build(
  directory: string,
  requirements: string,
  { environment = process.env, say = onStderr, finish }: InstallOptions,
): Promise<void> {
  const base = await basePython(environment);
  say(`Installing ${basename(directory)} for the tests, once, into ${dirname(directory)}; this takes a minute or two …`);
  await sweep(directory);
  // Made aside and moved in whole, so that of two runs at once each finds all of it or nothing.
  const aside = `${directory}.${process.pid}-${randomBytes(3).toString('hex')}`;
  try {
    await mkdir(dirname(directory), { recursive: true });
    await run(base, ['-m', 'venv', aside], environment, 5 * MINUTE_MS);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:'];
    await run(pythonIn(aside), [...pip, '-r', requirements], environment, 15 * MINUTE_MS);
    await finish?.(aside, (args, env = {}) => run(pythonIn(aside), args, { ...environment, ...env }, MINUTE_MS));
    await rename(aside, directory).catch(async () => {
      // Another run was first; or it is what was left when the machine's Python went away.
      if (await isExecutable(pythonIn(directory))) return;
      await rm(directory, { recursive: true, force: true });
      await rename(aside, directory);
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Removes what killed runs left half made. */
async function sweep(directory: string): Promise<void> {
  for (const entry of await readdir(dirname(directory)).catch(() => [])) {
    if (!entry.startsWith(`${basename(directory)}.`)) continue;
    const maker = /\.(\d+)-[0-9a-f]+$/.exec(entry)?.[1];
    if (maker !== undefined && !(await isAlive(Number(maker)))) await rm(join(dirname(directory), entry), { recursive: true, force: true });
  }
}

/**
 * A Python with the pinned packages of a requirements file, in a virtual environment of its own: installed where it is not yet, into
 * this user's cache, under a name made of the versions. Run modules with `python -m`: scripts know the name it was made under.
 * @returns the path of its python.
 * @throws Error with what failed and what to do.
 */
export async function installPython(name: string, requirements: string, o: InstallOptions = {}): Promise<string> {
  const versions = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const directory = join(o.cacheDir ?? userCacheDir(), `${name}-${versions}`);
  const python = pythonIn(directory);
  if (await isExecutable(python)) return python;
  try {
    await build(directory, requirements, o);
    return python;
  } catch (error) {
    throw new Error(`${name} can't be installed: ${error instanceof Error ? error.message : String(error)}. ${ADVICE}`, { cause: error });
  }
}
