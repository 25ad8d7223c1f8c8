/** How far a reading is, and how long it has taken. */
export interface ReadingProgress {
  /** What is read, and what is to be read in all by the plan; null: not known. */
  readonly done: number;
  readonly total: number | null;
  /** When the reading began, and how much was read then; null: it has not begun. */
  readonly since: Date | null;
  readonly from: number;
  /** Waits since then: those that are over, and the one under way. */
  readonly waitedSeconds: number;
  readonly waitingSince: Date | null;
  readonly waitingUntil: Date | null;
  /** When a step that failed is tried again. */
  readonly nextRetryAt: Date | null;
  /** What the plan said, null where it did not: the time in all, and the part of it that is spent waiting. */
  readonly planned: { readonly minutes: number; readonly pauseMinutes: number } | null;
}

/** Without a plan's minutes the pace so far is all there is to go by: before this it says nothing. */
const SHORTEST_PACE_MS = 5_000;

/**
 * When a reading will be done, at the pace it had so far and, the less of it is done, that of its plan; not before what it waits
 * for. Null: nobody can tell (no total, more is read than was planned, too early).
 */
export function etaOf(reading: ReadingProgress, now: Date): Date | null {
  const { done, total, since, from, planned } = reading;
  if (total === null || since === null || done >= total || from >= total) return null;
  const at = now.getTime();
  const waited = reading.waitedSeconds * 1_000 + (reading.waitingSince === null ? 0 : Math.max(0, at - reading.waitingSince.getTime()));
  const active = Math.max(0, at - since.getTime() - waited);
  const part = Math.max(0, done - from) / (total - from);
  const resumesAt = Math.max(at, reading.waitingUntil?.getTime() ?? 0, reading.nextRetryAt?.getTime() ?? 0);
  if (planned === null) {
    if (part <= 0 || active < SHORTEST_PACE_MS) return null;
    return new Date(resumesAt + (active / part) * (1 - part));
  }
  const plannedMs = (planned.minutes - planned.pauseMinutes) * 60_000 * ((total - from) / total);
  // At the pace so far it would take active / part in all; weighed by the part that is done, the plan by the part that is not.
  const left = (1 - part) * (active + (1 - part) * plannedMs);
  const pauses = Math.max(0, planned.pauseMinutes * 60_000 - waited - (resumesAt - at));
  return new Date(resumesAt + left + pauses);
}
