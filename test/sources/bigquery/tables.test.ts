import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDays, lengthOf } from '../../../src/domain/window.ts';
import { daysToExtract, SLICE } from '../../../src/sources/bigquery/source.ts';
import { daysOfTable, lastCovered, readingOf, tablesFor } from '../../../src/sources/bigquery/tables.ts';

const TODAY = '2026-11-24';

/** All tables of the archive from 2011-02-12 to today. */
function everything(): ReadonlySet<string> {
  const tables = new Set<string>();
  for (let day = '2011-02-12'; day <= TODAY; day = addDays(day, 1)) {
    tables.add(`day.${day.replaceAll('-', '')}`);
    tables.add(`month.${day.slice(0, 7).replace('-', '')}`);
  }
  return tables;
}
const ALL = everything();

describe('the tables of a query', () => {
  test('are the days of all windows, each once, in order', () => {
    const windows = [
      { since: '2026-01-30', until: '2026-02-01' },
      { since: '2026-01-31', until: '2026-02-02' },
    ];
    expect(tablesFor(windows, ALL, TODAY)).toEqual(['day.20260130', 'day.20260131', 'day.20260201', 'day.20260202']);
  });

  test('are those of two years by day, so that each day can be told from the next', () => {
    const tables = tablesFor([{ since: '2024-11-24', until: TODAY }], ALL, TODAY);
    expect(tables).toHaveLength(731);
    expect(tables.every((table) => table.startsWith('day.'))).toBe(true);
  });

  test('are, of all time, whole months for the oldest: a query takes a thousand tables at most', () => {
    const tables = tablesFor([{ since: '2008-01-01', until: TODAY }], ALL, TODAY);
    expect(tables.length).toBeLessThanOrEqual(900);
    expect(tables[0]).toBe('month.201102');
    expect(tables.at(-1)).toBe('day.20261124');
    expect(readingOf({ since: '2008-01-01', until: TODAY }, tables, TODAY)).toEqual({
      covered: [{ kind: null, since: '2011-02-12', until: '2026-11-23', state: 'complete', note: null }],
      gaps: [],
    });
  });

  test('leave out days that are not there, and the coverage names them', () => {
    const existing = new Set([...ALL].filter((table) => table !== 'day.20261003' && !table.startsWith('day.202609')));
    const window = { since: '2026-09-01', until: '2026-10-05' };
    const tables = tablesFor([window], existing, TODAY);
    expect(tables).toEqual(['day.20261001', 'day.20261002', 'day.20261004', 'day.20261005']);
    expect(readingOf(window, tables, TODAY)).toEqual({
      covered: [
        { kind: null, since: '2026-10-01', until: '2026-10-02', state: 'complete', note: null },
        { kind: null, since: '2026-10-04', until: '2026-10-05', state: 'complete', note: null },
      ],
      gaps: [
        { kind: null, month: '2026-10', reason: 'BigQuery has no table of 1 of 5 days: 2026-10-03' },
        { kind: null, month: null, reason: 'BigQuery has no table of 2026-09 (30 days)' },
      ],
    });
  });

  test('cover every day that was asked for, whatever is missing: a day is covered, in a gap, running, or outside the archive', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1500 }),
        fc.integer({ min: 0, max: 1200 }),
        fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 20 }),
        (ago, length, missing) => {
          const since = addDays(TODAY, -ago);
          const window = { since, until: addDays(since, length) };
          const existing = new Set(ALL);
          for (const day of missing) existing.delete(`day.${addDays(TODAY, -day).replaceAll('-', '')}`);
          const tables = tablesFor([window], existing, TODAY);
          expect(tables.every((table) => existing.has(table))).toBe(true);
          const { covered, gaps } = readingOf(window, tables, TODAY);
          const coveredDays = covered.reduce((sum, range) => sum + lengthOf(range), 0);
          const gapDays = gaps.reduce(
            (sum, { reason }) => sum + Number(/no table of (\d+) of/.exec(reason)?.[1] ?? /\((\d+) days\)/.exec(reason)?.[1]),
            0,
          );
          const until = window.until < TODAY ? window.until : addDays(TODAY, -1);
          expect(coveredDays + gapDays).toBe(until < since ? 0 : lengthOf({ since, until }));
          expect(covered.some((range) => range.until >= TODAY)).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('are of the days that their names say', () => {
    expect(daysOfTable('day.20240229')).toEqual({ since: '2024-02-29', until: '2024-02-29' });
    expect(daysOfTable('month.202402')).toEqual({ since: '2024-02-01', until: '2024-02-29' });
  });
});

describe('the days that are asked of BigQuery', () => {
  const window = { since: '2024-11-24', until: TODAY };
  const mark = (since: string, through: string) => ({ previous: { [SLICE]: { v: 1, since, through } } });

  test('are the window, at first and in a scrape of the whole', () => {
    expect(daysToExtract({ type: 'REFRESH', window })).toEqual(window);
    expect(daysToExtract({ type: 'FULL', window, ...mark('2024-01-01', '2026-11-20') })).toEqual(window);
  });

  test('are, in a refresh, those since the last covered one, and the two last ones again', () => {
    expect(daysToExtract({ type: 'REFRESH', window, ...mark('2024-11-01', '2026-11-20') })).toEqual({ since: '2026-11-19', until: TODAY });
  });

  test('are the window again when it reaches back beyond what was read', () => {
    expect(daysToExtract({ type: 'REFRESH', window, ...mark('2025-01-01', '2026-11-20') })).toEqual(window);
    expect(daysToExtract({ type: 'REFRESH', window, ...mark('2020-01-01', '2024-01-01') })).toEqual(window);
  });

  test.each([
    ['is given up', '2026-11-01', '2026-11-23'],
    ['of the last two weeks may yet get a table', '2026-11-15', '2026-11-14'],
  ])('go on after the last covered day; a day without a table %s', (_what, missing, through) => {
    const existing = new Set([...ALL].filter((table) => table !== `day.${missing.replaceAll('-', '')}`));
    const asked = { since: '2026-10-20', until: TODAY };
    expect(lastCovered(readingOf(asked, tablesFor([asked], existing, TODAY), TODAY), TODAY)).toBe(through);
  });

  test('go on from where they did when nothing could be read', () => {
    expect(lastCovered(readingOf(window, [], TODAY), TODAY)).toBeNull();
  });
});
