import { dayOf, type Day } from '../../domain/window.ts';

const NAMED = 5;

const { compare } = new Intl.Collator('en', { numeric: true });

/** The first few by name, and how many more. */
export function listed(unordered: readonly string[]): string {
  const items = unordered.toSorted(compare);
  const rest = items.length - NAMED;
  return rest > 0 ? `${items.slice(0, NAMED).join(', ')} and ${rest} more` : items.join(', ');
}

/** `2015-02 to 2015-04, 2016-01` of months in order. */
export function spansOf(months: readonly string[]): string {
  const spans: { first: string; last: string }[] = [];
  for (const month of months) {
    const span = spans.at(-1);
    if (span !== undefined && nextMonth(`${span.last}-01`).startsWith(month)) span.last = month;
    else spans.push({ first: month, last: month });
  }
  return listed(spans.map(({ first, last }) => (first === last ? first : `${first} to ${last}`)));
}

/** The first day of the month after a day's. */
export function nextMonth(day: Day): Day {
  const [year, month] = day.split('-').map(Number) as [number, number];
  return dayOf(new Date(Date.UTC(year, month, 1)));
}
