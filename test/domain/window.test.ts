import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { InvalidInput } from '../../src/domain/errors.ts';
import {
  addDays,
  ALL_TIME_SINCE,
  dayOf,
  isDay,
  lengthOf,
  presetWindow,
  shifted,
  WINDOW_PRESETS,
  windowOf,
  yearsBefore,
} from '../../src/domain/window.ts';

const TODAY = '2026-03-15';
const anyDay = fc.date({ min: new Date('2008-01-01'), max: new Date('2999-12-31'), noInvalidDate: true }).map(dayOf);

describe('preset windows', () => {
  test.each([
    ['7d', '2026-03-09'],
    ['30d', '2026-02-14'],
    ['90d', '2025-12-16'],
    ['1y', '2025-03-15'],
    ['2y', '2024-03-15'],
    ['all', ALL_TIME_SINCE],
  ] as const)('%s of 15 March 2026 begins on %s', (preset, since) => {
    expect(presetWindow(preset, TODAY)).toEqual({ since, until: TODAY });
  });

  test('7d, 30d and 90d have that many days, on any day', () => {
    fc.assert(
      fc.property(anyDay, fc.constantFrom('7d' as const, '30d' as const, '90d' as const), (today, preset) => {
        expect(lengthOf(presetWindow(preset, today))).toBe(Number.parseInt(preset, 10));
      }),
    );
  });

  test('every preset ends today', () => {
    for (const preset of WINDOW_PRESETS) expect(presetWindow(preset, TODAY).until).toBe(TODAY);
  });
});

describe('the same date of an earlier year', () => {
  test('of 29 February is the 28th', () => {
    expect(yearsBefore('2024-02-29', 1)).toBe('2023-02-28');
    expect(yearsBefore('2024-02-29', 2)).toBe('2022-02-28');
    expect(yearsBefore('2024-02-29', 4)).toBe('2020-02-29');
    expect(yearsBefore('2025-02-28', 1)).toBe('2024-02-28');
  });

  test('has the same month, and the same date but for 29 February', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: 1, max: 100 }), (day, years) => {
        const before = yearsBefore(day, years);
        expect(Number(before.slice(0, 4))).toBe(Number(day.slice(0, 4)) - years);
        expect(before.slice(5)).toBe(day.slice(5) === '02-29' && !isDay(`${before.slice(0, 4)}-02-29`) ? '02-28' : day.slice(5));
      }),
    );
  });
});

describe('days', () => {
  test('adding and taking away is no change', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: -5000, max: 5000 }), (day, days) => {
        expect(addDays(addDays(day, days), -days)).toBe(day);
      }),
    );
  });

  test('of a moment is its UTC day', () => {
    expect(dayOf(new Date('2026-01-01T00:30:00+02:00'))).toBe('2025-12-31');
  });

  test('a shifted window keeps its length', () => {
    fc.assert(
      fc.property(anyDay, fc.nat(4000), fc.integer({ min: -3000, max: 3000 }), (since, length, days) => {
        const window = { since, until: addDays(since, length) };
        expect(lengthOf(window)).toBe(length + 1);
        expect(lengthOf(shifted(window, days))).toBe(length + 1);
      }),
    );
  });

  test.each([
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-1-1',
    '26-01-01',
    '',
    'today',
    '2026-01-01T00:00:00Z',
    '0000-01-01',
    '9999-12-31',
  ])('"%s" is none', (text) => {
    expect(isDay(text)).toBe(false);
  });

  test.each(['2024-02-29', '2008-01-01', '1970-01-01', '2999-12-31'])('%s is one', (text) => {
    expect(isDay(text)).toBe(true);
  });
});

describe('a request for a window', () => {
  test('without anything is the last two years', () => {
    expect(windowOf({}, TODAY)).toEqual(presetWindow('2y', TODAY));
  });

  test.each([
    [{ since: '2026-01-01' }, { since: '2026-01-01', until: TODAY }],
    [{ since: 'all' }, { since: ALL_TIME_SINCE, until: TODAY }],
    [
      { since: 'all', until: '2015-01-01' },
      { since: ALL_TIME_SINCE, until: '2015-01-01' },
    ],
    [{ until: '2020-05-01' }, { since: '2018-05-01', until: '2020-05-01' }],
    [
      { since: TODAY, until: TODAY },
      { since: TODAY, until: TODAY },
    ],
    [{ window: '7d' }, { since: '2026-03-09', until: TODAY }],
    // Nothing is older, and nothing has happened yet: this year, and tomorrow where it is tomorrow already.
    [
      { since: '1970-01-01', until: '2015-01-01' },
      { since: ALL_TIME_SINCE, until: '2015-01-01' },
    ],
    [
      { since: '2026-01-01', until: '2026-12-31' },
      { since: '2026-01-01', until: TODAY },
    ],
    [{ until: addDays(TODAY, 1) }, presetWindow('2y', TODAY)],
    [{ until: ALL_TIME_SINCE }, { since: ALL_TIME_SINCE, until: ALL_TIME_SINCE }],
  ])('%j is %j', (request, window) => {
    expect(windowOf(request, TODAY)).toEqual(window);
  });

  test.each([
    [{ window: '2w' }, 'window', /7d, 30d, 90d, 1y, 2y, all/],
    [{ window: '7d', since: '2026-01-01' }, 'window', /not both/],
    [{ since: 'yesterday' }, 'since', /2026-01-31 or "all"/],
    [{ until: 'all' }, 'until', /2026-01-31$/],
    [{ since: '' }, 'since', /not a date/],
    [{ since: '0000-01-01' }, 'since', /not a date/],
    [{ since: '2026-02-01', until: '2026-01-01' }, 'since', /after until/],
    [{ since: addDays(TODAY, 1) }, 'since', /is in the future: today is 2026-03-15 \(UTC\)/],
    [{ since: '2027-02-01', until: '2027-03-01' }, 'since', /in the future/],
    [{ until: '2007-12-31' }, 'until', /before 2008-01-01/],
    [{ window: '__proto__' }, 'window', /not one of/],
  ])('%j is refused and %s is named', (request, pointer, detail) => {
    const error = (() => {
      try {
        return windowOf(request, TODAY);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error).toMatchObject({ status: 400, errors: [{ pointer, detail: expect.stringMatching(detail) }] });
  });
});
