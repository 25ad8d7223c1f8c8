import { RetryState } from '@temporalio/common';
import { ActivityFailure, CancellationScope, CancelledFailure, isCancellation } from '@temporalio/workflow';

/**
 * Whether a step ended because the workflow was cancelled: it says so, or it failed otherwise (its worker is gone and can't say
 * anything) and is tried no more for that reason.
 */
export function isCancelled(error: unknown): boolean {
  if (!CancellationScope.current().consideredCancelled) return false;
  return isCancellation(error) || (error instanceof ActivityFailure && error.retryState === RetryState.CANCEL_REQUESTED);
}

/** What a workflow that was cancelled ends with, so that Temporal shows it as cancelled. */
export function cancellationOf(error: unknown): unknown {
  return isCancellation(error) ? error : new CancelledFailure('The job was cancelled');
}
