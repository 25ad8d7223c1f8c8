import { describe, expect, test } from '@jest/globals';
import { generateSample } from '../../sample/generate.ts';
import { createRandom } from '../../sample/random.ts';
import { classify } from '../../src/domain/account-kind.ts';
import type { Contribution, ContributionKind } from '../../src/domain/contribution.ts';
import { dayOf } from '../../src/domain/window.ts';

const TODAY = '2026-03-15';
const sample = generateSample(TODAY);
const all = sample.flatMap(({ contributions }) => contributions);
const of = (kind: ContributionKind, rows: readonly Contribution[] = all) => rows.filter((row) => row.kind === kind);
const accounts = new Map(all.flatMap(({ actor }) => (actor === null ? [] : [[actor.githubId, actor] as const])));

describe('the sample', () => {
  test('is the same every time for the same day', () => {
    expect(generateSample(TODAY)).toEqual(sample);
  });

  test('is labelled as what it is: owner sample, negative ids, a note on its coverage', () => {
    for (const repository of sample) {
      expect(repository.owner).toBe('sample');
      expect(repository.githubId).toBeLessThan(0);
      expect(repository.description).toContain('sample data');
      expect(repository.covered.map(({ note }) => note)).toEqual([expect.stringContaining('Sample data')]);
    }
    for (const { githubId, login, type } of accounts.values()) {
      expect(githubId).toBeLessThan(0);
      if (type === 'User') expect(login).toMatch(/-sample$/);
    }
  });

  test('lies in the two years before the day, of any day', () => {
    for (const today of [TODAY, '2024-02-29', '2026-12-31', '2026-01-01']) {
      for (const { contributions, covered } of generateSample(today)) {
        const days = contributions.map(({ occurredAt }) => dayOf(occurredAt));
        expect(days.every((day) => day < today && day >= (covered[0]?.since ?? ''))).toBe(true);
      }
    }
  });

  test('has about sixty people, bots and an agent, told apart by the same rules as real ones', () => {
    const kinds = Object.groupBy(accounts.values(), ({ login, type }) => classify(login, type).kind);
    expect(kinds.human?.length).toBeGreaterThan(50);
    expect(kinds.bot?.length).toBe(2);
    expect(kinds.agent?.length).toBe(1);
  });

  test('has every kind, newcomers and leavers, quiet summers and busy autumns', () => {
    for (const kind of [
      'COMMIT',
      'PR_OPENED',
      'PR_MERGED',
      'PR_REVIEWED',
      'PR_REVIEW_COMMENT',
      'ISSUE_OPENED',
      'ISSUE_CLOSED',
      'COMMENT',
      'RELEASE',
    ] as const) {
      expect(of(kind).length).toBeGreaterThan(20);
    }
    const days = Map.groupBy(all, ({ actor }) => actor?.githubId);
    const spans = [...days.values()].map((rows) => rows.map(({ occurredAt }) => dayOf(occurredAt)).toSorted());
    expect(spans.filter((span) => (span[0] ?? '') > '2025-03-15').length).toBeGreaterThan(5);
    expect(spans.filter((span) => (span.at(-1) ?? '') < '2025-12-15').length).toBeGreaterThan(5);
    const inMonth = (month: string) => all.filter(({ occurredAt }) => dayOf(occurredAt).slice(5, 7) === month).length;
    expect(inMonth('10')).toBeGreaterThan(inMonth('08') * 1.3);
  });

  test('every merge follows its opening, no one reviews twice or their own work, and every key is there once', () => {
    for (const { contributions } of sample) {
      const openedAt = new Map(of('PR_OPENED', contributions).map((row) => [row.number, row]));
      for (const row of of('PR_MERGED', contributions)) {
        expect(row.occurredAt > (openedAt.get(row.number)?.occurredAt ?? row.occurredAt)).toBe(true);
        expect(row.linesAdded).toBeGreaterThanOrEqual(0);
      }
      for (const row of of('PR_REVIEWED', contributions)) expect(row.actor).not.toEqual(openedAt.get(row.number)?.actor);
      const keys = contributions.map(({ kind, subject }) => `${kind} ${subject}`);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test('has the facts of every pull request, merged ones with the day of their merge', () => {
    for (const { contributions, pullRequests } of sample) {
      expect(pullRequests.map(({ number }) => number)).toEqual(
        expect.arrayContaining(of('PR_OPENED', contributions).map(({ number }) => number)),
      );
      const merged = pullRequests.filter(({ mergedAt }) => mergedAt !== null);
      expect(merged.length).toBe(of('PR_MERGED', contributions).length);
    }
  });
});

test('random draws are the same on every machine', () => {
  const random = createRandom(7);
  expect([random.whole(1, 6), random.whole(1, 6), random.whole(1, 6), random.hex(8)]).toMatchInlineSnapshot(`
[
  1,
  1,
  6,
  "b86738b4",
]
`);
  const draws = Array.from({ length: 20_000 }, () => random.next());
  expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(0.5, 1);
  const times = Array.from({ length: 20_000 }, () => random.times(0.7));
  expect(times.reduce((sum, count) => sum + count, 0) / times.length).toBeCloseTo(0.7, 1);
});
