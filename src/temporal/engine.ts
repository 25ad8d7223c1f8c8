import { Client, Connection, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, isGrpcServiceError } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { StoredJob } from '../db/jobs.ts';
import { ServiceUnavailable } from '../domain/errors.ts';
import {
  GLOBAL_LEADERBOARD_WORKFLOW_ID,
  RECALCULATION_REQUESTED,
  TASK_QUEUES,
  WORKFLOW_TYPES,
  type EnrichBatchInput,
  type EnrichInput,
  type Pace,
  type ScrapeInput,
} from '../workflows/contract.ts';
import { GONE, liveStatusOf, type LiveStatus } from './live-status.ts';
import type { TemporalServer } from './server-address.ts';

export type { LiveStatus } from './live-status.ts';

/** The client side of Temporal. Constructing it needs no server. */
export interface Engine {
  readonly client: Client;
  /** Starts the job's workflow; may be repeated: a started one, running or closed, is left alone. @throws ServiceUnavailable after 3 s. */
  startScrape(job: StartableJob): Promise<void>;
  /** The same for a job that enriches one person or many. */
  startEnrichment(job: StartableEnrichment): Promise<void>;
  /** Asks the workflow to cancel; `unknown` when Temporal has no such workflow. Repeating it is harmless. @throws ServiceUnavailable */
  cancelJob(job: WorkflowOfJob): Promise<'requested' | 'unknown'>;
  /** Null when Temporal can't be reached. */
  liveStatus(job: WorkflowOfJob): Promise<LiveStatus | null>;
  /** Asks for a rebuild of the global board; requests that come together share one. @throws ServiceUnavailable */
  requestRecalculation(): Promise<void>;
  isReachable(): Promise<boolean>;
  /** The workflow's page in Temporal's Web UI; null without a Web UI. */
  workflowUrl(workflowId: string, runId: string | null): string | null;
  close(): Promise<void>;
}

export type StartableJob = Pick<StoredJob, 'id' | 'workflowId' | 'repositoryName' | 'type' | 'window' | 'sources'>;
type StartableEnrichment = Pick<StoredJob, 'id' | 'workflowId' | 'type' | 'userId'>;
type WorkflowOfJob = Pick<StoredJob, 'workflowId'>;

export interface EngineOptions extends TemporalServer {
  /** Base of Temporal's Web UI, without a path. */
  readonly uiUrl: string | null;
  /** Shorter waits for the scrapes this engine starts. Only tests set it. */
  readonly pace?: Pace;
}

/** A caller of the API waits for this; what was not started in time the reconciler starts. */
const DEADLINE_MS = 3_000;
const RETRY_MS = 200;
/** The backstop for a workflow that can't go on: longer than any wait for a rate limit. */
const SCRAPE_LIMIT = '7 days';
/** People who are enriched at the same time. */
const ENRICHMENT_WIDTH = 5;

/** gRPC's status code. */
const UNAVAILABLE = 14;

const JOB_KIND = defineSearchAttributeKey('JobKind', 'KEYWORD');
const REPOSITORY = defineSearchAttributeKey('Repository', 'KEYWORD');

