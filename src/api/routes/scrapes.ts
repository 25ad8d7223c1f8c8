import { databaseToday } from '../../db/database.ts';
import { createScrapeJob, jobById, type StoredJob } from '../../db/jobs.ts';
import { repositoryById, type StoredRepository } from '../../db/repositories.ts';
import { watermarksOf } from '../../db/sync-cursors.ts';
import type { SourceName } from '../../domain/contribution.ts';
import { AppError, InvalidInput, NoSourceConfigured, RepositoryNotFound, ScrapeAlreadyRunning } from '../../domain/errors.ts';
import { isUnfinished, type ScrapeType } from '../../domain/job-status.ts';
import { fullNameOf, type RepositoryName } from '../../domain/repository-name.ts';
import { windowOf, type Window } from '../../domain/window.ts';
import type { ContributionSource, Estimate } from '../../sources/contribution-source.ts';
import { dispatchQueuedJobs } from '../../temporal/dispatch.ts';
import type { ScrapePlan } from '../contract/repositories.ts';
import type { ApiDeps } from '../deps.ts';
import { within } from '../deadline.ts';
import { factsOf } from '../github-facts.ts';
import { showAccepted } from '../job-view.ts';
import { repositoryOf } from '../named-repository.ts';
import { jobPath, jobReferenceOf } from '../resources.ts';
import type { Exchange, Handlers } from '../routing.ts';

/** The answer does not wait longer for Temporal; the reconciler starts what was not started. */
const START_DEADLINE_MS = 3_000;
const PLAN_DEADLINE_MS = 20_000;

interface ScrapeRequest {
  readonly repository: StoredRepository;
  readonly type: ScrapeType;
  readonly sources: readonly ContributionSource[];
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly requestedBy: string;
}

/**
 * The sources that serve a request, in the order of preference that is configured.
 * @throws NoSourceConfigured when there is none, or one that is asked for by name is not there.
 */
export function sourcesFor(
  { availableSources, preferredSources }: ApiDeps,
  wanted: readonly SourceName[] | undefined,
): readonly ContributionSource[] {
  const available = wanted === undefined ? preferredSources() : availableSources();
  const names = available.map(({ name }) => name);
  const missing = wanted?.filter((name) => !names.includes(name)) ?? [];
  if (available.length > 0 && missing.length === 0) return available.filter(({ name }) => wanted?.includes(name) ?? true);
  const what =
    available.length === 0 ? 'No source is configured' : `Not configured: ${missing.join(', ')}. Configured: ${names.join(', ')}`;
  throw new NoSourceConfigured(
    `${what}. Set GITHUB_TOKEN, import archive files (laurels import DIR), set GHARCHIVE_DIR, or set BIGQUERY_PROJECT and BIGQUERY_MONTHLY_BYTES.`,
  );
}

/** A request's days, of the database's clock. @throws InvalidInput (422): the dates come in a body. */
async function windowFor({ db }: ApiDeps, { since, until }: Pick<ScrapeRequest, 'since' | 'until'>): Promise<Window> {
  const today = await databaseToday(db);
  try {
    return windowOf({ since, until }, today);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const errors = error.errors.map(({ pointer, detail }) => ({ pointer: `/${pointer}`, detail }));
    throw new InvalidInput(error.message, errors);
  }
}

/** Hands queued jobs to Temporal, as far as the limit allows; never fails and never takes longer than the deadline. */
export async function startQueued({ db, engine, log, maxConcurrentScrapes }: ApiDeps): Promise<void> {
  const started = dispatchQueuedJobs(db, engine, maxConcurrentScrapes).catch((error: unknown) => {
    // The job is stored: the reconciler goes on from there.
    log.warn({ err: error }, 'queued jobs not started');
  });
  await within(START_DEADLINE_MS, started, undefined);
}

/**
 * Stores a job and hands it on.
 * @throws AppError `scrape_already_running` (409) with the job that is in the way.
 */
export async function queueScrape(deps: ApiDeps, asked: ScrapeRequest): Promise<StoredJob> {
  const { repository, type, sources } = asked;
  const window = await windowFor(deps, asked);
  return storeScrape(deps, { repository, type, sources: sources.map(({ name }) => name), window, requestedBy: asked.requestedBy });
}

async function storeScrape(deps: ApiDeps, wanted: Parameters<typeof createScrapeJob>[1]): Promise<StoredJob> {
  const { db } = deps;
  refuseSample(wanted.repository);
  let job: StoredJob;
  try {
    job = await createScrapeJob(db, wanted);
  } catch (error) {
    if (!(error instanceof ScrapeAlreadyRunning)) throw error;
    const other = await jobById(db, error.jobId);
    throw new AppError(error.code, error.status, error.message, other === null ? {} : { job: jobReferenceOf(other) }, { cause: error });
  }
  await startQueued(deps);
  return (await jobById(db, job.id)) ?? job;
}

/**
 * Tries a failed or cancelled scrape again, with its window and sources, as a job of its own.
 * @throws AppError `job_not_retryable` (409) for a job that goes on or has succeeded, and as {@link queueScrape}.
 */
