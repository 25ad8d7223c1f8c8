import type { ActivityOptions, RetryPolicy } from '@temporalio/workflow';
import type { Pace, TaskQueue } from './contract.ts';

/**
 * Waits of 60, 120 and 180 s after the first, second and third failure, then no more: min(60 s x 2^(n-1), 180 s), four attempts.
 * Changing a figure here changes no history.
 */
export const STEP_RETRY = {
  initialInterval: '60 seconds',
  backoffCoefficient: 2,
  maximumInterval: '180 seconds',
  maximumAttempts: 4,
} as const satisfies RetryPolicy;

/**
 * Options of an activity that does a job's work. It heartbeats: a killed worker is noticed after the heartbeat timeout, not
 * after the hours that `startToClose` allows.
 */
export function stepOptions(startToClose: '15 minutes' | '2 hours', pace: Pace | undefined, taskQueue?: TaskQueue): ActivityOptions {
  return {
    startToCloseTimeout: startToClose,
    heartbeatTimeout: pace?.heartbeatTimeoutMs ?? '10 seconds',
    // Not the SDK's default: cleaning up must not begin while the activity still writes.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: pace === undefined ? STEP_RETRY : { ...STEP_RETRY, initialInterval: pace.initialRetryMs, maximumInterval: pace.maximumRetryMs },
    ...(taskQueue === undefined ? {} : { taskQueue }),
  };
}

/** Options of a step that is paid for, and must not be given up while there is hope: its retries go on for a day. */
export function patientOptions(pace: Pace | undefined): ActivityOptions {
  return {
    ...stepOptions('2 hours', pace),
    scheduleToCloseTimeout: '1 day',
    retry: {
      initialInterval: pace?.initialRetryMs ?? '5 seconds',
      backoffCoefficient: 2,
      maximumInterval: pace?.maximumRetryMs ?? '180 seconds',
    },
  };
}

/**
 * Options of an activity that writes down what has happened: one short statement, repeated until the database is back. Giving
 * up would leave a job unfinished for ever.
 */
export const BOOKKEEPING: ActivityOptions = {
  // It does not heartbeat: this is how long a worker that died in the middle goes unnoticed.
  startToCloseTimeout: '10 seconds',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds' },
};
