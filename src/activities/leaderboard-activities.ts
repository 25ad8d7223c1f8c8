import { rebuildGlobalBoard } from '../db/boards.ts';
import type { Database } from '../db/database.ts';
import { noteProgress } from '../db/job-progress.ts';
import { closeRescore } from '../db/scoring-change.ts';
import { jobById } from '../db/jobs.ts';
import type { JobLogWriter } from '../log/job-log.ts';
import type { Logger } from '../log/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
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
  readonly metrics: Pick<Metrics, 'jobs' | 'store'>;
}

export function createLeaderboardActivities({ db, jobLog, log, metrics }: LeaderboardDeps): LeaderboardActivities {
  const timed = async <T>(rebuild: () => Promise<T>): Promise<{ readonly rebuilt: T; readonly ms: number }> => {
    const started = performance.now();
    const rebuilt = await whileAlive(rebuild);
    const ms = performance.now() - started;
    metrics.store.rebuilt(ms / 1000);
    return { rebuilt, ms: Math.round(ms) };
  };

  return {
    async rebuildGlobalLeaderboard() {
      // Running twice is harmless: one transaction that derives the board from stored rows; unchanged inputs write nothing.
      const { rebuilt, ms } = await timed(() => rebuildGlobalBoard(db));
      const { people, changed } = rebuilt;
      log.info({ people, changed, ms }, 'global leaderboard recalculated');
      return { people, changed };
    },

    async rescore({ jobId }) {
      // Running twice is harmless: one transaction; boards that have the newest scoring are left alone.
      const { rebuilt, ms } = await timed(() => rebuildGlobalBoard(db));
      const { people, rescored: boards } = rebuilt;
      await noteProgress(db, jobId, { done: boards, total: boards, unit: 'boards' });
      jobLogHere(jobLog, jobId).info('boards scored', { boards, people, ms });
      return { boards, people };
    },

    async closeRescore({ jobId }) {
      // Running twice is harmless: a closed job stays closed, and is said to be.
      const closed = await closeRescore(db, jobId);
      if (closed) {
        jobLogHere(jobLog, jobId).info('job completed');
        const job = await jobById(db, jobId).catch(() => null);
        if (job !== null) metrics.jobs.closed(job);
      }
      return { closed };
    },
  };
}
