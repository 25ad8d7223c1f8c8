import { describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import type { ReceiptResource } from '../../src/api/contract/scores.ts';
import { rulesResourceOf } from '../../src/api/scoring-resource.ts';
import { receiptText } from '../../src/cli/commands/score.ts';
import { changedRules, withRules, type RulesOptions } from '../../src/cli/scoring-options.ts';
import { DEFAULT_SCORING } from '../../src/domain/scoring.ts';

const CURRENT = rulesResourceOf({
  ...DEFAULT_SCORING,
  options: { coauthorCredit: true, dailyCaps: { COMMENT: 3, COMMIT: 9 }, concaveLines: false },
});

/** What a command line changes. */
function changed(...words: string[]): unknown {
  let result: unknown;
  withRules(new Command('set'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action((weights: Record<string, number>, options: RulesOptions) => {
      result = changedRules(CURRENT, weights, options);
    })
    .parse(words, { from: 'user' });
  return result;
}

describe('the command line of a scoring', () => {
  test('changes what it names and leaves the rest', () => {
    const line = [
      'commit=12.5',
      'LINES_ADDED=0',
      '--line-cap',
      '400',
      '--daily-cap',
      'COMMENT=none',
      '--daily-cap',
      'release=1',
      '--no-coauthors',
      '--concave',
    ];
    expect(changed(...line)).toEqual({
      weights: { ...CURRENT.weights, COMMIT: 12.5, LINES_ADDED: 0 },
      line_bonus_cap: 400,
      options: { coauthor_credit: false, daily_caps: { COMMIT: 9, RELEASE: 1 }, concave_lines: true },
    });
    expect(changed('COMMENT=1')).toMatchObject({ options: CURRENT.options, line_bonus_cap: 500 });
  });

  test.each([['COMMITS=3'], ['COMMIT'], ['COMMIT=-1'], ['COMMIT=1e3'], ['--daily-cap', 'COMMIT=0'], ['--line-cap', 'all']])(
    '%s %s is refused',
    (...words) => {
      expect(() => changed(...words)).toThrow(/is invalid|must be/);
    },
  );
});

test('a receipt shows what counted of how much, the unknown, and what the line cap did', () => {
  const links = { contributions: '', github: [] };
  const receipt: ReceiptResource = {
    contributor: { github_id: 1, username: 'ada', display_name: null },
    repository: null,
    window: { since: '2026-01-01', until: '2026-01-31' },
    scoring_version: 4,
    total_score: 545,
    lines: [
      {
        kind: 'COMMIT',
        description: '',
        count: null,
        counted: null,
        daily_cap: null,
        points_each: 10,
        points: 0,
        is_incomplete: false,
        links,
      },
      { kind: 'COMMENT', description: '', count: 1_200, counted: 15, daily_cap: 5, points_each: 3, points: 45, is_incomplete: true, links },
    ],
    line_bonus: {
      lines: [
        { kind: 'LINES_ADDED', count: 70_000, points_each: 0.01, points: 700, is_incomplete: false },
        { kind: 'LINES_DELETED', count: 0, points_each: 0.005, points: 0, is_incomplete: false },
      ],
      points_before_cap: 700,
      cap: 500,
      concave: false,
      points: 500,
    },
    repositories: [{ repository: 'octo/rocket', total_score: 545, line_bonus: 500, links: { score: '', leaderboard: '' } }],
    board: { total_score: 500, rank: 2, is_current: false },
  };
  const text = receiptText(receipt);
  expect(text).toContain('ada in all repositories, 2026-01-01 to 2026-01-31, scoring 4');
  expect(text).toMatch(/COMMIT +\? +10 +0/);
  expect(text).toMatch(/COMMENT +15\+ of 1,200\+ +3 +45 +at most 5 a day/);
  expect(text).toContain('700 points of lines count 500 (at most 500 a repository)');
  expect(text).toContain('total 545, rank 2');
  expect(text).toContain('The board says 500: it is being made anew.');
  expect(text).toMatch(/545 +octo\/rocket/);
  expect(text).not.toContain('lines deleted');
});
