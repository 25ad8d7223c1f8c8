import { createSession, endSession, getSession, listAudit } from './contract/access.ts';
import { getContributorBadge, getRepositoryBadge } from './contract/badges.ts';
import { getAvatar } from './contract/avatars.ts';
import { compareBoards } from './contract/compare.ts';
import {
  getContributor,
  getContributorActivity,
  getContributorRanks,
  getContributorRepositories,
  getContributorSeries,
  listContributors,
} from './contract/contributors.ts';
import { getStatistics, listErrors } from './contract/dashboard.ts';
import { getBigQueryUsage } from './contract/bigquery.ts';
import type { Endpoint } from './contract/endpoint.ts';
import { enrichContributor, enrichContributors, getContributorEnrichment } from './contract/enrichment.ts';
import { cancelJob, getJob, getJobLogs, listJobs, retryJob } from './contract/jobs.ts';
import { getGlobalBoard, getRepositoryBoard, recalculateBoards } from './contract/leaderboards.ts';
import {
  eraseContributor,
  getContributorIdentities,
  hideContributor,
  listIdentitySuggestions,
  mergeContributors,
  setContributorKind,
  showContributor,
  splitContributor,
} from './contract/people.ts';
import {
  addRepository,
  deleteRepository,
  getCoverage,
  getRepository,
  listRepositories,
  refreshRepository,
  scrapeRepository,
} from './contract/repositories.ts';
import { search } from './contract/search.ts';
import { getContributorScore } from './contract/scores.ts';
import { getScoring, listScorings, previewScoring, putScoring, restoreScoring } from './contract/scoring.ts';
import { deleteSample, getHealth, getIndex, getMetrics, getOpenApi, getReadiness } from './contract/system.ts';

/** The API: every endpoint, by the name of its handler. Validation, types and the OpenAPI description come from here. */
export const CONTRACT = {
  addRepository,
  listRepositories,
  getRepository,
  deleteRepository,
  refreshRepository,
  scrapeRepository,
  getCoverage,
  getGlobalBoard,
  getRepositoryBoard,
  recalculateBoards,
  listJobs,
  getJob,
  getJobLogs,
  cancelJob,
  retryJob,
  compareBoards,
  listContributors,
  getContributor,
  getContributorActivity,
  getContributorRepositories,
  getContributorSeries,
  getContributorRanks,
  search,
  getStatistics,
  listErrors,
  getAvatar,
  setContributorKind,
  getContributorIdentities,
  mergeContributors,
  splitContributor,
  listIdentitySuggestions,
  hideContributor,
  showContributor,
  eraseContributor,
  getContributorEnrichment,
  enrichContributor,
  enrichContributors,
  getContributorScore,
  getScoring,
  putScoring,
  previewScoring,
  listScorings,
  restoreScoring,
  getBigQueryUsage,
  deleteSample,
  createSession,
  getSession,
  endSession,
  listAudit,
  getRepositoryBadge,
  getContributorBadge,
  getOpenApi,
  getIndex,
  getHealth,
  getReadiness,
  getMetrics,
} as const satisfies Readonly<Record<string, Endpoint>>;

export type Contract = typeof CONTRACT;
export type EndpointName = keyof Contract;

/** The path of the live log stream, the one thing that is not request and answer. */
export const LOG_STREAM_PATH = '/dashboard/ws/logs';
