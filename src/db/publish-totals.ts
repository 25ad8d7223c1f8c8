import { CONTRIBUTION_KINDS, KIND_CODES, SOURCES, type ContributionKind } from '../domain/contribution.ts';
import type { Gap } from '../domain/coverage.ts';
import { addDays } from '../domain/window.ts';
import type { Queryable } from './database.ts';
import type { Publication } from './publication.ts';
import { dayStartSql } from './source-precedence.ts';

/** GitHub's counts as the job's slices told them: of a kind in a month, and what of it nobody is credited for. */
const TOLD = `
  kind AS (SELECT * FROM unnest($2::text[], $3::smallint[]) AS k (name, code)),
  total AS (
    SELECT kind.code AS kind, to_date(t->>'month', 'YYYY-MM') AS month, max((t->>'count')::bigint) AS count
    FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'totals') AS t JOIN kind ON kind.name = t->>'kind'
    WHERE s.job_id = $1 GROUP BY 1, 2),
  uncredited AS (
    SELECT kind.code AS kind, to_date(t->>'month', 'YYYY-MM') AS month, max((t->>'count')::bigint) AS count
    FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'excluded') AS t JOIN kind ON kind.name = t->>'kind'
    WHERE s.job_id = $1 GROUP BY 1, 2)`;

const KINDS = [CONTRIBUTION_KINDS, CONTRIBUTION_KINDS.map((kind) => KIND_CODES[kind])] as const;

/** Stores GitHub's own counts beside the stored ones, with the time they were compared. */
export async function storeTotals(client: Queryable, { jobId, repositoryId, window }: Publication): Promise<void> {
  await client.query(
    `WITH ${TOLD}
     INSERT INTO repository_coverage AS c (repository_id, kind, month, stored, unattributed, github_total, checked_at)
     SELECT $4, kind, month, 0, 0, count, now() FROM total ORDER BY kind, month
     ON CONFLICT (repository_id, kind, month) DO UPDATE SET github_total = excluded.github_total, checked_at = excluded.checked_at`,
    [jobId, ...KINDS, repositoryId],
  );
  // A slice that tells any tells all of the window: months it does not name have none.
  await client.query(
    `WITH ${TOLD},
     told AS (
       SELECT DISTINCT kind.code AS kind FROM scrape_slice s CROSS JOIN jsonb_array_elements(s.coverage->'covered') AS c
       JOIN kind ON kind.name = c->>'kind' WHERE s.job_id = $1 AND s.coverage ? 'excluded')
     UPDATE repository_coverage c SET excluded = coalesce(u.count, 0)
     FROM repository_coverage o LEFT JOIN uncredited u ON (u.kind, u.month) = (o.kind, o.month)
     WHERE (o.repository_id, o.kind, o.month) = (c.repository_id, c.kind, c.month) AND c.repository_id = $4
       AND c.kind IN (SELECT kind FROM told) AND c.month >= date_trunc('month', $5::date) AND c.excluded <> coalesce(u.count, 0)`,
    [jobId, ...KINDS, repositoryId, window.since],
  );
}

/**
 * Forgets GitHub's counts of months that a refresh took rows of and did not count again (an issue of last year is opened again): they
 * are of before, and what is stored would look incomplete beside them. The next whole scrape counts every month. Months with a known
 * gap keep theirs.
 */
