import { coverageOf } from '../../db/coverage.ts';
import { lastJobOf, unfinishedJobOf } from '../../db/jobs.ts';
import {
  addRepository,
  deleteRepository,
  findByOldName,
  findRepository,
  listRepositories,
  type StoredRepository,
} from '../../db/repositories.ts';
import { InvalidInput } from '../../domain/errors.ts';
import { repositoryNameOf, type RepositoryName } from '../../domain/repository-name.ts';
import type { ApiDeps } from '../deps.ts';
import { within } from '../deadline.ts';
import { factsOf } from '../github-facts.ts';
import { showAccepted, showJob } from '../job-view.ts';
import { repositoryOf } from '../named-repository.ts';
import { atCursor, nextLink } from '../paging.ts';
import { repositoryPath, repositoryResourceOf } from '../resources.ts';
import type { Handlers } from '../routing.ts';
import { queueScrape, sourcesFor, startQueued } from './scrapes.ts';

/** Temporal is told about a deletion, but the deletion does not wait for it longer than this. */
const TELL_DEADLINE_MS = 3_000;

/** Adds, lists, shows and removes repositories. */
export function repositoryHandlers(
  deps: ApiDeps,
): Pick<Handlers, 'addRepository' | 'listRepositories' | 'getRepository' | 'deleteRepository' | 'getCoverage'> {
  const { db, engine, log } = deps;

  const recalculate = async (): Promise<void> => {
    // The schedule recalculates too: a Temporal that is away only makes it later.
    if (
      !(await within(
        TELL_DEADLINE_MS,
        engine.requestRecalculation().then(() => true),
        false,
      ))
    )
      log.warn('recalculation not requested');
  };

  const known = async (name: RepositoryName): Promise<StoredRepository | null> =>
    (await findRepository(db, name)) ?? (await findByOldName(db, name));

  const add = async (name: RepositoryName): Promise<{ repository: StoredRepository; created: boolean }> => {
    const before = await known(name);
    if (before !== null) return { repository: before, created: false };
    const facts = await factsOf(deps, name);
    const { repository, created, removedSample } = await addRepository(db, name, facts);
    if (removedSample) await recalculate();
    return { repository, created };
  };

  return {
    async addRepository({ body }, { caller, concerns }) {
      const name = body.url === undefined ? { owner: body.owner ?? '', name: body.name ?? '' } : nameInUrl(body.url);
      // Before anything is stored: a request that can't be served whole changes nothing.
      const sources = body.scrape ? sourcesFor(deps, undefined) : [];
      const { repository, created } = await add(name);
      concerns({ repository_id: repository.id });
      const asked = { repository, type: 'FULL', sources, since: undefined, until: undefined, requestedBy: caller.name } as const;
      const job = body.scrape ? await queueScrape(deps, asked) : null;
      if (job !== null) concerns({ job_id: job.id });
      const resource = { ...repositoryResourceOf(repository), job: job === null ? null : showAccepted(engine, job) };
      return { status: created ? 201 : 200, headers: { Location: repositoryPath(repository) }, body: resource };
    },

    async listRepositories({ query }, { request }) {
      const { status, q, sort, limit, cursor } = query;
      const page = await atCursor(cursor, () =>
        listRepositories(db, {
          sort,
          limit,
          ...(status === undefined ? {} : { status }),
          ...(q === undefined ? {} : { q }),
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      const data = page.data.map((repository) => ({ ...repositoryResourceOf(repository), people: repository.people }));
      const body = { data, next_cursor: page.nextCursor, total: page.total };
      return { status: 200, headers: nextLink(request, 'cursor', page.nextCursor), body };
    },

    async getRepository({ params }, { request, caller }) {
      const repository = await repositoryOf(db, params, request);
      const [lastJob, { complete, note }] = await Promise.all([
        // Jobs are never public (decisions 29): they say who asked, and what failed.
        caller.scope === null ? null : lastJobOf(db, repository.id),
        coverageOf(db, repository.id),
      ]);
      const job = lastJob === null ? null : await showJob(engine, lastJob);
      return { status: 200, body: { ...repositoryResourceOf(repository), last_job: job, coverage: { complete, note } } };
    },

    async deleteRepository({ params }, { request, concerns }) {
      const repository = await repositoryOf(db, params, request);
      concerns({ repository_id: repository.id });
      const job = await unfinishedJobOf(db, repository.id);
      // Its job is closed with it: what the workflow still writes is refused from here on.
      await deleteRepository(db, repository.id);
      await recalculate();
      if (job !== null) {
        if (job.dispatchedAt !== null) await within(TELL_DEADLINE_MS, engine.cancelJob(job), 'unknown');
        await startQueued(deps);
      }
      return { status: 204 };
    },

    async getCoverage({ params }, { request }) {
      const repository = await repositoryOf(db, params, request);
      const { data, complete, note } = await coverageOf(db, repository.id);
      return { status: 200, body: { data, complete, note } };
    },
  };
}

/** Other hosts have repositories of the same names: taking one of theirs for GitHub's would be a silent mistake. */
const GITHUB_URL = /^(?:https?:\/\/(?:www\.)?github\.com\/|(?:ssh:\/\/)?git@github\.com[:/])/i;

function nameInUrl(url: string): RepositoryName {
  const refused = (message: string): InvalidInput =>
    new InvalidInput(message, [{ pointer: '/url', detail: 'must be like https://github.com/owner/name' }]);
  if (!GITHUB_URL.test(url.trim())) throw refused('The url is not one of github.com. For GitHub Enterprise give owner and name.');
  try {
    return repositoryNameOf(url);
  } catch (error) {
    throw error instanceof InvalidInput ? refused(error.message) : error;
  }
}
