import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * A stack that one command has started may serve a second one. A lease, a file named after the second one's process, keeps the
 * stack from stopping under it.
 */

const directoryOf = (dataDir: string): string => join(dataDir, 'leases');

/** Says that this process uses the stack of the data directory. */
export async function takeLease(dataDir: string): Promise<{ release(): Promise<void> }> {
  const path = join(directoryOf(dataDir), String(process.pid));
  await mkdir(directoryOf(dataDir), { recursive: true });
  await writeFile(path, '');
  return { release: () => rm(path, { force: true }) };
}

/** Whether a living process uses the stack of the data directory. Leases of the dead are removed. */
export async function isLeased(dataDir: string): Promise<boolean> {
  const names = await readdir(directoryOf(dataDir)).catch(() => [] as string[]);
  let leased = false;
  for (const name of names) {
    if (isAlive(Number(name))) leased = true;
    else await rm(join(directoryOf(dataDir), name), { force: true });
  }
  return leased;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
