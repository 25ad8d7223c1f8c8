import { CONTRIBUTION_KINDS, KIND_CODES, SOURCES, type ContributionKind, type SourceName } from '../domain/contribution.ts';
import { addDays } from '../domain/window.ts';
import type { Queryable } from './database.ts';
import type { Publication } from './publication.ts';
import { sourcesReadWhole } from './publish-coverage.ts';
import { changeStored, settleChanges } from './publish-changes.ts';
import { dayStartSql, precedenceSql, strengthSql } from './source-precedence.ts';

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
 * Says how many rows are left.
 */
export async function settleStage(client: Queryable, o: Publication): Promise<number> {
  await settleChanges(client, o);
  const [first, end] = [dayStartSql(`'${o.window.since}'::date`), dayStartSql(`'${addDays(o.window.until, 1)}'::date`)];
  // One pass tells what there is to settle; mostly nothing.
  const { rows } = await client.query<{ keys: number; rows: number; isInside: boolean }>(
    `SELECT count(*) AS keys, coalesce(sum(rows), 0) AS rows, coalesce(min(first_at) >= ${first} AND max(last_at) < ${end}, true) AS "isInside"
     FROM (SELECT count(*) AS rows, min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM ${o.stage} GROUP BY kind, subject) AS k`,
  );
  const staged = rows[0] ?? { keys: 0, rows: 0, isInside: true };
  let left = staged.keys;
  if (staged.rows > staged.keys) {
    await client.query(
      `DELETE FROM ${o.stage} s USING (
         SELECT kind, subject, max(ARRAY[${precedenceSql('source')}, ordinal]) AS last FROM ${o.stage} GROUP BY kind, subject HAVING count(*) > 1) AS d
       WHERE s.kind = d.kind AND s.subject = d.subject AND ARRAY[${precedenceSql('s.source')}, s.ordinal] < d.last`,
    );
  }
  const unread = await unreadKinds(client, o);
  if (!staged.isInside || unread.length > 0) {
    const { rowCount } = await client.query(
      `DELETE FROM ${o.stage} s WHERE s.occurred_at < ${first} OR s.occurred_at >= ${end}
         OR (s.source = ${SOURCES.github.code} AND s.kind = ANY($1::smallint[]))`,
      [unread],
    );
    left -= rowCount ?? 0;
  }
  const stronger = await client.query(
    `SELECT FROM covered_range r WHERE r.repository_id = $1 AND r.state = 'complete'
       AND EXISTS (SELECT FROM unnest($2::smallint[]) AS weaker WHERE ${strengthSql('weaker')} < ${strengthSql('r.source')}) LIMIT 1`,
    [o.repositoryId, codesOf(o.sources)],
  );
  if (stronger.rowCount === 0) return left;
  const { rowCount } = await client.query(
    `DELETE FROM ${o.stage} s USING covered_range r
     WHERE r.repository_id = $1 AND r.state = 'complete' AND r.kind = s.kind AND ${strengthSql('r.source')} > ${strengthSql('s.source')}
       AND s.occurred_at >= ${dayStartSql('lower(r.during)')} AND s.occurred_at < ${dayStartSql('upper(r.during)')}`,
    [o.repositoryId],
  );
  return left - (rowCount ?? 0);
}

function codesOf(sources: readonly SourceName[]): readonly number[] {
  return sources.map((source) => SOURCES[source].code);
}

/** The codes of the kinds that the job's GitHub slices have read nothing of: nothing of them is published, nothing stored is deleted. */
async function unreadKinds(client: Queryable, o: Publication): Promise<readonly number[]> {
  if (!o.sources.includes('github')) return [];
  const { rows } = await client.query<{ kind: string | null }>(
    `SELECT DISTINCT c->>'kind' AS kind FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'covered') AS c
     WHERE s.job_id = $1 AND s.source = ${SOURCES.github.code}`,
    [o.jobId],
  );
  const read = new Set(rows.map(({ kind }) => kind));
  return read.has(null) ? [] : CONTRIBUTION_KINDS.filter((kind) => !read.has(kind)).map((kind) => KIND_CODES[kind]);
}

/** Who did a staged row: the account, or the login of one that has no number. */
const ACTOR_LOGIN = 'CASE WHEN u.id IS NULL THEN s.login END';
/** A staged row `s` with its account `u`, as {@link COMPARED} names its columns. */
const STAGED = `u.id, ${ACTOR_LOGIN}, s.occurred_at, s.quantity, s.lines_added, s.lines_deleted, s.number, s.is_estimate, s.source, s.source_event`;

/**
 * Makes the stored contributions what the settled stage says, by one join: new rows are inserted, different ones updated, equal
 * ones not touched, and those gone that a whole read did not show again or that a stronger source now speaks for. Says how many
 * rows changed.
 */
