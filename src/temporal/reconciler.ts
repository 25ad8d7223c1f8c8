import type { Database } from '../db/database.ts';
import { closeJob, listDispatchedQueued, listUnfinished, type StoredJob } from '../db/jobs.ts';
import type { Logger } from '../log/logger.ts';
import type { JobMetrics } from '../metrics/job-metrics.ts';
import { ifUnlocked } from './advisory-lock.ts';
import { dispatchQueuedJobs } from './dispatch.ts';
import type { Engine } from './engine.ts';

export interface ReconcilerOptions {
  readonly db: Database;
  readonly engine: Pick<Engine, 'startJob' | 'cancelJob' | 'liveStatus'>;
  readonly log: Logger;
  readonly metrics?: Pick<JobMetrics, 'closed'>;
  /** How many scrapes may run at once. */
  readonly limit: number;
  /** Default 15 s. */
  readonly intervalMs?: number;
}

/** What one pass has repaired. */
export interface ReconcileReport {
  readonly started: number;
  readonly closed: number;
  readonly dispatched: number;
}

/** A start that was handed over longer ago than this should have shown itself. */
const START_OVERDUE_MS = 10_000;

/**
 * Job row and workflow are two writes; this repairs what dies between them: it repeats starts, repeats cancels, and closes jobs
 * whose workflow is gone, so that a 409 is never stale. One pass at boot, then one every interval; in every API process, of
 * which one at a time works.
 */
export function startReconciler(options: ReconcilerOptions): { stop(): Promise<void> } {
  const { db, log, intervalMs = 15_000 } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let failedBefore = false;

  const pass = async (): Promise<void> => {
    try {
      const report = await ifUnlocked(db, 'reconciler', () => reconcile(options));
      if (report !== undefined && report.started + report.closed + report.dispatched > 0) log.info({ ...report }, 'jobs reconciled');
      failedBefore = false;
    } catch (error) {
      // A database that is away is said once, not every 15 s.
      if (!failedBefore) log.warn({ err: error }, 'jobs not reconciled');
      failedBefore = true;
    }
  };
  let running: Promise<void>;
  const next = (): void => {
    running = pass().then(() => {
      if (!stopped) timer = setTimeout(next, intervalMs);
    });
  };
  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** One pass. What Temporal can't be asked about stays as it is until the next. */
export async function reconcile({ db, engine, log, metrics, limit }: ReconcilerOptions): Promise<ReconcileReport> {
  let started = 0;
  let closed = 0;
  const close = async (job: StoredJob, outcome: Parameters<typeof closeJob>[2]): Promise<void> => {
    const ended = await closeJob(db, job.id, outcome);
    if (ended === null) return;
    closed += 1;
    metrics?.closed(ended);
    log.warn({ job_id: job.id, workflow_id: job.workflowId, ...outcome }, 'job closed by the reconciler');
  };
  const overdue = new Set((await listDispatchedQueued(db, START_OVERDUE_MS)).map(({ id }) => id));
  for (const job of await listUnfinished(db)) {
    if (job.status === 'QUEUED' && !overdue.has(job.id)) continue;
    const live = await engine.liveStatus(job);
    if (live === null) break; // Temporal is away: nothing can be said of the others either
    if (live.state === 'running') {
      if (job.cancelRequestedAt !== null) await engine.cancelJob(job).catch(() => 'unknown');
    } else if (job.phase === 'PUBLISHED') {
      // Its board is public, only the last word was lost.
      await close(job, { status: 'COMPLETED' });
    } else if (job.cancelRequestedAt !== null) {
      await close(job, { status: 'CANCELLED' });
    } else if (live.state === 'closed') {
      // A workflow closes its job before it ends itself: this one was ended from outside.
      await close(job, { status: 'FAILED', errorCode: 'workflow_closed', errorMessage: closedMessage(live.closedAs ?? 'closed') });
    } else if (job.status === 'QUEUED') {
      await engine.startJob(job).then(
        () => (started += 1),
        () => undefined,
      );
    } else {
      await close(job, {
        status: 'FAILED',
        errorCode: 'workflow_lost',
        errorMessage: 'Temporal no longer knows the workflow of this job: was its database deleted or replaced? Start a new scrape.',
      });
    }
  }
  return { started, closed, dispatched: await dispatchQueuedJobs(db, engine, limit) };
}

function closedMessage(closedAs: string): string {
  const how = closedAs === 'TERMINATED' ? 'was terminated (in the Web UI, or by the temporal command)' : `ended as ${closedAs}`;
  return `The workflow of this job ${how} without closing the job. Start a new scrape.`;
}
