import { activityInfo } from '@temporalio/activity';
import type { SourceName } from '../domain/contribution.ts';
import type { JobStatus } from '../domain/job-status.ts';
import type { Database } from '../db/database.ts';
import { noteProgress, noteWaiting } from '../db/job-progress.ts';
import { closeJob, openJob } from '../db/jobs.ts';
import type { OptOutKey } from '../db/opt-out-key.ts';
import { publishJob } from '../db/publish.ts';
import type { JobLog, JobLogWriter } from '../log/job-log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { whileAlive } from './liveness.ts';

/** What the published scrape came to; `complete` as decisions 14. */
export interface PublishReport {
  readonly contributions: number;
  readonly people: number;
  readonly complete: boolean | null;
  readonly changed: boolean;
}

/** How a job ends. */
export interface JobEnd {
  readonly jobId: string;
  readonly status: Extract<JobStatus, 'COMPLETED' | 'FAILED' | 'CANCELLED'>;
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

/** The steps of a job that touch only its row and the database. */
export interface JobActivities {
  openJob(input: { readonly jobId: string; readonly runId: string }): Promise<{ readonly sources: readonly SourceName[] }>;
  noteWaiting(input: { readonly jobId: string; readonly until: string | null; readonly waitingFor: string | null }): Promise<void>;
  publish(input: { readonly jobId: string }): Promise<PublishReport>;
  closeJob(input: JobEnd): Promise<void>;
}

/** The log of the job an activity works for: its lines carry the workflow's ids. */
export function jobLogHere(jobLog: JobLogWriter, jobId: string): JobLog {
  const { workflowExecution } = activityInfo();
  return jobLog.forJob(jobId, { workflow_id: workflowExecution?.workflowId, run_id: workflowExecution?.runId });
}

/** What the steps of a job work with. */
export interface JobDeps {
  readonly db: Database;
  readonly jobLog: JobLogWriter;
  readonly optOutKey: OptOutKey | null;
  readonly metrics: Pick<Metrics, 'jobs' | 'store'>;
}

export function createJobActivities({ db, jobLog, optOutKey, metrics }: JobDeps): JobActivities {
  return {
    async openJob({ jobId, runId }) {
      // Running twice is harmless: QUEUED becomes RUNNING once, a RUNNING job of this run stays as it is.
      const job = await openJob(db, jobId, runId);
      jobLogHere(jobLog, jobId).info('job started', {
        type: job.type,
        sources: job.sources,
        since: job.window.since,
        until: job.window.until,
      });
      return { sources: job.sources };
    },

    async noteWaiting({ jobId, until, waitingFor }) {
      // Running twice is harmless: absolute values.
      await noteWaiting(db, jobId, until === null ? null : { until: new Date(until), for: waitingFor });
      if (until !== null) jobLogHere(jobLog, jobId).info('waiting', { until, for: waitingFor });
    },

    async publish({ jobId }) {
      // Running twice is harmless: one transaction, fenced by the job's phase; a second run reports what the first has published.
      await noteProgress(db, jobId, { phase: 'PUBLISHING' });
      const started = performance.now();
      const report = await whileAlive(() => publishJob(db, jobId, optOutKey));
      const ms = performance.now() - started;
      metrics.store.published({ contributions: report.contributions, seconds: ms / 1000 });
      jobLogHere(jobLog, jobId).info('published', {
        contributions: report.contributions,
        people: report.people,
        complete: report.complete,
        changed: report.changed,
        ms: Math.round(ms),
      });
      return report;
    },

    async closeJob({ jobId, ...outcome }) {
      // Running twice is harmless: only an unfinished job is closed, and the lines say so only then.
      const closed = await closeJob(db, jobId, outcome);
      if (closed === null) return;
      metrics.jobs.closed(closed);
      const line = jobLogHere(jobLog, jobId);
      if (closed.status === 'FAILED') line.error('job failed', { code: outcome.errorCode, error: outcome.errorMessage });
      else line.info(closed.status === 'COMPLETED' ? 'job completed' : 'job cancelled');
    },
  };
}