export async function retryScrape(deps: ApiDeps, job: StoredJob, requestedBy: string): Promise<StoredJob> {
  const refuse = (why: string): never => {
    throw new AppError('job_not_retryable', 409, `Job ${job.id} can't be retried: ${why}.`, { id: job.id, status: job.status });
  };
  if (isUnfinished(job.status)) refuse('it has not ended');
  if (job.status === 'COMPLETED') refuse('it has succeeded. Ask for a new scrape');
  if (job.type !== 'FULL' && job.type !== 'REFRESH') return refuse(`jobs of type ${job.type} are asked for anew`);
  const repository = job.repositoryId === null ? null : await repositoryById(deps.db, job.repositoryId);
  if (repository === null) return refuse('its repository was deleted');
  sourcesFor(deps, job.sources);
  return storeScrape(deps, { repository, type: job.type, sources: job.sources, window: job.window, retryOf: job.id, requestedBy });
}

function refuseSample(repository: StoredRepository): void {
  if (!repository.isSample) return;
  throw new AppError('repository_is_sample', 422, `${fullNameOf(repository)} is part of the sample: there is nothing to collect.`);
}

/** What a plan is made for: a repository that is known here, or one that is not and stays so. */
interface PlanRequest extends Omit<ScrapeRequest, 'requestedBy' | 'repository'> {
  readonly repository: StoredRepository | (RepositoryName & { readonly githubId: number | null; readonly nodeId: string | null });
}

async function planOf(deps: ApiDeps, asked: PlanRequest): Promise<ScrapePlan> {
  const { repository, type, sources } = asked;
  if ('id' in repository) refuseSample(repository);
  const window = await windowFor(deps, asked);
  const { owner, name, githubId, nodeId } = repository;
  const plans = sources.map(async (source) => {
    const previous = type === 'REFRESH' && 'id' in repository ? await watermarksOf(deps.db, repository.id, source.name) : {};
    const plan = await within(
      PLAN_DEADLINE_MS,
      source.plan({ owner, name, githubId, nodeId, window, type, previous }).then(
        (made) => ({ made }),
        (error: unknown) => ({ error }),
      ),
      null,
    );
    // What a source refuses (a budget, a missing right) it says in its own words.
    if (plan !== null && 'error' in plan && plan.error instanceof AppError) throw plan.error;
    if (plan === null || 'error' in plan)
      throw new AppError('plan_unavailable', 503, `The plan of ${source.name} could not be made in time.`);
    const { slices, total, unit, note, estimate, cost } = plan.made;
    const billed = cost === undefined ? {} : { bytes: cost.bytes, price_usd: cost.usd };
    return { source: source.name, slices: slices.length, total, unit, note, estimate: estimateOf(estimate ?? null), ...billed };
  });
  return { dry_run: true, repository: fullNameOf(repository), type, window, sources: await Promise.all(plans) };
}

function estimateOf(estimate: Estimate | null): ScrapePlan['sources'][number]['estimate'] {
  if (estimate === null) return null;
  const { pages, points, restRequests, minutes } = estimate;
  return { pages, points, rest_requests: restRequests, minutes };
}

/** Full and incremental scrapes: a plan, or a job. */
export function scrapeHandlers(deps: ApiDeps): Pick<Handlers, 'scrapeRepository' | 'refreshRepository'> {
  const answer = async (asked: Omit<ScrapeRequest, 'requestedBy'>, isDryRun: boolean, { caller, concerns }: Exchange) => {
    concerns({ repository_id: asked.repository.id });
    if (isDryRun) return { status: 200, body: await planOf(deps, asked) } as const;
    const job = await queueScrape(deps, { ...asked, requestedBy: caller.name });
    concerns({ job_id: job.id });
    return { status: 202, headers: { Location: jobPath(job.id) }, body: showAccepted(deps.engine, job) } as const;
  };
  return {
    async scrapeRepository({ params, query, body }, exchange) {
      const { sources, since, until } = body ?? {};
      const repository = await repositoryOf(deps.db, params, exchange.request).catch((error: unknown) => {
        // A plan may be asked for before anything is added: adding would take the sample away.
        if (query.dry_run && error instanceof RepositoryNotFound) return null;
        throw error;
      });
      if (repository === null) {
        const facts = await factsOf(deps, params);
        const named = { githubId: null, nodeId: null, ...params, ...facts };
        return {
          status: 200,
          body: await planOf(deps, { repository: named, type: 'FULL', sources: sourcesFor(deps, sources), since, until }),
        };
      }
      return answer({ repository, type: 'FULL', sources: sourcesFor(deps, sources), since, until }, query.dry_run, exchange);
    },
    async refreshRepository({ params, query, body }, exchange) {
      const repository = await repositoryOf(deps.db, params, exchange.request);
      const wanted = sourcesFor(deps, body?.sources);
      return answer({ repository, type: 'REFRESH', sources: wanted, since: undefined, until: undefined }, query.dry_run, exchange);
    },
  };
}
