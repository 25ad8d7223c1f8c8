import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, MetricsBuffer, Runtime } from '@temporalio/worker';
import type { Logger } from '../log/logger.ts';
import type { TemporalMetrics } from '../metrics/temporal-metrics.ts';
import { jobIdIn } from '../workflows/contract.ts';

/**
 * Sets up the SDK's native half, of which a process has one: its lines go to pino, and it leaves SIGINT and SIGTERM to the
 * entry file, which stops things in order. Its metrics go to ours (no port of its own: that one would answer any Host). Must come before the first native connection; a second call changes nothing.
 */
export function installRuntime(log: Logger, metrics?: TemporalMetrics): void {
  const buffer = metrics === undefined ? null : new MetricsBuffer({ maxBufferSize: MOST_UPDATES, useSecondsForDurations: true });
  try {
    Runtime.install({
      shutdownSignals: [],
      logger: sdkLogger(log),
      telemetryOptions: {
        logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
        ...(buffer === null ? {} : { metrics: { buffer, attachServiceName: false } }),
      },
    });
    if (metrics === undefined || buffer === null) return;
    metrics.follow(buffer);
    setInterval(() => metrics.takeUpdates(), TAKE_EVERY_MS).unref();
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

/** The SDK keeps updates until they are taken: every second, and a busy worker makes some thousands of them. */
const TAKE_EVERY_MS = 1_000;
const MOST_UPDATES = 50_000;

/** Said of every worker that runs activities only, which is what the archive's workers are for. */
const NO_NEWS = 'No workflows registered, not polling for workflow tasks';

function sdkLogger(log: Logger): DefaultLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (message === NO_NEWS) return;
    // Who has the token can end the activity: it does not belong in a log.
    const { error, taskToken: _, ...said } = meta ?? {};
    const fields = { ...fieldsOf(said), ...(error === undefined ? {} : { err: error }) };
    log[level.toLowerCase() as Lowercase<typeof level>](fields, message);
  });
}

/** The SDK's names for what our own lines call otherwise; it calls the run differently in workflows and in activities. */
const OUR_NAMES: Readonly<Record<string, string>> = {
  workflowId: 'workflow_id',
  runId: 'run_id',
  workflowRunId: 'run_id',
  workflowType: 'workflow',
  activityType: 'activity',
  activityId: 'activity_id',
  taskQueue: 'task_queue',
  sdkComponent: 'component',
};

function fieldsOf(said: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const fields = Object.fromEntries(Object.entries(said).map(([name, value]) => [OUR_NAMES[name] ?? name, value]));
  const jobId = typeof fields['workflow_id'] === 'string' ? jobIdIn(fields['workflow_id']) : null;
  return jobId === null ? fields : { job_id: jobId, ...fields };
}
