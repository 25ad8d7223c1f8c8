import { proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities } from '../activities/maintenance-activities.ts';
import { stepOptions } from './activity-options.ts';
import type { Pace, PruneInput } from './contract.ts';

/** What the daily schedule starts: log lines, finished jobs and dead staging that are older than anybody asks for go. */
export async function pruneOldRecords({ pace, ...input }: PruneInput & { pace?: Pace }): Promise<void> {
  const { prune } = proxyActivities<MaintenanceActivities>(stepOptions('15 minutes', pace));
  await prune(input);
}
