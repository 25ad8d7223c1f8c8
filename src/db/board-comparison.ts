import { KIND_CODES } from '../domain/contribution.ts';
import { SCORED_KINDS, type Scoring } from '../domain/scoring.ts';
import { addDays, ALL_TIME_SINCE, shifted, type Day, type Window } from '../domain/window.ts';
import { scoresOfDays, type Bind, type Counting } from './board-ranking.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import { COMPARED_DAYS } from './repository-board.ts';

/** The window of the same board seven days earlier. What began with the first contribution of all still does. */
export function windowThen(window: Window): Window | null {
  const { since, until } = shifted(window, COMPARED_DAYS);
  const then = { since: window.since === ALL_TIME_SINCE ? ALL_TIME_SINCE : since, until };
  return then.since > then.until ? null : then;
}

/**
 * Whether the boards of repositories (null: all that have one) can be compared with those of a window seven days earlier: the days
 * that only the earlier one has were read.
 */
export async function reachesBack(
  db: Database | Queryable,
  repositoryIds: readonly number[] | null,
  window: Window,
  then: Window,
): Promise<boolean> {
  if (then.since === window.since) return true;
  const lastNeeded: Day = then.until < window.since ? then.until : addDays(window.since, -1);
  const { rows } = await queryable(db).query<{ reaches: boolean }>({
    name: 'board-reaches-back',
    text: `SELECT coalesce(bool_and(coalesce((
             SELECT range_agg(c.during) @> daterange($2, $3, '[]') FROM covered_range c
             WHERE c.repository_id = b.scope AND c.kind = ${KIND_CODES.PR_OPENED} AND c.state <> 'missing' AND c.during && daterange($2, $3, '[]')), false)), false) AS reaches
           FROM board b WHERE b.scope <> 0 AND ($1::bigint[] IS NULL OR b.scope = ANY($1))`,
    values: [repositoryIds, then.since, lastNeeded],
  });
  return rows[0]?.reaches ?? false;
}

/** SQL of the ranks that the people of `page` had in a window, made from days, and whether they had done anything before it. */
export function ranksOfDays(bind: Bind, counting: Counting, then: Window, scoring: Scoring): string {
  const kinds = (counting.kinds ?? SCORED_KINDS).map((kind) => KIND_CODES[kind]);
  const only = counting.repositoryIds === null ? '' : `AND d.repository_id = ANY(${bind(counting.repositoryIds)}::bigint[])`;
  return `SELECT p.person_id, r.rank, r.rank IS NULL AND EXISTS (
      SELECT FROM contribution_day d WHERE d.person_id = p.person_id AND d.day < ${bind(then.since)}::date AND d.kind = ANY(${bind(kinds)}::smallint[]) ${only}) AS was_ranked
    FROM page p LEFT JOIN (
      SELECT s.person_id, (rank() OVER (ORDER BY s.total_score DESC))::int AS rank FROM (${scoresOfDays(bind, counting, then, scoring)}) AS s
    ) AS r ON r.person_id = p.person_id`;
}
