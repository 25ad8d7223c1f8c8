import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import { FileRefused } from './archive-file.ts';
import { copyChecked, sha256Of } from './checked-copy.ts';
import type { FoundFile } from './import-listing.ts';
import type { Scratch } from './scratch.ts';
import { stageFiles, type StagedFile } from './stage-reader.ts';

/**
 * Plain text that is read by one statement. At most twice this (or two hours) lies in the scratch directory; with less, old small hours bring
 * fewer rows than DuckDB's row groups hold, and every row is copied once more.
 */
const BATCH_BYTES = 512 * 1024 * 1024;
const COPIES_AT_ONCE = 2;
/** GH Archive's text is 7-9 times as large as its gzip. */
const INFLATION = 9;

/** A file to read and the number its rows will carry. */
export interface Candidate extends FoundFile {
  readonly number: number;
}

/** What reading a file came to: rows in the stage, a refusal, or `known`: its bytes need no reading. */
export interface ReadFile {
  readonly file: Candidate;
  readonly sha256: string;
  readonly outcome: StagedFile | FileRefused | 'known';
}

interface Copied {
  readonly file: Candidate;
  readonly sha256: string;
  readonly path: string;
  /** Set when there is nothing to stage. */
  readonly outcome: FileRefused | 'known' | null;
}

const plainBytes = (file: Pick<FoundFile, 'name' | 'size'>): number =>
  file.name.toLowerCase().endsWith('.gz') ? file.size * INFLATION : file.size;

/** Room that reading the files takes in a scratch directory. */
export function scratchBytes(files: readonly FoundFile[]): number {
  const [all, largest] = files.reduce(([sum, most], file) => [sum + plainBytes(file), Math.max(most, plainBytes(file))], [0, 0]);
  return Math.min(all, 2 * (BATCH_BYTES + largest));
}

/** Cuts a list into runs of about BATCH_BYTES of plain text. */
function batchesOf(files: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const batches: Candidate[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    if (bytes + plainBytes(file) > BATCH_BYTES) [bytes, batches[batches.length]] = [0, []];
    bytes += plainBytes(file);
    batches.at(-1)?.push(file);
  }
  return batches;
}

/**
 * Reads files into the stage, a batch at a time: the next batch is inflated and checked while DuckDB reads the one before. Yields what
 * every file of a batch came to; the stage then holds the rows of that batch, and of those before it until someone takes them.
 * @throws the signal's reason; what the stage holds of the batch that was cut off is to be thrown away.
 */
export async function* readArchive(o: {
  readonly files: readonly Candidate[];
  readonly instance: DuckDBInstance;
  readonly scratch: Scratch;
  /** Whether bytes are known already under this name. */
  readonly isKnown: (file: Candidate, sha256: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}): AsyncGenerator<readonly ReadFile[]> {
  const { instance, scratch, isKnown, signal } = o;
  /** Scratch files that were read and may be written over: the memory they have is there already. */
  const free: string[] = [];

  const copyOne = async (file: Candidate): Promise<Copied> => {
    const path = join(scratch.directory, `${file.number}.ndjson`);
    const used = free.pop();
    if (used !== undefined) await rename(used, path);
    try {
      const { sha256 } = await copyChecked(file.path, path, { isMemory: scratch.isMemory, signal });
      return { file, path, sha256, outcome: isKnown(file, sha256) ? 'known' : null };
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
      return { file, path, sha256: await sha256Of(file.path, signal), outcome: error };
    }
  };
  const copy = async (batch: readonly Candidate[]): Promise<readonly Copied[]> => {
    const queue = batch.values();
    const copied: Copied[] = [];
    await Promise.all(
      Array.from({ length: COPIES_AT_ONCE }, async () => {
        for (const file of queue) {
          signal?.throwIfAborted();
          copied.push(await copyOne(file));
        }
      }),
    );
    // In the order of the files, whichever was done first: the same import always makes the same mirror.
    return copied.toSorted((a, b) => a.file.number - b.file.number);
  };

  await mkdir(join(scratch.directory, 'rows'), { recursive: true });
  const batches = batchesOf(o.files);
  let ahead: Promise<readonly Copied[]> | null = null;
  try {
    for (const [index, batch] of batches.entries()) {
      const copied: readonly Copied[] = await (ahead ?? copy(batch));
      const next = batches[index + 1];
      ahead = next === undefined ? null : copy(next);
      // Its failure is met when it is awaited; until then it must not count as unhandled.
      ahead?.catch(() => undefined);
      const readable = copied.filter(({ outcome }) => outcome === null).map(({ file, path }) => ({ number: file.number, path }));
      const staged = await stageFiles(instance, readable, signal);
      free.push(...copied.map(({ path }) => path));
      yield copied.map(({ file, sha256, outcome }) => ({
        file,
        sha256,
        outcome: outcome ?? staged.get(file.number) ?? new FileRefused('empty', 'it holds no events'),
      }));
    }
  } finally {
    await ahead?.catch(() => undefined);
  }
}
