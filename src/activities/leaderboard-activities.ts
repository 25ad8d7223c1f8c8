import { rebuildGlobalBoard } from '../db/boards.ts';
import type { Database } from '../db/database.ts';
import { noteProgress } from '../db/job-progress.ts';
import { closeRescore } from '../db/scoring-change.ts';
import type { JobLogWriter } from '../log/job-log.ts';
import type { Logger } from '../log/logger.ts';
import { jobLogHere } from './job-activities.ts';
import { whileAlive } from './liveness.ts';

export interface LeaderboardActivities {
  rebuildGlobalLeaderboard(): Promise<{ readonly people: number; readonly changed: boolean }>;
  rescore(input: { readonly jobId: string }): Promise<{ readonly boards: number; readonly people: number }>;
  closeRescore(input: { readonly jobId: string }): Promise<{ readonly closed: boolean }>;
}

/** What they work with. */
interface LeaderboardDeps {
  readonly db: Database;
  readonly jobLog: JobLogWriter;
  readonly log: Logger;
}

export function createLeaderboardActivities({ db, jobLog, log }: LeaderboardDeps): LeaderboardActivities {
  return {
    async rebuildGlobalLeaderboard() {
      // Running twice is harmless: one transaction that derives the board from stored rows; unchanged inputs write nothing.
      const started = performance.now();
      const { people, changed } = await whileAlive(() => rebuildGlobalBoard(db));
      log.info({ people, changed, ms: Math.round(performance.now() - started) }, 'global leaderboard recalculated');
      return { people, changed };
    },

    async rescore({ jobId }) {
      // Running twice is harmless: one transaction; boards that have the newest scoring are left alone.
      const started = performance.now();
      const { people, rescored: boards } = await whileAlive(() => rebuildGlobalBoard(db));
      await noteProgress(db, jobId, { done: boards, total: boards, unit: 'boards' });
      jobLogHere(jobLog, jobId).info('boards scored', { boards, people, ms: Math.round(performance.now() - started) });
      return { boards, people };
    },

    async closeRescore({ jobId }) {
      // Running twice is harmless: a closed job stays closed, and is said to be.
      const closed = await closeRescore(db, jobId);
      if (closed) jobLogHere(jobLog, jobId).info('job completed');
      return { closed };
    },
  };
}
