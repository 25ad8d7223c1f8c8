import type { Moment } from '../data-set.ts';

/** Moments counted back from a day, so that a data set fits a window that ends today. */
export function daysBefore(today: string): (days: number, time?: string) => Moment {
  const end = Date.parse(`${today}T00:00:00Z`);
  return (days, time = '12:00:00') => `${new Date(end - days * 86_400_000).toISOString().slice(0, 10)}T${time}Z`;
}

/** The day two years (of the calendar) before, as the default window of boards begins. */
export function twoYearsBefore(today: string): string {
  const [year, rest] = [Number(today.slice(0, 4)) - 2, today.slice(4)];
  return rest === '-02-29' ? `${year}-02-28` : `${year}${rest}`;
}
