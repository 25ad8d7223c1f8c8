import { SCORED, type Scored } from '../domain/scoring.ts';
import { BOARD_FACTS } from './repository-board.ts';
import { incompleteKinds } from './board-columns.ts';

type CountColumn = (typeof SCORED)[Scored]['column'];

/** The columns of a board's row that say what somebody did, as they are stored. */
export interface FactRow extends Readonly<Record<CountColumn, number | null>> {
  readonly total_score: number;
  readonly unknown_kinds: number;
  readonly first_contribution_at: Date | null;
  readonly last_contribution_at: Date | null;
}

/** What somebody did, as the API gives it. A count is null when it is not known, never 0. */
export interface Figures extends Readonly<Record<CountColumn, number | null>> {
  readonly total_score: number;
  /** Kinds of which the count is the sum of the known part. */
  readonly incomplete_kinds: readonly string[];
  readonly first_contribution_at: string | null;
  readonly last_contribution_at: string | null;
}

/** The fact columns of `alias`, for a select list. */
export function factsSql(alias: string): string {
  return BOARD_FACTS.map((fact) => `${alias}.${fact}`).join(', ');
}

/** A row's facts as the API gives them. */
export function figuresOf(row: FactRow): Figures {
  const counts = Object.fromEntries(Object.values(SCORED).map(({ column }) => [column, row[column]])) as Record<CountColumn, number | null>;
  return {
    total_score: row.total_score,
    ...counts,
    incomplete_kinds: incompleteKinds(row.unknown_kinds, counts),
    first_contribution_at: row.first_contribution_at?.toISOString() ?? null,
    last_contribution_at: row.last_contribution_at?.toISOString() ?? null,
  };
}
