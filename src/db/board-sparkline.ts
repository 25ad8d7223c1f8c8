import { KIND_CODES } from '../domain/contribution.ts';
import { SCORED_KINDS } from '../domain/scoring.ts';
import type { Day } from '../domain/window.ts';
import type { Counting } from './board-ranking.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** Weeks a sparkline shows. */
const SPARKLINE_WEEKS = 12;

/**
 * What people did in each of the twelve weeks up to `until`, oldest first: contributions of a board's repositories and kinds. A week
 * of which nothing is known is null.
 */
export async function sparklinesOf(
  db: Database | Queryable,
  personIds: readonly number[],
  counting: Pick<Counting, 'repositoryIds' | 'kinds'>,
  until: Day,
): Promise<ReadonlyMap<number, readonly (number | null)[]>> {
  const kinds = (counting.kinds ?? SCORED_KINDS).map((kind) => KIND_CODES[kind]);
  const { rows } = await queryable(db).query<{ personId: number; week: number; quantity: number | null }>({
    name: 'board-sparklines',
    text: `SELECT d.person_id AS "personId", ${SPARKLINE_WEEKS - 1} - ($2::date - d.day) / 7 AS week, sum(d.quantity) AS quantity
           FROM contribution_day d
           WHERE d.person_id = ANY($1::bigint[]) AND d.day BETWEEN $2::date - ${SPARKLINE_WEEKS * 7 - 1} AND $2::date
             AND d.kind = ANY($3::smallint[]) AND ($4::bigint[] IS NULL OR d.repository_id = ANY($4))
           GROUP BY 1, 2`,
    values: [personIds, until, kinds, counting.repositoryIds],
  });
  const lines = new Map(personIds.map((id) => [id, Array.from<number | null>({ length: SPARKLINE_WEEKS }).fill(0)]));
  for (const { personId, week, quantity } of rows) lines.get(personId)?.splice(week, 1, quantity);
  return lines;
}
