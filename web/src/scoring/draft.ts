import type { GivenRules, ScoringRulesResource } from '../../../src/api/contract/scoring.ts';
import { CAPPABLE, SCORED_NAMES, type Cappable, type Scored } from '../../../src/domain/scoring.ts';

/** Rules as they are being typed: every field the text in it. */
export interface Draft {
  readonly weights: Readonly<Record<Scored, string>>;
  readonly lineBonusCap: string;
  readonly coauthorCredit: boolean;
  readonly concaveLines: boolean;
  /** Empty: no cap. */
  readonly dailyCaps: Readonly<Record<Cappable, string>>;
}

const record = <Name extends string, V>(names: readonly Name[], valueOf: (name: Name) => V): Record<Name, V> =>
  Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<Name, V>;

/** Rules as a draft to begin with. */
export function draftOf({ weights, line_bonus_cap: cap, options }: ScoringRulesResource): Draft {
  return {
    weights: record(SCORED_NAMES, (name) => String(weights[name])),
    lineBonusCap: String(cap),
    coauthorCredit: options.coauthor_credit,
    concaveLines: options.concave_lines,
    dailyCaps: record(CAPPABLE, (kind) => String(options.daily_caps[kind] ?? '')),
  };
}

/** A draft as the API is sent it. A field that is no number is sent as it is: the API says what is wrong with it. */
export function rulesOf({ weights, lineBonusCap, coauthorCredit, concaveLines, dailyCaps }: Draft): GivenRules {
  const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));
  const caps = CAPPABLE.filter((kind) => dailyCaps[kind].trim() !== '');
  return {
    weights: record(SCORED_NAMES, (name) => numberOf(weights[name])),
    line_bonus_cap: numberOf(lineBonusCap),
    options: {
      coauthor_credit: coauthorCredit,
      concave_lines: concaveLines,
      daily_caps: record(caps, (kind) => numberOf(dailyCaps[kind])),
    },
  };
}

/** Whether two drafts mean the same. */
export function isSame(one: Draft, other: Draft): boolean {
  return JSON.stringify(rulesOf(one)) === JSON.stringify(rulesOf(other));
}
