import { readBoardState, type BoardState } from '../../db/board-state.ts';
import { compareContributors, compareRepositories, type ComparedPerson } from '../../db/comparison.ts';
import { standingOf } from '../../db/contributor-boards.ts';
import { seriesOf, type Interval } from '../../db/contribution-series.ts';
import { databaseToday } from '../../db/database.ts';
import { personOf } from '../../db/people.ts';
import { InvalidInput } from '../../domain/errors.ts';
import { fullNameOf, type RepositoryName } from '../../domain/repository-name.ts';
import { DEFAULT_WINDOW, windowOf, type Window } from '../../domain/window.ts';
import type { ComparisonResource } from '../contract/compare.ts';
import { contributorOf, repositoryReferenceOf } from '../contributor-view.ts';
import type { ApiDeps } from '../deps.ts';
import { repositoriesOf } from '../named-repository.ts';
import type { Handlers } from '../routing.ts';

/** The days that are compared: those of the stored boards, or others. */
interface Days {
  readonly asked: Window | 'default';
  readonly window: Window;
  readonly interval: Interval;
  readonly state: BoardState;
}

/** Repositories or people side by side. */
export function compareHandlers({ db }: ApiDeps): Pick<Handlers, 'compareBoards'> {
  const repositories = async (
    names: readonly RepositoryName[],
    { asked, window, interval, state }: Days,
  ): Promise<Partial<ComparisonResource>> => {
    const found = await repositoriesOf(db, names);
    refuseSame(found, 'repositories');
    const ids = found.map(({ id }) => id);
    const [{ totals, top, shared }, series] = await Promise.all([
      compareRepositories(db, ids, asked, state),
      seriesOf(db, { window, interval, by: 'repository', repositoryIds: ids }),
    ]);
    const nameOf = new Map(found.map((repository) => [repository.id, fullNameOf(repository)]));
    const people = Map.groupBy(shared.places, ({ personId }) => personId);
    return {
      repositories: found.map((repository) => {
        const { people: contributors = 0, topThreeShare = null, ...sums } = totals.get(repository.id) ?? {};
        return {
          repository: repositoryReferenceOf(repository),
          contributors,
          totals: 'total_score' in sums ? sums : null,
          top_three_share: topThreeShare,
          top: top
            .filter(({ repositoryId }) => repositoryId === repository.id)
            .map((place) => ({ rank: place.rank, contributor: comparedOf(place), total_score: place.total_score })),
          series: series.get(repository.id) ?? [],
        };
      }),
      shared_contributors: {
        total: shared.total,
        data: [...people.values()].map((places) => ({
          contributor: comparedOf(places[0] as ComparedPerson),
          // Each has four decimals: the sum of the doubles may have more.
          total_score: Number(places.reduce((sum, { total_score }) => sum + total_score, 0).toFixed(4)),
          places: places.map(({ repositoryId, rank, total_score }) => ({ repository: nameOf.get(repositoryId) ?? '', rank, total_score })),
        })),
      },
    };
  };

  const contributors = async (names: readonly string[], { asked, window, interval, state }: Days): Promise<Partial<ComparisonResource>> => {
    const found = await Promise.all(names.map((name) => personOf(db, name)));
    refuseSame(found, 'contributors');
    const ids = found.map(({ id }) => id);
    const [{ totals, shared }, series, standings] = await Promise.all([
      compareContributors(db, ids, asked, state),
      seriesOf(db, { window, interval, by: 'person', personIds: ids }),
      Promise.all(ids.map((id) => standingOf(db, id))),
    ]);
    const usernameOf = new Map(found.map(({ id, username }) => [id, username]));
    return {
      contributors: found.map((person, index) => ({
        contributor: contributorOf(person),
        rank: standings[index]?.global?.rank ?? null,
        totals: totals.get(person.id) ?? null,
        series: series.get(person.id) ?? [],
      })),
      shared_repositories: shared.map(({ owner, name, places }) => ({
        repository: fullNameOf({ owner, name }),
        places: places.map(({ personId, rank, total_score }) => ({ username: usernameOf.get(personId) ?? '', rank, total_score })),
      })),
    };
  };

  return {
    async compareBoards({ query }) {
      const { interval } = query;
      if ((query.repositories === undefined) === (query.contributors === undefined)) {
        const detail = 'give either repositories or contributors, two to five of them';
        throw new InvalidInput(`repositories: ${detail}`, [{ pointer: 'repositories', detail }], 400);
      }
      const state = await readBoardState(db, 'global', true);
      const isDefault = query.since === undefined && query.until === undefined && (query.window ?? DEFAULT_WINDOW) === DEFAULT_WINDOW;
      const asked = isDefault ? 'default' : windowOf(query, await databaseToday(db));
      const days: Days = { asked, window: asked === 'default' ? state.window : asked, interval, state };
      const compared =
        query.repositories === undefined
          ? await contributors(query.contributors ?? [], days)
          : await repositories(query.repositories, days);
      const body = {
        window: days.window,
        interval,
        scoring_version: state.scoringVersion,
        as_of: state.asOf?.toISOString() ?? null,
        ...compared,
      };
      return { status: 200, body };
    },
  };
}

function comparedOf({ github_id, username, display_name, avatar_url, kind }: ComparedPerson): ComparedPerson {
  return { github_id, username, display_name, avatar_url, kind };
}

/** Two names may be of the same: an old one and a new one, or two accounts of a person. */
function refuseSame(found: readonly { readonly id: number }[], pointer: string): void {
  if (new Set(found.map(({ id }) => id)).size === found.length) return;
  const detail = 'two of the names are of the same';
  throw new InvalidInput(`${pointer}: ${detail}`, [{ pointer, detail }], 400);
}
