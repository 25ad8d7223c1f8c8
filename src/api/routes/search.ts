import { listContributors, searchContributors, searchRepositories } from '../../db/search.ts';
import { listedContributorOf, repositoryReferenceOf } from '../contributor-view.ts';
import type { ApiDeps } from '../deps.ts';
import { atCursor, nextLink } from '../paging.ts';
import { leaderboardPath, repositoryPath } from '../resources.ts';
import type { Handlers } from '../routing.ts';

/** Finds repositories and people, and lists people. */
export function searchHandlers({ db }: ApiDeps): Pick<Handlers, 'search' | 'listContributors'> {
  return {
    async search({ query: { q, limit } }) {
      const [repositories, contributors] = await Promise.all([searchRepositories(db, q, limit), searchContributors(db, q, limit)]);
      return {
        status: 200,
        body: {
          repositories: repositories.map((repository) => ({
            ...repositoryReferenceOf(repository),
            description: repository.description,
            stars: repository.stars,
            people: repository.people,
            links: { self: repositoryPath(repository), leaderboard: leaderboardPath(repository) },
          })),
          contributors: contributors.map(listedContributorOf),
        },
      };
    },

    async listContributors({ query: { kind, q, limit, cursor } }, { request }) {
      const page = await atCursor(cursor, () =>
        listContributors(db, {
          limit,
          ...(kind === undefined ? {} : { kinds: kind }),
          ...(q === undefined ? {} : { q }),
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      const body = { data: page.data.map(listedContributorOf), next_cursor: page.nextCursor, total: page.total };
      return { status: 200, headers: nextLink(request, 'cursor', page.nextCursor), body };
    },
  };
}
