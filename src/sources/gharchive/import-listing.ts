import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ArchiveDirectoryUnreadable } from '../../domain/errors.ts';
import { hourOf, isArchiveName } from './archive-file.ts';
import { sha256Of } from './checked-copy.ts';
import type { Manifest, MirrorFile, RefusedFile } from './manifest.ts';

/** A file of the directory as it lies there. */
export interface FoundFile {
  readonly name: string;
  readonly path: string;
  readonly hour: string | null;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** The archive files of a directory (not of those in it), by name. @throws ArchiveDirectoryUnreadable */
export async function listArchive(directory: string): Promise<readonly FoundFile[]> {
  const root = resolve(directory);
  let names: string[];
  try {
    names = await readdir(root);
  } catch (error) {
    throw new ArchiveDirectoryUnreadable(directory, error);
  }
  const found: FoundFile[] = [];
  for (const name of names.filter(isArchiveName).toSorted()) {
    const path = join(root, name);
    const facts = await stat(path).catch(() => null);
    if (facts === null || !facts.isFile()) continue;
    found.push({ name, path, hour: hourOf(name), size: facts.size, mtimeMs: facts.mtimeMs, ctimeMs: facts.ctimeMs });
  }
  return found;
}

const isUntouched = (file: FoundFile, known: MirrorFile | RefusedFile): boolean =>
  known.path === file.path && known.size === file.size && known.mtimeMs === file.mtimeMs && known.ctimeMs === file.ctimeMs;

/** Whether bytes that are known need not be read again under this name. The same bytes under another hour's name are another hour. */
function isSameContent(file: Pick<FoundFile, 'name' | 'hour'>, sha256: string, known: MirrorFile): boolean {
  return known.sha256 === sha256 && (known.name === file.name ? known.hour === file.hour : file.hour === null || known.hour === file.hour);
}

/** What the mirror knows of files: by a glance where they are untouched, else by their hash. */
export class KnownFiles {
  readonly #files: ReadonlyMap<string, readonly MirrorFile[]>;
  readonly #bySize: ReadonlyMap<number, readonly MirrorFile[]>;
  readonly #refused: ReadonlyMap<string, RefusedFile>;

  constructor(manifest: Manifest) {
    this.#files = Map.groupBy(manifest.files, (file) => file.name);
    this.#bySize = Map.groupBy(manifest.files, (file) => file.size);
    this.#refused = new Map(manifest.refused.map((file) => [file.name, file]));
  }

  /** The known file this one is, or null when it has to be read. Hashes it when its size is known and its times are not. */
  async recognise(file: FoundFile, signal?: AbortSignal): Promise<MirrorFile | RefusedFile | null> {
    const refused = this.#refused.get(file.name);
    if (refused !== undefined && isUntouched(file, refused)) return refused;
    const imported = this.#files.get(file.name)?.find((known) => isUntouched(file, known));
    if (imported !== undefined) return imported;
    const alike = this.#bySize.get(file.size) ?? [];
    if (refused?.size !== file.size && alike.length === 0) return null;
    const sha256 = await sha256Of(file.path, signal);
    return (refused?.sha256 === sha256 ? refused : alike.find((known) => isSameContent(file, sha256, known))) ?? null;
  }

  /** The imported file that has these bytes, when they need not be read again under this name. */
  withContent(file: FoundFile, sha256: string): MirrorFile | null {
    return (this.#bySize.get(file.size) ?? []).find((known) => isSameContent(file, sha256, known)) ?? null;
  }
}
