import { continueAsNew, defineSignal, proxyActivities, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { LeaderboardActivities } from '../activities/leaderboard-activities.ts';
import { stepOptions } from './activity-options.ts';
import { RECALCULATION_REQUESTED, type Pace } from './contract.ts';

const recalculationRequested = defineSignal(RECALCULATION_REQUESTED);

/** Requests that come this close together share one rebuild. */
const COALESCE_MS = 2_000;

/**
 * Rebuilds the global board for everybody who asked. It lives under one id and is reached by signal-with-start: a burst of
 * scrapes is one rebuild, two rebuilds never overlap, and a request that arrives during a rebuild gets one of its own.
 */
export async function recalculateGlobalLeaderboard({
  pace,
  coalesceMs = COALESCE_MS,
}: { pace?: Pace; coalesceMs?: number } = {}): Promise<void> {
  let unserved = 0;
  setHandler(recalculationRequested, () => {
    unserved += 1;
  });
  const { rebuildGlobalLeaderboard } = proxyActivities<LeaderboardActivities>(stepOptions('15 minutes', pace));
  do {
    await sleep(coalesceMs);
    unserved = 0; // all that were seen so far are answered by the rebuild that starts now
    await rebuildGlobalLeaderboard();
    if (unserved > 0 && workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof recalculateGlobalLeaderboard>({ ...(pace === undefined ? {} : { pace }), coalesceMs });
    }
  } while (unserved > 0);
}
