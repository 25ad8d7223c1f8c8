import type { CoveredRange, Gap } from '../../domain/coverage.ts';
import { spansOf } from '../archive-events/spans.ts';
import { addDays, lengthOf, type Day, type Window } from '../../domain/window.ts';

/** The public project that holds GH Archive's tables. */
export const ARCHIVE_PROJECT = 'githubarchive';
/** The archive's first day (gharchive.org). */
const ARCHIVE_BEGINS: Day = '2011-02-12';
/** Rows of the timeline era know their repository by name, and that only in its address. */
const TIMELINE_ENDS: Day = '2014-12-31';
/** BigQuery takes 1,000 tables a query; some are left for tables of our own. */
const MOST_TABLES = 900;
/** A day without a table may yet get one; after so many days it is not waited for. */
const LATE_TABLE_DAYS = 14;
/** Named in a gap, before "and n more". */
const NAMED_DAYS = 5;

/** A table of the archive: `day.20260131` or `month.202601`. */
export type TableName = string;

/** The archive's datasets; each holds one table a day or a month. */
export const DATASETS = ['day', 'month'] as const;

const dayTable = (day: Day): TableName => `day.${day.replaceAll('-', '')}`;
const monthTable = (day: Day): TableName => `month.${day.slice(0, 7).replace('-', '')}`;

/** Whether a table's name is one of the archive's: nothing else is put into SQL. */
export function isTableName(name: string): boolean {
  return /^(?:day\.\d{8}|month\.\d{6})$/.test(name);
}

/** Whether a table's rows may be of the timeline era. */
export function isOfTimeline(table: TableName): boolean {
  return daysOfTable(table).since <= TIMELINE_ENDS;
}

function lastOfMonth(day: Day): Day {
  const [year, month] = day.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

/** The days a table is of. */
export function daysOfTable(table: TableName): Window {
  const digits = table.slice(table.indexOf('.') + 1);
  const month = `${digits.slice(0, 4)}-${digits.slice(4, 6)}`;
  if (digits.length === 8) return { since: `${month}-${digits.slice(6)}`, until: `${month}-${digits.slice(6)}` };
  return { since: `${month}-01`, until: lastOfMonth(`${month}-01`) };
}

function* daysOf({ since, until }: Window): Generator<Day> {
  for (let day = since; day <= until; day = addDays(day, 1)) yield day;
}

/** The days of a window that the archive can have rows of: none before its first, none after `today`. Null: none at all. */
function archived({ since, until }: Window, today: Day): Window | null {
  const from = since < ARCHIVE_BEGINS ? ARCHIVE_BEGINS : since;
  const to = until > today ? today : until;
  return from > to ? null : { since: from, until: to };
}

/**
 * The tables, of those that exist, that hold the days of all the windows, in order: days as long as a query can take so many, whole months for the oldest
 * otherwise. A day without a table is left out: `readingOf` tells it.
 */
export function tablesFor(windows: readonly Window[], existing: ReadonlySet<TableName>, today: Day): readonly TableName[] {
  const days = new Set<Day>();
  for (const window of windows) {
    const asked = archived(window, today);
    if (asked !== null) for (const day of daysOf(asked)) days.add(day);
  }
  const byMonth = Map.groupBy([...days].toSorted(), monthTable);
  const tables = new Map([...byMonth].map(([month, of]) => [month, of.map(dayTable).filter((table) => existing.has(table))]));
  let count = [...tables.values()].reduce((sum, of) => sum + of.length, 0);
  for (const [month, of] of tables) {
    if (count <= MOST_TABLES) break;
    if (of.length < 2 || !existing.has(month)) continue;
    // Rows of days that were not asked for are left out by the query; their bytes are billed.
    tables.set(month, [month]);
    count -= of.length - 1;
  }
  return [...tables.values()].flat();
}

/** What tables tell of a window: the days that were read to their end, and the gaps. */
export interface Reading {
  readonly covered: readonly CoveredRange[];
  readonly gaps: readonly Gap[];
}

const compactDay = (day: Day): string => day.slice(8);

/** `2025-10-09, 10, 11`: days of one month. */
function listed(days: readonly Day[]): string {
  const rest = days.length - NAMED_DAYS;
  const named = days.slice(0, NAMED_DAYS).map((day, index) => (index === 0 ? day : compactDay(day)));
  return `${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/**
 * The days of a window that tables, and runs of days that were `kept`, cover. `askedOn`, the day of the query, was not over: it is never covered.
 */
export function readingOf(window: Window, tables: readonly TableName[], askedOn: Day, kept: readonly Window[] = []): Reading {
  const asked = archived(window, askedOn);
  if (asked === null) return { covered: [], gaps: [] };
  const read = new Set<Day>([...tables.map(daysOfTable), ...kept].flatMap((run) => [...daysOf(run)]));
  const covered: CoveredRange[] = [];
  const missing: Day[] = [];
  for (const day of daysOf(asked)) {
    if (day === askedOn) continue;
    if (!read.has(day)) {
      missing.push(day);
      continue;
    }
    const last = covered.at(-1);
    if (last !== undefined && addDays(last.until, 1) === day) covered[covered.length - 1] = { ...last, until: day };
    else covered.push({ kind: null, since: day, until: day, state: 'complete', note: null });
  }
  return { covered, gaps: gapsOf(missing, asked) };
}

function gapsOf(missing: readonly Day[], asked: Window): readonly Gap[] {
  const gaps: Gap[] = [];
  const whole: string[] = [];
  let wholeDays = 0;
  for (const [month, days] of Map.groupBy(missing, (day) => day.slice(0, 7))) {
    const first = `${month}-01`;
    const last = lastOfMonth(first);
    const inMonth = lengthOf({ since: asked.since > first ? asked.since : first, until: asked.until < last ? asked.until : last });
    if (days.length === inMonth && inMonth > 1) {
      whole.push(month);
      wholeDays += days.length;
    } else {
      gaps.push({ kind: null, month, reason: `BigQuery has no table of ${days.length} of ${inMonth} days: ${listed(days)}` });
    }
  }
  if (whole.length > 0) gaps.push({ kind: null, month: null, reason: `BigQuery has no table of ${spansOf(whole)} (${wholeDays} days)` });
  return gaps;
}

/**
 * The day after which a refresh goes on; null: nothing was read. That is the last covered one, but for a day of the last weeks that had no table: until it
 * may be given up, refreshes begin before it.
 */
export function lastCovered({ covered }: Reading, askedOn: Day): Day | null {
  const givenUp = addDays(askedOn, -LATE_TABLE_DAYS);
  return covered.findLast(({ since }, index) => index === 0 || since <= givenUp)?.until ?? null;
}
