import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../domain/errors.ts';
import { runToEnd, systemEnvironment } from './child-process.ts';
import { ROOT_STATE_DIR } from './places.ts';
import { type Account, canEnter } from './postgres-account.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

const run = promisify(execFile);

/** The role that owns everything in the embedded cluster. */
export const CLUSTER_OWNER = 'laurels';

/** A PostgreSQL data directory that exists, is whole and can be read by our programs. */
export interface Cluster {
  /** Real path of PostgreSQL's own data directory. */
  readonly directory: string;
  /** PostgreSQL's system identifier of this cluster: a decimal number that no other cluster has. */
  readonly id: string;
  /** The account that owns it, which its server must run as; null: ours. */
  readonly account: Account | null;
  readonly password: string;
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Where a cluster that its account can't reach below the data directory lives instead; the data directory points to it. */
async function placeOf(dataDir: string, account: Account | null, say: (line: string) => void): Promise<string> {
  const pointer = join(dataDir, 'postgres.location');
  const elsewhere = (await readIfThere(pointer))?.trim();
  if (elsewhere !== undefined && elsewhere !== '') return elsewhere;
  const here = join(dataDir, 'postgres');
  if (account === null || canEnter(account, dataDir)) return here;
  if ((await stat(here).catch(() => null)) !== null) {
    throw new AppError(
      'postgres_place',
      500,
      `There is a cluster in ${here}, but the account "${account.name}" can't enter it. Let it: chmod o+x on the directories above, or run Laurels as the user who made it.`,
      { directory: here },
    );
  }
  // The random part: a data directory that was deleted and made again must not find the old one's data.
  const name = `${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}-${randomBytes(4).toString('hex')}`;
  const place = join(ROOT_STATE_DIR, name, 'postgres');
  await mkdir(dirname(place), { recursive: true, mode: 0o755 });
  if (!canEnter(account, dirname(place))) {
    throw new AppError(
      'postgres_place',
      500,
      `PostgreSQL runs as "${account.name}", which can enter neither ${dataDir} nor ${dirname(place)}. Set DATA_DIR to a directory that it can enter.`,
      { data_dir: dataDir },
    );
  }
  await writeFile(join(dirname(place), 'data-directory'), `${dataDir}\n`);
  await writeFile(pointer, `${place}\n`, { mode: 0o600 });
  say(`PostgreSQL runs as "${account.name}", which can't enter ${dataDir}: its data lives in ${place}.`);
  return place;
}

async function passwordOf(dataDir: string): Promise<{ readonly password: string; readonly isNew: boolean }> {
  const path = join(dataDir, 'postgres-password');
  const known = (await readIfThere(path))?.trim();
  if (known !== undefined && known !== '') return { password: known, isNew: false };
  const password = randomBytes(24).toString('base64url');
  const draft = `${path}.${process.pid}`;
  const file = await open(draft, 'w', 0o600);
  await file.writeFile(`${password}\n`);
  await file.sync();
  await file.close();
  await rename(draft, path);
  return { password, isNew: true };
}

/** Where the cluster of a data directory is, and its password; null: there is none yet. Changes nothing. */
export async function findCluster(dataDir: string): Promise<Pick<Cluster, 'directory' | 'password'> | null> {
  const place = (await readIfThere(join(dataDir, 'postgres.location')))?.trim() || join(dataDir, 'postgres');
  const [directory, password] = await Promise.all([realpath(place).catch(() => null), readIfThere(join(dataDir, 'postgres-password'))]);
  return directory === null || password === null ? null : { directory, password: password.trim() };
}

async function initialise(o: {
  readonly directory: string;
  readonly binaries: PostgresBinaries;
  readonly account: Account | null;
  readonly password: string;
  readonly durable: boolean;
}): Promise<void> {
  // Made under another name and renamed when whole: what bears the final name is never half made.
  const draft = `${o.directory}.new-${randomBytes(4).toString('hex')}`;
  const passwordFile = `${draft}.password`;
  await mkdir(draft, { recursive: true, mode: 0o700 });
  try {
    await writeFile(passwordFile, `${o.password}\n`, { mode: 0o600 });
    if (o.account !== null) {
      await chown(draft, o.account.uid, o.account.gid);
      await chown(passwordFile, o.account.uid, o.account.gid);
    }
    const made = await runToEnd({
      name: 'initdb',
      command: o.binaries.initdb,
      args: [
        `--pgdata=${draft}`,
        `--username=${CLUSTER_OWNER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // Sorted by code point like C, the same on every system, but upper and lower case know more than ASCII.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--no-instructions',
        ...(o.durable ? [] : ['--no-sync']),
      ],
      cwd: '/',
      env: { ...systemEnvironment(), LC_ALL: 'C', TZ: 'UTC' },
      account: o.account,
      timeoutMs: 180_000,
    });
    if (made.code !== 0) {
      throw new AppError('postgres_init', 500, `PostgreSQL could not make its data directory ${o.directory}:\n${made.output}`, {
        directory: o.directory,
      });
    }
    await rename(draft, o.directory);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

/** Removes what an interrupted initialise left; only names that it makes. */
async function sweepDrafts(directory: string): Promise<void> {
  const prefix = `${basename(directory)}.new-`;
  const names = await readdir(dirname(directory)).catch(() => []);
  await Promise.all(
    names.filter((name) => name.startsWith(prefix)).map((name) => rm(join(dirname(directory), name), { recursive: true, force: true })),
  );
}

async function ownerOf(directory: string, account: Account | null, say: (line: string) => void): Promise<Account | null> {
  const { uid, gid } = await stat(directory);
  if (process.platform === 'win32' || uid === (account?.uid ?? process.getuid?.())) return account;
  // Root may run the server as whoever made the data (after a first start without sudo, for instance).
  if (account !== null && uid !== 0) return { name: `uid ${uid}`, uid, gid };
  if (account !== null) {
    // Copied back by root from a back-up.
    await run('chown', ['-R', `${account.uid}:${account.gid}`, directory]);
    await chmod(directory, 0o700);
    say(`${directory} belonged to root; it belongs to "${account.name}" now, which PostgreSQL runs as.`);
    return account;
  }
  throw new AppError(
    'postgres_owner',
    500,
    `${directory} belongs to another account (uid ${uid}), and PostgreSQL's server must run as that one. Start Laurels as it, or as root, or set another DATA_DIR.`,
    { directory, uid },
  );
}

/** The role's password, set without a server; for a data directory whose password file was lost. */
function setPassword(
  cluster: { readonly directory: string; readonly account: Account | null },
  binaries: PostgresBinaries,
  password: string,
): void {
  const single = spawnSync(binaries.postgres, ['--single', '-D', cluster.directory, 'postgres'], {
    input: `ALTER ROLE ${CLUSTER_OWNER} PASSWORD '${password}'\n`,
    cwd: cluster.directory,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    encoding: 'utf8',
    timeout: 60_000,
    ...(cluster.account === null ? {} : { uid: cluster.account.uid, gid: cluster.account.gid }),
  });
  if (single.status !== 0) {
    throw new AppError(
      'postgres_password',
      500,
      `PostgreSQL's password file is missing and a new password could not be set:\n${single.stderr}`,
      {
        directory: cluster.directory,
      },
    );
  }
}

/**
 * The cluster of a data directory: the one that is there, else a new one. Nothing that exists is ever deleted; a directory that is
 * no whole cluster is set aside under another name. The caller has claimed the data directory.
 * @param durable false: files are not flushed to disk (tests).
 * @param beforeChange called when an existing cluster was found, before anything in it is written: ends a server that still uses it.
 * @throws AppError when the data belongs to another major version or account, or can't be made.
 */
export async function openCluster(o: {
  readonly dataDir: string;
  readonly binaries: PostgresBinaries;
  readonly account: Account | null;
  readonly durable: boolean;
  readonly say: (line: string) => void;
  readonly beforeChange: (directory: string) => Promise<void>;
}): Promise<Cluster> {
  const place = await placeOf(o.dataDir, o.account, o.say);
  const major = (await readIfThere(join(place, 'PG_VERSION')))?.trim() ?? null;
  if (major !== null && major !== String(o.binaries.major)) {
    throw new AppError(
      'postgres_version',
      500,
      `${place} holds data of PostgreSQL ${major}, but this Laurels brings PostgreSQL ${o.binaries.major}, which can't read it. Use the Laurels that made it, or set another DATA_DIR.`,
      { directory: place, found: major, needed: o.binaries.major },
    );
  }
  await sweepDrafts(place);
  const { password, isNew } = await passwordOf(o.dataDir);
  const hasControl = (await stat(join(place, 'global', 'pg_control')).catch(() => null)) !== null;
  let account = o.account;
  if (major !== null && hasControl) {
    account = await ownerOf(place, o.account, o.say);
    await o.beforeChange(await realpath(place));
    if (isNew) {
      setPassword({ directory: place, account }, o.binaries, password);
      o.say("PostgreSQL's password file was missing: set a new password.");
    }
  } else {
    const found = await readdir(place).catch(() => null);
    if (found !== null && found.length > 0) {
      const aside = `${place}.incomplete-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
      await rename(place, aside);
      o.say(`${place} was no complete PostgreSQL data directory: it is kept as ${aside}, and a new one is made.`);
    } else if (found !== null) {
      await rm(place, { recursive: true });
    }
    await initialise({ directory: place, binaries: o.binaries, account, password, durable: o.durable });
    await chmod(place, 0o700);
  }
  const directory = await realpath(place);
  const control = await readFile(join(directory, 'global', 'pg_control'));
  return { directory, id: control.readBigUInt64LE(0).toString(), account, password };
}
