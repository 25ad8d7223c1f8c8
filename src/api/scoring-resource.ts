import type { StoredScoring } from '../db/scoring.ts';
import {
  CAPPABLE,
  NO_OPTIONS,
  numberOf,
  pointsOf,
  SCORED_NAMES,
  type Cappable,
  type Points,
  type Scored,
  type ScoringRules,
} from '../domain/scoring.ts';
import type { GivenRules, ScoringChangeResource, ScoringResource, ScoringRulesResource } from './contract/scoring.ts';

/** A version never changes: its number is the tag, and If-Match of a later PUT names it. */
export function scoringTag({ version }: Pick<StoredScoring, 'version'>): string {
  return `"scoring-${version}"`;
}

/** Rules as JSON. */
export function rulesResourceOf(rules: ScoringRules): ScoringRulesResource {
  const { coauthorCredit, dailyCaps, concaveLines } = rules.options;
  return {
    weights: Object.fromEntries(SCORED_NAMES.map((name) => [name, numberOf(rules.weights[name])])) as Record<Scored, number>,
    line_bonus_cap: numberOf(rules.lineBonusCap),
    options: { coauthor_credit: coauthorCredit, daily_caps: dailyCaps, concave_lines: concaveLines },
  };
}

/** A stored version as JSON. */
export function scoringResourceOf(scoring: StoredScoring): ScoringResource {
  const { version, createdAt, createdBy, note } = scoring;
  return { ...rulesResourceOf(scoring), version, created_at: createdAt.toISOString(), created_by: createdBy, note };
}

/** Rules as they were sent; options that were left out are off. */
export function rulesOf({ weights, line_bonus_cap, options = {} }: GivenRules): ScoringRules {
  const caps = options.daily_caps ?? {};
  const capped = CAPPABLE.filter((kind) => caps[kind] !== undefined);
  return {
    weights: Object.fromEntries(SCORED_NAMES.map((name) => [name, exactly(weights[name])])) as Record<Scored, Points>,
    lineBonusCap: exactly(line_bonus_cap),
    options: {
      coauthorCredit: options.coauthor_credit ?? NO_OPTIONS.coauthorCredit,
      dailyCaps: Object.fromEntries(capped.map((kind) => [kind, caps[kind]])) as Partial<Record<Cappable, number>>,
      concaveLines: options.concave_lines ?? NO_OPTIONS.concaveLines,
    },
  };
}

/** The contract has checked that there are at most four decimals; 1e-4 is written with an exponent, which pointsOf does not read. */
function exactly(value: number): Points {
  return pointsOf(value.toFixed(4));
}

/** What differs between two sets of rules, field by field. */
export function changesBetween(before: ScoringRules, after: ScoringRules): ScoringChangeResource[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((pointer) => ({ pointer, before: old.get(pointer) ?? null, after: now.get(pointer) ?? null }))
    .filter((change) => change.before !== change.after);
}

function fieldsOf(rules: ScoringRules): ReadonlyMap<string, number | boolean> {
  const { weights, line_bonus_cap, options } = rulesResourceOf(rules);
  return new Map<string, number | boolean>([
    ...SCORED_NAMES.map((name) => [`/weights/${name}`, weights[name]] as const),
    ['/line_bonus_cap', line_bonus_cap],
    ['/options/coauthor_credit', options.coauthor_credit],
    ['/options/concave_lines', options.concave_lines],
    ...Object.entries(options.daily_caps).map(([kind, cap]) => [`/options/daily_caps/${kind}`, cap ?? 0] as const),
  ]);
}
