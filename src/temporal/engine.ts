import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  isGrpcServiceError,
  type WorkflowClientInterceptor,
} from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { StoredJob } from '../db/jobs.ts';
import { ServiceUnavailable } from '../domain/errors.ts';
import type { JobType } from '../domain/job-status.ts';
import {
  BIGQUERY_COLLECTOR_WORKFLOW_ID,
  EXTRACT_REQUESTED,
  GLOBAL_LEADERBOARD_WORKFLOW_ID,
  RECALCULATION_REQUESTED,
  TASK_QUEUES,
  WORKFLOW_TYPES,
  type CollectInput,
  type EnrichBatchInput,
  type EnrichInput,
  type JobInput,
  type Pace,
} from '../workflows/contract.ts';
import { dateOf, GONE, liveStatusOf, type LiveStatus } from './live-status.ts';
import type { TemporalServer } from './server-address.ts';

export type { LiveStatus } from './live-status.ts';

/** The client side of Temporal. Constructing it needs no server. */
export interface Engine {
  readonly client: Client;
  /** Starts the job's workflow; may be repeated: a started one, running or closed, is left alone. @throws ServiceUnavailable after 3 s. */
  startJob(job: StartableJob): Promise<void>;
  /** Asks the workflow to cancel; `unknown` when Temporal has no such workflow. Repeating it is harmless. @throws ServiceUnavailable */
  cancelJob(job: WorkflowOfJob): Promise<'requested' | 'unknown'>;
  /** Null when Temporal can't be reached. */
  liveStatus(job: WorkflowOfJob): Promise<LiveStatus | null>;
  /** Asks for a rebuild of the global board; requests that come together share one. @throws ServiceUnavailable */
  requestRecalculation(): Promise<void>;
  /** Asks for rows of BigQuery; requests that come within `waitMs` share one query. @throws ServiceUnavailable */
  requestBigQuery(waitMs: number): Promise<void>;
  isReachable(): Promise<boolean>;
  /** When a worker last asked for workflow tasks, by Temporal's clock; null: none has in the last minutes. @throws ServiceUnavailable */
  workersSeenAt(): Promise<Date | null>;
  /** The workflow's page in Temporal's Web UI; null without a Web UI. */
  workflowUrl(workflowId: string, runId: string | null): string | null;
  close(): Promise<void>;
}

export type StartableJob = Pick<StoredJob, 'id' | 'workflowId' | 'repositoryName' | 'type' | 'userId' | 'window' | 'sources'>;
type WorkflowOfJob = Pick<StoredJob, 'workflowId'>;

export interface EngineOptions extends TemporalServer {
  /** Base of Temporal's Web UI, without a path. */
  readonly uiUrl: string | null;
  /** Join workflows to the traces of those who start them. */
  readonly interceptors?: readonly WorkflowClientInterceptor[];
  /** Shorter waits for the jobs this engine starts. Only tests set it. */
  readonly pace?: Pace;
}

/** A caller of the API waits for this; what was not started in time the reconciler starts. */
const DEADLINE_MS = 3_000;
const RETRY_MS = 200;
/** The backstop for a workflow that can't go on: longer than any wait for a rate limit. */
const JOB_LIMIT = '7 days';

/** The workflow that does a job; IMPORT is done where the files are, without one. */
const WORKFLOW_OF: Readonly<Partial<Record<JobType, string>>> = {
  FULL: WORKFLOW_TYPES.scrapeRepository,
  REFRESH: WORKFLOW_TYPES.scrapeRepository,
  ENRICH: WORKFLOW_TYPES.enrichContributor,
  ENRICH_BATCH: WORKFLOW_TYPES.batchEnrichContributors,
  RESCORE: WORKFLOW_TYPES.rescoreBoards,
};
/** People who are enriched at the same time. */
const ENRICHMENT_WIDTH = 5;

/** `temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW`. */
const WORKFLOW_TASKS: number = 1;
/** gRPC's status code. */
const UNAVAILABLE = 14;

const JOB_KIND = defineSearchAttributeKey('JobKind', 'KEYWORD');
const REPOSITORY = defineSearchAttributeKey('Repository', 'KEYWORD');

