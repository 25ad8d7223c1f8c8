import { SOURCES, type SourceName } from '../domain/contribution.ts';
import type { SliceCursor } from '../sources/contribution-source.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** Where the published scrapes of a source ended, by slice: a refresh goes on from there. */
export async function watermarksOf(
  db: Database | Queryable,
  repositoryId: number,
  source: SourceName,
): Promise<Readonly<Record<string, SliceCursor>>> {
  const { rows } = await queryable(db).query<{ stream: string; watermark: SliceCursor }>(
    'SELECT stream, watermark FROM sync_cursor WHERE repository_id = $1 AND source = $2 AND watermark IS NOT NULL',
    [repositoryId, SOURCES[source].code],
  );
  return Object.fromEntries(rows.map(({ stream, watermark }) => [stream, watermark]));
}

/** Keeps where the slices of a job ended; one that says nothing leaves what was known. */
export async function storeWatermarks(
  client: Queryable,
  { jobId, repositoryId }: { readonly jobId: string; readonly repositoryId: number },
): Promise<void> {
  await client.query(
    `INSERT INTO sync_cursor AS c (repository_id, source, stream, watermark)
     SELECT $2, s.source, s.slice, s.coverage->'watermark' FROM scrape_slice s WHERE s.job_id = $1 AND s.coverage ? 'watermark'
     ON CONFLICT (repository_id, source, stream) DO UPDATE SET watermark = excluded.watermark
     WHERE c.watermark IS DISTINCT FROM excluded.watermark`,
    [jobId, repositoryId],
  );
}
