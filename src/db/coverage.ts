import { CONTRIBUTION_KINDS, KIND_CODES, kindOf, SOURCES, SOURCE_NAMES, type ContributionKind } from '../domain/contribution.ts';
import type { Gap } from '../domain/coverage.ts';
import { addDays, lengthOf, type Day, type Window } from '../domain/window.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import { dayStartSql } from './source-precedence.ts';

/** What is known of one kind in one month of a repository. */
export interface MonthCoverage {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly kind: ContributionKind;
  /** Contributions of known accounts; commits that are known from pushes only count as many as the pushes brought. */
  readonly stored: number;
  /** Contributions nobody can be credited with. */
  readonly unattributed: number;
  /** What GitHub counts and we do not: merge commits, drafts. */
  readonly excluded: number;
  /** GitHub's own total; null where it is not known. */
  readonly github_total: number | null;
  readonly sources: readonly string[];
  /** Days of the month that a source has read completely, of those from the first to the last day that was ever read. */
  readonly days_complete: number;
  readonly days: number;
  /** What is lacking in the days that were read in part. */
  readonly gaps: readonly string[];
  readonly checked_at: string | null;
}

/** How far a board can be trusted: true, false, or null when nobody can tell without GitHub's totals; and why, in a sentence. */
export interface CoverageSummary {
  readonly complete: boolean | null;
  readonly note: string;
}

const SOURCE_CODES = SOURCE_NAMES.map((name) => SOURCES[name].code);
const KIND_NUMBERS = CONTRIBUTION_KINDS.map((kind) => KIND_CODES[kind]);

/** A repository's coverage, per month and kind, newest month first, and in a sentence over the window of its last scrape. */
export async function coverageOf(
  db: Database | Queryable,
  repositoryId: number,
): Promise<CoverageSummary & { readonly data: readonly MonthCoverage[] }> {
  const { rows } = await queryable(db).query<Omit<MonthCoverage, 'kind'> & { kind: number }>(
    `WITH asked AS (SELECT min(lower(during)) AS first, max(upper(during)) AS after FROM covered_range WHERE repository_id = $1),
     range AS (
       SELECT r.source, r.kind, r.state, r.note, month.first::date AS month, r.during * daterange(month.first::date, (month.first + interval '1 month')::date) AS days
       FROM covered_range r CROSS JOIN LATERAL generate_series(date_trunc('month', lower(r.during)::timestamp), upper(r.during) - interval '1 day', interval '1 month') AS month (first)
       WHERE r.repository_id = $1),
     read AS (
       SELECT kind, month,
         array_agg(DISTINCT source) AS sources,
         coalesce((SELECT sum(upper(d) - lower(d)) FROM unnest(range_agg(days) FILTER (WHERE state = 'complete')) AS d), 0)::int AS days_complete,
         coalesce(array_agg(DISTINCT note) FILTER (WHERE note IS NOT NULL AND state <> 'complete'), '{}') AS gaps
       FROM range GROUP BY kind, month)
     SELECT to_char(month, 'YYYY-MM') AS month, kind, coalesce(c.stored, 0) AS stored, coalesce(c.unattributed, 0) AS unattributed,
       coalesce(c.excluded, 0) AS excluded, c.github_total,
       coalesce((SELECT array_agg(n.name ORDER BY n.name) FROM unnest($2::smallint[], $3::text[]) AS n (code, name) WHERE n.code = ANY(r.sources)), '{}') AS sources,
       coalesce(r.days_complete, 0) AS days_complete,
       greatest(0, least((month + interval '1 month')::date, asked.after) - greatest(month, asked.first)) AS days,
       coalesce(r.gaps, '{}') AS gaps, c.checked_at
     FROM read r FULL JOIN (SELECT * FROM repository_coverage WHERE repository_id = $1) AS c USING (kind, month) CROSS JOIN asked
     WHERE coalesce(c.stored, 0) + coalesce(c.unattributed, 0) > 0 OR r.kind = ANY($4::smallint[])
     ORDER BY month DESC, kind`,
    [repositoryId, SOURCE_CODES, SOURCE_NAMES, KIND_NUMBERS],
  );
  const summary = await coverageSummary(db, [repositoryId], null);
  return { ...summary, data: rows.map((row) => ({ ...row, kind: kindOf(row.kind) })) };
}

/**
 * How far a window of a board of these repositories (null: of all) can be trusted. Without a window: that of the last published scrape.
 */
