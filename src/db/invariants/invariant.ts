/** Something that holds of the stored rows at every moment at which a transaction can look. */
export interface Invariant {
  /** Short and stable: what scripts and tests name it by. */
  readonly name: string;
  /** What holds, in a sentence without a full stop. */
  readonly promise: string;
  /** SQL of one number: how many things were looked at. */
  readonly checked: string;
  /** What they are: `rows of boards`. */
  readonly unit: string;
  /**
   * SQL of a row for each thing that is wrong; ids only, never a login. The columns `stored` and `expected` may hold JSON objects: what is
   * the same in both is left out of the report.
   */
  readonly violations: string;
  /** SQL of why it can't be said at this moment; null: it can. */
  readonly unless?: string;
}

/** How the checker looks. */
export interface Looking {
  /**
   * Nothing is under way and everything has followed: boards that wait for their rebuild are wrong, too. Else they are what a running
   * Laurels looks like between a publish and the rebuild.
   */
  readonly isSettled: boolean;
  /** A Laurels works on the database: what has waited for over an hour is wrong. */
  readonly isRunning: boolean;
}

/** What looking at one invariant has found. */
export interface InvariantFinding {
  readonly name: string;
  /** What holds, or should. */
  readonly promise: string;
  /** How many things were looked at, and what they are. */
  readonly checked: number;
  readonly unit: string;
  readonly violations: number;
  /** The first violations: ids, never logins. */
  readonly examples: readonly Readonly<Record<string, unknown>>[];
  /** Why it could not be said at this moment; null: it was. */
  readonly skipped: string | null;
}
