import { expect, test } from '@jest/globals';
import { CONTRIBUTION_KINDS, KIND_CODES, kindOf, SOURCE_NAMES, SOURCES } from '../../src/domain/contribution.ts';
import { SCORED_KINDS } from '../../src/domain/scoring.ts';

test('the codes that are in databases never change', () => {
  expect(KIND_CODES).toEqual({
    COMMIT: 1,
    PR_OPENED: 2,
    PR_MERGED: 3,
    PR_REVIEWED: 4,
    PR_REVIEW_COMMENT: 5,
    ISSUE_OPENED: 6,
    ISSUE_CLOSED: 7,
    COMMENT: 8,
    RELEASE: 9,
    COMMIT_COAUTHOR: 10,
  });
  expect(Object.values(SOURCES).map(({ code }) => code)).toEqual([1, 2, 3, 4]);
});

test('a code gives its kind, another one is refused', () => {
  for (const kind of CONTRIBUTION_KINDS) expect(kindOf(KIND_CODES[kind])).toBe(kind);
  for (const code of [0, 11, -1, 1.5, Number.NaN]) expect(() => kindOf(code)).toThrow(RangeError);
});

test('every kind but the co-author of a commit earns points', () => {
  expect([...SCORED_KINDS, 'COMMIT_COAUTHOR']).toEqual(CONTRIBUTION_KINDS);
});

test('GitHub itself is stronger than every other source', () => {
  for (const name of SOURCE_NAMES) if (name !== 'github') expect(SOURCES.github.strength).toBeGreaterThan(SOURCES[name].strength);
});
