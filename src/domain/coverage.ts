import type { ContributionKind } from './contribution.ts';
import type { Day } from './window.ts';

/** How well a source has read a run of days. What no range covers is missing. */
type CoverageState = 'complete' | 'degraded';

/** Days (both included) of one kind, or of every kind (null), that a source has read. */
export interface CoveredRange {
  readonly kind: ContributionKind | null;
  readonly since: Day;
  readonly until: Day;
  readonly state: CoverageState;
  /** What is known to be lacking, for a person; null when nothing is. */
  readonly note: string | null;
}

/** A gap a job found: of a kind (null: every kind) in a month (`YYYY-MM`; null: in the window as a whole). */
export interface Gap {
  readonly kind: ContributionKind | null;
  readonly month: string | null;
  readonly reason: string;
}
