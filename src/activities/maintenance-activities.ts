import { databaseToday, type Database } from '../db/database.ts';
import { createScrapeJob } from '../db/jobs.ts';
import { prune, staleRepositories } from '../db/stale.ts';
import type { SourceName } from '../domain/contribution.ts';
import { ScrapeAlreadyRunning } from '../domain/errors.ts';
import { DEFAULT_WINDOW, presetWindow } from '../domain/window.ts';
import type { Logger } from '../log/logger.ts';
import type { PruneInput, RefreshStaleInput } from '../workflows/contract.ts';
import { whileAlive } from './liveness.ts';

/** What the hourly refresh came to. */
export interface RefreshReport {
  readonly queued: number;
  /** Stale repositories that have an unfinished job already. */
  readonly skipped: number;
}

export interface MaintenanceActivities {
  queueStaleRepositories(input: RefreshStaleInput): Promise<RefreshReport>;
  prune(input: PruneInput): Promise<void>;
}

/** What maintenance needs; `sourceNames` gives those that can be used now, in order of preference. */
export interface MaintenanceDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly sourceNames: () => readonly SourceName[];
}

const DAY_MS = 86_400_000;

/**
 * What the schedule asks for when a repository is due as a whole. A whole scrape of BigQuery would be billed like the first one, and find what a refresh
 * finds: days of the archive do not change.
 */
function wholeScrapeOf(sources: readonly SourceName[]): Pick<Parameters<typeof createScrapeJob>[1], 'type' | 'sources'> {
  const others = sources.filter((name) => name !== 'bigquery');
  return others.length === 0 ? { type: 'REFRESH', sources } : { type: 'FULL', sources: others };
}

export function createMaintenanceActivities({ db, log, sourceNames }: MaintenanceDeps): MaintenanceActivities {
  return {
    async queueStaleRepositories({ staleAfterHours, fullScrapeDays }) {
      // Running twice is harmless: a repository that has an unfinished job gets no second one (unique index).
      const sources = sourceNames();
      if (sources.length === 0) return { queued: 0, skipped: 0 };
      return await whileAlive(async () => {
        const window = presetWindow(DEFAULT_WINDOW, await databaseToday(db));
        const lastFullBefore = Date.now() - fullScrapeDays * DAY_MS;
        let queued = 0;
        let skipped = 0;
        for (const repository of await staleRepositories(db, staleAfterHours)) {
          if (repository.isSample) continue;
          const isFullDue = repository.lastFullAt === null || repository.lastFullAt.getTime() < lastFullBefore;
          try {
            await createScrapeJob(db, {
              repository,
              ...(isFullDue ? wholeScrapeOf(sources) : { type: 'REFRESH', sources }),
              window,
              requestedBy: 'schedule',
            });
            queued += 1;
          } catch (error) {
            if (!(error instanceof ScrapeAlreadyRunning)) throw error;
            skipped += 1;
          }
        }
        log.info({ queued, skipped }, 'stale repositories queued');
        return { queued, skipped };
      });
    },

    async prune(input) {
      // Running twice is harmless: what is gone is gone.
      await whileAlive(() => prune(db, input));
      log.info({ ...input }, 'old records pruned');
    },
  };
}
