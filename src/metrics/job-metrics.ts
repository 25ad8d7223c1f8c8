import { Counter, Histogram, type Registry } from 'prom-client';

/** How an attempt of a step ended. `retried`: it failed and will be tried again; `failed`: it will not. */
export type StepOutcome = 'done' | 'retried' | 'failed' | 'cancelled';

/** How a job ended. */
interface ClosedJob {
  readonly type: string;
  readonly status: string;
  readonly createdAt: Date;
  /** Null: it ended before it began. */
  readonly startedAt: Date | null;
  /** Null: it has not ended, which counts as now. */
  readonly completedAt: Date | null;
}

/** Jobs and their steps, where they are done. */
export interface JobMetrics {
  closed(job: ClosedJob): void;
  /** `activity` as in src/activities. */
  attempted(activity: string, outcome: StepOutcome, seconds: number): void;
}

/** From a small refresh to the scrape of a large repository through rate limits. */
const JOB_SECONDS = [1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 24 * 3_600];
const STEP_SECONDS = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3_600];

export function createJobMetrics(registry: Registry): JobMetrics {
  const registers = [registry];
  const jobs = new Counter({
    name: 'laurels_jobs_closed_total',
    help: 'Jobs that ended here, by type and how.',
    labelNames: ['type', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'laurels_job_duration_seconds',
    help: 'From the start of a job to its end, waits for its sources included.',
    labelNames: ['type', 'status'],
    buckets: JOB_SECONDS,
    registers,
  });
  const queued = new Histogram({
    name: 'laurels_job_queued_seconds',
    help: 'From the request of a job to its start.',
    labelNames: ['type'],
    buckets: JOB_SECONDS,
    registers,
  });
  const attempts = new Counter({
    name: 'laurels_step_attempts_total',
    help: 'Attempts of steps, by what came of them.',
    labelNames: ['activity', 'outcome'],
    registers,
  });
  const step = new Histogram({
    name: 'laurels_step_duration_seconds',
    help: 'How long an attempt of a step took.',
    labelNames: ['activity'],
    buckets: STEP_SECONDS,
    registers,
  });
  return {
    closed({ type, status, createdAt, startedAt, completedAt }) {
      jobs.inc({ type, status });
      if (startedAt === null) return;
      duration.observe({ type, status }, secondsBetween(startedAt, completedAt ?? new Date()));
      queued.observe({ type }, secondsBetween(createdAt, startedAt));
    },
    attempted(activity, outcome, seconds) {
      attempts.inc({ activity, outcome });
      step.observe({ activity }, seconds);
    },
  };
}

function secondsBetween(from: Date, to: Date): number {
  return Math.max(0, (to.getTime() - from.getTime()) / 1000);
}
