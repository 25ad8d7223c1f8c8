import { KIND_CODES, kindOf } from '../domain/contribution.ts';
import { SCORED_KINDS, type ScoredKind } from '../domain/scoring.ts';
import { addDays, lengthOf, type Day, type Window } from '../domain/window.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** How long a point of a series is. A week begins on Monday. */
const INTERVALS = ['day', 'week'] as const;
export type Interval = (typeof INTERVALS)[number];

/** What was done in a day or a week: contributions by kind, null where none of them is known, and their known sum. */
export interface SeriesPoint {
  readonly since: Day;
  readonly total: number;
  readonly counts: Readonly<Record<ScoredKind, number | null>>;
}

const DAYS = { day: 1, week: 7 } as const satisfies Record<Interval, number>;
const NONE = Object.fromEntries(SCORED_KINDS.map((kind) => [kind, 0])) as Record<ScoredKind, number>;

/** What a series is of. */
interface SeriesQuery {
  readonly window: Window;
  readonly interval: Interval;
  /** Only of these people; left out: of everybody. */
  readonly personIds?: readonly number[];
  /** Only in these repositories; left out: in all. */
  readonly repositoryIds?: readonly number[];
  /** Whose series there are: each person's or each repository's own. */
  readonly by: 'person' | 'repository';
}

/** A point for every day or week of a window, empty ones too, oldest first, for each person or repository that is asked for. */
export async function seriesOf(db: Database | Queryable, q: SeriesQuery): Promise<ReadonlyMap<number, readonly SeriesPoint[]>> {
  const { window, interval, by } = q;
  const start = interval === 'day' ? 'd.day' : `date_trunc('week', d.day::timestamp)::date`;
  const { rows } = await queryable(db).query<{ id: number; since: Day; kind: number; quantity: number | null }>(
    `SELECT d.${by}_id AS id, ${start} AS since, d.kind, sum(d.quantity) AS quantity FROM contribution_day d
     WHERE d.day BETWEEN $1 AND $2 AND d.kind = ANY($3::smallint[])
       AND ($4::bigint[] IS NULL OR d.person_id = ANY($4)) AND ($5::bigint[] IS NULL OR d.repository_id = ANY($5))
     GROUP BY 1, 2, 3`,
    [window.since, window.until, SCORED_KINDS.map((kind) => KIND_CODES[kind]), q.personIds ?? null, q.repositoryIds ?? null],
  );
  const ids = (by === 'person' ? q.personIds : q.repositoryIds) ?? [];
  const known = new Map(ids.map((id) => [id, new Map<Day, Record<ScoredKind, number | null>>()]));
  for (const { id, since, kind, quantity } of rows) {
    const points = known.get(id);
    const counts = points?.get(since) ?? { ...NONE };
    counts[kindOf(kind) as ScoredKind] = quantity;
    points?.set(since, counts);
  }
  const starts = startsOf(window, interval);
  return new Map([...known].map(([id, points]) => [id, starts.map((since) => pointOf(since, points.get(since) ?? NONE))]));
}

function pointOf(since: Day, counts: Readonly<Record<ScoredKind, number | null>>): SeriesPoint {
  return { since, total: SCORED_KINDS.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0), counts };
}

/** The first days of all intervals of a window; the first week may begin before it. */
function startsOf({ since, until }: Window, interval: Interval): readonly Day[] {
  const weekday = (new Date(`${since}T00:00:00Z`).getUTCDay() + 6) % 7;
  const first = interval === 'day' ? since : addDays(since, -weekday);
  return Array.from({ length: Math.ceil(lengthOf({ since: first, until }) / DAYS[interval]) }, (_, index) =>
    addDays(first, index * DAYS[interval]),
  );
}
