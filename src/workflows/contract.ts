import type { SourceName } from '../domain/contribution.ts';

/*
 * What clients and workers agree on: names, ids, queues, messages. Messages carry ids, cursors and counts; rows, logins and
 * e-mails never enter Temporal, whose histories anybody with its Web UI can read.
 */

/** Who polls what: `archive` is polled only where the archive's mirror lies; `enrichment` has a pace of its own. */
export const TASK_QUEUES = { main: 'laurels', archive: 'laurels-archive', enrichment: 'laurels-enrichment' } as const;
export type TaskQueue = (typeof TASK_QUEUES)[keyof typeof TASK_QUEUES];

/** The queue whose workers can read a source. */
export function taskQueueOf(source: SourceName): TaskQueue {
  return source === 'gharchive' ? TASK_QUEUES.archive : TASK_QUEUES.main;
}

/** Workflow types, as the functions in this folder are called. */
export const WORKFLOW_TYPES = {
  scrapeRepository: 'scrapeRepository',
  rescoreBoards: 'rescoreBoards',
  recalculateGlobalLeaderboard: 'recalculateGlobalLeaderboard',
  requestRecalculation: 'requestRecalculation',
  refreshStaleRepositories: 'refreshStaleRepositories',
  pruneOldRecords: 'pruneOldRecords',
  enrichContributor: 'enrichContributor',
  batchEnrichContributors: 'batchEnrichContributors',
  collectBigQuery: 'collectBigQuery',
} as const;

/*
 * A scrape's workflow id, `scrape:owner/name:<job id>` in lower case, is made with the job's row (db/jobs.ts) and read from there.
 */

/** The job whose workflow has this id; null for workflows that do no job. */
export function jobIdIn(workflowId: string): string | null {
  return /:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(workflowId)?.[1] ?? null;
}

/** The one id of the global recalculation: two can never run at once. */
export const GLOBAL_LEADERBOARD_WORKFLOW_ID = 'leaderboard:global';

/** Signal of {@link WORKFLOW_TYPES.recalculateGlobalLeaderboard}: something the global board is made of has changed. */
export const RECALCULATION_REQUESTED = 'recalculationRequested';

/** The one id of the workflow that shares queries of BigQuery. */
export const BIGQUERY_COLLECTOR_WORKFLOW_ID = 'bigquery:collector';

/** Signal of {@link WORKFLOW_TYPES.collectBigQuery}: a scrape wants rows. */
export const EXTRACT_REQUESTED = 'extractRequested';

/** Signal of {@link WORKFLOW_TYPES.scrapeRepository}: its rows are there, or refused. */
export const EXTRACT_SETTLED = 'extractSettled';

/** Query of {@link WORKFLOW_TYPES.scrapeRepository}: what it is doing, a {@link ScrapePhase}. */
export const SCRAPE_PHASE = 'scrapePhase';

/** What a scrape is doing. */
export type ScrapePhase = 'OPENING' | 'IMPORTING' | 'PLANNING' | 'READING' | 'WAITING' | 'PUBLISHING' | 'CLOSING';

/** Intervals in milliseconds in place of the usual ones. Only tests pass them, as part of a workflow's input: nobody waits 60 s there. */
export interface Pace {
  readonly initialRetryMs: number;
  readonly maximumRetryMs: number;
  readonly heartbeatTimeoutMs: number;
}

/** Slices of one source that a scrape reads at the same time. The source itself keeps their requests within its limits. */
export const SLICES_AT_ONCE = 4;

/** Input of the workflows that do a job. */
export interface JobInput {
  readonly jobId: string;
  readonly pace?: Pace;
}

/** What a scrape came to; it is also the job's row. */
export interface ScrapeOutcome {
  readonly contributions: number;
  readonly people: number;
}

/** Input of {@link WORKFLOW_TYPES.collectBigQuery}. */
export interface CollectInput {
  /** How long the first request of a batch waits for others. */
  readonly waitMs: number;
  readonly pace?: Pace;
}

/** Input of {@link WORKFLOW_TYPES.refreshStaleRepositories}. */
export interface RefreshStaleInput {
  /** A repository is stale when its last success is older than this. */
  readonly staleAfterHours: number;
  /** A repository is read as a whole when that last happened longer ago than this. */
  readonly fullScrapeDays: number;
}

/** Input of {@link WORKFLOW_TYPES.pruneOldRecords}: how long log lines, finished jobs and the record of writes are kept. */
export interface PruneInput {
  readonly logDays: number;
  readonly jobDays: number;
  /** Absent in schedules of older versions. */
  readonly auditDays?: number;
}

/** Input of {@link WORKFLOW_TYPES.enrichContributor}: the person's own job, or the batch that it is part of. */
export interface EnrichInput {
  /** `github_user.id`. */
  readonly userId: number;
  readonly jobId?: string;
  readonly batchId?: string;
  readonly pace?: Pace;
}

/** What became of a person in {@link WORKFLOW_TYPES.enrichContributor}; what failed is thrown. */
export type EnrichOutcome = 'enriched' | 'skipped';

/** How far a batch is; `remaining` by `github_user.id`. */
export interface BatchProgress {
  readonly remaining: readonly number[];
  readonly enriched: number;
  readonly skipped: number;
  readonly failed: number;
}

/** Input of {@link WORKFLOW_TYPES.batchEnrichContributors}. */
export interface EnrichBatchInput {
  readonly jobId: string;
  /** People at the same time. */
  readonly width: number;
  /** People of one run; only tests set it. */
  readonly perRun?: number;
  /** Set by the run before. */
  readonly resume?: BatchProgress;
  readonly pace?: Pace;
}
