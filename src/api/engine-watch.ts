import type { Engine } from '../temporal/engine.ts';

/** How the engine that does the jobs is, and since when. */
interface EngineState {
  /** `no_worker`: Temporal answers, but nobody asks it for work. */
  readonly state: 'ok' | 'unreachable' | 'no_worker';
  /** Null: `ok`. */
  readonly since: Date | null;
}

export interface EngineWatch {
  /** As it was at the last look, at most some seconds ago. */
  state(): EngineState;
  stop(): Promise<void>;
}

interface EngineWatchOptions {
  readonly engine: Pick<Engine, 'isReachable' | 'workersSeenAt'>;
  /** When the oldest job that has not begun was handed to Temporal; null: there is none. */
  readonly oldestHandedOver: () => Promise<Date | null>;
  /** Default 5 s. */
  readonly intervalMs?: number;
  /** How long nobody may have asked for work before it is said; 30 s. */
  readonly patienceMs?: number;
}

/** A worker without work asks once a minute, so that the time it last asked says this much about it. */
const SILENT_MS = 75_000;

/**
 * Looks after Temporal and its workers. A worker that was killed stays in Temporal's list for minutes; but one that lives takes a job
 * that is handed over and then asks again, so that nobody having asked since tells that nobody is there.
 */
export function watchEngine({ engine, oldestHandedOver, intervalMs = 5_000, patienceMs = 30_000 }: EngineWatchOptions): EngineWatch {
  const begun = new Date();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let state: EngineState = { state: 'ok', since: null };

  const look = async (): Promise<EngineState> => {
    if (!(await engine.isReachable())) return { state: 'unreachable', since: state.state === 'unreachable' ? state.since : new Date() };
    const [seenAt, handedOverAt] = await Promise.all([engine.workersSeenAt(), oldestHandedOver().catch(() => null)]);
    const now = Date.now();
    const isOld = (at: Date | null, ms: number): boolean => at === null || now - at.getTime() > ms;
    const isIgnored =
      handedOverAt !== null && isOld(handedOverAt, patienceMs) && (seenAt === null || seenAt.getTime() < handedOverAt.getTime());
    if (!isIgnored && !isOld(seenAt, SILENT_MS)) return { state: 'ok', since: null };
    const since = state.state === 'no_worker' && state.since !== null ? state.since : (seenAt ?? begun);
    // Workers may start after the API.
    return isOld(since, patienceMs) ? { state: 'no_worker', since } : { state: 'ok', since: null };
  };
  const pass = async (): Promise<void> => {
    // Temporal that goes away between two questions is found unreachable at the next look.
    state = await look().catch(() => state);
    if (isStopped) return;
    timer = setTimeout(() => {
      running = pass();
    }, intervalMs).unref();
  };
  let running = pass();
  return {
    state: () => state,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
