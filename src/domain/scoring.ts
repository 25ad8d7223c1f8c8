import { KIND_CODES, type ContributionKind } from './contribution.ts';

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
export const LINES = ['LINES_ADDED', 'LINES_DELETED'] as const satisfies readonly Scored[];
export type LineName = (typeof LINES)[number];

/** The kinds that boards count, in the order of their columns. */
export const SCORED_KINDS = SCORED_NAMES.filter((name) => name !== 'LINES_ADDED' && name !== 'LINES_DELETED');
export type ScoredKind = Exclude<Scored, LineName>;

/** The decimals a weight and a score have: numeric(12,4) and numeric(24,4) in the database. */
export const POINT_DECIMALS = 4;
const UNIT = 10n ** BigInt(POINT_DECIMALS);

/** A weight is 0 to 10,000 points (decisions 11). */
export const MAX_WEIGHT = 10_000;
export const MAX_DAILY_CAP = 10_000;

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

/** What one UTC day's counts can be capped of: everything that earns points by number. */
export const CAPPABLE = [...SCORED_KINDS, 'COMMIT_COAUTHOR'] as const satisfies readonly ContributionKind[];
export type Cappable = (typeof CAPPABLE)[number];

/** Rules beyond count x weight; all off by default. */
export interface ScoringOptions {
  /** A commit that somebody co-authored earns them what a commit earns its author. */
  readonly coauthorCredit: boolean;
  /** The most that counts of a kind per person, repository and UTC day; a kind that is not named has no cap. */
  readonly dailyCaps: Readonly<Partial<Record<Cappable, number>>>;
  /** Lines earn `cap x (1 - exp(-points / cap))` instead of stopping at the cap. */
  readonly concaveLines: boolean;
}

export const NO_OPTIONS: ScoringOptions = { coauthorCredit: false, dailyCaps: {}, concaveLines: false };

/** What scores are computed with: weights, the cap of the line bonus, options. */
export interface ScoringRules {
  readonly weights: Readonly<Record<Scored, Points>>;
  /** The most points that lines of code can give one person in one repository. */
  readonly lineBonusCap: Points;
  readonly options: ScoringOptions;
}

/** The rules of one scoring version. */
export interface Scoring extends ScoringRules {
  readonly version: number;
}

/** The weights of the original design, version 1. */
export const DEFAULT_SCORING: Scoring = {
  version: 1,
  weights: Object.fromEntries(SCORED_NAMES.map((name) => [name, pointsOf(SCORED[name].points)])) as Record<Scored, Points>,
  lineBonusCap: pointsOf('500'),
  options: NO_OPTIONS,
};

/** Whether two sets of rules give everybody the same score. */
export function areSameRules(one: ScoringRules, other: ScoringRules): boolean {
  return (
    SCORED_NAMES.every((name) => one.weights[name] === other.weights[name]) &&
    one.lineBonusCap === other.lineBonusCap &&
    one.options.coauthorCredit === other.options.coauthorCredit &&
    one.options.concaveLines === other.options.concaveLines &&
    CAPPABLE.every((kind) => one.options.dailyCaps[kind] === other.options.dailyCaps[kind])
  );
}

/** Whether the counts of a board are not enough to compute its scores: single days, or rows that boards do not count, matter. */
export function needsDays({ options }: ScoringRules): boolean {
  return options.coauthorCredit || SCORED_KINDS.some((kind) => options.dailyCaps[kind] !== undefined);
}

/** The kinds that earn points: the nine of the boards, and co-authored commits where the option is on. */
export function earningKinds({ options }: ScoringRules): readonly Cappable[] {
  return options.coauthorCredit ? CAPPABLE : SCORED_KINDS;
}

/** What one of a kind earns; a co-authored commit as much as a commit. */
export function weightOf(name: Scored | 'COMMIT_COAUTHOR', { weights }: ScoringRules): Points {
  return weights[name === 'COMMIT_COAUTHOR' ? 'COMMIT' : name];
}

/** What a person did in one repository and window; null = unknown, which earns nothing and is shown as unknown. */
export type Counts = Readonly<Record<Scored, number | null>>;

/** What of it counts: after daily caps, with co-authored commits where the option is on. */
export type CountedCounts = Counts & { readonly COMMIT_COAUTHOR?: number | null };

/** The line bonus of `earned` points of lines, after the cap or on the curve. */
export function lineBonusOf(earned: Points, { lineBonusCap: cap, options }: ScoringRules): Points {
  if (options.concaveLines) return concave(earned, cap);
  return earned < cap ? earned : cap;
}

/** The score of one person in one repository: count x weight, and the line bonus. Exact. */
export function scoreOf(counts: CountedCounts, rules: ScoringRules): Points {
  const earned = (name: Scored | 'COMMIT_COAUTHOR'): Points => BigInt(counts[name] ?? 0) * weightOf(name, rules);
  const bonus = lineBonusOf(
    LINES.reduce((sum, name) => sum + earned(name), 0n),
    rules,
  );
  return earningKinds(rules).reduce((sum, kind) => sum + earned(kind), bonus);
}