export async function forgetOutdatedTotals(client: Queryable, o: Publication, gaps: readonly Gap[]): Promise<void> {
  await client.query(
    `WITH kind AS (SELECT * FROM unnest($1::text[], $2::smallint[]) AS k (name, code)),
     gap AS (
       SELECT kind.code AS kind, to_date(g.month, 'YYYY-MM') AS month
       FROM jsonb_to_recordset($3::jsonb) AS g (kind text, month text) JOIN kind ON kind.name = g.kind)
     UPDATE repository_coverage c SET github_total = NULL, checked_at = NULL
     WHERE c.repository_id = $4 AND c.month >= date_trunc('month', $5::date) AND c.stored + c.unattributed + c.excluded < c.github_total
       AND NOT EXISTS (SELECT FROM gap WHERE gap.kind = c.kind AND coalesce(gap.month, c.month) = c.month)
       AND c.excluded + (
         SELECT count(*) FROM contribution_event e
         WHERE e.repository_id = c.repository_id AND e.kind = c.kind AND e.source = ${SOURCES.github.code}
           AND e.occurred_at >= ${dayStartSql('c.month')} AND e.occurred_at < ${dayStartSql("(c.month + interval '1 month')::date")}) < c.github_total`,
    [...KINDS, JSON.stringify(gaps), o.repositoryId, o.window.since],
  );
}

/** Months in which fewer rows of a kind are stored than GitHub counts, as gaps. */
export async function shortfallsOf(client: Queryable, o: Publication): Promise<readonly Gap[]> {
  const { rows } = await client.query<{ kind: ContributionKind; month: string; total: number; stored: number; excluded: number }>(
    `WITH ${TOLD},
     stored AS (
       SELECT kind, date_trunc('month', occurred_at AT TIME ZONE 'UTC')::date AS month, count(*) AS count FROM contribution_event
       WHERE repository_id = $4 AND source = ${SOURCES.github.code}
         AND occurred_at >= ${dayStartSql('$5::date')} AND occurred_at < ${dayStartSql('$6::date')}
       GROUP BY 1, 2)
     SELECT kind.name AS kind, to_char(t.month, 'YYYY-MM') AS month, t.count AS total, coalesce(s.count, 0) AS stored, coalesce(u.count, 0) AS excluded
     FROM total t JOIN kind ON kind.code = t.kind
     LEFT JOIN stored s ON (s.kind, s.month) = (t.kind, t.month) LEFT JOIN uncredited u ON (u.kind, u.month) = (t.kind, t.month)
     WHERE coalesce(s.count, 0) + coalesce(u.count, 0) < t.count ORDER BY t.month, t.kind`,
    [o.jobId, ...KINDS, o.repositoryId, o.window.since, addDays(o.window.until, 1)],
  );
  const found = rows.map(({ kind, month, total, stored, excluded }): Gap => {
    const besides = excluded === 0 ? '' : ` and ${excluded} left out by rule`;
    return { kind, month, reason: `GitHub counts ${total}, ${stored} are stored${besides}` };
  });
  return o.type === 'REFRESH' ? [...(await standingGaps(client, o)), ...found] : found;
}

/** What the last published job lacked in months that a refresh neither counted again nor read as a whole. */
async function standingGaps(client: Queryable, o: Publication): Promise<readonly Gap[]> {
  const { rows } = await client.query<{ gap: Gap }>(
    `WITH ${TOLD},
     replaced AS (
       SELECT k AS kind FROM scrape_slice s CROSS JOIN jsonb_array_elements_text(s.coverage->'replaced') AS k WHERE s.job_id = $1),
     last AS (
       SELECT incomplete FROM scrape_job WHERE repository_id = $4 AND status = 'COMPLETED' AND 'github' = ANY(sources) ORDER BY id DESC LIMIT 1)
     SELECT gap FROM last CROSS JOIN jsonb_array_elements(last.incomplete) AS gap LEFT JOIN kind ON kind.name = gap->>'kind'
     WHERE gap->>'month' >= to_char($5::date, 'YYYY-MM') AND gap->>'kind' NOT IN (SELECT kind FROM replaced)
       AND NOT EXISTS (SELECT FROM total t WHERE t.kind = kind.code AND t.month = to_date(gap->>'month', 'YYYY-MM'))
     ORDER BY gap->>'month', kind.code`,
    [o.jobId, ...KINDS, o.repositoryId, o.window.since],
  );
  return rows.map(({ gap }) => gap);
}
