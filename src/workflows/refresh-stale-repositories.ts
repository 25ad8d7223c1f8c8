import { proxyActivities } from '@temporalio/workflow';
import type { DispatchActivities } from '../activities/dispatch-activities.ts';
import type { MaintenanceActivities, RefreshReport } from '../activities/maintenance-activities.ts';
import { BOOKKEEPING, stepOptions } from './activity-options.ts';
import type { Pace, RefreshStaleInput } from './contract.ts';

const { startQueuedJobs } = proxyActivities<DispatchActivities>(BOOKKEEPING);

/** What the hourly schedule starts: one job for every repository whose last success is too old; one that is being scraped is left alone. */
export async function refreshStaleRepositories({ pace, ...input }: RefreshStaleInput & { pace?: Pace }): Promise<RefreshReport> {
  const { queueStaleRepositories } = proxyActivities<MaintenanceActivities>(stepOptions('15 minutes', pace));
  const report = await queueStaleRepositories(input);
  await startQueuedJobs();
  return report;
}
