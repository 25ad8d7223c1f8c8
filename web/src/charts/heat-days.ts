const DAY_MS = 86_400_000;

/** A day of the heatmap: its column is a week that begins on Monday, as the API's weeks do; its row the day of the week, 0 for Monday. */
export interface HeatDay {
  readonly day: string;
  readonly week: number;
  readonly weekday: number;
  /** Null: not known. */
  readonly count: number | null;
  /** 0: none, 4: among the fullest quarter of the days that have any. */
  readonly level: number;
}

/** The 53 weeks up to `until` (a UTC day) as days of a heatmap. */
export function heatDays(counts: ReadonlyMap<string, number | null>, until: string): readonly HeatDay[] {
  const last = Date.parse(`${until}T00:00:00Z`);
  const first = last - (52 * 7 + mondayBased(new Date(last))) * DAY_MS;
  const days = Array.from({ length: Math.round((last - first) / DAY_MS) + 1 }, (_, index) => new Date(first + index * DAY_MS));
  const busy = days
    .map((day) => counts.get(dayOf(day)) ?? 0)
    .filter((count) => count > 0)
    .toSorted((one, other) => one - other);
  return days.map((date, index) => {
    const day = dayOf(date);
    const known = counts.get(day);
    const count = known === undefined ? 0 : known;
    const below = busy.filter((other) => other < (count ?? 0)).length;
    return {
      day,
      week: Math.floor(index / 7),
      weekday: mondayBased(date),
      count,
      level: count === null || count === 0 ? 0 : 1 + Math.min(3, Math.floor((below / busy.length) * 4)),
    };
  });
}

function mondayBased(date: Date): number {
  return (date.getUTCDay() + 6) % 7;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
