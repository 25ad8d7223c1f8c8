import { CONTRIBUTION_KINDS, KIND_CODES, SOURCES, type SourceName } from '../domain/contribution.ts';
import type { Gap } from '../domain/coverage.ts';
import type { Window } from '../domain/window.ts';
import type { Queryable } from './database.ts';

/**
 * The job's sources that were read as a whole: what they no longer hold in the window is not covered any more. GitHub tells it by kind (`wholeKinds`);
 * BigQuery by saying that it replaces; files are always read whole.
 */
export async function sourcesReadWhole(
  client: Queryable,
  { jobId, sources }: { readonly jobId: string; readonly sources: readonly SourceName[] },
): Promise<readonly SourceName[]> {
  const asked = sources.filter((source) => source !== 'github');
  if (!asked.includes('bigquery')) return asked;
  const { rowCount } = await client.query(
    `SELECT FROM scrape_slice WHERE job_id = $1 AND source = ${SOURCES.bigquery.code} AND coverage ? 'replaced' LIMIT 1`,
    [jobId],
  );
  return rowCount === 0 ? asked.filter((source) => source !== 'bigquery') : asked;
}

/**
 * Stores which days a job's slices have read, in place of what its sources had said of the same days. Ranges are kept as few and
 * as long as can be.
 */
export async function storeCoverage(
  client: Queryable,
  o: { readonly jobId: string; readonly repositoryId: number; readonly sources: readonly SourceName[]; readonly window: Window },
): Promise<void> {
  const codes = o.sources.map((source) => SOURCES[source].code);
  const whole = (await sourcesReadWhole(client, o)).map((source) => SOURCES[source].code);
  await client.query(`
    CREATE TEMP TABLE next_range (source smallint, kind smallint, during daterange, state text, note text) ON COMMIT DROP`);
  await client.query(
    `INSERT INTO next_range
     WITH kind AS (SELECT * FROM unnest($5::text[], $6::smallint[]) AS k (name, code)),
     told AS (
       SELECT s.source, kind.code AS kind, daterange((c->>'since')::date, (c->>'until')::date, '[]') AS during, c->>'state' AS state, c->>'note' AS note
       FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'covered') AS c
       JOIN kind ON c->>'kind' IS NULL OR kind.name = c->>'kind'
       WHERE s.job_id = $1),
     complete AS (SELECT source, kind, range_agg(during) AS days, max(note) AS note FROM told WHERE state = 'complete' GROUP BY 1, 2),
     degraded AS (
       SELECT t.source, t.kind, range_agg(t.during) - coalesce((SELECT c.days FROM complete c WHERE (c.source, c.kind) = (t.source, t.kind)), '{}') AS days,
         string_agg(DISTINCT t.note, '; ') AS note
       FROM told t WHERE t.state <> 'complete' GROUP BY 1, 2),
     fresh AS (
       SELECT source, kind, unnest(days) AS during, 'complete' AS state, note FROM complete
       UNION ALL SELECT source, kind, unnest(days), 'degraded', note FROM degraded),
     read AS (
       SELECT source, kind, range_agg(during) AS days FROM (
         SELECT source, kind, during FROM fresh
         UNION ALL SELECT source, kind.code, daterange($7::date, $8::date, '[]') FROM unnest($4::smallint[]) AS source CROSS JOIN kind) AS r
       GROUP BY 1, 2),
     kept AS (
       SELECT o.source, o.kind, unnest(datemultirange(o.during) - coalesce(r.days, '{}')) AS during, o.state, o.note
       FROM covered_range o LEFT JOIN read r USING (source, kind) WHERE o.repository_id = $2 AND o.source = ANY($3::smallint[]))
     SELECT source, kind, unnest(range_agg(during)), state, note
     FROM (SELECT * FROM fresh UNION ALL SELECT * FROM kept) AS all_ranges GROUP BY source, kind, state, note`,
    [
      o.jobId,
      o.repositoryId,
      codes,
      whole,
      CONTRIBUTION_KINDS,
      CONTRIBUTION_KINDS.map((kind) => KIND_CODES[kind]),
      o.window.since,
      o.window.until,
    ],
  );
  await client.query(
    `DELETE FROM covered_range o WHERE o.repository_id = $1 AND o.source = ANY($2::smallint[]) AND NOT EXISTS (
       SELECT FROM next_range n
       WHERE (n.source, n.kind, n.during, n.state) = (o.source, o.kind, o.during, o.state) AND n.note IS NOT DISTINCT FROM o.note)`,
    [o.repositoryId, codes],
  );
  await client.query(
    `INSERT INTO covered_range (repository_id, source, kind, during, state, note, job_id)
     SELECT $1, n.source, n.kind, n.during, n.state, n.note, $2 FROM next_range n
     WHERE NOT EXISTS (SELECT FROM covered_range o WHERE (o.repository_id, o.source, o.kind, o.during) = ($1, n.source, n.kind, n.during))`,
    [o.repositoryId, o.jobId],
  );
}

/** The gaps that a job's slices have told, each once. Where GitHub itself was read, what an archive lacks is no gap. */
export async function gapsOf(client: Queryable, jobId: string, sources: readonly SourceName[]): Promise<readonly Gap[]> {
  const telling = sources.includes('github') ? ['github' as const] : sources;
  const { rows } = await client.query<{ gap: Gap }>(
    `SELECT DISTINCT jsonb_build_object('kind', g->'kind', 'month', g->'month', 'reason', g->'reason') AS gap
     FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'gaps') AS g WHERE s.job_id = $1 AND s.source = ANY($2::smallint[]) ORDER BY gap`,
    [jobId, telling.map((source) => SOURCES[source].code)],
  );
  return rows.map(({ gap }) => gap);
}
