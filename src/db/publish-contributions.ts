import { CONTRIBUTION_KINDS, KIND_CODES, SOURCES, type ContributionKind, type SourceName } from '../domain/contribution.ts';
import type { ScrapeType } from '../domain/job-status.ts';
import { addDays, type Window } from '../domain/window.ts';
import type { Queryable } from './database.ts';
import { dayStartSql, precedenceSql, strengthSql } from './source-precedence.ts';

/** What a job publishes into. */
export interface Publication {
  readonly jobId: string;
  readonly repositoryId: number;
  readonly type: ScrapeType;
  readonly sources: readonly SourceName[];
  readonly window: Window;
  /** The job's table of staged contributions. */
  readonly stage: string;
  /** The job's table of rows to remove or to amend. */
  readonly changes: string;
}

const COMPARED = [
  'user_id',
  'actor_login',
  'occurred_at',
  'quantity',
  'lines_added',
  'lines_deleted',
  'number',
  'is_estimate',
  'source',
  'source_event',
] as const;

/**
 * Leaves in the stage one row per natural key that may be published: the last one staged of each source, of several sources the
 * one that counts most, inside the job's window, of kinds its source has read wholly, on days that no stronger source covers.
 */
export async function settleStage(client: Queryable, o: Publication): Promise<void> {
  await client.query(
    `DELETE FROM ${o.stage} s USING ${o.changes} c
     WHERE c.lines_added IS NULL AND (c.source, c.kind, c.subject) = (s.source, s.kind, s.subject) AND s.ordinal < c.ordinal`,
  );
  await client.query(
    `UPDATE ${o.stage} s SET lines_added = c.lines_added, lines_deleted = c.lines_deleted FROM (${amendmentsSql(o)}) AS c
     WHERE (c.source, c.kind, c.subject) = (s.source, s.kind, s.subject)`,
  );
  await client.query(
    `DELETE FROM ${o.stage} s USING (
       SELECT kind, subject, max(ARRAY[${precedenceSql('source')}, ordinal]) AS last FROM ${o.stage} GROUP BY kind, subject HAVING count(*) > 1) AS d
     WHERE s.kind = d.kind AND s.subject = d.subject AND ARRAY[${precedenceSql('s.source')}, s.ordinal] < d.last`,
  );
  const unread = (await unreadKinds(client, o)).map((kind) => KIND_CODES[kind]);
  await client.query(
    `DELETE FROM ${o.stage} s
     WHERE s.occurred_at < ${dayStartSql('$1::date')} OR s.occurred_at >= ${dayStartSql('$2::date')}
       OR (s.source = ${SOURCES.github.code} AND s.kind = ANY($3::smallint[]))`,
    [o.window.since, addDays(o.window.until, 1), unread],
  );
  const { rowCount } = await client.query(
    `SELECT FROM covered_range r WHERE r.repository_id = $1 AND r.state = 'complete'
       AND EXISTS (SELECT FROM unnest($2::smallint[]) AS weaker WHERE ${strengthSql('weaker')} < ${strengthSql('r.source')}) LIMIT 1`,
    [o.repositoryId, o.sources.map((source) => SOURCES[source].code)],
  );
  if (rowCount === 0) return;
  await client.query(
    `DELETE FROM ${o.stage} s USING covered_range r
     WHERE r.repository_id = $1 AND r.state = 'complete' AND r.kind = s.kind AND ${strengthSql('r.source')} > ${strengthSql('s.source')}
       AND s.occurred_at >= ${dayStartSql('lower(r.during)')} AND s.occurred_at < ${dayStartSql('upper(r.during)')}`,
    [o.repositoryId],
  );
}

/** The last amendment of each row. */
function amendmentsSql({ changes }: Publication): string {
  return `SELECT DISTINCT ON (source, kind, subject) source, kind, subject, lines_added, lines_deleted FROM ${changes}
    WHERE lines_added IS NOT NULL ORDER BY source, kind, subject, ordinal DESC`;
}

/** Removes and amends stored rows that were not staged as the job's sources said, and says how many. */
async function changeStored(client: Queryable, o: Publication): Promise<number> {
  const same = 'e.repository_id = $1 AND (e.source, e.kind, e.subject) = (c.source, c.kind, c.subject)';
  const removed = await client.query(
    `DELETE FROM contribution_event e USING ${o.changes} c
     WHERE ${same} AND c.lines_added IS NULL AND NOT EXISTS (SELECT FROM ${o.stage} s WHERE s.kind = e.kind AND s.subject = e.subject)`,
    [o.repositoryId],
  );
  const amended = await client.query(
    `UPDATE contribution_event e SET lines_added = c.lines_added, lines_deleted = c.lines_deleted FROM (${amendmentsSql(o)}) AS c
     WHERE ${same} AND (e.lines_added, e.lines_deleted) IS DISTINCT FROM (c.lines_added, c.lines_deleted)`,
    [o.repositoryId],
  );
  return (removed.rowCount ?? 0) + (amended.rowCount ?? 0);
}

/** The kinds of which the job's GitHub slices have read nothing: nothing of them is published, nothing stored is deleted. */
async function unreadKinds(client: Queryable, o: Publication): Promise<typeof CONTRIBUTION_KINDS> {
  if (!o.sources.includes('github')) return [];
  const { rows } = await client.query<{ kind: string | null }>(
    `SELECT DISTINCT c->>'kind' AS kind FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'covered') AS c
     WHERE s.job_id = $1 AND s.source = ${SOURCES.github.code}`,
    [o.jobId],
  );
  const read = new Set(rows.map(({ kind }) => kind));
  return read.has(null) ? [] : CONTRIBUTION_KINDS.filter((kind) => !read.has(kind));
}

