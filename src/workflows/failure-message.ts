import { RetryState } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, TimeoutFailure, rootCause } from '@temporalio/workflow';
import { STEP_RETRY } from './activity-options.ts';

/** Why a job failed, in words for its row. */
export interface FailureReason {
  /** The code of the AppError it began with, else `step_failed`, `worker_lost` or `step_timed_out`. */
  readonly errorCode: string;
  /** What went wrong, in which step, how often it was tried. */
  readonly errorMessage: string;
}

/** Puts a failed step into a sentence that a maintainer can act on. `step` is a phrase such as `reading gharchive (all)`. */
export function reasonOf(error: unknown, step: string): FailureReason {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return { errorCode: codeOf(cause), errorMessage: `${describe(cause)} (while ${step}${triesOf(error)})` };
}

function codeOf(cause: unknown): string {
  if (cause instanceof TimeoutFailure) return cause.timeoutType === 'HEARTBEAT' ? 'worker_lost' : 'step_timed_out';
  // A plain Error of an activity arrives with its class as its type, which tells a reader nothing: our codes are snake_case.
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  return type !== undefined && type !== null && /^[a-z][a-z0-9_]*$/.test(type) ? type : 'step_failed';
}

function describe(cause: unknown): string {
  if (cause instanceof TimeoutFailure) {
    return cause.timeoutType === 'HEARTBEAT'
      ? 'The worker stopped answering: it was killed, lost its connection or hangs'
      : 'The step took longer than it may';
  }
  const own = cause instanceof Error ? cause.message : String(cause);
  const root = rootCause(cause);
  return root === undefined || root === '' || own.includes(root) ? own : `${own}: ${root}`;
}

function triesOf(error: unknown): string {
  if (!(error instanceof ActivityFailure)) return '';
  if (error.retryState === RetryState.MAXIMUM_ATTEMPTS_REACHED) return `; tried ${STEP_RETRY.maximumAttempts} times`;
  return error.retryState === RetryState.NON_RETRYABLE_FAILURE ? '; not tried again, as that would not help' : '';
}
