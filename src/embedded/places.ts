import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where root keeps what another account must be able to reach: clusters and copies of programs. */
export const ROOT_STATE_DIR = '/var/lib/laurels';

/** This user's cache of downloaded programs: $XDG_CACHE_HOME/laurels or ~/.cache/laurels. */
export function userCacheDir(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(cache !== undefined && cache !== '' ? cache : join(homedir(), '.cache'), 'laurels');
}
