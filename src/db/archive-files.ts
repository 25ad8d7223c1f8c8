import { noteCoverageChange } from './coverage-version.ts';
import type { Database } from './database.ts';

/** An archive file as an import left it; the mirror's manifest is the record, this is its copy for display. */
export interface StoredArchiveFile {
  readonly name: string;
  /** ISO start of the hour the file is of; null when its name tells none. */
  readonly hour: string | null;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly rows: number;
  readonly quarantined: number;
  /** Share of pull request events, 0 to 1; null when nothing was read. */
  readonly prShare: number | null;
  readonly state: 'ok' | 'degraded' | 'damaged' | 'empty';
  readonly reason: string | null;
}

/** Writes down what an import found, one statement for all files. A file that is as it was is not written again. */
export async function saveArchiveFiles(db: Database, files: readonly StoredArchiveFile[]): Promise<void> {
  if (files.length === 0) return;
  const column = <K extends keyof StoredArchiveFile>(name: K): StoredArchiveFile[K][] => sorted.map((file) => file[name]);
  const sorted = [...new Map(files.map((file) => [file.name, file])).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { rowCount } = await db.pool.query(
    `INSERT INTO archive_file AS f (name, hour, sha256, rows, quarantined, pr_share, state, reason)
     SELECT name, hour, decode(sha256, 'hex'), rows, quarantined, pr_share, state, reason
     FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::int[], $5::int[], $6::real[], $7::text[], $8::text[])
       AS n (name, hour, sha256, rows, quarantined, pr_share, state, reason)
     ON CONFLICT (name) DO UPDATE SET hour = excluded.hour, sha256 = excluded.sha256, rows = excluded.rows, quarantined = excluded.quarantined,
       pr_share = excluded.pr_share, state = excluded.state, reason = excluded.reason, imported_at = now()
     WHERE (f.sha256, f.state, f.rows, f.reason) IS DISTINCT FROM (excluded.sha256, excluded.state, excluded.rows, excluded.reason)`,
    [
      column('name'),
      column('hour'),
      column('sha256'),
      column('rows'),
      column('quarantined'),
      column('prShare'),
      column('state'),
      column('reason'),
    ],
  );
  if (rowCount !== 0) await noteCoverageChange(db);
}
