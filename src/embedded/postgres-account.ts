import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AppError } from '../domain/errors.ts';

const run = promisify(execFile);
/** In this order: PostgreSQL's own account, one we made earlier, Apple's. */
const WANTED = ['postgres', 'laurels', '_postgres'] as const;

/** An account of this machine. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

async function findAccount(name: string): Promise<Account | null> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const fields = passwd
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':');
  if (fields !== undefined) return { name, uid: Number(fields[2]), gid: Number(fields[3]) };
  // Directory services (macOS, LDAP) are not in that file.
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout.trim())));
    return uid !== undefined && gid !== undefined && uid > 0 ? { name, uid, gid } : null;
  } catch {
    return null;
  }
}

/**
 * The account that PostgreSQL runs as. It refuses to run as root, so root needs another one: an existing one, else a new system
 * account `laurels`, else `nobody`. Null: nothing to change, we are not root.
 * @throws AppError postgres_account when root finds no such account and can't make one.
 */
export async function chooseAccount(say: (line: string) => void): Promise<Account | null> {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return null;
  for (const name of WANTED) {
    const account = await findAccount(name);
    if (account !== null && account.uid !== 0) return account;
  }
  let failure: unknown;
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      'laurels',
    ]);
    say('PostgreSQL does not run as root: made the system account "laurels" for it.');
    const account = await findAccount('laurels');
    if (account !== null) return account;
  } catch (error) {
    failure = error;
  }
  const nobody = await findAccount('nobody');
  if (nobody !== null && nobody.uid > 0) return nobody;
  throw new AppError(
    'postgres_account',
    500,
    'PostgreSQL does not run as root, and there is no account to run it as: create one named "postgres", run Laurels as another user, or set DATABASE_URL.',
    {},
    { cause: failure },
  );
}

/** Whether an account can enter a directory (search permission on it and on every directory above). Null account: this process. */
export function canEnter(account: Account | null, directory: string): boolean {
  if (process.platform === 'win32') return true;
  const probe = spawnSync('/bin/sh', ['-c', 'cd "$1" 2>/dev/null', 'sh', directory], {
    cwd: '/',
    stdio: 'ignore',
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
  });
  return probe.status === 0;
}
