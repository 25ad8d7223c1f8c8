import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Sees whether this process gets to its work in time. */
export interface EventLoopWatch {
  /** The longest that everything stood still within the last ten seconds; null: never for two seconds or longer. */
  blockedMs(): number | null;
  stop(): void;
}

/** A readiness probe that waits this long has usually given up. */
const BLOCKED_MS = 2_000;
const PERIOD_MS = 5_000;
const RESOLUTION_MS = 20;

export function watchEventLoop(): EventLoopWatch {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let before = 0;
  const longest = (): number => delays.max / 1e6;
  const timer = setInterval(() => {
    before = longest();
    delays.reset();
  }, PERIOD_MS).unref();
  return {
    blockedMs() {
      const most = Math.max(before, longest());
      return most >= BLOCKED_MS ? Math.round(most) : null;
    },
    stop() {
      clearInterval(timer);
      delays.disable();
    },
  };
}
