/** What the worker's bundle holds; the names are those of `WORKFLOW_TYPES`. */
export { collectBigQuery } from './collect-bigquery.ts';
export { pruneOldRecords } from './prune-old-records.ts';
export { recalculateGlobalLeaderboard } from './recalculate-global-leaderboard.ts';
export { refreshStaleRepositories } from './refresh-stale-repositories.ts';
export { requestRecalculation } from './request-recalculation.ts';
export { scrapeRepository } from './scrape-repository.ts';
