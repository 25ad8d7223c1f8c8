import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { etaOf, type ReadingProgress } from '../../src/domain/eta.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const ago = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);
const STARTED: ReadingProgress = {
  done: 0,
  total: 1_000,
  since: ago(0),
  from: 0,
  waitedSeconds: 0,
  waitingSince: null,
  waitingUntil: null,
  nextRetryAt: null,
  planned: null,
};
const BY_PLAN = { minutes: 10, pauseMinutes: 0 };
/** Minutes that are left. */
const left = (more: Partial<ReadingProgress>): number | null => {
  const eta = etaOf({ ...STARTED, ...more }, NOW);
  return eta === null ? null : Math.round((eta.getTime() - NOW.getTime()) / 6_000) / 10;
};

describe('the end of a reading', () => {
  test.each<[string, Partial<ReadingProgress>, number | null]>([
    ['at its start is what was planned', { planned: BY_PLAN }, 10],
    ['half way, at the planned pace, is as far away as its beginning', { planned: BY_PLAN, done: 500, since: ago(5) }, 5],
    ['goes by the pace it had rather than by the plan, the nearer it is', { planned: BY_PLAN, done: 900, since: ago(18) }, 1.9],
    ['without a plan goes by the pace alone', { done: 250, since: ago(5) }, 15],
    ['does not count a wait as reading', { done: 500, since: ago(65), waitedSeconds: 3_600 }, 5],
    ['is not before the wait under way is over', { done: 500, since: ago(10), waitingSince: ago(5), waitingUntil: ago(-30) }, 35],
    ['is not before the next attempt', { done: 500, since: ago(5), nextRetryAt: ago(-3) }, 8],
    ['has the planned waits in it', { planned: { minutes: 70, pauseMinutes: 60 } }, 70],
    [
      'has a planned wait in it once only',
      { planned: { minutes: 70, pauseMinutes: 60 }, done: 500, since: ago(15), waitingSince: ago(10), waitingUntil: ago(-50) },
      55,
    ],
    ['of what another job had begun goes by the pace of this one', { done: 750, from: 500, since: ago(5) }, 5],
    ['is not known without a total', { total: null, planned: BY_PLAN, done: 5, since: ago(5) }, null],
    ['is not known when more is read than was planned', { planned: BY_PLAN, done: 1_000, since: ago(5) }, null],
    ['is not known before the reading begins', { planned: BY_PLAN, since: null }, null],
    ['is not known without a plan before there is a pace', { done: 5, since: ago(0) }, null],
  ])('%s', (_, more, minutes) => {
    expect(left(more)).toBe(minutes);
  });

  test('is never in the past, nor before what is waited for (property)', () => {
    const minutes = fc.integer({ min: 0, max: 10_000 });
    const moment = fc.option(fc.integer({ min: -10_000, max: 10_000 }).map(ago));
    const reading = fc.record({
      done: fc.nat(2_000),
      total: fc.option(fc.nat(2_000)),
      since: moment,
      from: fc.nat(2_000),
      waitedSeconds: fc.nat(100_000),
      waitingSince: moment,
      waitingUntil: moment,
      nextRetryAt: moment,
      planned: fc.option(fc.tuple(minutes, minutes).map(([read, pauseMinutes]) => ({ minutes: read + pauseMinutes, pauseMinutes }))),
    });
    fc.assert(
      fc.property(reading, (one) => {
        const eta = etaOf(one, NOW);
        if (eta === null) return;
        expect(eta.getTime()).toBeGreaterThanOrEqual(Math.max(NOW.getTime(), Number(one.waitingUntil), Number(one.nextRetryAt)));
      }),
      { numRuns: 500 },
    );
  });
});
