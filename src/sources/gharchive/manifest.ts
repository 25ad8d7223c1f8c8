import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';

const facts = {
  name: z.string(),
  /** Where it was read from, so that an unchanged file is known without reading it. */
  path: z.string(),
  hour: z.string().nullable(),
  sha256: z.string(),
  size: z.number(),
  mtimeMs: z.number(),
  ctimeMs: z.number(),
  reason: z.string().nullable(),
};

const fileSchema = z.object({
  ...facts,
  /** The number its rows carry; never used again. */
  number: z.number(),
  state: z.enum(['ok', 'degraded']),
  events: z.number(),
  rows: z.number(),
  quarantined: z.number(),
  prShare: z.number().nullable(),
  /** Whether it has `action: "merged"` rows: then a `closed` one without a flag was not merged. */
  hasMerges: z.boolean(),
  /** The UTC hour its rows are of; null when it is no hour file. Files of the timeline era are named by another time zone's hour. */
  covers: z.string().nullable(),
  /** The UTC days its rows are of; null for an hour file. */
  days: z.array(z.string()).nullable(),
  importedAt: z.string(),
});

const refusedSchema = z.object({ ...facts, state: z.enum(['damaged', 'empty']) });

const partSchema = z.object({
  /** File name in `parts/`. */
  path: z.string(),
  holds: z.enum(['rows', 'names']),
  /** Rows of one bucket of repositories; null: of all. */
  bucket: z.number().nullable(),
  rows: z.number(),
  /** Whether rows of repositories known by name only are in it. */
  byName: z.boolean(),
  /** The files whose rows are in it, by number: no others. */
  firstFile: z.number(),
  lastFile: z.number(),
});

const manifestSchema = z.object({
  format: z.literal(1),
  /** Changes with every change of the mirror, and is unlike that of any other mirror. */
  generation: z.string(),
  nextFile: z.number(),
  files: z.array(fileSchema),
  refused: z.array(refusedSchema),
  parts: z.array(partSchema),
  /** Numbers of replaced files whose rows may still be in parts: readers leave them out. */
  dead: z.array(z.number()),
  /** Parts that are no longer used, kept a while for readers that began before. */
  retired: z.array(z.object({ path: z.string(), at: z.number() })),
});

export type MirrorFile = z.infer<typeof fileSchema>;
export type RefusedFile = z.infer<typeof refusedSchema>;
export type MirrorPart = z.infer<typeof partSchema>;
/** What a mirror holds at one moment. Everything it names exists and never changes. */
export type Manifest = z.infer<typeof manifestSchema>;

/** The mirror's manifest can't be understood: another version wrote it, or it was changed by hand. */
class UnreadableMirror extends AppError {
  constructor(path: string, cause: unknown) {
    super(
      'mirror_unreadable',
      500,
      `The archive mirror's manifest ${path} can't be read. Remove the directory and import again.`,
      { path },
      { cause },
    );
  }
}

const pathOf = (mirrorDir: string): string => join(mirrorDir, 'manifest.json');
/** Where a part's file is. */
export const partPath = (mirrorDir: string, part: Pick<MirrorPart, 'path'>): string => join(mirrorDir, 'parts', part.path);

/** Whether something was ever imported into the directory. */
export function hasMirror(mirrorDir: string): boolean {
  return existsSync(pathOf(mirrorDir));
}

export const EMPTY_MANIFEST: Manifest = {
  format: 1,
  generation: '0',
  nextFile: 1,
  files: [],
  refused: [],
  parts: [],
  dead: [],
  retired: [],
};

/** A generation that no other manifest has. */
export function nextGeneration(manifest: Manifest): string {
  return `${Number.parseInt(manifest.generation, 10) + 1}-${randomUUID().slice(0, 8)}`;
}

/**
 * Reads the manifest; null when there is no mirror.
 * @throws UnreadableMirror when it is no manifest of this format.
 */
export async function loadManifest(mirrorDir: string): Promise<Manifest | null> {
  const path = pathOf(mirrorDir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new UnreadableMirror(path, error);
  }
}

/** What the manifest file is at the moment: another text after every change. Null when there is none. */
export async function manifestStamp(mirrorDir: string): Promise<string | null> {
  try {
    const { ino, mtimeNs, size } = await stat(pathOf(mirrorDir), { bigint: true });
    return `${ino}:${mtimeNs}:${size}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the manifest the mirror's in one step: a reader sees the old one or the new one, also after a crash. */
export async function saveManifest(mirrorDir: string, manifest: Manifest): Promise<void> {
  const [path, next] = [pathOf(mirrorDir), `${pathOf(mirrorDir)}.next`];
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(manifest));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, path);
  await flush(mirrorDir);
}
