import type { AccountKind } from '../domain/account-kind.ts';
import type { Window } from '../domain/window.ts';
import { BOARD_SUMS, knownBoardCounts } from './board-columns.ts';
import { figuresOf, type FactRow, type Figures } from './board-figures.ts';
import { daysPerRepository, rowsOfBoards, type Bind, type Counting } from './board-ranking.ts';
import type { BoardState } from './board-state.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import { scoringOf } from './scoring.ts';

/** Somebody in a comparison. */
export interface ComparedPerson {
  readonly github_id: number;
  readonly username: string;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly kind: AccountKind;
}

/** Somebody's place on one repository's board. */
export interface PlaceOn {
  readonly repositoryId: number;
  readonly personId: number;
  readonly rank: number;
  readonly total_score: number;
}

/** A repository's board as a whole. */
export interface RepositoryTotals extends Figures {
  readonly people: number;
  /** Share of the score that the first three have, 0 to 1; null without any score. */
  readonly topThreeShare: number | null;
}

const SHARED_SHOWN = 100;
const TOP_SHOWN = 5;

/**
 * Boards of some repositories in a window, side by side: what each comes to, its first people, and who is on at least two of them,
 * the highest sum of scores first. Humans only, ranked as the boards are.
 */
export async function compareRepositories(
  db: Database | Queryable,
  repositoryIds: readonly number[],
  window: Window | 'default',
  state: BoardState,
): Promise<{
  readonly totals: ReadonlyMap<number, RepositoryTotals>;
  readonly top: readonly (PlaceOn & ComparedPerson)[];
  readonly shared: { readonly total: number; readonly places: readonly (PlaceOn & ComparedPerson)[] };
}> {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const rows = await rankedRows(db, bind, { repositoryIds, kinds: null, accountKinds: ['human'] }, window, state);
  type Place = PlaceOn & ComparedPerson & { isTop: boolean; shared: number | null; sharedTotal: number };
  const { rows: places } = await queryable(db).query<Place>(
    `WITH ranked AS (${rows}),
     shared AS (SELECT s.*, count(*) OVER ()::int AS total, row_number() OVER (ORDER BY s.score DESC, s.person_id) AS place
                FROM (SELECT person_id, sum(total_score) AS score FROM ranked GROUP BY person_id HAVING count(*) > 1) AS s)
     SELECT r.repository_id AS "repositoryId", r.person_id AS "personId", r.rank, r.total_score, r.place <= ${TOP_SHOWN} AS "isTop",
       s.place AS shared, coalesce(s.total, 0) AS "sharedTotal", u.github_id, u.username, u.display_name, u.avatar_url, u.kind
     FROM (SELECT k.*, row_number() OVER (PARTITION BY repository_id ORDER BY total_score DESC, person_id) AS place FROM ranked k) AS r
     JOIN github_user u ON u.id = r.person_id LEFT JOIN shared s ON s.person_id = r.person_id AND s.place <= ${SHARED_SHOWN}
     WHERE r.place <= ${TOP_SHOWN} OR s.place IS NOT NULL
     ORDER BY s.place, r.repository_id, r.rank, lower(u.username)`,
    values,
  );
  const of = ({ isTop: _isTop, shared: _shared, sharedTotal: _total, ...place }: Place): PlaceOn & ComparedPerson => place;
  const shared = places.filter((place) => place.shared !== null);
  return {
    totals: await totalsOf(db, repositoryIds, window, state),
    top: places
      .filter(({ isTop }) => isTop)
      .toSorted((a, b) => a.rank - b.rank || (a.username.toLowerCase() < b.username.toLowerCase() ? -1 : 1))
      .map(of),
    shared: { total: shared[0]?.sharedTotal ?? 0, places: shared.map(of) },
  };
}

