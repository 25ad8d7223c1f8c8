import type { ContributionKind } from './contribution.ts';

/** What a scoring version has a weight for: the nine kinds that earn points, and the lines of code. */
export const SCORED = {
  COMMIT: { column: 'commit_count', points: '10', description: 'Direct code contribution' },
  PR_OPENED: { column: 'pr_opened_count', points: '15', description: 'Initiative to contribute' },
  PR_MERGED: { column: 'pr_merged_count', points: '25', description: 'Code successfully integrated' },
  PR_REVIEWED: { column: 'pr_reviewed_count', points: '20', description: 'Code review contribution' },
  PR_REVIEW_COMMENT: { column: 'pr_review_comments_count', points: '5', description: 'Detailed review feedback' },
  ISSUE_OPENED: { column: 'issues_opened_count', points: '8', description: 'Bug reports, feature requests' },
  ISSUE_CLOSED: { column: 'issues_closed_count', points: '5', description: 'Resolution of issues' },
  COMMENT: { column: 'comments_count', points: '3', description: 'Discussion participation' },
  RELEASE: { column: 'releases_count', points: '30', description: 'Publishing a release' },
  LINES_ADDED: { column: 'lines_added', points: '0.01', description: 'Per line added, capped together with deleted lines' },
  LINES_DELETED: { column: 'lines_deleted', points: '0.005', description: 'Per line deleted, capped together with added lines' },
} as const satisfies Partial<Record<ContributionKind | 'LINES_ADDED' | 'LINES_DELETED', unknown>>;

/** The name of a weight: a scored kind, or one of the two line counts. */
export type Scored = keyof typeof SCORED;
export const SCORED_NAMES = Object.keys(SCORED) as readonly Scored[];

/** The two line counts share one cap; every other weight stands alone. */
const LINES = ['LINES_ADDED', 'LINES_DELETED'] as const satisfies readonly Scored[];

/** The kinds that boards count, in the order of their columns. */
export const SCORED_KINDS = SCORED_NAMES.filter((name) => name !== 'LINES_ADDED' && name !== 'LINES_DELETED');
export type ScoredKind = Exclude<Scored, (typeof LINES)[number]>;

/** The decimals a weight and a score have: numeric(12,4) and numeric(24,4) in the database. */
const POINT_DECIMALS = 4;
const UNIT = 10n ** BigInt(POINT_DECIMALS);

/** A weight is 0 to 10,000 points (decisions 11). */
export const MAX_WEIGHT = 10_000;

/** Points in ten-thousandths, so that sums are exact. */
export type Points = bigint;

/**
 * Reads a decimal with at most four decimals, `12`, `0.005`, `1380.0000`, as points.
 * @throws RangeError when it is not such a number.
 */
export function pointsOf(decimal: string | number): Points {
  const match = /^(-?)(\d{1,18})(?:\.(\d+))?$/.exec(String(decimal));
  const fraction = match?.[3]?.replace(/0+$/, '') ?? '';
  if (match === null || fraction.length > POINT_DECIMALS) {
    throw new RangeError(`${decimal} is not a decimal with at most ${POINT_DECIMALS} decimals`);
  }
  const magnitude = BigInt(match[2] as string) * UNIT + BigInt(fraction.padEnd(POINT_DECIMALS, '0'));
  return match[1] === '-' ? -magnitude : magnitude;
}

/** Points as the number that JSON shows; a double keeps 15 digits, so up to 100 billion points nothing is lost. */
export function numberOf(points: Points): number {
  return Number(decimalOf(points));
}

/** Points as a decimal with four decimals, as the database writes it. */
export function decimalOf(points: Points): string {
  const magnitude = points < 0n ? -points : points;
  return `${points < 0n ? '-' : ''}${magnitude / UNIT}.${String(magnitude % UNIT).padStart(POINT_DECIMALS, '0')}`;
}

/** The weights of one scoring version. */
export interface Scoring {
  readonly version: number;
  readonly weights: Readonly<Record<Scored, Points>>;
  /** The most points that lines of code can give one person in one repository. */
  readonly lineBonusCap: Points;
}

/** The weights of the original design, version 1. */
export const DEFAULT_SCORING: Scoring = {
  version: 1,
  weights: Object.fromEntries(SCORED_NAMES.map((name) => [name, pointsOf(SCORED[name].points)])) as Record<Scored, Points>,
  lineBonusCap: pointsOf('500'),
};

/** What a person did in one repository and window; null = unknown, which earns nothing and is shown as unknown. */
export type Counts = Readonly<Record<Scored, number | null>>;

/** The score of one person in one repository: count x weight, the line bonus capped. Exact. */
export function scoreOf(counts: Counts, scoring: Scoring): Points {
  const earned = (name: Scored): Points => BigInt(counts[name] ?? 0) * scoring.weights[name];
  const lines = LINES.reduce((sum, name) => sum + earned(name), 0n);
  const bonus = lines < scoring.lineBonusCap ? lines : scoring.lineBonusCap;
  return SCORED_KINDS.reduce((sum, kind) => sum + earned(kind), bonus);
}

/**
 * The same score as a SQL expression of type numeric(24,4) over the count columns of `alias`, made from the same table.
 * The weights are integers in the text, never user input: DDL such as CREATE TABLE AS takes no parameters.
 */
export function scoreSql(scoring: Scoring, alias: string): string {
  const earned = (name: Scored): string => `coalesce(${alias}.${SCORED[name].column},0)::int8*${scoring.weights[name]}`;
  const lines = LINES.map(earned).join('+');
  const kinds = SCORED_KINDS.map(earned).join('+');
  return `((${kinds}+least(${lines},${scoring.lineBonusCap}))*0.${'0'.repeat(POINT_DECIMALS - 1)}1)::numeric(24,${POINT_DECIMALS})`;
}
