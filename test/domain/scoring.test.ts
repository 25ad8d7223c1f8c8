import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  decimalOf,
  DEFAULT_SCORING,
  MAX_WEIGHT,
  needsDays,
  NO_OPTIONS,
  numberOf,
  pointsOf,
  SCORED,
  SCORED_KINDS,
  SCORED_NAMES,
  scoreOf,
  scoreSql,
  type Counts,
  type Scored,
  type ScoringOptions,
} from '../../src/domain/scoring.ts';

const NOTHING = Object.fromEntries(SCORED_NAMES.map((name) => [name, 0])) as Record<Scored, number | null>;
const did = (counts: Partial<Record<Scored, number | null>>): Counts => ({ ...NOTHING, ...counts });
const count = fc.option(fc.integer({ min: 0, max: 1_000_000_000 }), { nil: null });
const anyCounts = fc.record(Object.fromEntries(SCORED_NAMES.map((name) => [name, count]))) as fc.Arbitrary<Counts>;
const weight = fc.bigInt({ min: 0n, max: BigInt(MAX_WEIGHT) * 10_000n });
const anyScoring = fc.record({
  version: fc.constant(2),
  weights: fc.record(Object.fromEntries(SCORED_NAMES.map((name) => [name, weight]))) as fc.Arbitrary<Record<Scored, bigint>>,
  lineBonusCap: weight,
  options: fc.constant(NO_OPTIONS),
});

