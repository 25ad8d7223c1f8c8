import { ACCOUNT_KINDS, type AccountKind } from '../domain/account-kind.ts';
import { daysPointsSql, scoreOfPointsSql, scoreSql, type ScoredKind, type Scoring } from '../domain/scoring.ts';
import type { Window } from '../domain/window.ts';
import { factsSql } from './board-figures.ts';
import { BOARD_SUMS, countedFacts, daySums, earningKindCodes, knownBoardCounts, knownCounts } from './board-columns.ts';

/** Binds a value to a statement under construction and gives its placeholder. */
export type Bind = (value: unknown) => string;

/** Whose work is counted: in which repositories (null: all), of which accounts and kinds (null: all). */
export interface Counting {
  readonly repositoryIds: readonly number[] | null;
  readonly kinds: readonly ScoredKind[] | null;
  readonly accountKinds: readonly AccountKind[];
  /** Only these people; left out: everybody. */
  readonly personIds?: readonly number[];
  /** SQL of the only people, beside or instead of `personIds`. */
  readonly peopleSql?: string;
}

/** SQL of the rows of a stored board with their ranks: of a repository, or of all (null). Humans only. */
export function storedRanking(
  bind: Bind,
  o: { readonly repositoryId: number | null; readonly version: number; readonly scoringVersion: number },
): string {
  if (o.repositoryId === null) {
    return `SELECT l.person_id, l.rank, l.position, ${factsSql('l')}, l.repositories_contributed
      FROM global_leaderboard l WHERE l.version = ${bind(o.version)} AND l.position IS NOT NULL`;
  }
  return `SELECT l.person_id, l.rank, l.position, ${factsSql('l')}, NULL::int AS repositories_contributed FROM repository_leaderboard l
    WHERE l.scoring_version = ${bind(o.scoringVersion)} AND l.repository_id = ${bind(o.repositoryId)} AND l.version = ${bind(o.version)}
      AND l.position IS NOT NULL`;
}

/** SQL of the rows of the current stored boards of repositories: `repository_id`, `person_id`, ranks of humans, facts. */
export function rowsOfBoards(bind: Bind, counting: Counting): string {
  return `SELECT l.repository_id, l.person_id, l.rank, ${factsSql('l')}
    FROM board b JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)
    WHERE b.scope <> 0 ${counting.repositoryIds === null ? '' : `AND b.scope = ANY(${bind(counting.repositoryIds)}::bigint[])`}
      AND ${ofKinds('l', counting.accountKinds)} ${ofPeople('l', counting, bind)}`;
}

/** SQL of people with what the current stored boards of repositories say of them, added up; without ranks. */
export function sumOfBoards(bind: Bind, counting: Counting): string {
  const only = counting.repositoryIds === null ? '' : `AND b.scope = ANY(${bind(counting.repositoryIds)}::bigint[])`;
  return `SELECT f.person_id, f.total_score, f.unknown_kinds, f.first_contribution_at, f.last_contribution_at, f.repositories_contributed,
      ${knownBoardCounts('f')}
    FROM (SELECT l.person_id, sum(l.total_score) AS total_score, count(*)::int AS repositories_contributed, ${BOARD_SUMS}
          FROM board b JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)
          WHERE b.scope <> 0 ${only} GROUP BY l.person_id) AS f
    WHERE ${ofKinds('f', counting.accountKinds)}`;
}

/** SQL of people with what they did in each repository in a window: `repository_id`, `person_id`, facts. The line bonus is capped here. */
export function daysPerRepository(bind: Bind, counting: Counting, window: Window, scoring: Scoring): string {
  const which = daysSql(bind, counting, window, scoring);
  return `SELECT c.*, ${scoreSql(scoring, 'c')} AS total_score FROM (
      SELECT f.repository_id, f.person_id, f.unknown_kinds, f.first_contribution_at, f.last_contribution_at, ${knownCounts('f')}${countedFacts(scoring, 'f')} FROM (
        SELECT d.repository_id, d.person_id, ${daySums(scoring)} FROM contribution_day d
        WHERE ${which}
        GROUP BY d.repository_id, d.person_id
      ) AS f WHERE ${ofKinds('f', counting.accountKinds)}
    ) AS c`;
}

/** SQL of people with their scores in a window alone: `person_id`, `total_score`. Where all are to be ranked and few to be shown. */
export function scoresOfDays(bind: Bind, counting: Counting, window: Window, scoring: Scoring): string {
  const perRepository = `SELECT d.person_id, ${scoreOfPointsSql(daysPointsSql(scoring, 'd'))} AS total_score FROM contribution_day d
    WHERE ${daysSql(bind, counting, window, scoring)} GROUP BY d.repository_id, d.person_id`;
  const perPerson =
    counting.repositoryIds?.length === 1
      ? perRepository
      : `SELECT l.person_id, sum(l.total_score) AS total_score FROM (${perRepository}) AS l GROUP BY l.person_id`;
  return `SELECT f.* FROM (${perPerson}) AS f WHERE ${ofKinds('f', counting.accountKinds)}`;
}

/** SQL: the rows `d` of contribution_day that are counted. */
function daysSql(bind: Bind, counting: Counting, window: Window, scoring: Scoring): string {
  const { repositoryIds } = counting;
  const only =
    repositoryIds === null
      ? ''
      : repositoryIds.length === 1
        ? `AND d.repository_id = ${bind(repositoryIds[0])}::bigint`
        : `AND d.repository_id = ANY(${bind(repositoryIds)}::bigint[])`;
  return `d.day BETWEEN ${bind(window.since)}::date AND ${bind(window.until)}::date
    AND d.kind = ANY(${bind(earningKindCodes(scoring, counting.kinds))}::smallint[]) ${only} ${ofPeople('d', counting, bind)}`;
}

/** SQL of people with what they did in a window, without ranks: summed from days per repository, then over repositories. */
export function sumOfDays(bind: Bind, counting: Counting, window: Window, scoring: Scoring): string {
  const perRepository = daysPerRepository(bind, counting, window, scoring);
  if (counting.repositoryIds?.length === 1) return `SELECT l.*, 1 AS repositories_contributed FROM (${perRepository}) AS l`;
  return `SELECT f.person_id, f.total_score, f.unknown_kinds, f.first_contribution_at, f.last_contribution_at, f.repositories_contributed,
      ${knownBoardCounts('f')}
    FROM (SELECT l.person_id, sum(l.total_score) AS total_score, count(*)::int AS repositories_contributed, ${BOARD_SUMS}
          FROM (${perRepository}) AS l GROUP BY l.person_id) AS f`;
}

function ofPeople(alias: string, { personIds, peopleSql }: Counting, bind: Bind): string {
  const named = personIds === undefined ? '' : `AND ${alias}.person_id = ANY(${bind(personIds)}::bigint[])`;
  return peopleSql === undefined ? named : `${named} AND ${alias}.person_id IN (${peopleSql})`;
}

/** SQL: the person of `alias` is of one of the kinds. The others are few and have an index: nobody else is looked up. */
function ofKinds(alias: string, kinds: readonly AccountKind[]): string {
  const others = ACCOUNT_KINDS.filter((kind) => !kinds.includes(kind));
  if (others.length === 0) return 'true';
  const list = others.map((kind) => `'${kind}'`).join(', ');
  return `${alias}.person_id NOT IN (SELECT other.id FROM github_user other WHERE other.kind IN (${list}) AND other.kind <> 'human')`;
}
