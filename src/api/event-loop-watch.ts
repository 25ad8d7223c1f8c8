/** Sees whether this process gets to its work in time. */
export interface EventLoopWatch {
  /** The longest that everything stood still within the last ten seconds; null: never for two seconds or longer. */
  blockedMs(): number | null;
  stop(): void;
}

/** A readiness probe that waits this long has usually given up. */
const BLOCKED_MS = 2_000;
const REMEMBERED_MS = 10_000;
const TICK_MS = 100;

/** Watches with a timer of its own: resetting `monitorEventLoopDelay` forgets the stall that it is in the middle of. */
export function watchEventLoop(): EventLoopWatch {
  let lastTick = performance.now();
  let stalls: { endedAt: number; ms: number }[] = [];
  const look = (): void => {
    const now = performance.now();
    const late = now - lastTick - TICK_MS;
    lastTick = now;
    stalls = stalls.filter(({ endedAt }) => now - endedAt < REMEMBERED_MS);
    if (late >= BLOCKED_MS) stalls.push({ endedAt: now, ms: late });
  };
  const timer = setInterval(look, TICK_MS).unref();
  return {
    blockedMs() {
      // A request may be answered before the timer had its turn.
      look();
      return stalls.length === 0 ? null : Math.round(Math.max(...stalls.map(({ ms }) => ms)));
    },
    stop: () => clearInterval(timer),
  };
}
