import { Context } from '@temporalio/activity';

/** Well under the heartbeat timeout of 10 s; the SDK sends at most one every `maxHeartbeatThrottleInterval`. */
const BEAT_MS = 1_000;

/**
 * Tells Temporal every second that this process lives, while `work` runs. Cancellation travels on the answers. `details` is what
 * the next attempt finds in `heartbeatDetails`: progress for display, never where to resume (that is a cursor in Postgres).
 */
export async function whileAlive<T>(work: () => Promise<T>, details: () => unknown = () => undefined): Promise<T> {
  const context = Context.current();
  context.heartbeat(details());
  const beat = setInterval(() => context.heartbeat(details()), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}
