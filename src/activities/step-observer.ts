import { ApplicationFailure, CancelledFailure, type Context, type Info } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { withLogFields } from '../log/log-context.ts';
import type { JobMetrics, StepOutcome } from '../metrics/job-metrics.ts';
import { jobIdIn } from '../workflows/contract.ts';
import { jobIdOf, nextAttempt } from './attempt-interceptor.ts';

/**
 * Counts attempts, and has whatever is logged during one, by whomever, carry the ids of its job and workflow. Running twice is
 * harmless: each attempt is one.
 */
export function stepObserver(metrics: Pick<JobMetrics, 'attempted'>, { info }: Context): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      const began = performance.now();
      const ended = (outcome: StepOutcome): void => metrics.attempted(info.activityType, outcome, (performance.now() - began) / 1000);
      try {
        const result = await withLogFields(placeOf(info, input.args), () => next(input));
        ended('done');
        return result;
      } catch (error) {
        ended(outcomeOf(info, error));
        throw error;
      }
    },
  };
}

/** Where an activity stands, as log lines have it. */
function placeOf(info: Info, args: readonly unknown[]): Readonly<Record<string, unknown>> {
  const { workflowId = '', runId } = info.workflowExecution ?? {};
  const jobId = jobIdOf(args) ?? jobIdIn(workflowId);
  return {
    ...(jobId === null ? {} : { job_id: jobId }),
    ...(workflowId === '' ? {} : { workflow_id: workflowId, run_id: runId }),
    activity: info.activityType,
    attempt: info.attempt,
  };
}

function outcomeOf(info: Info, failure: unknown): StepOutcome {
  if (failure instanceof CancelledFailure) return 'cancelled';
  if (failure instanceof ApplicationFailure && failure.nonRetryable === true) return 'failed';
  const isEndless = (info.retryPolicy?.maximumAttempts ?? 0) === 0;
  return isEndless || nextAttempt(info, failure) !== null ? 'retried' : 'failed';
}
