import { CancellationScope, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { JobActivities } from '../activities/job-activities.ts';
import type { LeaderboardActivities } from '../activities/leaderboard-activities.ts';
import { BOOKKEEPING, stepOptions } from './activity-options.ts';
import { cancellationOf, isCancelled } from './cancellation.ts';
import type { JobInput } from './contract.ts';
import { reasonOf } from './failure-message.ts';

const books = proxyActivities<Pick<JobActivities, 'openJob' | 'closeJob'> & Pick<LeaderboardActivities, 'closeRescore'>>(BOOKKEEPING);

/**
 * Has every board follow the newest scoring. A scoring that is saved while it works is worked off by the same job: it is closed only
 * when no board is behind.
 */
export async function rescoreBoards({ jobId, pace }: JobInput): Promise<void> {
  const { rescore } = proxyActivities<Pick<LeaderboardActivities, 'rescore'>>(stepOptions('15 minutes', pace));
  try {
    await books.openJob({ jobId, runId: workflowInfo().runId });
    do {
      await rescore({ jobId });
    } while (!(await books.closeRescore({ jobId })).closed);
  } catch (error) {
    const wasCancelled = isCancelled(error);
    await CancellationScope.nonCancellable(() =>
      books.closeJob(
        wasCancelled ? { jobId, status: 'CANCELLED' } : { jobId, status: 'FAILED', ...reasonOf(error, 'scoring the boards anew') },
      ),
    );
    throw wasCancelled ? cancellationOf(error) : error;
  }
}
