import type { Invariant } from './invariant.ts';

const UNFINISHED = `status IN ('QUEUED','RUNNING','RETRYING')`;

const one: Invariant = {
  name: 'one-job',
  promise: 'At most one unfinished job per repository, per person enriched, and of those that are about everything',
  unit: 'unfinished jobs',
  checked: `SELECT count(*) FROM scrape_job WHERE ${UNFINISHED}`,
  violations: `
    SELECT 'repository ' || repository_id AS about, array_agg(id ORDER BY id) AS jobs FROM scrape_job
    WHERE ${UNFINISHED} AND repository_id IS NOT NULL GROUP BY repository_id HAVING count(*) > 1
    UNION ALL SELECT 'person ' || user_id, array_agg(id ORDER BY id) FROM scrape_job
    WHERE ${UNFINISHED} AND job_type = 'ENRICH' AND user_id IS NOT NULL GROUP BY user_id HAVING count(*) > 1
    UNION ALL SELECT job_type, array_agg(id ORDER BY id) FROM scrape_job
    WHERE ${UNFINISHED} AND job_type IN ('ENRICH_BATCH','RESCORE') GROUP BY job_type HAVING count(*) > 1`,
};

const statuses: Invariant = {
  name: 'repository-status',
  promise: 'A repository is SCRAPING only while a job of it is under way, COMPLETED once it was published, else PENDING or FAILED',
  unit: 'repositories',
  checked: 'SELECT count(*) FROM repository',
  violations: `
    SELECT r.id AS repository_id, r.status, r.last_scraped_at IS NOT NULL AS was_published FROM repository r
    WHERE NOT EXISTS (SELECT FROM scrape_job j WHERE j.repository_id = r.id AND j.${UNFINISHED} AND j.started_at IS NOT NULL)
      AND CASE WHEN r.last_scraped_at IS NULL THEN r.status NOT IN ('PENDING','FAILED') ELSE r.status <> 'COMPLETED' END`,
};

const endings: Invariant = {
  name: 'job-endings',
  promise: 'A job that ended says when, one that failed says why, and one that has not ended waits for no past retry it was never given',
  unit: 'jobs',
  checked: 'SELECT count(*) FROM scrape_job',
  violations: `
    SELECT id AS job_id, status, CASE
        WHEN ${UNFINISHED} THEN 'it has not ended and says when it did'
        WHEN completed_at IS NULL THEN 'it has ended and does not say when'
        WHEN status = 'FAILED' THEN 'it failed and does not say why'
        ELSE 'it has ended and still waits' END AS reason
    FROM scrape_job
    WHERE CASE WHEN ${UNFINISHED} THEN completed_at IS NOT NULL
      ELSE completed_at IS NULL OR (status = 'FAILED' AND (error_code IS NULL OR coalesce(error_message, '') = '')) OR next_retry_at IS NOT NULL OR waiting_until IS NOT NULL END`,
};

/** Lines are pruned by their age: of jobs of before that the first ones may be gone. */
function logs(logDays: number): Invariant {
  return {
    name: 'log-sequences',
    promise: 'Lines of a job are numbered 1 to n without a gap, and the job knows n',
    unit: 'jobs with lines',
    checked: 'SELECT count(DISTINCT job_id) FROM job_log',
    violations: `
      SELECT job_id, lines, first_seq, last_seq, j.last_log_seq AS job_says
      FROM (SELECT job_id, count(*) AS lines, min(seq) AS first_seq, max(seq) AS last_seq FROM job_log GROUP BY job_id) AS l
      RIGHT JOIN scrape_job j ON j.id = l.job_id
      WHERE j.created_at > now() - make_interval(days => ${Math.trunc(logDays)})
        AND (coalesce(first_seq, 1) <> 1 OR coalesce(last_seq, 0) <> coalesce(lines, 0) OR coalesce(last_seq, 0) <> j.last_log_seq)`,
  };
}

/** Dead staging is kept for a day, and removed by a daily run. */
const STAGING_HOURS = 72;

const staging: Invariant = {
  name: 'staging-owners',
  promise: `What is staged belongs to a job that has not published it, and goes within ${STAGING_HOURS} hours of its end`,
  unit: 'staging tables and plans',
  checked: `SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = 'staging') + (SELECT count(DISTINCT job_id) FROM planned_slice)`,
  violations: `
    WITH held AS (
      SELECT format('staging.%s', tablename) AS what, substring(tablename FROM '_([0-9a-f]{32})$')::uuid AS job_id
      FROM pg_tables WHERE schemaname = 'staging' AND tablename ~ '_[0-9a-f]{32}$'
      UNION ALL SELECT DISTINCT 'planned_slice', job_id FROM planned_slice
      UNION ALL SELECT DISTINCT 'scrape_slice', job_id FROM scrape_slice)
    SELECT h.what, h.job_id, j.status FROM held h LEFT JOIN scrape_job j ON j.id = h.job_id
    WHERE j.id IS NULL OR j.status = 'COMPLETED' OR j.completed_at < now() - interval '${STAGING_HOURS} hours'`,
};

const ledger: Invariant = {
  name: 'bigquery-ledger',
  promise:
    'Every BigQuery query was entered with a cap its estimate fits, ended ones say when, and no scrape reads rows of a query that is not done',
  unit: 'queries and requests',
  checked: 'SELECT (SELECT count(*) FROM bigquery_query) + (SELECT count(*) FROM bigquery_extract)',
  violations: `
    SELECT job_id AS query, NULL::uuid AS scrape_job, CASE
        WHEN bytes_estimated < 0 OR bytes_billed < 0 THEN 'bytes below zero'
        WHEN bytes_estimated > bytes_cap THEN 'its estimate is over its cap'
        WHEN state IN ('DONE','FAILED') AND finished_at IS NULL THEN 'it has ended and does not say when'
        WHEN state IN ('RESERVED','RUNNING') AND (finished_at IS NOT NULL OR bytes_billed IS NOT NULL) THEN 'it has not ended and has a bill or an end'
        ELSE 'nobody has asked for its end for two days' END AS reason
    FROM bigquery_query
    WHERE bytes_estimated < 0 OR bytes_billed < 0 OR bytes_estimated > bytes_cap OR (state IN ('DONE','FAILED')) <> (finished_at IS NOT NULL)
      OR (state IN ('RESERVED','RUNNING') AND (bytes_billed IS NOT NULL OR created_at < now() - interval '2 days'))
    UNION ALL
    SELECT e.query, e.job_id, CASE WHEN e.state = 'READY' THEN 'its rows are ready, its query is not done' ELSE 'it waits for a query that has ended' END
    FROM bigquery_extract e JOIN bigquery_query q ON q.job_id = e.query
    WHERE (e.state = 'READY' AND q.state <> 'DONE') OR (e.state = 'BATCHED' AND q.state = 'DONE' AND q.finished_at < now() - interval '1 day')
    UNION ALL
    SELECT e.query, e.job_id, 'its rows are ready, and where they are is not known' FROM bigquery_extract e
    WHERE e.state = 'READY' AND (e.first_row IS NULL OR e.rows IS NULL OR e.settled_at IS NULL)`,
};

/** What holds of jobs and of what they leave. `logDays`: how long lines are kept. */
export function jobInvariants(logDays: number): readonly Invariant[] {
  return [one, statuses, endings, logs(logDays), staging, ledger];
}