export async function coverageSummary(
  db: Database | Queryable,
  repositoryIds: readonly number[] | null,
  window: Window | null,
): Promise<CoverageSummary> {
  const repositoryId = repositoryIds?.length === 1 ? repositoryIds[0] : undefined;
  if (repositoryId === undefined) return summaryOfSeveral(db, repositoryIds);
  const { rows } = await queryable(db).query<{
    isSample: boolean;
    sources: string[] | null;
    since: Day;
    until: Day;
    incomplete: readonly Gap[];
    complete: boolean | null;
  }>(
    `SELECT r.is_sample AS "isSample", j.sources, j.window_since AS since, j.window_until AS until, j.incomplete, j.complete
     FROM repository r LEFT JOIN LATERAL (
       SELECT * FROM scrape_job j WHERE j.repository_id = r.id AND j.status = 'COMPLETED' ORDER BY j.id DESC LIMIT 1) AS j ON true
     WHERE r.id = $1`,
    [repositoryId],
  );
  const last = rows[0];
  if (last === undefined) return { complete: null, note: 'The repository is not known.' };
  if (last.isSample) return { complete: true, note: 'Sample data, generated.' };
  if (last.sources === null) return { complete: null, note: 'Nothing has been published yet.' };
  const asked = window ?? { since: last.since, until: last.until };
  const { rows: counted } = await queryable(db).query<{ complete: number; degraded: number }>(
    `SELECT coalesce(sum(d.days) FILTER (WHERE state = 'complete'), 0)::int AS complete, coalesce(sum(d.days) FILTER (WHERE state <> 'complete'), 0)::int AS degraded
     FROM (SELECT state, upper(during * $2::daterange) - lower(during * $2::daterange) AS days FROM covered_range
           WHERE repository_id = $1 AND kind = ${KIND_CODES.PR_OPENED} AND during && $2::daterange) AS d`,
    [repositoryId, `[${asked.since},${asked.until}]`],
  );
  const { complete: whole, degraded } = counted[0] ?? { complete: 0, degraded: 0 };
  const days = lengthOf(asked);
  const isArchive = last.sources.some((source) => source === 'gharchive' || source === 'bigquery');
  const read = `${whole + degraded} of the ${count(days)} days of this window read${degraded > 0 ? `, ${degraded} of them in part` : ''}`;
  if (isArchive && !last.sources.includes('github')) {
    const hours = last.sources.includes('gharchive') ? await importedHours(db, asked) : 0;
    const imported = `${count(hours)} of ${count(days * 24)} hours of this window imported`;
    return { complete: null, note: `GH Archive, ${hours > 0 ? imported : read}; archive figures are a lower bound.` };
  }
  const gaps = last.incomplete.length;
  const complete = whole === days && gaps === 0 ? last.complete : false;
  return {
    complete,
    note: complete === true ? `Complete: ${read}.` : `${read}${gaps > 0 ? `; ${gaps} gaps, see the repository's coverage` : ''}.`,
  };
}

/** Archive hours of a window that the last import of each file left readable. */
async function importedHours(db: Database | Queryable, window: Window): Promise<number> {
  const { rows } = await queryable(db).query<{ hours: number }>(
    `SELECT count(DISTINCT hour)::int AS hours FROM archive_file
     WHERE state IN ('ok','degraded') AND hour >= ${dayStartSql('$1::date')} AND hour < ${dayStartSql('$2::date')}`,
    [window.since, addDays(window.until, 1)],
  );
  return rows[0]?.hours ?? 0;
}

function count(number: number): string {
  return number.toLocaleString('en');
}

async function summaryOfSeveral(db: Database | Queryable, repositoryIds: readonly number[] | null): Promise<CoverageSummary> {
  const { rows } = await queryable(db).query<{ repositories: number; samples: number; archived: number; incomplete: number }>(
    `SELECT count(*)::int AS repositories, (count(*) FILTER (WHERE r.is_sample))::int AS samples,
       (count(*) FILTER (WHERE NOT 'github' = ANY(j.sources) AND NOT r.is_sample))::int AS archived,
       (count(*) FILTER (WHERE j.complete IS FALSE))::int AS incomplete
     FROM repository r CROSS JOIN LATERAL (
       SELECT * FROM scrape_job j WHERE j.repository_id = r.id AND j.status = 'COMPLETED' ORDER BY j.id DESC LIMIT 1) AS j
     WHERE $1::bigint[] IS NULL OR r.id = ANY($1)`,
    [repositoryIds],
  );
  const { repositories, samples, archived, incomplete } = rows[0] ?? { repositories: 0, samples: 0, archived: 0, incomplete: 0 };
  if (repositories === 0) return { complete: null, note: 'No repository has been published yet.' };
  if (samples === repositories) return { complete: true, note: 'Sample data, generated.' };
  const of = repositories === 1 ? '1 repository' : `${repositories} repositories`;
  if (incomplete > 0) return { complete: false, note: `${incomplete} of ${of} incomplete: see the coverage of each.` };
  if (archived > 0) return { complete: null, note: `${archived} of ${of} known from GH Archive, whose figures are a lower bound.` };
  return { complete: true, note: `${of}, complete.` };
}