/** Makes an engine; it connects at the first call and reconnects by itself. */
export function connectEngine({ address, namespace, apiKey, tls, uiUrl, pace }: EngineOptions): Engine {
  const connection = Connection.lazy({
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls }),
    // The SDK's own retries go on past a deadline, and throw into the void when the connection is closed meanwhile: `ask` has its own.
    interceptors: [],
    // gRPC's own back-off grows to two minutes: a Temporal that is back would seem to be away.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
  const client = new Client({ connection, namespace });
  let knowsSearchAttributes = true;

  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      try {
        return await client.withDeadline(deadline, call);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError || lacksSearchAttributes(error))
          throw error;
        if (!isUnavailable(error) || Date.now() + RETRY_MS > deadline) throw new ServiceUnavailable('Temporal', error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };

  const start = async (job: StartableJob): Promise<void> => {
    const input: ScrapeInput = { jobId: job.id, ...(pace === undefined ? {} : { pace }) };
    await ask(() =>
      client.workflow.start(WORKFLOW_TYPES.scrapeRepository, {
        workflowId: job.workflowId,
        taskQueue: TASK_QUEUES.main,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowExecutionTimeout: SCRAPE_LIMIT,
        memo: { jobId: job.id },
        staticSummary: `${job.type} scrape, ${job.window.since} to ${job.window.until}, from ${job.sources.join(', ')}`,
        ...(knowsSearchAttributes
          ? {
              typedSearchAttributes: [
                { key: JOB_KIND, value: job.type },
                { key: REPOSITORY, value: job.repositoryName.toLowerCase() },
              ],
            }
          : {}),
      }),
    );
  };

  return {
    client,

    async startScrape(job) {
      try {
        await start(job);
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return;
        if (!lacksSearchAttributes(error) || !knowsSearchAttributes) throw error;
        // A server that nobody has told about our attributes: the Web UI can't filter by them, the scrape runs all the same.
        knowsSearchAttributes = false;
        await this.startScrape(job);
      }
    },

    async startEnrichment({ id, workflowId, type, userId }) {
      const own = pace === undefined ? {} : { pace };
      const batch: EnrichBatchInput = { jobId: id, width: ENRICHMENT_WIDTH, ...own };
      // A person who was erased has no number any more: the workflow finds nobody and closes the job.
      const one: EnrichInput = { jobId: id, userId: userId ?? 0, ...own };
      const isBatch = type === 'ENRICH_BATCH';
      try {
        await ask(() =>
          client.workflow.start(isBatch ? WORKFLOW_TYPES.batchEnrichContributors : WORKFLOW_TYPES.enrichContributor, {
            workflowId,
            taskQueue: TASK_QUEUES.main,
            args: [isBatch ? batch : one],
            workflowIdConflictPolicy: 'USE_EXISTING',
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            workflowExecutionTimeout: SCRAPE_LIMIT,
            memo: { jobId: id },
            staticSummary: isBatch ? 'Enrichment of many people' : 'Enrichment of one person',
          }),
        );
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    async cancelJob({ workflowId }) {
      try {
        await ask(() => client.workflow.getHandle(workflowId).cancel());
        return 'requested';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'unknown';
        throw error;
      }
    },

    async liveStatus({ workflowId }) {
      try {
        return liveStatusOf(await ask(() => client.workflow.getHandle(workflowId).describe()));
      } catch (error) {
        return error instanceof WorkflowNotFoundError ? GONE : null;
      }
    },

    async requestRecalculation() {
      await ask(() =>
        client.workflow.signalWithStart(WORKFLOW_TYPES.recalculateGlobalLeaderboard, {
          workflowId: GLOBAL_LEADERBOARD_WORKFLOW_ID,
          taskQueue: TASK_QUEUES.main,
          signal: RECALCULATION_REQUESTED,
          args: [pace === undefined ? {} : { pace }],
          staticSummary: 'Global leaderboard',
        }),
      );
    },

    async isReachable() {
      try {
        await ask(() => connection.workflowService.getSystemInfo({}));
        return true;
      } catch {
        return false;
      }
    },

    workflowUrl(workflowId, runId) {
      if (uiUrl === null) return null;
      const run = runId === null ? '' : `/${encodeURIComponent(runId)}`;
      return `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}${run}`;
    },

    close: () => connection.close(),
  };
}

function lacksSearchAttributes(error: unknown): boolean {
  return causesOf(error).some(({ message }) => /no mapping defined for search attribute|search attribute .* is not defined/i.test(message));
}

/** A connection that broke or is not there yet: the next try may find it. */
function isUnavailable(error: unknown): boolean {
  const codes: readonly number[] = causesOf(error).flatMap((cause) => (isGrpcServiceError(cause) ? [cause.code] : []));
  return codes.includes(UNAVAILABLE);
}

function causesOf(error: unknown): readonly Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}
