import { queryable, type Database, type Queryable } from './database.ts';

/** How everything stands, for those who watch over it. */
export interface Standing {
  readonly jobs: readonly { readonly type: string; readonly status: string; readonly count: number }[];
  /** Seconds that the oldest queued job waits; null: none does. */
  readonly queueAge: number | null;
  readonly oldestScrapedAt: Date | null;
  /** The board of all repositories; null before the first. */
  readonly board: { readonly people: number; readonly asOf: Date } | null;
}

/** Reads it in one statement that counts jobs and looks at rows of which there are few. */
export async function readStanding(db: Database | Queryable): Promise<Standing> {
  const { rows } = await queryable(db).query<{
    jobs: Standing['jobs'] | null;
    queueAge: number | null;
    oldestScrapedAt: Date | null;
    asOf: Date | null;
    people: number;
  }>(
    `SELECT
       (SELECT jsonb_agg(j) FROM (SELECT job_type AS type, status, count(*) FROM scrape_job GROUP BY job_type, status) AS j) AS jobs,
       (SELECT extract(epoch FROM now() - min(created_at))::float8 FROM scrape_job WHERE status = 'QUEUED') AS "queueAge",
       (SELECT min(last_scraped_at) FROM repository WHERE NOT is_sample) AS "oldestScrapedAt",
       b.as_of AS "asOf", b.people
     FROM (SELECT) AS one LEFT JOIN board b ON b.scope = 0`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error('A statement of sums has one row');
  const { jobs, queueAge, oldestScrapedAt, asOf, people } = row;
  return { jobs: jobs ?? [], queueAge, oldestScrapedAt, board: asOf === null ? null : { asOf, people } };
}
