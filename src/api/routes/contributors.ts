import { listActivity } from '../../db/contributor-activity.ts';
import { listRepositoryStandings, rankHistoryOf, standingOf } from '../../db/contributor-boards.ts';
import { profileOf, streaksOf } from '../../db/contributor-profile.ts';
import { seriesOf } from '../../db/contribution-series.ts';
import { databaseToday } from '../../db/database.ts';
import { personOf } from '../../db/people.ts';
import type { RepositoryName } from '../../domain/repository-name.ts';
import { SCORED_KINDS } from '../../domain/scoring.ts';
import { DEFAULT_WINDOW, presetWindow, windowOf } from '../../domain/window.ts';
import { activityOf, profileResourceOf } from '../contributor-view.ts';
import type { ApiDeps } from '../deps.ts';
import { repositoriesOf } from '../named-repository.ts';
import { atCursor, nextLink } from '../paging.ts';
import type { Handlers } from '../routing.ts';

/** Repositories that a profile names itself. */
const REPOSITORIES_SHOWN = 10;
/** What a heatmap shows: 53 weeks at most. */
const USUAL_SERIES = '1y';

/** Pages about one person. A login they had before leads to them too. */
export function contributorHandlers({
  db,
  githubWebUrl,
}: ApiDeps): Pick<
  Handlers,
  'getContributor' | 'getContributorActivity' | 'getContributorRepositories' | 'getContributorSeries' | 'getContributorRanks'
> {
  const repositoryIdOf = async (name: RepositoryName | undefined): Promise<number | undefined> =>
    name === undefined ? undefined : (await repositoriesOf(db, [name]))[0]?.id;

  return {
    async getContributor({ params }, { caller }) {
      const person = await personOf(db, params.username);
      const [profile, standing, repositories, today] = await Promise.all([
        profileOf(db, person),
        standingOf(db, person.id),
        listRepositoryStandings(db, person.id, { limit: REPOSITORIES_SHOWN }),
        databaseToday(db),
      ]);
      const window = standing?.window ?? presetWindow(DEFAULT_WINDOW, today);
      const streaks = await streaksOf(db, person.id, window);
      return {
        status: 200,
        body: profileResourceOf(person, { profile, showsEmail: caller.scope !== null, window, standing, repositories, streaks }),
      };
    },

    async getContributorActivity({ params, query }, { request }) {
      const { kind, repository, since, until, limit, cursor } = query;
      const [person, repositoryId, today] = await Promise.all([
        personOf(db, params.username),
        repositoryIdOf(repository),
        databaseToday(db),
      ]);
      const page = await atCursor(cursor, () =>
        listActivity(db, person, {
          kinds: kind ?? SCORED_KINDS,
          window: windowOf({ since: since ?? 'all', until }, today),
          limit,
          ...(repositoryId === undefined ? {} : { repositoryId }),
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      const body = { data: page.data.map((row) => activityOf(row, githubWebUrl)), next_cursor: page.nextCursor };
      return { status: 200, headers: nextLink(request, 'cursor', page.nextCursor), body };
    },

    async getContributorRepositories({ params, query: { limit, cursor } }, { request }) {
      const person = await personOf(db, params.username);
      const page = await atCursor(cursor, () =>
        listRepositoryStandings(db, person.id, { limit, ...(cursor === undefined ? {} : { cursor }) }),
      );
      const data = page.data.map(({ repository, ...standing }) => ({ repository: { ...repository }, ...standing }));
      return {
        status: 200,
        headers: nextLink(request, 'cursor', page.nextCursor),
        body: { data, next_cursor: page.nextCursor, total: page.total },
      };
    },

    async getContributorSeries({ params, query }) {
      const { interval, repository, window: preset, since, until } = query;
      const [person, repositoryId, today] = await Promise.all([
        personOf(db, params.username),
        repositoryIdOf(repository),
        databaseToday(db),
      ]);
      const hasDates = since !== undefined || until !== undefined;
      const window = windowOf({ window: preset ?? (hasDates ? undefined : USUAL_SERIES), since, until }, today);
      const series = await seriesOf(db, {
        window,
        interval,
        by: 'person',
        personIds: [person.id],
        ...(repositoryId === undefined ? {} : { repositoryIds: [repositoryId] }),
      });
      return { status: 200, body: { interval, window, data: series.get(person.id) ?? [] } };
    },

    async getContributorRanks({ params, query: { repository, ...asked } }) {
      const [person, repositoryId, today] = await Promise.all([
        personOf(db, params.username),
        repositoryIdOf(repository),
        databaseToday(db),
      ]);
      const window = windowOf(asked, today);
      return { status: 200, body: { window, data: await rankHistoryOf(db, person.id, { scope: repositoryId ?? 0, window }) } };
    },
  };
}
