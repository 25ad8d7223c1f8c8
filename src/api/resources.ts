import type { StoredJob } from '../db/jobs.ts';
import type { LogLine } from '../db/job-log.ts';
import type { StoredRepository } from '../db/repositories.ts';
import { etaOf } from '../domain/eta.ts';
import { isUnfinished } from '../domain/job-status.ts';
import { fullNameOf, type RepositoryName } from '../domain/repository-name.ts';
import type { LiveStatus } from '../temporal/engine.ts';
import { LOG_LEVELS, type JobReference, type JobResource, type LogLevel, type LogLineResource } from './contract/jobs.ts';
import type { RepositoryResource } from './contract/repositories.ts';

const iso = (moment: Date | null): string | null => moment?.toISOString() ?? null;

const pathOfName = ({ owner, name }: RepositoryName): string => `${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;

/** Where a repository is in the API. */
export function repositoryPath(name: RepositoryName): string {
  return `/api/v1/repositories/${pathOfName(name)}`;
}

/** Where a repository's board is in the API. */
export function leaderboardPath(name: RepositoryName): string {
  return `/api/v1/leaderboard/${pathOfName(name)}`;
}

/** Where a job is in the API. */
export function jobPath(id: string): string {
  return `/api/v1/jobs/${id}`;
}

/** A stored repository as JSON. */
export function repositoryResourceOf(repository: StoredRepository): RepositoryResource {
  const self = repositoryPath(repository);
  return {
    owner: repository.owner,
    name: repository.name,
    full_name: fullNameOf(repository),
    github_id: repository.githubId,
    description: repository.description,
    stars: repository.stars,
    forks: repository.forks,
    default_branch: repository.defaultBranch,
    is_sample: repository.isSample,
    status: repository.status,
    last_scraped_at: iso(repository.lastScrapedAt),
    last_full_at: iso(repository.lastFullAt),
    created_at: repository.createdAt.toISOString(),
    links: {
      self,
      leaderboard: leaderboardPath(repository),
      coverage: `${self}/coverage`,
      jobs: `/api/v1/jobs?repository=${pathOfName(repository)}`,
    },
  };
}

/** A dispatched job that no worker has taken after this long is said to wait for one. */
const WORKER_OVERDUE_MS = 30_000;

/**
 * A stored job as JSON. `live` is what Temporal says of it, or null; it wins over the row, as a worker that was killed wrote none.
 * @param temporalUrl the workflow's page in the Web UI.
 */
export function jobResourceOf(job: StoredJob, live: LiveStatus | null, temporalUrl: string | null): JobResource {
  const unfinished = isUnfinished(job.status);
  const running = unfinished && live?.state === 'running' ? live : null;
  const retrying = running?.retrying ?? job.status === 'RETRYING';
  const status = running === null || job.status === 'QUEUED' ? job.status : running.retrying ? 'RETRYING' : 'RUNNING';
  const lacksWorker = job.status === 'QUEUED' && job.dispatchedAt !== null && Date.now() - job.dispatchedAt.getTime() > WORKER_OVERDUE_MS;
  const nextRetryAt = retrying && unfinished ? (running?.nextRetryAt ?? job.nextRetryAt) : null;
  const message = (running?.retrying === true ? running.lastError : null) ?? job.errorMessage;
  return {
    id: job.id,
    type: job.type,
    status,
    phase: job.phase,
    repository: job.repositoryName === '' ? null : job.repositoryName,
    sources: [...job.sources],
    window: { since: job.window.since, until: job.window.until },
    requested_by: job.requestedBy,
    retry_of: job.retryOf,
    progress: { done: job.done, total: job.total, unit: job.unit, eta: iso(unfinished ? readingEndOf(job, nextRetryAt) : null) },
    plan_note: job.planNote,
    attempt: running === null ? job.attempt : Math.max(running.attempt, job.status === 'QUEUED' ? 0 : 1),
    next_retry_at: iso(nextRetryAt),
    waiting_until: unfinished ? iso(job.waitingUntil) : null,
    waiting_for: unfinished ? (job.waitingFor ?? (lacksWorker ? 'a worker: none has taken this job yet' : null)) : null,
    starting: job.status === 'QUEUED' && job.dispatchedAt !== null,
    events_processed: job.eventsProcessed,
    people: job.people,
    complete: job.complete,
    incomplete: job.incomplete.map(({ kind, month, reason }) => ({ kind, month, reason })),
    error: message === null ? null : { code: job.errorCode ?? 'attempt_failed', message },
    cancel_requested_at: iso(job.cancelRequestedAt),
    created_at: job.createdAt.toISOString(),
    started_at: iso(job.startedAt),
    completed_at: iso(job.completedAt),
    links: {
      self: jobPath(job.id),
      logs: `${jobPath(job.id)}/logs`,
      cancel: unfinished ? `${jobPath(job.id)}/cancel` : null,
      repository: job.repositoryId === null ? null : `/api/v1/repositories/${job.repositoryName}`,
      temporal: job.dispatchedAt === null ? null : temporalUrl,
    },
  };
}

/** When the source a job reads now will be read; null while it reads none, or is to end before. */
function readingEndOf(job: StoredJob, nextRetryAt: Date | null): Date | null {
  if (job.phase !== 'READING' || job.cancelRequestedAt !== null) return null;
  const { done, total, readingSince: since, readingFrom: from, waitedSeconds, waitingSince, waitingUntil, planEstimate: planned } = job;
  return etaOf({ done, total, since, from, waitedSeconds, waitingSince, waitingUntil, nextRetryAt, planned }, new Date());
}

/** A job as a 409 names it. */
export function jobReferenceOf(job: StoredJob): JobReference {
  return { id: job.id, status: job.status, url: jobPath(job.id) };
}

const LEVELS_BY_NUMBER = (Object.entries(LOG_LEVELS) as [LogLevel, number][]).toReversed();

/** A stored log line as JSON. */
export function logLineOf(line: LogLine): LogLineResource {
  const [level] = LEVELS_BY_NUMBER.find(([, number]) => line.level >= number) ?? (['trace'] as const);
  return {
    id: line.id,
    job_id: line.jobId,
    seq: line.seq,
    at: line.at.toISOString(),
    level,
    message: line.message,
    fields: { ...line.fields },
  };
}