describe('the score', () => {
  test('50 commits, 10 pull requests opened, 8 merged, 15 reviewed, 5 issues, 30 comments and 10,000 lines added = 1380', () => {
    const counts = did({ COMMIT: 50, PR_OPENED: 10, PR_MERGED: 8, PR_REVIEWED: 15, ISSUE_OPENED: 5, COMMENT: 30, LINES_ADDED: 10_000 });
    expect(decimalOf(scoreOf(counts, DEFAULT_SCORING))).toBe('1380.0000');
    expect(numberOf(scoreOf(counts, DEFAULT_SCORING))).toBe(1380);
  });

  test.each(SCORED_NAMES.map((name) => [name, SCORED[name].points] as const))('one %s is worth %s', (name, points) => {
    expect(scoreOf(did({ [name]: 1 }), DEFAULT_SCORING)).toBe(pointsOf(points));
  });

  test.each(SCORED_NAMES)('changing the weight of %s changes the score of whoever did it', (name) => {
    const changed = { ...DEFAULT_SCORING, weights: { ...DEFAULT_SCORING.weights, [name]: DEFAULT_SCORING.weights[name] + 1n } };
    expect(scoreOf(did({ [name]: 3 }), changed) - scoreOf(did({ [name]: 3 }), DEFAULT_SCORING)).toBe(3n);
  });

  test('lines added and deleted share one cap of 500 points', () => {
    expect(numberOf(scoreOf(did({ LINES_ADDED: 1_000_000, LINES_DELETED: 1_000_000 }), DEFAULT_SCORING))).toBe(500);
    expect(numberOf(scoreOf(did({ LINES_ADDED: 40_000, LINES_DELETED: 20_000 }), DEFAULT_SCORING))).toBe(500);
    expect(numberOf(scoreOf(did({ LINES_ADDED: 40_000, LINES_DELETED: 19_999 }), DEFAULT_SCORING))).toBe(499.995);
    expect(numberOf(scoreOf(did({ LINES_ADDED: 1_000_000, COMMIT: 1 }), DEFAULT_SCORING))).toBe(510);
  });

  test('what is unknown earns nothing', () => {
    expect(scoreOf(did({ COMMIT: null, LINES_ADDED: null, COMMENT: 1 }), DEFAULT_SCORING)).toBe(pointsOf(3));
  });

  test('half a point of a line is kept: scores are exact', () => {
    expect(decimalOf(scoreOf(did({ LINES_DELETED: 1 }), DEFAULT_SCORING))).toBe('0.0050');
    expect(decimalOf(scoreOf(did({ LINES_ADDED: 1, LINES_DELETED: 1 }), DEFAULT_SCORING))).toBe('0.0150');
  });

  test('more of anything never lowers a score', () => {
    fc.assert(
      fc.property(anyCounts, anyScoring, fc.constantFrom(...SCORED_NAMES), (counts, scoring, name) => {
        const more = { ...counts, [name]: (counts[name] ?? 0) + 1 };
        expect(scoreOf(more, scoring) >= scoreOf(counts, scoring)).toBe(true);
      }),
    );
  });

  test('without lines, the score of two persons together is the sum of their scores', () => {
    fc.assert(
      fc.property(anyCounts, anyCounts, anyScoring, (one, other, scoring) => {
        const noLines = { LINES_ADDED: 0, LINES_DELETED: 0 };
        const both = Object.fromEntries(SCORED_KINDS.map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
        const sum = scoreOf({ ...one, ...noLines }, scoring) + scoreOf({ ...other, ...noLines }, scoring);
        expect(scoreOf({ ...did(both), ...noLines }, scoring)).toBe(sum);
      }),
    );
  });

  test('its SQL names every column once and holds no value but integers', () => {
    fc.assert(
      fc.property(anyScoring, (scoring) => {
        const sql = scoreSql(scoring, 'd');
        for (const name of SCORED_NAMES) expect(sql.split(`d.${SCORED[name].column},`)).toHaveLength(2);
        expect(sql.replace(/[a-z_]+|int8|\d+|0\.0001/g, '')).toMatch(/^[().,:*+\s]*$/);
      }),
    );
  });
});

describe('options', () => {
  const withOptions = (options: Partial<ScoringOptions>) => ({ ...DEFAULT_SCORING, options: { ...NO_OPTIONS, ...options } });

  test('a co-authored commit earns what a commit earns, where the option is on', () => {
    const counts = { ...did({ COMMIT: 1 }), COMMIT_COAUTHOR: 3 };
    expect(numberOf(scoreOf(counts, DEFAULT_SCORING))).toBe(10);
    expect(numberOf(scoreOf(counts, withOptions({ coauthorCredit: true })))).toBe(40);
  });

  test('on the curve lines earn a little less from the first one on, and approach the cap', () => {
    const rules = withOptions({ concaveLines: true });
    const bonus = (lines: number): number => numberOf(scoreOf(did({ LINES_ADDED: lines }), rules));
    // 500 x (1 - exp(-1)) = 316.0603; of 1 point 500 x (1 - exp(-1/500)) = 0.9990.
    expect([100, 50_000, 200_000, 2_400_000, 1_000_000_000].map(bonus)).toEqual([0.999, 316.0603, 490.8422, 500, 500]);
    expect(numberOf(scoreOf(did({ LINES_ADDED: 1_000 }), { ...rules, lineBonusCap: 0n }))).toBe(0);
  });

  test('only daily caps of what boards count and co-author credit need more than a board holds', () => {
    expect(needsDays(withOptions({ concaveLines: true }))).toBe(false);
    expect(needsDays(withOptions({ dailyCaps: { COMMIT_COAUTHOR: 1 } }))).toBe(false);
    expect(needsDays(withOptions({ dailyCaps: { COMMENT: 1 } }))).toBe(true);
    expect(needsDays(withOptions({ coauthorCredit: true }))).toBe(true);
  });
});

describe('points', () => {
  test.each([
    ['12', 120_000n],
    ['0.005', 50n],
    ['1380.0000', 13_800_000n],
    ['0.00010000', 1n],
    ['-1.5', -15_000n],
    [0.01, 100n],
    [10_000, 100_000_000n],
  ])('%s is read exactly', (decimal, points) => {
    expect(pointsOf(decimal)).toBe(points);
  });

  test.each(['', ' 1', '1.', '.5', '1e3', '0.00001', 'NaN', 'Infinity', '1,5', '0x10', '٣', '1'.repeat(19), 1e-7, Number.NaN, 0.1 + 0.2])(
    '%p is refused',
    (decimal) => {
      expect(() => pointsOf(decimal)).toThrow(RangeError);
    },
  );

  test('what is written is read again as the same', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 21n), max: 10n ** 21n }), (points) => {
        expect(pointsOf(decimalOf(points))).toBe(points);
      }),
    );
  });

  test('JSON numbers keep every score up to 100 billion points', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (points) => {
        expect(pointsOf(numberOf(points))).toBe(points);
      }),
    );
  });
});
