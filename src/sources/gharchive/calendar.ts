import type { CoveredRange, Gap } from '../../domain/coverage.ts';
import { addDays, type Day, type Window } from '../../domain/window.ts';
import { listed, nextMonth, spansOf } from '../archive-events/spans.ts';
import type { Manifest, MirrorFile } from './manifest.ts';

/** The archive's first hour (gharchive.org). */
const ARCHIVE_BEGINS = '2011-02-12';
const HOUR_MS = 3_600_000;

interface DayHours {
  ok: number;
  degraded: number;
  loose: boolean;
}

interface Month {
  /** Hours that were read by day, degraded ones too: a bit each. */
  readonly hours: Map<Day, number>;
  /** `name (reason)` of what was refused or is flagged. */
  readonly flawed: string[];
  readonly loose: Set<string>;
}

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** Which hours a mirror holds, by day and month: made once per manifest. */
export class ArchiveCalendar {
  readonly #days = new Map<Day, DayHours>();
  readonly #months = new Map<string, Month>();
  /** Refused files that are for no hour. */
  readonly #stray: string[] = [];
  readonly #isEmpty: boolean;

  constructor(manifest: Pick<Manifest, 'files' | 'refused'>) {
    this.#isEmpty = manifest.files.length === 0;
    const have = new Set<string>();
    for (const file of manifest.files) {
      if (file.hour !== null) have.add(file.hour);
      this.#enter(file);
    }
    for (const { name, hour, reason } of manifest.refused) {
      if (hour === null) this.#stray.push(`${name} (${reason})`);
      else if (!have.has(hour)) this.#month(hour.slice(0, 7)).flawed.push(`${name} (${reason})`);
    }
  }

  #enter(file: MirrorFile): void {
    const covers = file.covers;
    if (covers === null) {
      for (const day of file.days ?? []) {
        this.#day(day).loose = true;
        this.#month(day.slice(0, 7)).loose.add(file.name);
      }
    } else {
      const [day, hour] = [this.#day(covers.slice(0, 10)), 1 << Number(covers.slice(11, 13))];
      if (file.state === 'degraded') day.degraded |= hour;
      else day.ok |= hour;
      this.#month(covers.slice(0, 7)).hours.set(covers.slice(0, 10), day.ok | day.degraded);
    }
    if (file.reason === null) return;
    const months = covers === null ? new Set((file.days ?? []).map((day) => day.slice(0, 7))) : [covers.slice(0, 7)];
    for (const month of months) this.#month(month).flawed.push(`${file.name} (${file.reason})`);
  }

  #day(day: Day): DayHours {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const made = { ok: 0, degraded: 0, loose: false };
    this.#days.set(day, made);
    return made;
  }

  #month(month: string): Month {
    const known = this.#months.get(month);
    if (known !== undefined) return known;
    const made: Month = { hours: new Map(), flawed: [], loose: new Set() };
    this.#months.set(month, made);
    return made;
  }

  /** The days of a window that were read, whole (24 sound hours) or in part. Neighbours that are alike are one range. */
  covered(window: Window): readonly CoveredRange[] {
    const ranges: CoveredRange[] = [];
    for (const day of [...this.#days.keys()].filter((known) => window.since <= known && known <= window.until).toSorted()) {
      const hours = this.#days.get(day);
      if (hours === undefined) continue;
      const { state, note } = worth(hours);
      const last = ranges.at(-1);
      if (last !== undefined && addDays(last.until, 1) === day && last.state === state && last.note === note)
        ranges[ranges.length - 1] = { ...last, until: day };
      else ranges.push({ kind: null, since: day, until: day, state, note });
    }
    return ranges;
  }

  /** What the imported files lack of a window: a gap for each month that is there in part, one for all that are not. `now`: later hours can't be. */
  gaps(window: Window, now: Date): readonly Gap[] {
    if (this.#isEmpty) return [{ kind: null, month: null, reason: 'no archive file has been imported' }, ...this.#strayGaps()];
    const begins = window.since < ARCHIVE_BEGINS ? ARCHIVE_BEGINS : window.since;
    const end = Math.min(Date.parse(`${window.until}T00:00:00Z`) + 24 * HOUR_MS, Math.ceil(now.getTime() / HOUR_MS) * HOUR_MS);
    const gaps: Gap[] = [];
    const absent: string[] = [];
    for (let day = begins; Date.parse(`${day}T00:00:00Z`) < end; day = nextMonth(day)) {
      const month = day.slice(0, 7);
      const until = Math.min(end, Date.parse(`${nextMonth(day)}T00:00:00Z`));
      const hours = Math.ceil((until - Date.parse(`${day}T00:00:00Z`)) / HOUR_MS);
      const missing = hours - this.#hoursFrom(day, until);
      const { flawed = [], loose = new Set<string>() } = this.#months.get(month) ?? {};
      if (missing === hours && flawed.length === 0 && loose.size === 0) {
        absent.push(month);
        continue;
      }
      const reasons = [
        ...(missing > 0 ? [`${missing} of ${plural(hours, 'hour')} not imported`] : []),
        ...(loose.size > 0 ? [`rows of ${listed([...loose])}, no whole hours`] : []),
        ...(flawed.length > 0 ? [`not sound: ${listed(flawed)}`] : []),
      ];
      if (reasons.length > 0) gaps.push({ kind: null, month, reason: reasons.join('; ') });
    }
    if (absent.length > 0) {
      gaps.push({ kind: null, month: null, reason: `no hour imported of ${spansOf(absent)} (${plural(absent.length, 'month')})` });
    }
    return [...gaps, ...this.#strayGaps()];
  }

  #strayGaps(): readonly Gap[] {
    return this.#stray.length === 0 ? [] : [{ kind: null, month: null, reason: `not imported: ${listed(this.#stray)}` }];
  }

  /** Hours of a month that were read, from a day on until a moment. */
  #hoursFrom(day: Day, until: number): number {
    let hours = 0;
    for (const [at, mask] of this.#months.get(day.slice(0, 7))?.hours ?? []) {
      if (at >= day && Date.parse(`${at}T00:00:00Z`) < until) hours += bitsOf(mask);
    }
    return hours;
  }
}

function bitsOf(mask: number): number {
  let bits = 0;
  for (let left = mask; left !== 0; left &= left - 1) bits += 1;
  return bits;
}

function worth({ ok, degraded, loose }: DayHours): Pick<CoveredRange, 'state' | 'note'> {
  const [sound, weak] = [bitsOf(ok), bitsOf(degraded & ~ok)];
  if (sound === 24) return { state: 'complete', note: null };
  const parts = [
    ...(sound + weak < 24 && sound + weak > 0 ? [`${sound + weak} of 24 hours imported`] : []),
    ...(weak > 0 ? [`${plural(weak, 'hour')} captured badly`] : []),
    ...(loose ? ['rows of files that are no whole hours'] : []),
  ];
  return { state: 'degraded', note: parts.join('; ') };
}
