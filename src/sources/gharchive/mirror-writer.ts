import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import { literal, literalList, rowsOf, withConnection } from './duckdb.ts';
import { CREATE_STAGE, STAGE } from './event-sql.ts';
import {
  EMPTY_MANIFEST,
  loadManifest,
  nextGeneration,
  partPath,
  saveManifest,
  type Manifest,
  type MirrorFile,
  type MirrorPart,
  type RefusedFile,
} from './manifest.ts';
import type { MirrorLock } from './mirror-lock.ts';
import { BUCKETS, compactionOf, type Merge } from './compaction.ts';

/** How long a part that is no longer used stays, for readers that began with it. */
const RETIRED_FOR_MS = 60 * 60 * 1000;
/** Small enough that one repository's rows touch little else, large enough to compress. */
const ROW_GROUP_ROWS = 20_480;

/** Columns of `rows` parts, in order: all that contributions need and no texts. */
const PART_COLUMNS = `bucket, repository, name, kind, "at", id, number, actor_id, actor_login, actor_type, quantity,
  author_id, author_login, author_type, created, merged, added, deleted, base_ref, event, file`;

/** The bucket a repository's rows are in. */
const BUCKET = `CAST((repository % ${BUCKETS} + ${BUCKETS}) % ${BUCKETS} AS UTINYINT)`;

/** What an import learnt since the last commit. */
interface Learnt {
  readonly files: readonly MirrorFile[];
  readonly refused: readonly RefusedFile[];
}

