import { getBigQueryUsage } from './contract/bigquery.ts';
import type { Endpoint } from './contract/endpoint.ts';
import { cancelJob, getJob, getJobLogs, listJobs } from './contract/jobs.ts';
import { getGlobalBoard, getRepositoryBoard, recalculateBoards } from './contract/leaderboards.ts';
import {
  addRepository,
  deleteRepository,
  getCoverage,
  getRepository,
  listRepositories,
  refreshRepository,
  scrapeRepository,
} from './contract/repositories.ts';
import { deleteSample, getHealth, getIndex, getReadiness, getScoring } from './contract/system.ts';

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
  getScoring,
  getBigQueryUsage,
  deleteSample,
  getIndex,
  getHealth,
  getReadiness,
} as const satisfies Readonly<Record<string, Endpoint>>;

export type Contract = typeof CONTRACT;
export type EndpointName = keyof Contract;

/** The path of the live log stream, the one thing that is not request and answer. */
export const LOG_STREAM_PATH = '/dashboard/ws/logs';
