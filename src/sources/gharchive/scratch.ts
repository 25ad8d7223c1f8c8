import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './mirror-lock.ts';

/** Where Linux keeps files in memory. */
const MEMORY_DIRECTORY = '/dev/shm';
/** Below this the memory file system is left to others (Docker gives containers 64 MB). */
const LEAST_FREE_BYTES = 2 * 1024 ** 3;

/** A directory for plain text that is read once and removed: in memory where there is plenty, else beside the mirror. */
export interface Scratch {
  readonly directory: string;
  readonly isMemory: boolean;
  remove(): Promise<void>;
}

async function freeBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

const OURS = /^laurels-(\d+)-[0-9a-f]{8}$/;

/** Memory that an import left taken because it was killed. */
async function removeLeftovers(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const pid = OURS.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(directory, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Makes a scratch directory that can take `bytes` at once. */
export async function openScratch(bytes: number, fallback: string): Promise<Scratch> {
  await removeLeftovers(MEMORY_DIRECTORY);
  const free = await freeBytes(MEMORY_DIRECTORY);
  const isMemory = free >= LEAST_FREE_BYTES && free / 2 >= bytes;
  const directory = join(isMemory ? MEMORY_DIRECTORY : fallback, `laurels-${process.pid}-${randomUUID().slice(0, 8)}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return { directory, isMemory, remove: () => rm(directory, { recursive: true, force: true }) };
}
