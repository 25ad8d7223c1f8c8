import type { AccountKind } from '../domain/account-kind.ts';
import { scoreSql, type ScoredKind, type Scoring } from '../domain/scoring.ts';
import type { Window } from '../domain/window.ts';
import { BOARD_SUMS, countedFacts, daySums, earningKindCodes, knownBoardCounts, knownCounts } from './board-columns.ts';
import { BOARD_FACTS } from './repository-board.ts';

/** A ranking as a query of its own: person, rank, position, what a board's row holds. */
export interface RankedBoard {
  readonly sql: string;
  readonly values: readonly unknown[];
  /** True when ranks and positions are read, not made. */
  readonly isStored: boolean;
}

/** Which ranking is asked for. `repositoryId` null: of all repositories. */
export interface Ranking {
  readonly repositoryId: number | null;
  readonly version: number;
  readonly scoringVersion: number;
  readonly window: Window;
  readonly kinds: readonly ScoredKind[] | null;
  readonly accountKinds: readonly AccountKind[];
  /** True when window and kinds are those of the stored board. */
  readonly isStored: boolean;
  readonly scoringOf: (version: number) => Promise<Scoring>;
}

const FACTS = (alias: string): string => BOARD_FACTS.map((fact) => `${alias}.${fact}`).join(', ');
const RANKS = `rank() OVER (ORDER BY s.total_score DESC)::int AS rank,
  row_number() OVER (ORDER BY s.total_score DESC, lower(u.username) COLLATE "C", s.person_id)::int AS position`;

/** The stored ranks where the stored board is asked for; of other people, days or kinds a ranking made now. */
export async function rankedBoard(o: Ranking): Promise<RankedBoard> {
  const isStored = o.isStored && o.accountKinds.length === 1;
  if (isStored) return { ...storedRows(o, 'l.rank, l.position', 'l.position IS NOT NULL'), isStored };
  const source = o.isStored
    ? storedRows(o, 'NULL::int AS rank, NULL::int AS position', 'true')
    : daysOf(o, await o.scoringOf(o.scoringVersion));
  const values = [...source.values, o.accountKinds];
  const sql = `SELECT s.person_id, ${RANKS}, ${FACTS('s')}, s.repositories_contributed
    FROM (${source.sql}) AS s JOIN github_user u ON u.id = s.person_id WHERE u.kind = ANY($${values.length}::text[])`;
  return { sql, values, isStored };
}

function storedRows(o: Ranking, ranks: string, condition: string): { sql: string; values: readonly unknown[] } {
  if (o.repositoryId === null) {
    const sql = `SELECT l.person_id, ${ranks}, ${FACTS('l')}, l.repositories_contributed FROM global_leaderboard l WHERE l.version = $1 AND ${condition}`;
    return { sql, values: [o.version] };
  }
  const sql = `SELECT l.person_id, ${ranks}, ${FACTS('l')}, NULL::int AS repositories_contributed FROM repository_leaderboard l
    WHERE l.scoring_version = $1 AND l.repository_id = $2 AND l.version = $3 AND ${condition}`;
  return { sql, values: [o.scoringVersion, o.repositoryId, o.version] };
}

/** The same facts summed from days: per repository, where the line bonus is capped, then over repositories. */
function daysOf(o: Ranking, scoring: Scoring): { sql: string; values: readonly unknown[] } {
  const kinds = earningKindCodes(scoring, o.kinds);
  const perRepository = `SELECT c.*, ${scoreSql(scoring, 'c')} AS total_score FROM (
      SELECT f.repository_id, f.person_id, f.unknown_kinds, f.first_contribution_at, f.last_contribution_at, ${knownCounts('f')}${countedFacts(scoring, 'f')} FROM (
        SELECT d.repository_id, d.person_id, ${daySums(scoring)} FROM contribution_day d
        WHERE d.day BETWEEN $1 AND $2 AND d.kind = ANY($3::smallint[]) ${o.repositoryId === null ? '' : 'AND d.repository_id = $4'}
        GROUP BY d.repository_id, d.person_id
      ) AS f
    ) AS c`;
  const values = [o.window.since, o.window.until, kinds];
  if (o.repositoryId !== null) {
    return {
      sql: `SELECT l.person_id, ${FACTS('l')}, NULL::int AS repositories_contributed FROM (${perRepository}) AS l`,
      values: [...values, o.repositoryId],
    };
  }
  const sql = `SELECT f.person_id, f.total_score, f.unknown_kinds, f.first_contribution_at, f.last_contribution_at, f.repositories_contributed,
      ${knownBoardCounts('f')}
    FROM (SELECT l.person_id, sum(l.total_score) AS total_score, count(*)::int AS repositories_contributed, ${BOARD_SUMS}
          FROM (${perRepository}) AS l GROUP BY l.person_id) AS f`;
  return { sql, values };
}