/** Digits that the curve of lines is computed with: enough that rounding to four decimals never depends on the last of them. */
const CURVE_DIGITS = 30;
/** From here on the curve is the cap to the last ten-thousandth: exp(-50) is 2e-22. */
const CURVE_END = 50;

/** cap x (1 - exp(-earned / cap)), rounded to a ten-thousandth. A fixed-point series: Math.exp knows 16 digits and differs between machines. */
function concave(earned: Points, cap: Points): Points {
  if (cap === 0n) return 0n;
  const one = 10n ** BigInt(CURVE_DIGITS + 10);
  const ratio = (earned * one) / cap;
  if (ratio >= BigInt(CURVE_END) * one) return cap;
  let term = one;
  let exponential = one;
  for (let n = 1n; term > 0n; n += 1n) {
    term = (term * ratio) / (one * n);
    exponential += term;
  }
  return (cap * (one - (one * one) / exponential) + one / 2n) / one;
}

/** The column of a kind's count that scores are made of: boards' own, or one of {@link countedColumns}. */
function countedColumn(name: Scored | 'COMMIT_COAUTHOR', { options }: ScoringRules): string {
  const column = name === 'COMMIT_COAUTHOR' ? 'coauthored_count' : SCORED[name].column;
  return name in options.dailyCaps ? `capped_${column}` : column;
}

/** The columns beside the boards' own counts that {@link scoreSql} reads with these rules: which kind, its column, its cap per day. */
export function countedColumns(
  rules: ScoringRules,
): readonly { readonly kind: Cappable; readonly column: string; readonly cap: number | null }[] {
  return earningKinds(rules)
    .filter((kind) => kind === 'COMMIT_COAUTHOR' || kind in rules.options.dailyCaps)
    .map((kind) => ({ kind, column: countedColumn(kind, rules), cap: rules.options.dailyCaps[kind] ?? null }));
}

/**
 * The same score as a SQL expression over the columns of `alias`, in ten-thousandths: bigint, of the curve numeric without decimals.
 * The weights are integers in the text, never user input: DDL such as CREATE TABLE AS takes no parameters.
 */
export function pointsSql(rules: ScoringRules, alias: string): string {
  const earned = (name: Scored | 'COMMIT_COAUTHOR'): string =>
    `coalesce(${alias}.${countedColumn(name, rules)},0)::int8*${weightOf(name, rules)}`;
  const kinds = earningKinds(rules).map(earned).join('+');
  return `(${kinds}+${lineBonusSql(LINES.map(earned).join('+'), rules)})`;
}

function lineBonusSql(lines: string, { lineBonusCap: cap, options }: ScoringRules): string {
  if (!options.concaveLines) return `least(${lines},${cap})`;
  if (cap === 0n) return '0';
  return `round(${cap}*(1-exp(-least((${lines})::numeric(60,${CURVE_DIGITS})/${cap},${CURVE_END}))))`;
}

/**
 * The points of {@link pointsSql} straight from days, as an aggregate over rows of `alias` (contribution_day) of one person in one
 * repository: two sums instead of one for each count. The rows must be of the kinds that are to count.
 */
export function daysPointsSql(rules: ScoringRules, alias: string): string {
  const kinds = earningKinds(rules);
  // By code, from 1; a kind that earns nothing has 0, one without a cap null.
  const byCode = (valueOf: (kind: Cappable) => bigint | number | null, otherwise: number | null): string => {
    const values = Array.from({ length: Math.max(...Object.values(KIND_CODES)) }, (_, index) => {
      const kind = kinds.find((known) => KIND_CODES[known] === index + 1);
      return kind === undefined ? otherwise : valueOf(kind);
    });
    return `('{${values.map((value) => value ?? 'NULL').join(',')}}'::int8[])[${alias}.kind]`;
  };
  const isCapped = kinds.some((kind) => kind in rules.options.dailyCaps);
  const quantity = isCapped
    ? `CASE WHEN ${alias}.quantity IS NOT NULL THEN least(${alias}.quantity, ${byCode((kind) => rules.options.dailyCaps[kind] ?? null, null)}) END`
    : `${alias}.quantity`;
  const lines = LINES.map((name) => `coalesce(${alias}.${SCORED[name].column},0)*${weightOf(name, rules)}`).join('+');
  const earned = `coalesce(sum(${quantity}*${byCode((kind) => weightOf(kind, rules), 0)}),0)::int8`;
  return `(${earned}+${lineBonusSql(`coalesce(sum(${lines}),0)::int8`, rules)})`;
}

/** Points of {@link pointsSql} as a score, numeric(24,4). */
export function scoreOfPointsSql(points: string): string {
  return `(${points}*0.${'0'.repeat(POINT_DECIMALS - 1)}1)::numeric(24,${POINT_DECIMALS})`;
}

/** The same score as {@link scoreOf}, as a SQL expression of type numeric(24,4), made from the same table. */
export function scoreSql(rules: ScoringRules, alias: string): string {
  return scoreOfPointsSql(pointsSql(rules, alias));
}