export async function storeContributions(client: Queryable, o: Publication): Promise<number> {
  const known = await client.query('SELECT FROM contribution_event WHERE repository_id = $1 LIMIT 1', [o.repositoryId]);
  if (known.rowCount === 0) return insertAll(client, o);
  const outranked = o.sources.includes('github') ? await deleteOutranked(client, o) : 0;
  // Files are read as a whole always, GitHub and BigQuery on a full scrape: what such a read does not show any more is gone.
  const whole = await wholeKinds(client, o);
  const wholeSources = await sourcesReadWhole(client, o);
  const isPart = o.sources.includes('bigquery') && !wholeSources.includes('bigquery');
  await client.query(`
    CREATE TEMP TABLE diff ON COMMIT DROP AS
    SELECT coalesce(s.kind, e.kind) AS kind, coalesce(s.subject, e.subject) AS subject, u.id AS user_id, ${ACTOR_LOGIN} AS actor_login, s.occurred_at,
      s.quantity, s.lines_added, s.lines_deleted, s.number, s.is_estimate, s.source, s.source_event,
      CASE WHEN e.kind IS NULL THEN 'new' WHEN s.kind IS NULL THEN 'gone' ELSE 'changed' END AS change
    FROM ${o.stage} s
    FULL JOIN (SELECT * FROM contribution_event WHERE repository_id = ${o.repositoryId}) AS e ON e.kind = s.kind AND e.subject = s.subject
    LEFT JOIN github_user u ON u.github_id = s.github_id
    WHERE e.kind IS NULL
      OR (s.kind IS NULL AND (e.source = ANY('{${codesOf(wholeSources).join(',')}}') OR (e.source = ${SOURCES.github.code} AND e.kind = ANY('{${whole.join(',')}}')))
        AND e.occurred_at >= ${dayStartSql(`'${o.window.since}'::date`)} AND e.occurred_at < ${dayStartSql(`'${addDays(o.window.until, 1)}'::date`)})
      OR (${precedenceSql('e.source')} <= ${precedenceSql('s.source')}${isPart ? ` AND ${IS_LATEST_WORD}` : ''}
        AND (${STAGED}) IS DISTINCT FROM (${COMPARED.map((column) => `e.${column}`).join(', ')}))`);
  const { rows } = await client.query<{ change: keyof typeof APPLY }>('SELECT DISTINCT change FROM diff');
  let changed = outranked;
  for (const { change } of rows) changed += (await client.query(APPLY[change], [o.repositoryId])).rowCount ?? 0;
  return changed + (await changeStored(client, o));
}

/**
 * Of the last days of BigQuery alone a row tells a part: the first review of a person, the first opening, and who it was stand as they were stored from
 * the days before; of closings the last counts.
 */
const IS_LATEST_WORD = `(s.source <> ${SOURCES.bigquery.code} OR ${strengthSql('e.source')} < ${strengthSql('s.source')}
        OR (u.id IS NOT NULL OR e.user_id IS NULL) AND CASE WHEN s.kind = ${KIND_CODES.ISSUE_CLOSED} THEN s.occurred_at >= e.occurred_at ELSE s.occurred_at <= e.occurred_at END)`;

/** The first publish of a repository: there is nothing to compare with. */
async function insertAll(client: Queryable, o: Publication): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO contribution_event (repository_id, kind, subject, ${COMPARED.join(', ')})
     SELECT $1, s.kind, s.subject, ${STAGED} FROM ${o.stage} s LEFT JOIN github_user u ON u.github_id = s.github_id`,
    [o.repositoryId],
  );
  return rowCount ?? 0;
}

/** What is done with each kind of difference. */
const APPLY = {
  new: `INSERT INTO contribution_event (repository_id, kind, subject, ${COMPARED.join(', ')})
    SELECT $1, kind, subject, ${COMPARED.join(', ')} FROM diff WHERE change = 'new'`,
  changed: `UPDATE contribution_event e SET ${COMPARED.map((column) => `${column} = d.${column}`).join(', ')}
    FROM diff d WHERE d.change = 'changed' AND e.repository_id = $1 AND e.kind = d.kind AND e.subject = d.subject`,
  gone: `DELETE FROM contribution_event e USING diff d
    WHERE d.change = 'gone' AND e.repository_id = $1 AND e.kind = d.kind AND e.subject = d.subject`,
} as const;

/** Deletes rows of weaker sources on days that a source of this job has read completely. */
async function deleteOutranked(client: Queryable, o: Publication): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM contribution_event e USING covered_range r
     WHERE e.repository_id = $1 AND r.repository_id = $1 AND r.source = ANY($2::smallint[]) AND r.state = 'complete' AND r.kind = e.kind
       AND ${strengthSql('e.source')} < ${strengthSql('r.source')}
       AND e.occurred_at >= ${dayStartSql('lower(r.during)')} AND e.occurred_at < ${dayStartSql('upper(r.during)')}`,
    [o.repositoryId, codesOf(o.sources)],
  );
  return rowCount ?? 0;
}

/** The codes of the kinds of which the job's GitHub slices have read everything: all without a gap, of a refresh those it says it read so. */
async function wholeKinds(client: Queryable, o: Publication): Promise<readonly number[]> {
  const { rows } = await client.query<{ kind: ContributionKind }>(
    `SELECT k AS kind FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'covered') AS c
     JOIN unnest($2::text[]) AS k ON c->>'kind' IS NULL OR c->>'kind' = k
     WHERE s.job_id = $1 AND s.source = ${SOURCES.github.code}
     GROUP BY k HAVING bool_and(c->>'state' = 'complete' AND ($3 OR coalesce(s.coverage->'replaced' ? k, false)))`,
    [o.jobId, CONTRIBUTION_KINDS, o.type === 'FULL'],
  );
  return rows.map(({ kind }) => KIND_CODES[kind]);
}

/** How many of the settled stage's reviews are reviews of one's own pull requests: they are stored, but count for nobody. */
export async function countSelfReviews(client: Queryable, o: Publication): Promise<number> {
  const { rows } = await client.query<{ reviews: number }>(
    `SELECT count(*) AS reviews FROM ${o.stage} s JOIN github_user u ON u.github_id = s.github_id
     JOIN pull_request p ON p.repository_id = $1 AND p.number = s.number JOIN github_user author ON author.id = p.author_id
     WHERE s.kind = ${KIND_CODES.PR_REVIEWED} AND author.person_id = u.person_id`,
    [o.repositoryId],
  );
  return rows[0]?.reviews ?? 0;
}
