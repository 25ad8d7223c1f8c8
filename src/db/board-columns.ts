import { KIND_CODES } from '../domain/contribution.ts';
import { countedColumns, earningKinds, SCORED, SCORED_KINDS, type Scored, type ScoredKind, type ScoringRules } from '../domain/scoring.ts';

/*
 * The count columns of boards, made from the domain's table of scored kinds. What a person's count of a kind is: the sum of what
 * is known; null when rows exist and all are unknown; 0 when there are none. Which kinds have unknown rows stands in the bits of
 * `unknown_kinds`.
 */

/** Codes of the two line counts in `unknown_kinds`, beside the kinds' own. */
const LINE_CODES = { LINES_ADDED: 11, LINES_DELETED: 12 } as const;

/** What `unknown_kinds` and `incomplete_kinds` can name: code, name and the column that holds its count. */
const COUNTED: readonly { readonly code: number; readonly name: Scored; readonly column: string }[] = [
  ...SCORED_KINDS.map((name) => ({ code: KIND_CODES[name], name, column: SCORED[name].column })),
  ...(['LINES_ADDED', 'LINES_DELETED'] as const).map((name) => ({ code: LINE_CODES[name], name, column: SCORED[name].column })),
];

/** The count columns of a board, in their order. */
export const COUNT_COLUMNS: readonly string[] = COUNTED.map(({ column }) => column);

const KIND_COLUMNS = COUNTED.filter(({ code }) => code < LINE_CODES.LINES_ADDED);
const LINE_BITS = (1 << LINE_CODES.LINES_ADDED) | (1 << LINE_CODES.LINES_DELETED);

/** SQL of a sum as it fits an int. Not `least`, which leaves a null out: an unknown count would become two billion. */
export function atMostInt(sum: string): string {
  return `CASE WHEN ${sum} > 2147483647 THEN 2147483647 ELSE ${sum} END`;
}

/** SQL of the select list that sums days (`d`, of contribution_day) per group; {@link knownCounts} reads its columns. */
const DAY_SUMS = [
  ...KIND_COLUMNS.map(({ code, column }) => `sum(d.quantity) FILTER (WHERE d.kind = ${code}) AS ${column}`),
  'sum(d.lines_added) AS lines_added',
  'sum(d.lines_deleted) AS lines_deleted',
  `bit_or((CASE WHEN d.unknown > 0 THEN 1 << d.kind ELSE 0 END) | (CASE WHEN d.lines_unknown > 0 THEN ${LINE_BITS} ELSE 0 END)) AS unknown_kinds`,
  'min(d.first_at) AS first_contribution_at',
  'max(d.last_at) AS last_contribution_at',
].join(',\n  ');

/** SQL of the columns of {@link DAY_SUMS} and of those that daily caps and co-author credit are scored by. */
export function daySums(rules: ScoringRules): string {
  // `least` leaves a null out: an unknown quantity would count as the cap.
  const counted = countedColumns(rules).map(({ kind, column, cap }) => {
    const quantity = cap === null ? 'd.quantity' : `least(d.quantity, ${cap})`;
    return `sum(${quantity}) FILTER (WHERE d.kind = ${KIND_CODES[kind]} AND d.quantity IS NOT NULL) AS ${column}`;
  });
  return [DAY_SUMS, ...counted].join(',\n  ');
}

/** SQL that hands the columns on which {@link daySums} has beside {@link DAY_SUMS}; begins with a comma, or is empty. */
export function countedFacts(rules: ScoringRules, alias: string): string {
  return countedColumns(rules)
    .map(({ column }) => `, ${alias}.${column}`)
    .join('');
}

/** The codes of the kinds that earn points, of all or of some; a co-authored commit is a commit where it earns points. */
export function earningKindCodes(rules: ScoringRules, kinds: readonly ScoredKind[] | null = null): readonly number[] {
  return earningKinds(rules)
    .filter((kind) => kinds?.includes(kind === 'COMMIT_COAUTHOR' ? 'COMMIT' : kind) ?? true)
    .map((kind) => KIND_CODES[kind]);
}

/** SQL of count columns: sums of `alias` with "none" as 0 and "all unknown" as null. */
export function knownCounts(alias: string): string {
  return COUNTED.map(({ code, column }) => {
    const type = code < LINE_CODES.LINES_ADDED ? 'int' : 'bigint';
    const sum = type === 'int' ? atMostInt(`${alias}.${column}`) : `${alias}.${column}`;
    return `coalesce(${sum}, CASE WHEN ${alias}.unknown_kinds & ${1 << code} = 0 THEN 0 END)::${type} AS ${column}`;
  }).join(',\n  ');
}

/** SQL of the select list that sums repository boards (`l`) per person. */
export const BOARD_SUMS = [
  ...COUNTED.map(({ column }) => `sum(l.${column}) AS ${column}`),
  'bit_or(l.unknown_kinds) AS unknown_kinds',
  'min(l.first_contribution_at) AS first_contribution_at',
  'max(l.last_contribution_at) AS last_contribution_at',
].join(',\n  ');

/** SQL of count columns over sums of boards: as {@link knownCounts}; a sum of 0 beside unknown rows is unknown. */
export function knownBoardCounts(alias: string): string {
  return COUNTED.map(({ code, column }) => {
    const type = code < LINE_CODES.LINES_ADDED ? 'int' : 'bigint';
    const sum = type === 'int' ? atMostInt(`${alias}.${column}`) : `${alias}.${column}`;
    return `(CASE WHEN ${alias}.unknown_kinds & ${1 << code} = 0 OR ${alias}.${column} <> 0 THEN ${sum} END)::${type} AS ${column}`;
  }).join(',\n  ');
}

/** The names of kinds of which a count is the sum of the known part only. */
export function incompleteKinds(unknownKinds: number, counts: Readonly<Record<string, unknown>>): readonly Scored[] {
  if (unknownKinds === 0) return [];
  return COUNTED.filter(({ code, column }) => (unknownKinds & (1 << code)) !== 0 && counts[column] !== null).map(({ name }) => name);
}
