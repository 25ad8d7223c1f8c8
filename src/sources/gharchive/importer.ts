import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import { FileRefused, stateOf, type ArchiveFileState } from './archive-file.ts';
import { readArchive, scratchBytes, type Candidate } from './archive-pipeline.ts';
import { MEMORY_MB, openDuckDb } from './duckdb.ts';
import { KnownFiles, listArchive, type FoundFile } from './import-listing.ts';
import type { MirrorFile, RefusedFile } from './manifest.ts';
import { lockMirror } from './mirror-lock.ts';
import { openMirrorWriter, type MirrorWriter } from './mirror-writer.ts';
import { openScratch, type Scratch } from './scratch.ts';
import { stagedDays, stagedHour, type StagedFile } from './stage-reader.ts';

export { hasMirror } from './manifest.ts';

/** One file of an import. `unchanged`: the mirror had its content; `replaced`: it took the place of another version. */
interface ImportedFile {
  readonly name: string;
  /** The hour it is for (`2015-01-01T01:00:00Z`), or null when its name tells none. */
  readonly hour: string | null;
  /** Empty when the file could not be read to its end. */
  readonly sha256: string;
  /** Events that are, or tell of, contributions. */
  readonly rows: number;
  readonly quarantined: number;
  /** Pull request events as a share of all its events, 0-1. */
  readonly prShare: number | null;
  readonly state: ArchiveFileState;
  readonly reason: string | null;
  readonly status: 'imported' | 'unchanged' | 'replaced' | 'refused';
}

export interface ImportReport {
  /** Every archive file of the directory, by name. */
  readonly files: readonly ImportedFile[];
  /** Files that were read, those among them that replaced others included. */
  readonly imported: number;
  readonly unchanged: number;
  readonly refused: number;
  /** Rows and bad lines of the files that were read. */
  readonly rows: number;
  readonly quarantined: number;
}

export interface ImportProgress {
  readonly done: number;
  readonly total: number;
  /** The file that was done last. */
  readonly file: string;
  readonly rows: number;
}

const COMMIT_FROM_EVENTS = 1_000_000;
const LOCK_WAIT_MS = 60_000;

function reportOf(file: MirrorFile, name: string, status: ImportedFile['status'], reason = file.reason): ImportedFile {
  const { hour, sha256, rows, quarantined, prShare, state } = file;
  return { name, hour, sha256, rows, quarantined, prShare, state, reason, status };
}

function refusalOf(file: RefusedFile): ImportedFile {
  const { name, hour, sha256, state, reason } = file;
  return { name, hour, sha256, rows: 0, quarantined: 0, prShare: null, state, reason, status: 'refused' };
}

function crowdedOut(file: FoundFile, by: string): ImportedFile {
  const { name, hour } = file;
  return {
    name,
    hour,
    sha256: '',
    rows: 0,
    quarantined: 0,
    prShare: null,
    state: 'ok',
    reason: `${by} holds the same hour and was taken`,
    status: 'refused',
  };
}

/** Takes what was read into the mirror; holds what it has learnt until the next commit. */
class Intake {
  readonly #instance: DuckDBInstance;
  readonly #writer: MirrorWriter;
  readonly #onFile: (file: ImportedFile) => void;
  #files: MirrorFile[] = [];
  #refused: RefusedFile[] = [];
  #events = 0;

  constructor(instance: DuckDBInstance, writer: MirrorWriter, onFile: (file: ImportedFile) => void) {
    this.#instance = instance;
    this.#writer = writer;
    this.#onFile = onFile;
  }

