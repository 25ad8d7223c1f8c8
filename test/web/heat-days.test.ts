import { expect, test } from '@jest/globals';
import { heatDays } from '../../web/src/charts/heat-days.ts';

test('a heatmap holds 53 weeks from a Monday to the given day', () => {
  const days = heatDays(new Map(), '2026-11-24');
  expect(days[0]).toMatchObject({ day: '2025-11-24', week: 0, weekday: 0 });
  expect(days.at(-1)).toMatchObject({ day: '2026-11-24', week: 52, weekday: 1, count: 0, level: 0 });
});

test('levels follow the days that have any, and what is not known is not none', () => {
  const counts = new Map<string, number | null>([
    ['2026-11-20', 1],
    ['2026-11-21', 2],
    ['2026-11-22', 3],
    ['2026-11-23', 100],
    ['2026-11-24', null],
  ]);
  const days = heatDays(counts, '2026-11-24').slice(-5);
  expect(days.map(({ level }) => level)).toEqual([1, 2, 3, 4, 0]);
  expect(days.at(-1)?.count).toBeNull();
});
