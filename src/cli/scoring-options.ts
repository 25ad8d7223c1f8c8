import { InvalidArgumentError, type Command } from 'commander';
import type { GivenRules, ScoringRulesResource } from '../api/contract/scoring.ts';
import { CAPPABLE, SCORED_NAMES } from '../domain/scoring.ts';

/** What `scoring set` and `scoring preview` change. */
export interface RulesOptions {
  readonly lineCap?: number;
  readonly dailyCap?: Readonly<Record<string, number | null>>;
  readonly coauthors?: boolean;
  readonly concave?: boolean;
}

/** Gives a command the arguments and options that say what of the scoring is to change. */
export function withRules(command: Command): Command {
  return command
    .argument('[KIND=points...]', `weights: ${SCORED_NAMES.join(', ')}`, weightArguments)
    .option('--line-cap <points>', 'the most points of lines per person and repository', pointsOption)
    .option('--daily-cap <KIND=n>', 'count at most n of a kind a day (KIND=none: no cap); may be repeated', dailyCapOption)
    .option('--coauthors', 'a co-authored commit earns what a commit earns')
    .option('--no-coauthors', 'it earns nothing')
    .option('--concave', 'lines earn less the more there are, instead of nothing beyond the cap')
    .option('--no-concave', 'they stop at the cap');
}

/** Rules with the changes that were asked for. */
export function changedRules(
  { weights, line_bonus_cap, options }: ScoringRulesResource,
  given: Readonly<Record<string, number>>,
  { lineCap, dailyCap = {}, coauthors, concave }: RulesOptions,
): GivenRules {
  const caps = Object.entries({ ...options.daily_caps, ...dailyCap }).filter(([, cap]) => cap !== null);
  return {
    weights: { ...weights, ...given },
    line_bonus_cap: lineCap ?? line_bonus_cap,
    options: {
      coauthor_credit: coauthors ?? options.coauthor_credit,
      daily_caps: Object.fromEntries(caps) as ScoringRulesResource['options']['daily_caps'],
      concave_lines: concave ?? options.concave_lines,
    },
  };
}

function pointsOption(text: string): number {
  if (!/^\d+(?:\.\d+)?$/.test(text)) throw new InvalidArgumentError('It must be a number of points like 12 or 0.005.');
  return Number(text);
}

/** `KIND=value`, the kind in any case. */
function pair<const K extends string>(text: string, kinds: readonly K[]): readonly [K, string] {
  const [name = '', value] = text.split('=');
  const kind = kinds.find((known) => known === name.toUpperCase());
  if (kind === undefined) throw new InvalidArgumentError(`"${name}" is not one of ${kinds.join(', ')}.`);
  if (value === undefined || value === '') throw new InvalidArgumentError(`It must be like ${kind}=12.`);
  return [kind, value];
}

function weightArguments(text: string, before: Readonly<Record<string, number>> | undefined): Readonly<Record<string, number>> {
  const [kind, value] = pair(text, SCORED_NAMES);
  return { ...before, [kind]: pointsOption(value) };
}

function dailyCapOption(
  text: string,
  before: Readonly<Record<string, number | null>> | undefined,
): Readonly<Record<string, number | null>> {
  const [kind, value] = pair(text, CAPPABLE);
  if (value === 'none') return { ...before, [kind]: null };
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError(`It must be like ${kind}=5 or ${kind}=none.`);
  return { ...before, [kind]: Number(value) };
}
