import { proxyActivities } from '@temporalio/workflow';
import type { DispatchActivities } from '../activities/dispatch-activities.ts';
import { BOOKKEEPING } from './activity-options.ts';

const { requestGlobalRecalculation } = proxyActivities<DispatchActivities>(BOOKKEEPING);

/** What the half-hourly schedule starts: a schedule can't address a fixed workflow id, an activity can. */
export async function requestRecalculation(): Promise<void> {
  await requestGlobalRecalculation();
}
