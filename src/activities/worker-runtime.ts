import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from '../log/logger.ts';

/**
 * Sets up the SDK's native half, of which a process has one: its lines go to pino, and it leaves SIGINT and SIGTERM to the
 * entry file, which stops things in order. Must come before the first native connection; a second call changes nothing.
 */
export function installRuntime(log: Logger): void {
  try {
    Runtime.install({
      shutdownSignals: [],
      logger: sdkLogger(log),
      telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
    });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

/** Said of every worker that runs activities only, which is what the archive's workers are for. */
const NO_NEWS = 'No workflows registered, not polling for workflow tasks';

function sdkLogger(log: Logger): DefaultLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (message === NO_NEWS) return;
    // Who has the token can end the activity: it does not belong in a log.
    const { error, taskToken: _, ...fields } = meta ?? {};
    log[level.toLowerCase() as Lowercase<typeof level>]({ ...fields, ...(error === undefined ? {} : { err: error }) }, message);
  });
}