/** Makes an engine; it connects at the first call and reconnects by itself. */
export function connectEngine({ address, namespace, apiKey, tls, uiUrl, interceptors = [], pace }: EngineOptions): Engine {
  const connection = Connection.lazy({
    address,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(tls === undefined ? {} : { tls }),
    // The SDK's own retries go on past a deadline, and throw into the void when the connection is closed meanwhile: `ask` has its own.
    interceptors: [],
    // gRPC's own back-off grows to two minutes: a Temporal that is back would seem to be away.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
  const client = new Client({ connection, namespace, interceptors: { workflow: [...interceptors] } });
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

  const start = async (job: StartableJob, withSearchAttributes: boolean): Promise<void> => {
    const workflowType = WORKFLOW_OF[job.type];
    if (workflowType === undefined) throw new Error(`No workflow does a job of type ${job.type}`);
    await ask(() =>
      client.workflow.start(workflowType, {
        workflowId: job.workflowId,
        taskQueue: TASK_QUEUES.main,
        args: [inputOf(job, pace)],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowExecutionTimeout: JOB_LIMIT,
        memo: { jobId: job.id },
        staticSummary: summaryOf(job),
        ...(withSearchAttributes
          ? {
              typedSearchAttributes: [
                { key: JOB_KIND, value: job.type },
                ...(job.repositoryName === '' ? [] : [{ key: REPOSITORY, value: job.repositoryName.toLowerCase() }]),
              ],
            }
          : {}),
      }),
    );
  };

  return {
    client,

    async startJob(job) {
      // As it was when this start began: others that began with it may have learnt it meanwhile.
      const withSearchAttributes = knowsSearchAttributes;
      try {
        await start(job, withSearchAttributes);
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return;
        if (!lacksSearchAttributes(error) || !withSearchAttributes) throw error;
        // A server that nobody has told about our attributes: the Web UI can't filter by them, the scrape runs all the same.
        knowsSearchAttributes = false;
        await this.startJob(job);
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

    async requestBigQuery(waitMs) {
      const input: CollectInput = { waitMs, ...(pace === undefined ? {} : { pace }) };
      await ask(() =>
        client.workflow.signalWithStart(WORKFLOW_TYPES.collectBigQuery, {
          workflowId: BIGQUERY_COLLECTOR_WORKFLOW_ID,
          taskQueue: TASK_QUEUES.main,
          signal: EXTRACT_REQUESTED,
          args: [input],
          staticSummary: 'BigQuery queries',
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

    async workersSeenAt() {
      const taskQueue = { name: TASK_QUEUES.main };
      const { pollers } = await ask(() =>
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in a package of which only the SDK knows
        connection.workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: WORKFLOW_TASKS }),
      );
      const seen = (pollers ?? []).flatMap(({ lastAccessTime }) => dateOf(lastAccessTime)?.getTime() ?? []);
      return seen.length === 0 ? null : new Date(Math.max(...seen));
    },

    workflowUrl(workflowId, runId) {
      if (uiUrl === null) return null;
      const run = runId === null ? '' : `/${encodeURIComponent(runId)}`;
      return `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}${run}`;
    },

    close: () => connection.close(),
  };
}

function inputOf({ id, type, userId }: StartableJob, pace: Pace | undefined): JobInput | EnrichInput | EnrichBatchInput {
  const input: JobInput = { jobId: id, ...(pace === undefined ? {} : { pace }) };
  if (type === 'ENRICH_BATCH') return { ...input, width: ENRICHMENT_WIDTH };
  // A person who was erased has no number any more: the workflow finds nobody and closes the job.
  return type === 'ENRICH' ? { ...input, userId: userId ?? 0 } : input;
}

function summaryOf({ type, window, sources }: StartableJob): string {
  if (type === 'ENRICH') return 'Enrichment of one person';
  if (type === 'ENRICH_BATCH') return 'Enrichment of many people';
  if (type !== 'FULL' && type !== 'REFRESH') return type;
  return `${type} scrape, ${window.since} to ${window.until}, from ${sources.join(', ')}`;
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
