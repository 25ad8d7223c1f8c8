import type { Day, Window } from '../domain/window.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import type { Person } from './people.ts';

/** Where a field of an enrichment comes from. */
interface FieldSource {
  readonly source: string;
  readonly at: string;
}

/** What enrichment found of a person. */
interface Enrichment {
  readonly status: 'PENDING' | 'RUNNING' | 'COMPLETED' | 'PARTIAL' | 'FAILED';
  readonly twitterUsername: string | null;
  readonly linkedinUrl: string | null;
  readonly personalWebsite: string | null;
  readonly personalEmail: string | null;
  readonly sources: Readonly<Record<string, FieldSource>>;
  readonly lastEnrichedAt: Date | null;
  readonly error: string | null;
}

/** What is known of a person beside what they did. */
export interface Profile {
  readonly profileUrl: string | null;
  readonly company: string | null;
  readonly location: string | null;
  readonly kindOverridden: boolean;
  /** Logins their accounts were seen under before, in lower case, the latest first. */
  readonly previousUsernames: readonly string[];
  readonly enrichment: Enrichment | null;
}

/** Reads what is known of a person. */
export async function profileOf(db: Database | Queryable, person: Person): Promise<Profile> {
  const { rows } = await queryable(db).query<Profile>(
    `SELECT u.profile_url AS "profileUrl", u.company, u.location, u.kind_overridden AS "kindOverridden",
       coalesce((SELECT array_agg(a.login_lc ORDER BY a.last_seen DESC, a.login_lc)
         FROM (SELECT a.login_lc, max(a.last_seen) AS last_seen FROM user_alias a WHERE a.user_id = ANY($2::bigint[]) GROUP BY a.login_lc) AS a
         WHERE NOT EXISTS (SELECT FROM github_user o WHERE o.id = ANY($2::bigint[]) AND lower(o.username) = a.login_lc)), '{}') AS "previousUsernames",
       CASE WHEN e.user_id IS NOT NULL THEN json_build_object('status', e.enrichment_status, 'twitterUsername', e.twitter_username,
         'linkedinUrl', e.linkedin_url, 'personalWebsite', e.personal_website, 'personalEmail', e.personal_email,
         'sources', e.enrichment_sources, 'lastEnrichedAt', e.last_enriched_at, 'error', e.error) END AS enrichment
     FROM github_user u LEFT JOIN contributor_enrichment e ON e.user_id = u.id WHERE u.id = $1`,
    [person.id, person.accounts.map(({ id }) => id)],
  );
  const profile = rows[0] as Profile;
  const { enrichment } = profile;
  // JSON has no dates.
  const lastEnrichedAt = enrichment === null || enrichment.lastEnrichedAt === null ? null : new Date(enrichment.lastEnrichedAt);
  return { ...profile, enrichment: enrichment === null ? null : { ...enrichment, lastEnrichedAt } };
}

/** Days in a row with contributions, both included. */
export interface Streak {
  readonly days: number;
  readonly since: Day;
  readonly until: Day;
}

/** The longest streak of a window, and the one that goes on: its last day is the window's last or the one before. */
export async function streaksOf(
  db: Database | Queryable,
  personId: number,
  window: Window,
): Promise<{ readonly current: Streak | null; readonly longest: Streak | null }> {
  const { rows } = await queryable(db).query<Streak & { isCurrent: boolean }>(
    `WITH active AS (SELECT DISTINCT d.day FROM contribution_day d WHERE d.person_id = $1 AND d.day BETWEEN $2 AND $3),
     streak AS (
       SELECT count(*)::int AS days, min(day) AS since, max(day) AS until
       FROM (SELECT day, day - (row_number() OVER (ORDER BY day))::int AS run FROM active) AS a GROUP BY run)
     SELECT days, since, until, until >= $3::date - 1 AS "isCurrent" FROM streak ORDER BY days DESC, until DESC`,
    [personId, window.since, window.until],
  );
  const streakOf = (row: (typeof rows)[number] | undefined): Streak | null =>
    row === undefined ? null : { days: row.days, since: row.since, until: row.until };
  return { current: streakOf(rows.find(({ isCurrent }) => isCurrent)), longest: streakOf(rows[0]) };
}
