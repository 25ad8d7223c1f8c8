import type { WorkflowExecutionDescription } from '@temporalio/client';

/** What Temporal says of a job at this moment; it is right where the job's row differs, as a killed worker writes no row. */
export interface LiveStatus {
  readonly state: 'running' | 'closed' | 'not_found';
  /** A step has failed and waits for its next attempt. */
  readonly retrying: boolean;
  /** Of the step under way, 1 when none is. */
  readonly attempt: number;
  readonly nextRetryAt: Date | null;
  readonly lastError: string | null;
  /** Temporal's status of a closed workflow: COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  readonly closedAs?: string;
}

const CALM = { retrying: false, attempt: 1, nextRetryAt: null, lastError: null } as const;

/** Of a job whose workflow Temporal does not know: never started, or forgotten. */
export const GONE: LiveStatus = { state: 'not_found', ...CALM };

/** `temporal.api.enums.v1.PendingActivityState.SCHEDULED`: waits for a worker, or for the time of its next attempt. */
const SCHEDULED: number = 1;

/** Reads a workflow's description. Between two attempts history holds no event: only the pending activities know. */
export function liveStatusOf({ status, raw }: Pick<WorkflowExecutionDescription, 'status' | 'raw'>): LiveStatus {
  if (status.name !== 'RUNNING') return { state: 'closed', ...CALM, closedAs: status.name };
  const isWaiting = (state: number | null | undefined): boolean => state === SCHEDULED;
  const tried = (raw.pendingActivities ?? []).filter(({ attempt }) => (attempt ?? 1) > 1);
  const step = tried.find(({ state }) => isWaiting(state)) ?? tried[0];
  if (step === undefined) return { state: 'running', ...CALM };
  const retrying = isWaiting(step.state);
  return {
    state: 'running',
    retrying,
    attempt: step.attempt ?? 1,
    nextRetryAt: retrying ? dateOf(step.scheduledTime) : null,
    lastError: step.lastFailure?.message ?? null,
  };
}

/** A protobuf timestamp. */
export function dateOf(time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined): Date | null {
  return time === null || time === undefined ? null : new Date(Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1e6);
}
