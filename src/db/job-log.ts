import { cleanText } from './clean-text.ts';
import { inTransaction, queryable, type Database, type Queryable } from './database.ts';
import { lock, LOCKS } from './locks.ts';

/** A line of a job's log. `seq` counts within the job from 1, `id` orders the lines of all jobs and is the cursor of the stream. */
export interface LogLine {
  readonly id: number;
  readonly jobId: string;
  readonly seq: number;
  readonly at: Date;
  /** pino's number: 30 info, 40 warn, 50 error. */
  readonly level: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The channel on which a listener hears that there are new lines; the payload is the job's id. */
export const LOG_CHANNEL = 'laurels_log';

/**
 * Adds lines to a job's log with one statement that also advances the job's `last_log_seq`, and wakes the listeners. Lines of a
 * job that was pruned in the meantime are dropped. One advisory lock gives ids in the order of commits: a reader that asks for
 * what comes after an id misses nothing.
 */
export async function appendJobLog(
  db: Database,
  jobId: string,
  lines: readonly { at: Date; level: number; message: string; fields: Record<string, unknown> }[],
): Promise<void> {
  if (lines.length === 0) return;
  await inTransaction(db, async (client) => {
    await lock(client, LOCKS.jobLog);
    await client.query({
      name: 'append-job-log',
      text: `WITH job AS (UPDATE scrape_job SET last_log_seq = last_log_seq + $2 WHERE id = $1 RETURNING id, last_log_seq - $2 AS base)
             INSERT INTO job_log (job_id, seq, at, level, message, fields)
             SELECT job.id, job.base + line.ordinality, line.at, line.level, line.message, line.fields
             FROM job, unnest($3::timestamptz[], $4::smallint[], $5::text[], $6::jsonb[]) WITH ORDINALITY AS line (at, level, message, fields)
             ORDER BY line.ordinality`,
      values: [
        jobId,
        lines.length,
        lines.map(({ at }) => at),
        lines.map(({ level }) => level),
        lines.map(({ message }) => cleanText(message)),
        lines.map(({ fields }) => cleanJson(fields)),
      ],
    });
    await client.query(`SELECT pg_notify('${LOG_CHANNEL}', $1)`, [jobId]);
  });
}

/** The lines after an id (all when left out), oldest first, of one job or of all; `level`: this one and worse. */
export async function readJobLog(
  db: Database | Queryable,
  q: { jobId?: string; after?: bigint | number; level?: number; limit: number },
): Promise<readonly LogLine[]> {
  const { rows } = await queryable(db).query<LogLine>(
    `SELECT l.id, l.job_id AS "jobId", l.seq, l.at, l.level, l.message, l.fields FROM job_log l
     WHERE ($1::uuid IS NULL OR l.job_id = $1) AND l.id > $2 AND l.level >= $3 ORDER BY l.id LIMIT $4`,
    [q.jobId ?? null, String(q.after ?? 0), q.level ?? 0, q.limit],
  );
  return rows;
}

/** JSON as jsonb can store it: the same for every text in it. */
function cleanJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'string' ? cleanText(inner) : inner));
}
