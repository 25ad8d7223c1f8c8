import { InvalidInput } from './errors.ts';

/** A calendar day in UTC, `YYYY-MM-DD`. */
export type Day = string;

/** Whole UTC days, both included: [since 00:00, until + 1 day 00:00). */
export interface Window {
  readonly since: Day;
  readonly until: Day;
}

/** GitHub opened to the public in 2008: no contribution is older. */
export const ALL_TIME_SINCE: Day = '2008-01-01';

export const WINDOW_PRESETS = ['7d', '30d', '90d', '1y', '2y', 'all'] as const;
export type WindowPreset = (typeof WINDOW_PRESETS)[number];
export const DEFAULT_WINDOW: WindowPreset = '2y';

const DAY_MS = 86_400_000;

/** The UTC day a moment falls on. */
export function dayOf(moment: Date): Day {
  return moment.toISOString().slice(0, 10);
}

/** The day `days` after (before, when negative) another. */
export function addDays(day: Day, days: number): Day {
  return dayOf(new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS));
}

/** The same date `years` earlier; 29 February becomes the 28th. */
export function yearsBefore(day: Day, years: number): Day {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const lastOfMonth = new Date(Date.UTC(year - years, month, 0)).getUTCDate();
  return dayOf(new Date(Date.UTC(year - years, month - 1, Math.min(date, lastOfMonth))));
}

/** The days of a window, at least 1. */
export function lengthOf(window: Window): number {
  return (Date.parse(`${window.until}T00:00:00Z`) - Date.parse(`${window.since}T00:00:00Z`)) / DAY_MS + 1;
}

/** The window of the same length `days` earlier. */
export function shifted(window: Window, days: number): Window {
  return { since: addDays(window.since, -days), until: addDays(window.until, -days) };
}

/** `7d` is today and the six days before, `2y` begins on the same date two years earlier. */
export function presetWindow(preset: WindowPreset, today: Day): Window {
  switch (preset) {
    case 'all':
      return { since: ALL_TIME_SINCE, until: today };
    case '1y':
      return { since: yearsBefore(today, 1), until: today };
    case '2y':
      return { since: yearsBefore(today, 2), until: today };
    default:
      return { since: addDays(today, 1 - Number.parseInt(preset, 10)), until: today };
  }
}

/** Whether a text is a real calendar day, `YYYY-MM-DD`, of the years 1900 to 2999: PostgreSQL has no year 0, and no day after 9999 is four digits long. */
export function isDay(text: string): boolean {
  return (
    /^(?:19|2\d)\d{2}-\d{2}-\d{2}$/.test(text) &&
    !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
    dayOf(new Date(`${text}T00:00:00Z`)) === text
  );
}

/**
 * The window a request asks for: a preset, or dates (`since: 'all'` = from the beginning; either date may be left out). Days before
 * {@link ALL_TIME_SINCE} and after today hold nothing and are cut off, so that "this year" is a window too; what has only such days
 * is refused.
 * @throws InvalidInput (400) naming the parameter that is wrong.
 */
export function windowOf(
  request: { readonly window?: string | undefined; readonly since?: string | undefined; readonly until?: string | undefined },
  today: Day,
): Window {
  const wrong = (pointer: string, detail: string): InvalidInput => new InvalidInput(`${pointer}: ${detail}`, [{ pointer, detail }], 400);
  const { window, since, until } = request;
  if (window !== undefined) {
    if (since !== undefined || until !== undefined) throw wrong('window', 'give either window or since/until, not both');
    const preset = WINDOW_PRESETS.find((known) => known === window);
    if (preset === undefined) throw wrong('window', `"${window}" is not one of ${WINDOW_PRESETS.join(', ')}`);
    return presetWindow(preset, today);
  }
  for (const [pointer, value] of [
    ['since', since],
    ['until', until],
  ] as const) {
    if (value === undefined || isDay(value) || (pointer === 'since' && value === 'all')) continue;
    throw wrong(pointer, `"${value}" is not a date like 2026-01-31${pointer === 'since' ? ' or "all"' : ''}`);
  }
  if (since !== undefined && since !== 'all' && since > today) throw wrong('since', `${since} is in the future: today is ${today} (UTC)`);
  if (until !== undefined && until < ALL_TIME_SINCE) throw wrong('until', `${until} is before ${ALL_TIME_SINCE}, the first day there is`);
  if (since !== undefined && until !== undefined && since !== 'all' && since > until) {
    throw wrong('since', `${since} is after until (${until})`);
  }
  const to = until === undefined || until > today ? today : until;
  const from = since === 'all' ? ALL_TIME_SINCE : (since ?? presetWindow(DEFAULT_WINDOW, to).since);
  return { since: from < ALL_TIME_SINCE ? ALL_TIME_SINCE : from, until: to };
}