  /** Reads files and commits them, many at a time; what was read when it fails is kept. */
  async read(files: readonly Candidate[], scratch: Scratch, signal: AbortSignal | undefined): Promise<void> {
    const [instance, known] = [this.#instance, new KnownFiles(this.#writer.manifest)];
    const isKnown = (file: Candidate, sha256: string): boolean => known.withContent(file, sha256) !== null;
    try {
      for await (const batch of readArchive({ files, instance, scratch, isKnown, signal })) {
        for (const { file, sha256, outcome } of batch) {
          const same = outcome === 'known' ? known.withContent(file, sha256) : null;
          if (same !== null) this.#onFile(reportOf(same, file.name, 'unchanged'));
          else if (outcome instanceof FileRefused) this.#refuse(file, sha256, outcome);
          else if (outcome !== 'known') await this.#keep(file, sha256, outcome);
        }
        if (this.#events < COMMIT_FROM_EVENTS) continue;
        await this.#commit();
        await this.#writer.compact();
      }
    } finally {
      await this.#commit();
    }
  }

  async #commit(): Promise<void> {
    if (this.#files.length === 0 && this.#refused.length === 0) return;
    await this.#writer.commit({ files: this.#files, refused: this.#refused });
    [this.#files, this.#refused, this.#events] = [[], [], 0];
  }

  #refuse(file: Candidate, sha256: string, refusal: FileRefused): void {
    const { name, path, hour, size, mtimeMs, ctimeMs } = file;
    const refused: RefusedFile = { name, path, hour, sha256, size, mtimeMs, ctimeMs, state: refusal.state, reason: refusal.message };
    this.#refused.push(refused);
    this.#onFile(refusalOf(refused));
  }

  async #keep(file: Candidate, sha256: string, staged: StagedFile): Promise<void> {
    const { name, path, hour, size, mtimeMs, ctimeMs, number } = file;
    const { events, rows, quarantined, reasons, pullRequestEvents, hasMerges } = staged;
    const { state, reason } = stateOf(events, pullRequestEvents);
    const lines = quarantined === 0 ? null : `${quarantined} ${quarantined === 1 ? 'line' : 'lines'} set aside (${reasons.join('; ')})`;
    const kept: MirrorFile = {
      name,
      path,
      hour,
      sha256,
      size,
      mtimeMs,
      ctimeMs,
      number,
      state,
      events,
      rows,
      quarantined,
      hasMerges,
      reason: [reason, lines].filter((part) => part !== null).join('; ') || null,
      prShare: pullRequestEvents / events,
      covers: hour === null ? null : await stagedHour(this.#instance, number, hour),
      days: hour === null ? await stagedDays(this.#instance, number) : null,
      importedAt: new Date().toISOString(),
    };
    const isReplacing = this.#writer.manifest.files.some((old) => old.name === name || (hour !== null && old.hour === hour));
    this.#files.push(kept);
    this.#events += events;
    this.#onFile(reportOf(kept, name, isReplacing ? 'replaced' : 'imported'));
  }
}

/** The first file of every hour, and those that claim an hour another has. */
function splitByHour(files: readonly FoundFile[]): { readonly first: readonly FoundFile[]; readonly others: readonly FoundFile[] } {
  const hours = new Set<string>();
  const [first, others]: [FoundFile[], FoundFile[]] = [[], []];
  for (const file of files) {
    (file.hour !== null && hours.has(file.hour) ? others : first).push(file);
    if (file.hour !== null) hours.add(file.hour);
  }
  return { first, others };
}

/** Tells what is known of the files already and returns those that have to be read. */
async function unreadOf(
  files: readonly FoundFile[],
  writer: MirrorWriter,
  onFile: (file: ImportedFile) => void,
  signal: AbortSignal | undefined,
): Promise<readonly FoundFile[]> {
  const known = new KnownFiles(writer.manifest);
  const unread: FoundFile[] = [];
  const [seen, seenRefused]: [MirrorFile[], RefusedFile[]] = [[], []];
  for (const file of files) {
    signal?.throwIfAborted();
    const as = await known.recognise(file, signal);
    if (as === null) {
      unread.push(file);
      continue;
    }
    const facts = { path: file.path, mtimeMs: file.mtimeMs, ctimeMs: file.ctimeMs };
    const hasMoved = as.name === file.name && (as.path !== file.path || as.mtimeMs !== file.mtimeMs || as.ctimeMs !== file.ctimeMs);
    if ('number' in as) {
      if (hasMoved) seen.push({ ...as, ...facts });
      onFile(reportOf(as, file.name, 'unchanged'));
    } else {
      if (hasMoved) seenRefused.push({ ...as, ...facts });
      onFile(refusalOf(as));
    }
  }
  if (seen.length > 0 || seenRefused.length > 0) await writer.noteFacts(seen, seenRefused);
  return unread;
}

/**
 * Brings the archive files of a directory into the mirror: new and changed ones are checked and read, the rest is left alone. A file that
 * can't be used is refused with a reason and loses nothing else; importing again changes nothing. One import writes a mirror at a time.
 * @throws ArchiveDirectoryUnreadable when the directory can't be listed; MirrorBusy when another import does not end within a minute;
 *   the signal's reason when it is aborted (what was read before is kept).
 */
export async function importArchive(o: {
  directory: string;
  mirrorDir: string;
  signal?: AbortSignal;
  onProgress?: (progress: ImportProgress) => void;
}): Promise<ImportReport> {
  const found = await listArchive(o.directory);
  const mirrorDir = resolve(o.mirrorDir);
  await mkdir(mirrorDir, { recursive: true, mode: 0o700 });
  const lock = await lockMirror(mirrorDir, LOCK_WAIT_MS, o.signal);
  const tmp = join(mirrorDir, 'tmp');
  let scratch: Scratch | null = null;
  let instance: DuckDBInstance | null = null;
  try {
    // What a writer that was killed has left.
    await rm(tmp, { recursive: true, force: true });
    await mkdir(tmp, { mode: 0o700 });
    scratch = await openScratch(scratchBytes(found), tmp);
    instance = await openDuckDb({ directories: [mirrorDir, scratch.directory], spillTo: tmp, memoryMb: MEMORY_MB.import });
    const writer = await openMirrorWriter({ mirrorDir, instance, lock });
    const done = new Map<string, ImportedFile>();
    const onFile = (file: ImportedFile): void => {
      done.set(file.name, file);
      o.onProgress?.({ done: done.size, total: found.length, file: file.name, rows: file.rows });
    };
    const intake = new Intake(instance, writer, onFile);
    // Where several files claim an hour the first that can be used has it; the next is tried only when it was refused.
    const taken = new Map<string, string>();
    let number = writer.manifest.nextFile;
    for (let left = found; left.length > 0;) {
      const { first, others } = splitByHour(left);
      const unread = await unreadOf(first, writer, onFile, o.signal);
      await intake.read(
        unread.map((file) => ({ ...file, number: number++ })),
        scratch,
        o.signal,
      );
      for (const file of first) if (file.hour !== null && done.get(file.name)?.status !== 'refused') taken.set(file.hour, file.name);
      left = others.filter((file) => file.hour === null || !taken.has(file.hour));
      for (const file of others) if (!left.includes(file)) onFile(crowdedOut(file, taken.get(file.hour ?? '') ?? ''));
    }
    await writer.compact();
    const files = found.map((file) => done.get(file.name)).filter((file) => file !== undefined);
    const read = files.filter((file) => file.status === 'imported' || file.status === 'replaced');
    return {
      files,
      imported: read.length,
      unchanged: files.filter((file) => file.status === 'unchanged').length,
      refused: files.filter((file) => file.status === 'refused').length,
      rows: read.reduce((sum, file) => sum + file.rows, 0),
      quarantined: read.reduce((sum, file) => sum + file.quarantined, 0),
    };
  } finally {
    instance?.closeSync();
    await scratch?.remove();
    await lock.release();
  }
}
