/** What the worker's bundle holds; the names are those of `WORKFLOW_TYPES`. */
export { batchEnrichContributors } from './batch-enrich-contributors.ts';
export { enrichContributor } from './enrich-contributor.ts';
export { collectBigQuery } from './collect-bigquery.ts';
export { pruneOldRecords } from './prune-old-records.ts';
export { recalculateGlobalLeaderboard } from './recalculate-global-leaderboard.ts';
export { refreshStaleRepositories } from './refresh-stale-repositories.ts';
export { requestRecalculation } from './request-recalculation.ts';
export { rescoreBoards } from './rescore-boards.ts';
export { scrapeRepository } from './scrape-repository.ts';
