import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runToEnd } from '../../src/embedded/child-process.ts';
import { userCacheDir } from '../../src/embedded/places.ts';
import { findOnPath, isExecutable } from '../../src/embedded/temporal-fetch.ts';

const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'] as const;
const ADVICE = 'It needs Python 3.11 or newer with venv (Debian: apt-get install python3-venv) and PyPI, once.';
const MINUTE_MS = 60_000;

/** What pip needs behind a proxy or a mirror; tokens of ours are not handed on. */
function environment(): Record<string, string> {
  const passed = /^(PATH|HOME|LANG|LC_.*|TMPDIR|.*_proxy|PIP_.*|PYENV.*|SSL_.*|REQUESTS_CA_BUNDLE|XDG_.*)$/i;
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => passed.test(entry[0])));
}

async function run(command: string, args: readonly string[], limitMs: number): Promise<void> {
  const end = await runToEnd({ name: 'python', command, args, cwd: '/', env: environment(), account: null, timeoutMs: limitMs });
  if (end.code === 0) return;
  const tail = end.output.split('\n').filter((line) => line.trim() !== '');
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} … ended with ${end.code ?? end.signal}: ${tail.slice(-3).join(' ')}`);
}

async function basePython(): Promise<string> {
  for (const name of PYTHONS) {
    const command = await findOnPath(name, environment());
    const fits = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))';
    if (command === null) continue;
    const isFit = await run(command, ['-c', fits], MINUTE_MS).then(
      () => true,
      () => false,
    );
    if (isFit) return command;
  }
  throw new Error('no Python on PATH is 3.11 or newer and has venv');
}

async function build(directory: string, requirements: string): Promise<void> {
  const base = await basePython();
  // Made aside and moved in whole, so that of two runs at once each finds all of it or nothing.
  const aside = `${directory}.${process.pid}-${randomBytes(3).toString('hex')}`;
  try {
    await mkdir(dirname(directory), { recursive: true });
    await run(base, ['-m', 'venv', aside], 2 * MINUTE_MS);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:'];
    await run(join(aside, 'bin', 'python'), [...pip, '-r', requirements], 15 * MINUTE_MS);
    await rename(aside, directory).catch(async () => {
      // Another run was first; or it is what was left when the machine's Python went away.
      if (await isExecutable(join(directory, 'bin', 'python'))) return;
      await rm(directory, { recursive: true, force: true });
      await rename(aside, directory);
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/**
 * A Python with the pinned packages of a requirements file, in a virtual environment of its own: installed where it is not yet, into
 * this user's cache, under a name made of the versions. Run modules with `python -m`: scripts know the name it was made under.
 * @returns the path of its python.
 * @throws Error with what failed and what to do.
 */
export async function installPython(name: string, requirements: string): Promise<string> {
  const versions = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const directory = join(userCacheDir(), `${name}-${versions}`);
  const python = join(directory, 'bin', 'python');
  if (await isExecutable(python)) return python;
  process.stderr.write(`Installing ${name} for the tests, once, into ${directory}; this takes a minute or two …\n`);
  try {
    await build(directory, requirements);
    return python;
  } catch (error) {
    throw new Error(`${name} can't be installed: ${error instanceof Error ? error.message : String(error)}. ${ADVICE}`, { cause: error });
  }
}
