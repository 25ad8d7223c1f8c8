import type { DuckDBInstance } from '@duckdb/node-api';
import type { Account } from '../../domain/contribution.ts';
import type { RepositoryName } from '../../domain/repository-name.ts';
import { ArchiveCalendar } from './calendar.ts';
import { BUCKETS } from './compaction.ts';
import { literal, literalList, rowsOf, withConnection } from './duckdb.ts';
import { nameKey, type RowKind } from '../archive-events/event-row.ts';
import type { ArchiveRow } from '../archive-events/fold.ts';
import { loadManifest, manifestStamp, partPath, type Manifest, type MirrorPart } from './manifest.ts';

/** One generation of a mirror: what it names does not change while it is used. */
export interface MirrorSnapshot {
  readonly manifest: Manifest;
  readonly calendar: ArchiveCalendar;
  /** Numbers of the files that have rows of their own for merges. */
  readonly filesWithMerges: ReadonlySet<number>;
}

/** What the mirror has of one repository. */
export interface MirrorKeys {
  /** GitHub's id; null when no event of the name carries one. */
  readonly githubId: number | null;
  readonly name: RepositoryName;
}

type Cell = string | number | null;

const COLUMNS = [
  'kind',
  'epoch_ms("at")::DOUBLE',
  'id::DOUBLE',
  'number',
  'actor_id::DOUBLE',
  'actor_login',
  'actor_type',
  'quantity',
  'author_id::DOUBLE',
  'author_login',
  'author_type',
  'epoch_ms(created)::DOUBLE',
  'epoch_ms(merged)::DOUBLE',
  'added',
  'deleted',
  'base_ref',
  'event::DOUBLE',
  'file',
] as const;

function accountOf(id: Cell | undefined, login: Cell | undefined, type: Cell | undefined): Account | null {
  const [githubId, name] = [typeof id === 'number' ? id : null, typeof login === 'string' ? login : null];
  if (githubId === null && name === null) return null;
  return { githubId, login: name ?? `id:${githubId}`, type: typeof type === 'string' ? type : null };
}

function rowFrom(cells: readonly Cell[]): ArchiveRow {
  const number = (index: number): number | null => cells[index] as number | null;
  return {
    kind: cells[0] as RowKind,
    at: cells[1] as number,
    id: cells[2] as number,
    number: number(3),
    actor: accountOf(cells[4], cells[5], cells[6]),
    quantity: number(7),
    author: accountOf(cells[8], cells[9], cells[10]),
    created: number(11),
    merged: number(12),
    added: number(13),
    deleted: number(14),
    baseRef: cells[15] as string | null,
    event: number(16),
    file: cells[17] as number,
  };
}

const bucketOf = (key: number): number => ((key % BUCKETS) + BUCKETS) % BUCKETS;

/** Reads a mirror that others may be writing: every call works on one generation, whole. */
export class MirrorReader {
  readonly #mirrorDir: string;
  readonly #instance: () => Promise<DuckDBInstance>;
  #known: { readonly stamp: string; readonly snapshot: MirrorSnapshot } | null = null;

  constructor(mirrorDir: string, instance: () => Promise<DuckDBInstance>) {
    this.#mirrorDir = mirrorDir;
    this.#instance = instance;
  }

  /** The mirror as it is now; null when there is none. */
  async snapshot(): Promise<MirrorSnapshot | null> {
    const stamp = await manifestStamp(this.#mirrorDir);
    if (stamp === null) return null;
    if (this.#known?.stamp === stamp) return this.#known.snapshot;
    const manifest = await loadManifest(this.#mirrorDir);
    if (manifest === null) return null;
    const filesWithMerges = new Set(manifest.files.filter((file) => file.hasMerges).map((file) => file.number));
    const snapshot = { manifest, calendar: new ArchiveCalendar(manifest), filesWithMerges };
    this.#known = { stamp, snapshot };
    return snapshot;
  }

  #paths(parts: readonly MirrorPart[]): string {
    return `read_parquet(${literalList(parts.map((part) => partPath(this.#mirrorDir, part)))}, hive_partitioning = false)`;
  }

  /** The id of the repository that carried a name last, whatever its case; null when none did. */
  async githubIdOf({ manifest }: MirrorSnapshot, name: RepositoryName): Promise<number | null> {
    const parts = manifest.parts.filter((part) => part.holds === 'names');
    if (parts.length === 0) return null;
    const key = literal(`${name.owner}/${name.name}`.toLowerCase());
    const [row] = await withConnection(await this.#instance(), (connection) =>
      rowsOf(
        connection,
        `SELECT repository::DOUBLE AS id FROM ${this.#paths(parts)} WHERE key = ${key} ORDER BY "at" DESC NULLS LAST, repository DESC LIMIT 1`,
      ),
    );
    return typeof row?.['id'] === 'number' ? row['id'] : null;
  }

  #select(manifest: Manifest, key: number, name: string | null): string | null {
    const bucket = bucketOf(key);
    const parts = manifest.parts.filter(
      (part) => part.holds === 'rows' && (part.bucket === null || part.bucket === bucket) && (name === null || part.byName),
    );
    if (parts.length === 0) return null;
    const dead = manifest.dead.length > 0 ? ` AND file NOT IN (${manifest.dead.join(', ')})` : '';
    const named = name === null ? '' : ` AND name = ${literal(name)}`;
    return `SELECT ${COLUMNS.map((column, index) => `${column} AS c${index}`).join(', ')}
FROM ${this.#paths(parts)} WHERE bucket = ${bucket} AND repository = ${key}${named}${dead}`;
  }

  /** All rows of a repository, by id and by name (before 2015), in the order that Fold needs; a chunk at a time. */
  async *rows({ manifest }: MirrorSnapshot, keys: MirrorKeys, signal?: AbortSignal): AsyncGenerator<readonly ArchiveRow[]> {
    const name = `${keys.name.owner}/${keys.name.name}`.toLowerCase();
    const selects = [
      keys.githubId === null ? null : this.#select(manifest, keys.githubId, null),
      this.#select(manifest, nameKey(name), name),
    ].filter((select) => select !== null);
    if (selects.length === 0) return;
    const connection = await (await this.#instance()).connect();
    try {
      const result = await connection.stream(`${selects.join('\nUNION ALL\n')}\nORDER BY c3 NULLS LAST, c0, c2, c1, c16, c17`);
      for (;;) {
        signal?.throwIfAborted();
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        yield (chunk.getRows() as unknown as Cell[][]).map(rowFrom);
      }
    } finally {
      connection.closeSync();
    }
  }
}
