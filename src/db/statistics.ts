import { ACCOUNT_KINDS, type AccountKind } from '../domain/account-kind.ts';
import { JOB_STATUSES, REPOSITORY_STATUSES, type JobStatus, type RepositoryStatus } from '../domain/job-status.ts';
import type { Day } from '../domain/window.ts';
import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** How much there is here. */
export interface Statistics {
  readonly repositories: Readonly<Record<RepositoryStatus, number>>;
  /** Whether all repositories are the generated sample. */
  readonly isSample: boolean;
  /** Persons; accounts that were merged count as one. */
  readonly people: Readonly<Record<AccountKind, number>>;
  /** Stored contributions, of known accounts and of others. */
  readonly contributions: number;
  readonly unattributed: number;
  readonly jobs: Readonly<Record<JobStatus, number>>;
  /** Jobs that ended in the last 24 hours. */
  readonly jobsOfLastDay: { readonly completed: number; readonly failed: number };
  readonly lastScrapedAt: Date | null;
  readonly oldestScrapedAt: Date | null;
  /** The board of all repositories; null before the first. */
  readonly board: { readonly asOf: Date; readonly since: Day; readonly until: Day; readonly people: number } | null;
}

/** Counts what there is, in one statement. */
export async function readStatistics(db: Database | Queryable): Promise<Statistics> {
  const { rows } = await queryable(db).query<{
    repositories: Partial<Record<RepositoryStatus, number>> | null;
    samples: number;
    people: Partial<Record<AccountKind, number>> | null;
    contributions: number;
    unattributed: number;
    jobs: Partial<Record<JobStatus, number>> | null;
    completed: number;
    failed: number;
    lastScrapedAt: Date | null;
    oldestScrapedAt: Date | null;
    asOf: Date | null;
    since: Day;
    until: Day;
    boardPeople: number;
  }>(
    `SELECT
       (SELECT jsonb_object_agg(s.status, s.count) FROM (SELECT status, count(*) FROM repository GROUP BY status) AS s) AS repositories,
       r.samples, r."lastScrapedAt", r."oldestScrapedAt",
       (SELECT jsonb_object_agg(k.kind, k.count) FROM (SELECT u.kind, count(*) FROM github_user u WHERE u.person_id = u.id GROUP BY u.kind) AS k) AS people,
       c.contributions, c.unattributed,
       (SELECT jsonb_object_agg(j.status, j.count) FROM (SELECT status, count(*) FROM scrape_job GROUP BY status) AS j) AS jobs,
       d.completed, d.failed, b.as_of AS "asOf", b.window_since AS since, b.window_until AS until, b.people AS "boardPeople"
     FROM (SELECT count(*) FILTER (WHERE is_sample)::int AS samples, max(last_scraped_at) AS "lastScrapedAt", min(last_scraped_at) AS "oldestScrapedAt" FROM repository) AS r
     CROSS JOIN (SELECT coalesce(sum(stored + unattributed), 0) AS contributions, coalesce(sum(unattributed), 0) AS unattributed FROM repository_coverage) AS c
     CROSS JOIN (SELECT count(*) FILTER (WHERE status = 'COMPLETED')::int AS completed, count(*) FILTER (WHERE status = 'FAILED')::int AS failed
                 FROM scrape_job WHERE completed_at > now() - interval '24 hours') AS d
     LEFT JOIN board b ON b.scope = 0`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error('A statement of sums has one row');
  const repositories = counted(REPOSITORY_STATUSES, row.repositories);
  const all = Object.values(repositories).reduce((sum, count) => sum + count, 0);
  return {
    repositories,
    isSample: all > 0 && row.samples === all,
    people: counted(ACCOUNT_KINDS, row.people),
    contributions: row.contributions,
    unattributed: row.unattributed,
    jobs: counted(JOB_STATUSES, row.jobs),
    jobsOfLastDay: { completed: row.completed, failed: row.failed },
    lastScrapedAt: row.lastScrapedAt,
    oldestScrapedAt: row.oldestScrapedAt,
    board: row.asOf === null ? null : { asOf: row.asOf, since: row.since, until: row.until, people: row.boardPeople },
  };
}

function counted<W extends string>(words: readonly W[], counts: Partial<Record<W, number>> | null): Record<W, number> {
  return Object.fromEntries(words.map((word) => [word, counts?.[word] ?? 0])) as Record<W, number>;
}

/** Something that went wrong: a job that failed, or a line of a job's log that says so. */
export interface RecordedError {
  readonly at: Date;
  readonly origin: 'job' | 'log';
  readonly jobId: string;
  readonly repository: string;
  /** Of failed jobs. */
  readonly code: string | null;
  readonly message: string;
  /** The log line; null for a job. */
  readonly logId: number | null;
}

/** pino's number for `error`. */
const ERROR_LEVEL = 50;

/** What went wrong, newest first, as long as jobs and log lines are kept. */
export async function listErrors(
  db: Database | Queryable,
  q: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly data: readonly RecordedError[]; readonly nextCursor: string | null }> {
  const [at, key] = q.cursor === undefined ? [null, null] : decodeCursor(q.cursor, 2);
  const { rows } = await queryable(db).query<RecordedError & { key: string; atKey: string }>(
    `SELECT e.*, e.at::text AS "atKey" FROM (
       (SELECT j.completed_at AS at, 'job' AS origin, j.id AS "jobId", j.repository_name AS repository, j.error_code AS code,
          coalesce(j.error_message, 'The job failed.') AS message, NULL::bigint AS "logId", 'job ' || j.id AS key
        FROM scrape_job j WHERE j.status = 'FAILED' AND ($1::timestamptz IS NULL OR (j.completed_at, 'job ' || j.id) < ($1::timestamptz, $2::text COLLATE "C"))
        ORDER BY j.completed_at DESC, j.id DESC LIMIT $3)
       UNION ALL
       (SELECT l.at, 'log', l.job_id, j.repository_name, NULL, l.message, l.id, 'log ' || lpad(l.id::text, 19, '0')
        FROM job_log l JOIN scrape_job j ON j.id = l.job_id
        WHERE l.level >= ${ERROR_LEVEL} AND ($1::timestamptz IS NULL OR (l.at, 'log ' || lpad(l.id::text, 19, '0')) < ($1::timestamptz, $2::text COLLATE "C"))
        ORDER BY l.at DESC, l.id DESC LIMIT $3)) AS e
     ORDER BY e.at DESC, e.key COLLATE "C" DESC LIMIT $3`,
    [at, key, q.limit + 1],
  );
  const page = pageOf(rows, q.limit, 0, (last) => encodeCursor([last.atKey, last.key]));
  return { nextCursor: page.nextCursor, data: page.data.map(({ key: _key, atKey: _atKey, ...error }) => error) };
}
