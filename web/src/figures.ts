/*
 * How numbers and times are written. Everything is English and the viewer's own time zone; days are UTC days, as boards count them.
 */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 4 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const dayFormat = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });
const momentFormat = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const clockFormat = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** What stands where a number is not known. */
export const UNKNOWN = '–';

/** `12,345`; unknown is a dash, never 0. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : whole.format(value);
}

/** Points, with the decimals they have: `1,380.5`. */
export function points(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : decimal.format(value);
}

/** A share of 1 as `61%`. */
export function share(value: number): string {
  return percent.format(value);
}

/** A UTC day, `2026-11-24` or the day of a moment, as `Nov 24, 2026`. */
export function day(value: string | null): string {
  return value === null ? UNKNOWN : dayFormat.format(new Date(value.length === 10 ? `${value}T00:00:00Z` : value));
}

/** A moment with its time. */
export function moment(value: string | null): string {
  return value === null ? UNKNOWN : momentFormat.format(new Date(value));
}

/** A moment's time of day, `14:20:05`. */
export function clock(value: string): string {
  return clockFormat.format(new Date(value));
}

const STEPS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How long ago, or how long until: `3 hours ago`, `in 2 minutes`. */
export function ago(value: string | null, now = Date.now()): string {
  if (value === null) return 'never';
  const seconds = (Date.parse(value) - now) / 1000;
  for (const [unit, length] of STEPS) if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  return seconds > 1 ? 'in a moment' : 'just now';
}

/** A length of time in two units at most: `1 h 5 min`, `42 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds === 0) return 'less than 1 s';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600)
    return seconds % 60 === 0 || seconds >= 600 ? `${Math.round(seconds / 60)} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Bytes as BigQuery counts them, in powers of 1024: `1.5 TiB`. */
export function byteCount(value: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** `37.50 USD`. */
export function dollars(value: number): string {
  return `${value.toFixed(2)} USD`;
}

/** `1 person`, `2 people`. */
export function plural(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
