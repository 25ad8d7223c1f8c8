import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import type { Database } from '../db/database.ts';
import { TASK_QUEUES, WORKFLOW_TYPES, type PruneInput, type RefreshStaleInput } from '../workflows/contract.ts';
import { ifUnlocked } from './advisory-lock.ts';
import type { Engine } from './engine.ts';

export interface SchedulesOptions {
  readonly db: Database;
  readonly refresh: RefreshStaleInput;
  readonly retention: PruneInput;
}

/**
 * Creates the schedules or brings them up to date; an operator's pause and note stay. Other processes that start at the same
 * moment leave it to the first. @throws what Temporal answers when it can't be reached.
 */
export async function ensureSchedules(engine: Pick<Engine, 'client'>, { db, refresh, retention }: SchedulesOptions): Promise<void> {
  await ifUnlocked(db, 'schedules', async () => {
    for (const definition of definitions(refresh, retention)) await ensure(engine, definition);
  });
}

async function ensure({ client: { schedule } }: Pick<Engine, 'client'>, { scheduleId, ...definition }: ScheduleOptions): Promise<void> {
  try {
    await schedule.create({ scheduleId, ...definition });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedule.getHandle(scheduleId).update(({ state }) => ({ ...definition, state }));
  }
}

function definitions(refresh: RefreshStaleInput, retention: PruneInput): readonly ScheduleOptions[] {
  const every = (
    interval: '30 minutes' | '1 hour' | '1 day',
    scheduleId: string,
    workflowType: string,
    args: unknown[],
  ): ScheduleOptions => ({
    scheduleId,
    spec: { intervals: [{ every: interval }], jitter: '1 minute' },
    action: {
      type: 'startWorkflow',
      workflowType,
      workflowId: scheduleId, // the server appends the time
      taskQueue: TASK_QUEUES.main,
      args,
      // With SKIP one run that is stuck would silently stop the schedule.
      workflowExecutionTimeout: interval,
    },
    // After an outage of two days there is one refresh, not forty-eight: the server's default would take every one of a year.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '5 minutes' },
  });
  return [
    every('30 minutes', 'request-recalculation', WORKFLOW_TYPES.requestRecalculation, []),
    every('1 hour', 'refresh-stale-repositories', WORKFLOW_TYPES.refreshStaleRepositories, [refresh]),
    every('1 day', 'prune-old-records', WORKFLOW_TYPES.pruneOldRecords, [retention]),
  ];
}
