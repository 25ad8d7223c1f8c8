import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { isAlive, startTimeOf } from './process-table.ts';

const LOCK = 'laurels.lock';
const DESCRIPTOR = 'stack.json';

const HOLDER = z.object({ pid: z.number().int().positive(), startTime: z.string().nullable(), claim: z.string() });
type Holder = z.infer<typeof HOLDER>;

const STACK_DESCRIPTOR = z.object({
  pid: z.number().int().positive(),
  url: z.string(),
  instance: z.string(),
  startedAt: z.string(),
  /** host:port of the Temporal it uses. */
  temporal: z.string().optional(),
});

/** What a running stack says about itself in its data directory, so that commands find it. */
export type StackDescriptor = z.infer<typeof STACK_DESCRIPTOR>;

/** Another Laurels has the data directory; `details.pid` names its process. */
export class DataDirectoryTaken extends AppError {
  constructor(dataDir: string, pid: number) {
    super(
      'data_directory_taken',
      409,
      `Another Laurels (pid ${pid}) already uses ${dataDir}. Stop it, or set DATA_DIR to another directory.`,
      {
        data_dir: dataDir,
        pid,
      },
    );
  }
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // Missing, half written by a crash, or not ours: it says nothing.
    return null;
  }
}

async function lives(holder: Holder): Promise<boolean> {
  if (!(await isAlive(holder.pid))) return false;
  // The id may belong to another program by now; where start times can't be read, the id alone decides.
  const startTime = await startTimeOf(holder.pid);
  return holder.startTime === null || startTime === null || startTime === holder.startTime;
}

/**
 * Takes a data directory for this process tree; it is made if it is missing. The claim of a process that no longer lives is taken over.
 * @returns `release` gives it back; idempotent.
 * @throws DataDirectoryTaken naming the process that has it; AppError data_directory_unusable when it can't be written.
 */
export async function claimDataDirectory(dataDir: string): Promise<{ release(): Promise<void> }> {
  let directory: string;
  const mine: Holder = { pid: process.pid, startTime: await startTimeOf(process.pid), claim: randomBytes(8).toString('hex') };
  let draft: string;
  try {
    // Others may pass through (PostgreSQL's account below root), but not look around.
    await mkdir(dataDir, { recursive: true, mode: 0o711 });
    directory = await realpath(dataDir);
    draft = join(directory, `${LOCK}.${mine.claim}`);
    await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  } catch (error) {
    throw new AppError(
      'data_directory_unusable',
      500,
      `The data directory ${dataDir} can't be written: ${error instanceof Error ? error.message : String(error)}. Set DATA_DIR to another one.`,
      { data_dir: dataDir },
      { cause: error },
    );
  }
  const lock = join(directory, LOCK);
  try {
    await acquire(lock, draft, directory);
  } finally {
    await rm(draft, { force: true });
  }
  // Left by a process that was killed: nobody answers there.
  await rm(join(directory, DESCRIPTOR), { force: true });
  return {
    async release() {
      const holder = await readJson(lock, HOLDER);
      if (holder?.claim === mine.claim) await rm(lock, { force: true });
    },
  };
}

/**
 * Puts our claim at `path`. The claim of a dead process is replaced only by who holds the right to replace that very claim, which is a
 * lock again: so of many processes that find it dead at once, one succeeds, and one that dies in between does not block the others.
 */
async function acquire(path: string, draft: string, directory: string): Promise<void> {
  for (;;) {
    // A link appears whole and only where nothing was: two processes can't both succeed.
    if (await linkIfFree(draft, path)) return;
    const holder = await readJson(path, HOLDER);
    if (holder !== null && (await lives(holder))) throw new DataDirectoryTaken(directory, holder.pid);
    const right = `${path}.after-${holder?.claim ?? 'nobody'}`;
    await acquire(right, draft, directory);
    try {
      const now = await readJson(path, HOLDER);
      if (now?.claim !== holder?.claim || !existsSync(path)) continue;
      const replacement = `${draft}.replacement`;
      await link(draft, replacement);
      await rename(replacement, path);
      return;
    } finally {
      await rm(right, { force: true });
    }
  }
}

async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Announces a running stack. Written as a whole: a reader sees the old or the new one. */
export async function writeStackDescriptor(dataDir: string, descriptor: StackDescriptor): Promise<void> {
  const path = join(dataDir, DESCRIPTOR);
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(descriptor)}\n`, { mode: 0o600 });
  await rename(draft, path);
}

/** The stack announced in a data directory; null: none, or its process is gone. Whether it still answers, its `/healthz` says. */
export async function readStackDescriptor(dataDir: string): Promise<StackDescriptor | null> {
  const descriptor = await readJson(join(dataDir, DESCRIPTOR), STACK_DESCRIPTOR);
  return descriptor !== null && (await isAlive(descriptor.pid)) ? descriptor : null;
}

/** Takes the announcement back. */
export async function removeStackDescriptor(dataDir: string): Promise<void> {
  await rm(join(dataDir, DESCRIPTOR), { force: true });
}