/** The one who may change a mirror; it holds the writer's lock. */
export interface MirrorWriter {
  readonly manifest: Manifest;
  /** The rows in the stage, and what is known of their files, become the mirror's in one step; the stage is empty afterwards. */
  commit(learnt: Learnt): Promise<void>;
  /** Takes over what changed of known files outside their content (path, times), which no reader needs. */
  noteFacts(files: readonly MirrorFile[], refused: readonly RefusedFile[]): Promise<void>;
  /** Merges small parts into larger ones and drops the rows of replaced files. */
  compact(): Promise<void>;
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes what no manifest names (a writer died) and what was retired long enough ago. */
async function clean(mirrorDir: string, manifest: Manifest, now: number): Promise<Manifest> {
  const retired = manifest.retired.filter(({ at }) => now - at < RETIRED_FOR_MS);
  const kept = new Set([...manifest.parts, ...retired].map(({ path }) => path));
  for (const name of await readdir(join(mirrorDir, 'parts')))
    if (!kept.has(name)) await rm(join(mirrorDir, 'parts', name), { force: true });
  return { ...manifest, retired };
}

/** Files that a newly read one takes the place of: same name, same hour, or the same bytes under a name that told no hour. */
function isReplacedBy(old: Pick<MirrorFile, 'name' | 'hour' | 'sha256'>, by: Pick<MirrorFile, 'name' | 'hour' | 'sha256'>): boolean {
  return old.name === by.name || (old.hour !== null && old.hour === by.hour) || (old.hour === null && old.sha256 === by.sha256);
}

/** Opens a mirror for writing; `lock` must be held. Makes the directory's inner ones and an empty stage. */
export async function openMirrorWriter(o: { mirrorDir: string; instance: DuckDBInstance; lock: MirrorLock }): Promise<MirrorWriter> {
  const { mirrorDir, instance, lock } = o;
  await mkdir(join(mirrorDir, 'parts'), { recursive: true, mode: 0o700 });
  let manifest = await clean(mirrorDir, (await loadManifest(mirrorDir)) ?? EMPTY_MANIFEST, Date.now());
  await withConnection(instance, (connection) => connection.run(CREATE_STAGE));

  const save = async (next: Manifest): Promise<void> => {
    for (const part of next.parts) if (!manifest.parts.includes(part)) await sync(partPath(mirrorDir, part));
    await lock.assertHeld();
    await saveManifest(mirrorDir, next);
    manifest = next;
  };

  /** Writes one part; null when there was nothing to write. */
  const write = async (select: string, about: Omit<MirrorPart, 'path' | 'rows'>): Promise<MirrorPart | null> => {
    const part = {
      ...about,
      path: `${about.holds}-${about.bucket === null ? 'all' : String(about.bucket).padStart(2, '0')}-${randomUUID()}.parquet`,
    };
    const path = partPath(mirrorDir, part);
    const rows = await withConnection(instance, async (connection) => {
      const result = await connection.run(
        `COPY (${select}) TO ${literal(path)} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE ${ROW_GROUP_ROWS})`,
      );
      return result.rowsChanged;
    });
    if (rows > 0) return { ...part, rows };
    await rm(path, { force: true });
    return null;
  };

  /** The rows of these files and no others: a batch that was cut off may have left some. */
  const stagedParts = async (files: readonly MirrorFile[]): Promise<readonly MirrorPart[]> => {
    if (files.length === 0) return [];
    const isKept = `file IN (${files.map((file) => file.number).join(', ')})`;
    const [staged] = await withConnection(instance, (connection) =>
      rowsOf(
        connection,
        `SELECT min(file) AS first, max(file) AS last, coalesce(bool_or(by_name), false) AS by_name FROM ${STAGE} WHERE ${isKept}`,
      ),
    );
    if (typeof staged?.['first'] !== 'number') return [];
    const about = { bucket: null, byName: staged['by_name'] === true, firstFile: staged['first'], lastFile: Number(staged['last']) };
    const rows = await write(
      `SELECT ${BUCKET} AS bucket, repository, CASE WHEN by_name THEN lower(name) END AS name, kind, "at", id, number, actor_id, actor_login, actor_type,
  quantity, author_id, author_login, author_type, created, merged, added, deleted, base_ref, event, file
FROM ${STAGE} WHERE kind IS NOT NULL AND ${isKept} ORDER BY bucket, repository`,
      { ...about, holds: 'rows' },
    );
    const names = await write(
      `SELECT lower(name) AS key, repository, max("at") AS "at" FROM ${STAGE} WHERE ${isKept} AND repository > 0 AND name IS NOT NULL GROUP BY ALL ORDER BY key`,
      { ...about, holds: 'names', byName: false },
    );
    return [rows, names].filter((part) => part !== null);
  };

  const merged = async (merge: Merge): Promise<MirrorPart | null> => {
    const inputs = `read_parquet(${literalList(merge.inputs.map((part) => partPath(mirrorDir, part)))})`;
    const about = {
      holds: merge.holds,
      bucket: merge.bucket,
      byName: merge.inputs.some((part) => part.byName),
      firstFile: Math.min(...merge.inputs.map((part) => part.firstFile)),
      lastFile: Math.max(...merge.inputs.map((part) => part.lastFile)),
    };
    if (merge.holds === 'names') return write(`SELECT key, repository, max("at") AS "at" FROM ${inputs} GROUP BY ALL ORDER BY key`, about);
    const filters = [
      ...(manifest.dead.length > 0 ? [`file NOT IN (${manifest.dead.join(', ')})`] : []),
      ...(merge.bucket === null ? [] : [`bucket = ${merge.bucket}`]),
    ];
    const where = filters.length > 0 ? `WHERE ${filters.join(' AND ')}` : '';
    return write(`SELECT ${PART_COLUMNS} FROM ${inputs} ${where} ORDER BY bucket, repository`, about);
  };

  return {
    get manifest() {
      return manifest;
    },

    commit: async ({ files, refused }) => {
      const parts = await stagedParts(files);
      const isGone = (old: MirrorFile): boolean => files.some((file) => isReplacedBy(old, file));
      const gone = manifest.files.filter(isGone);
      const told = [...files, ...refused];
      await save({
        ...manifest,
        generation: nextGeneration(manifest),
        nextFile: Math.max(manifest.nextFile, ...files.map((file) => file.number + 1)),
        files: [...manifest.files.filter((file) => !isGone(file)), ...files],
        refused: [
          ...manifest.refused.filter(
            (old) => !told.some((file) => file.name === old.name || (old.hour !== null && old.hour === file.hour)),
          ),
          ...refused,
        ],
        parts: [...manifest.parts, ...parts],
        dead: [...manifest.dead, ...gone.map((file) => file.number)],
      });
      await withConnection(instance, (connection) => connection.run(`TRUNCATE ${STAGE}`));
    },

    noteFacts: async (files, refused) => {
      const known = new Map(files.map((file) => [file.number, file]));
      const again = new Map(refused.map((file) => [file.name, file]));
      await save({
        ...manifest,
        files: manifest.files.map((file) => known.get(file.number) ?? file),
        refused: manifest.refused.map((file) => again.get(file.name) ?? file),
      });
    },

    compact: async () => {
      const merges = compactionOf(manifest);
      if (merges.length === 0) return;
      const made: MirrorPart[] = [];
      for (const merge of merges) {
        await lock.assertHeld();
        const part = await merged(merge);
        if (part !== null) made.push(part);
      }
      const used = new Set(merges.flatMap((merge) => merge.inputs));
      const at = Date.now();
      await save({
        ...manifest,
        generation: nextGeneration(manifest),
        parts: [...manifest.parts.filter((part) => !used.has(part)), ...made],
        dead: [],
        retired: [...manifest.retired, ...[...used].map(({ path }) => ({ path, at }))],
      });
    },
  };
}