/**
 * Makes the stored contributions what the settled stage says, by one join: new rows are inserted, different ones updated, equal
 * ones not touched, and those gone that a whole read did not show again or that a stronger source now speaks for. Says how many
 * rows changed.
 */
export async function storeContributions(client: Queryable, o: Publication): Promise<number> {
  const outranked = o.sources.includes('github') ? await deleteOutranked(client, o) : 0;
  await client.query(`
    CREATE TEMP TABLE diff ON COMMIT DROP AS
    SELECT s.kind, s.subject, u.id AS user_id, CASE WHEN u.id IS NULL THEN s.login END AS actor_login, s.occurred_at, s.quantity,
      s.lines_added, s.lines_deleted, s.number, s.is_estimate, s.source, s.source_event, e.kind IS NULL AS is_new
    FROM ${o.stage} s
    LEFT JOIN github_user u ON u.github_id = s.github_id
    LEFT JOIN contribution_event e ON e.repository_id = ${o.repositoryId} AND e.kind = s.kind AND e.subject = s.subject
    WHERE e.kind IS NULL OR (${precedenceSql('e.source')} <= ${precedenceSql('s.source')} AND
      (u.id, CASE WHEN u.id IS NULL THEN s.login END, s.occurred_at, s.quantity, s.lines_added, s.lines_deleted, s.number, s.is_estimate, s.source, s.source_event)
      IS DISTINCT FROM (${COMPARED.map((column) => `e.${column}`).join(', ')}))`);
  const columns = COMPARED.join(', ');
  const inserted = await client.query(
    `INSERT INTO contribution_event (repository_id, kind, subject, ${columns})
     SELECT $1, kind, subject, ${columns} FROM diff WHERE is_new ORDER BY kind, subject`,
    [o.repositoryId],
  );
  const updated = await client.query(
    `UPDATE contribution_event e SET ${COMPARED.map((column) => `${column} = d.${column}`).join(', ')}
     FROM diff d WHERE NOT d.is_new AND e.repository_id = $1 AND e.kind = d.kind AND e.subject = d.subject`,
    [o.repositoryId],
  );
  return outranked + (inserted.rowCount ?? 0) + (updated.rowCount ?? 0) + (await changeStored(client, o)) + (await deleteGone(client, o));
}

/** Deletes rows of weaker sources on days that a source of this job has read completely. */
async function deleteOutranked(client: Queryable, o: Publication): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM contribution_event e USING covered_range r
     WHERE e.repository_id = $1 AND r.repository_id = $1 AND r.source = ANY($2::smallint[]) AND r.state = 'complete' AND r.kind = e.kind
       AND ${strengthSql('e.source')} < ${strengthSql('r.source')}
       AND e.occurred_at >= ${dayStartSql('lower(r.during)')} AND e.occurred_at < ${dayStartSql('upper(r.during)')}`,
    [o.repositoryId, o.sources.map((source) => SOURCES[source].code)],
  );
  return rowCount ?? 0;
}

/** Deletes rows of the window that a source which read it as a whole no longer has. */
async function deleteGone(client: Queryable, o: Publication): Promise<number> {
  let deleted = 0;
  for (const source of o.sources) {
    const kinds = source === 'github' ? await wholeKinds(client, o) : CONTRIBUTION_KINDS;
    const { rowCount } = await client.query(
      `DELETE FROM contribution_event e
       WHERE e.repository_id = $1 AND e.source = $2 AND e.occurred_at >= ${dayStartSql('$3::date')} AND e.occurred_at < ${dayStartSql('$4::date')}
         AND e.kind = ANY($5::smallint[]) AND NOT EXISTS (SELECT FROM ${o.stage} s WHERE s.kind = e.kind AND s.subject = e.subject)`,
      [o.repositoryId, SOURCES[source].code, o.window.since, addDays(o.window.until, 1), kinds.map((kind) => KIND_CODES[kind])],
    );
    deleted += rowCount ?? 0;
  }
  return deleted;
}

/** The kinds of which the job's GitHub slices have read everything: all that have no gap, of a refresh those it says it read so. */
async function wholeKinds(client: Queryable, o: Publication): Promise<readonly ContributionKind[]> {
  const { rows } = await client.query<{ kind: ContributionKind }>(
    `SELECT k AS kind FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'covered') AS c
     JOIN unnest($2::text[]) AS k ON c->>'kind' IS NULL OR c->>'kind' = k
     WHERE s.job_id = $1 AND s.source = ${SOURCES.github.code}
     GROUP BY k HAVING bool_and(c->>'state' = 'complete' AND ($3 OR coalesce(s.coverage->'replaced' ? k, false)))`,
    [o.jobId, CONTRIBUTION_KINDS, o.type === 'FULL'],
  );
  return rows.map(({ kind }) => kind);
}

/** How many contributions the job has read and published: the settled stage less reviews of one's own pull requests. */
export async function countPublished(client: Queryable, o: Publication): Promise<number> {
  const { rows } = await client.query<{ published: number }>(
    `SELECT (SELECT count(*) FROM ${o.stage}) - (
       SELECT count(*) FROM ${o.stage} s JOIN github_user u ON u.github_id = s.github_id
       JOIN pull_request p ON p.repository_id = $1 AND p.number = s.number JOIN github_user author ON author.id = p.author_id
       WHERE s.kind = ${KIND_CODES.PR_REVIEWED} AND author.person_id = u.person_id) AS published`,
    [o.repositoryId],
  );
  return rows[0]?.published ?? 0;
}