async function totalsOf(
  db: Database | Queryable,
  repositoryIds: readonly number[],
  window: Window | 'default',
  state: BoardState,
): Promise<ReadonlyMap<number, RepositoryTotals>> {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const rows = await rankedRows(db, bind, { repositoryIds, kinds: null, accountKinds: ['human'] }, window, state);
  const { rows: totals } = await queryable(db).query<FactRow & { id: number; people: number; topThree: number | null }>(
    `SELECT f.repository_id AS id, f.people, f.total_score, f."topThree", f.unknown_kinds, f.first_contribution_at, f.last_contribution_at, ${knownBoardCounts('f')}
     FROM (SELECT l.repository_id, count(*)::int AS people, sum(l.total_score) AS total_score,
             sum(l.total_score) FILTER (WHERE l.place <= 3) AS "topThree", ${BOARD_SUMS}
           FROM (SELECT k.*, row_number() OVER (PARTITION BY repository_id ORDER BY total_score DESC) AS place FROM (${rows}) AS k) AS l
           GROUP BY l.repository_id) AS f`,
    values,
  );
  return new Map(
    totals.map((row) => [
      row.id,
      { people: row.people, topThreeShare: row.total_score > 0 ? (row.topThree ?? 0) / row.total_score : null, ...figuresOf(row) },
    ]),
  );
}

/** What somebody did over all repositories in a window. */
export interface PersonTotals extends Figures {
  readonly repositories_contributed: number;
}

/** A repository that several of the compared people contributed to. Rank null: not ranked, or not of the stored boards' window. */
export interface SharedRepository {
  readonly owner: string;
  readonly name: string;
  readonly places: readonly { readonly personId: number; readonly rank: number | null; readonly total_score: number }[];
}

/** People in a window, side by side: what each did, and the repositories that at least two of them contributed to. */
export async function compareContributors(
  db: Database | Queryable,
  personIds: readonly number[],
  window: Window | 'default',
  state: BoardState,
): Promise<{ readonly totals: ReadonlyMap<number, PersonTotals>; readonly shared: readonly SharedRepository[] }> {
  const counting: Counting = { repositoryIds: null, kinds: null, accountKinds: ['human', 'bot', 'agent'], personIds };
  const did = async (bind: Bind): Promise<string> =>
    window === 'default'
      ? rowsOfBoards(bind, counting)
      : `SELECT d.*, NULL::int AS rank FROM (${daysPerRepository(bind, counting, window, await scoringOf(db, state.scoringVersion))}) AS d`;
  const totals: unknown[] = [];
  const { rows: sums } = await queryable(db).query<FactRow & { id: number; repositories_contributed: number }>(
    `SELECT f.person_id AS id, f.total_score, f.unknown_kinds, f.first_contribution_at, f.last_contribution_at, f.repositories_contributed, ${knownBoardCounts('f')}
     FROM (SELECT l.person_id, sum(l.total_score) AS total_score, count(*)::int AS repositories_contributed, ${BOARD_SUMS}
           FROM (${await did((value) => `$${totals.push(value)}`)}) AS l GROUP BY l.person_id) AS f`,
    totals,
  );
  const values: unknown[] = [];
  const { rows: shared } = await queryable(db).query<SharedRepository>(
    `SELECT r.owner, r.name, json_agg(json_build_object('personId', m.person_id, 'rank', m.rank, 'total_score', m.total_score)
       ORDER BY m.total_score DESC, m.person_id) AS places
     FROM (${await did((value) => `$${values.push(value)}`)}) AS m JOIN repository r ON r.id = m.repository_id
     GROUP BY r.id, r.owner, r.name HAVING count(*) > 1 ORDER BY lower(r.owner), lower(r.name)`,
    values,
  );
  return {
    totals: new Map(sums.map((row) => [row.id, { ...figuresOf(row), repositories_contributed: row.repositories_contributed }])),
    shared,
  };
}

/** SQL of the people of each repository in a window with their ranks there: `repository_id`, `person_id`, `rank`, facts. */
async function rankedRows(
  db: Database | Queryable,
  bind: Bind,
  counting: Counting,
  window: Window | 'default',
  state: BoardState,
): Promise<string> {
  if (window === 'default') return rowsOfBoards(bind, counting);
  const rows = daysPerRepository(bind, counting, window, await scoringOf(db, state.scoringVersion));
  return `SELECT d.*, (rank() OVER (PARTITION BY d.repository_id ORDER BY d.total_score DESC))::int AS rank FROM (${rows}) AS d`;
}
