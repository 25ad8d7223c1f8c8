import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../domain/errors.ts';

/** Someone else is writing the mirror. */
export class MirrorBusy extends AppError {
  constructor(mirrorDir: string, holder: string) {
    super('mirror_busy', 503, `Another import is writing the archive mirror ${mirrorDir} (${holder}). Try again when it is done.`, {
      holder,
    });
  }
}

const BEAT_MS = 5_000;
const STALE_AFTER_MS = 60_000;
const POLL_MS = 100;

/** The right to write a mirror. */
export interface MirrorLock {
  /** @throws MirrorBusy when the lock was taken away, because this process was thought dead. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
}

async function holderOf(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

/** Whether a process of this machine exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A holder is dead when its process is gone (same machine) or it has not touched its lock for a minute. */
async function isStale(path: string, holder: Holder | null): Promise<boolean> {
  if (holder !== null && holder.host === hostname() && !isAlive(holder.pid)) return true;
  try {
    return Date.now() - (await stat(path)).mtimeMs > STALE_AFTER_MS;
  } catch {
    return false;
  }
}

/** Takes a dead holder's lock out of the way, and puts it back if it had become another's meanwhile. */
async function removeStale(path: string, stale: Holder | null): Promise<void> {
  const aside = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const found = await holderOf(aside);
  if (found !== null && found.token !== stale?.token) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/**
 * Waits until no one else writes the mirror and takes the lock.
 * @throws MirrorBusy after `waitMs`.
 */
export async function lockMirror(mirrorDir: string, waitMs: number, signal?: AbortSignal): Promise<MirrorLock> {
  const path = join(mirrorDir, 'writer.lock');
  const mine: Holder = { token: randomUUID(), pid: process.pid, host: hostname() };
  for (const until = Date.now() + waitMs; ;) {
    signal?.throwIfAborted();
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        await file.writeFile(JSON.stringify(mine));
      } finally {
        await file.close();
      }
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await holderOf(path);
    if (await isStale(path, holder)) await removeStale(path, holder);
    else if (Date.now() > until)
      throw new MirrorBusy(mirrorDir, holder === null ? 'process unknown' : `process ${holder.pid} on ${holder.host}`);
    else await sleep(POLL_MS);
  }
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), BEAT_MS);
  beat.unref();
  const isMine = async (): Promise<boolean> => (await holderOf(path))?.token === mine.token;
  return {
    assertHeld: async () => {
      if (!(await isMine())) throw new MirrorBusy(mirrorDir, 'it took the lock over');
    },
    release: async () => {
      clearInterval(beat);
      if (await isMine()) await rm(path, { force: true });
    },
  };
}
