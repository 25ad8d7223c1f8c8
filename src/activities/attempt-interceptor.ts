import { ApplicationFailure, CancelledFailure, type Context, type Info } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { Database } from '../db/database.ts';
import { noteAttempt } from '../db/job-progress.ts';
import type { JobLogWriter } from '../log/job-log.ts';
import type { Logger } from '../log/logger.ts';
import { failureOf } from './failure.ts';

/** What the interceptor writes to. */
export interface AttemptDeps {
  readonly db: Database;
  readonly jobLog: JobLogWriter;
  readonly log: Logger;
}

/**
 * Writes attempts to the row of the job whose step an activity is: RUNNING when one begins, RETRYING with the time of the next
 * attempt when one fails. Temporal itself keeps no event between attempts. Running twice is harmless: absolute values. A killed
 * worker writes nothing; there Temporal's own `describe` is the better witness (see temporal/engine.ts).
 */
export function attemptInterceptor({ db, jobLog, log }: AttemptDeps, { info }: Context): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      const jobId = jobIdOf(input.args);
      try {
        // Bookkeeping has no limit of attempts: it is no step of its job, and its own subject may be a database that is away.
        if (jobId === null || !isLimited(info)) return await next(input);
        const line = jobLog.forJob(jobId, { workflow_id: info.workflowExecution?.workflowId, run_id: info.workflowExecution?.runId });
        await noted(jobId, { status: 'RUNNING', attempt: info.attempt, nextRetryAt: null, error: null });
        if (info.attempt > 1) line.info('step tried again', { step: info.activityType, attempt: info.attempt });
        try {
          return await next(input);
        } catch (error) {
          const failure = failureOf(error);
          const nextRetryAt = failure instanceof CancelledFailure ? null : nextAttempt(info, failure);
          if (nextRetryAt !== null) {
            const message = failure instanceof Error ? failure.message : String(failure);
            await noted(jobId, { status: 'RETRYING', attempt: info.attempt, nextRetryAt, error: message });
            line.warn('step failed, will be tried again', {
              step: info.activityType,
              attempt: info.attempt,
              next_retry_at: nextRetryAt.toISOString(),
              error: message,
            });
          }
          throw error;
        }
      } catch (error) {
        throw failureOf(error);
      } finally {
        if (jobId !== null) await jobLog.flush();
      }
    },
  };

  async function noted(jobId: string, attempt: Parameters<typeof noteAttempt>[2]): Promise<void> {
    try {
      await noteAttempt(db, jobId, attempt);
    } catch (error) {
      // The note is for the reader; the step goes on without it, and its own error must not be hidden by this one.
      log.warn({ err: error, job_id: jobId }, 'attempt not noted');
    }
  }
}

/** The job that an activity's input names. */
export function jobIdOf(args: readonly unknown[]): string | null {
  const first = args[0];
  return typeof first === 'object' && first !== null && 'jobId' in first && typeof first.jobId === 'string' ? first.jobId : null;
}

function isLimited(info: Info): boolean {
  return (info.retryPolicy?.maximumAttempts ?? 0) > 0;
}

/** When the server will try again: min(initial x coefficient^(n-1), maximum) after now; null when it will not. */
export function nextAttempt(
  { attempt, retryPolicy }: Pick<Info, 'attempt' | 'retryPolicy'>,
  failure: unknown,
  now = Date.now(),
): Date | null {
  if (failure instanceof ApplicationFailure && failure.nonRetryable === true) return null;
  const { maximumAttempts, initialInterval, backoffCoefficient = 2, maximumInterval } = retryPolicy ?? {};
  if (maximumAttempts === undefined || attempt >= maximumAttempts || typeof initialInterval !== 'number') return null;
  const most = typeof maximumInterval === 'number' ? maximumInterval : Number.POSITIVE_INFINITY;
  return new Date(now + Math.min(initialInterval * backoffCoefficient ** (attempt - 1), most));
}
