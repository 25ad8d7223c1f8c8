import { rebuildGlobalBoard } from '../db/boards.ts';
import type { Database } from '../db/database.ts';
import type { Logger } from '../log/logger.ts';
import { whileAlive } from './liveness.ts';

export interface LeaderboardActivities {
  rebuildGlobalLeaderboard(): Promise<{ readonly people: number; readonly changed: boolean }>;
}

export function createLeaderboardActivities({ db, log }: { readonly db: Database; readonly log: Logger }): LeaderboardActivities {
  return {
    async rebuildGlobalLeaderboard() {
      // Running twice is harmless: one transaction that derives the board from stored rows; unchanged inputs write nothing.
      const started = performance.now();
      const { people, changed } = await whileAlive(() => rebuildGlobalBoard(db));
      log.info({ people, changed, ms: Math.round(performance.now() - started) }, 'global leaderboard recalculated');
      return { people, changed };
    },
  };
}
