import { SOURCES, type SourceName } from '../domain/contribution.ts';
import type { Estimate } from '../sources/contribution-source.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import { UNFINISHED } from './jobs.ts';

/**
 * Writes down that an activity of the job runs for the `attempt`-th time or waits for its next; nothing happens to a closed job. A
 * step that begins beside one that waits for its next attempt does not hide that.
 */
export async function noteAttempt(
  db: Database | Queryable,
  id: string,
  o: { status: 'RUNNING' | 'RETRYING'; attempt: number; nextRetryAt: Date | null; error: string | null },
): Promise<void> {
  await queryable(db).query(
    `UPDATE scrape_job j SET status = $2, attempt = $3, next_retry_at = $4, error_message = $5
     WHERE j.id = $1 AND j.status IN ('RUNNING','RETRYING')
       AND NOT ($2 = 'RUNNING' AND $3 = 1 AND j.status = 'RETRYING' AND j.next_retry_at > now())`,
    [id, o.status, o.attempt, o.nextRetryAt, o.error],
  );
}

const PROGRESS_COLUMNS = {
  phase: 'phase',
  done: 'done',
  total: 'total',
  unit: 'unit',
} as const;

/** Writes down how far an unfinished job got; what is left out stays as it is. */
export async function noteProgress(
  db: Database | Queryable,
  id: string,
  o: {
    phase?: string;
    done?: number;
    total?: number | null;
    unit?: string;
  },
): Promise<void> {
  const given = (Object.keys(PROGRESS_COLUMNS) as (keyof typeof PROGRESS_COLUMNS)[]).filter((name) => o[name] !== undefined);
  if (given.length === 0) return;
  const assignments = given.map((name, index) => `${PROGRESS_COLUMNS[name]} = $${index + 2}`).join(', ');
  await queryable(db).query(`UPDATE scrape_job j SET ${assignments} WHERE j.id = $1 AND ${UNFINISHED} AND j.phase <> 'PUBLISHED'`, [
    id,
    ...given.map((name) => o[name]),
  ]);
}

/** What a job's slices of a source have read together; each slice's part is committed with its rows. */
const READ = `(SELECT coalesce(sum(s.read), 0) FROM scrape_slice s WHERE s.job_id = $1 AND s.source = $2)`;

/** Writes down what a source plans, and that its reading begins here: with what its slices have read already. */
export async function beginReading(
  db: Database | Queryable,
  id: string,
  o: { source: SourceName; total: number | null; unit: string; note: string; estimate: Estimate | null },
): Promise<void> {
  await queryable(db).query(
    `UPDATE scrape_job j SET done = ${READ}, total = $3, unit = $4, plan_note = $5, plan_estimate = $6, reading_since = now(),
       reading_from = ${READ}, waiting_since = NULL, waited_seconds = 0
     WHERE j.id = $1 AND ${UNFINISHED} AND j.phase <> 'PUBLISHED'`,
    [id, SOURCES[o.source].code, o.total, o.unit, o.note, o.estimate === null ? null : JSON.stringify(o.estimate)],
  );
}

/** Brings `done` up to what the slices of a source have read. It never goes back: of two who write at once the first to look may be the last to write. */
export async function noteRead(db: Database | Queryable, id: string, source: SourceName): Promise<void> {
  await queryable(db).query(
    `UPDATE scrape_job j SET done = greatest(j.done, ${READ}) WHERE j.id = $1 AND ${UNFINISHED} AND j.phase <> 'PUBLISHED'`,
    [id, SOURCES[source].code],
  );
}

/** Writes down what an unfinished job waits for, null: nothing any more, and how long it has waited. Doing it again changes nothing. */
export async function noteWaiting(db: Database | Queryable, id: string, wait: { until: Date; for: string | null } | null): Promise<void> {
  await queryable(db).query(
    `UPDATE scrape_job j SET waiting_until = $2, waiting_for = $3,
       waiting_since = CASE WHEN $2::timestamptz IS NOT NULL THEN coalesce(j.waiting_since, now()) END,
       waited_seconds = j.waited_seconds
         + CASE WHEN $2::timestamptz IS NULL THEN coalesce(extract(epoch FROM now() - j.waiting_since), 0)::int ELSE 0 END
     WHERE j.id = $1 AND ${UNFINISHED} AND j.phase <> 'PUBLISHED'`,
    [id, wait?.until ?? null, wait?.for ?? null],
  );
}
