import {
  ApplicationFailure,
  ActivityFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { JobActivities, PublishReport } from '../activities/job-activities.ts';
import type { BigQueryActivities } from '../activities/bigquery-activities.ts';
import type { DispatchActivities } from '../activities/dispatch-activities.ts';
import type { ReadActivities } from '../activities/read-activities.ts';
import type { SourceName } from '../domain/contribution.ts';
import { BOOKKEEPING, stepOptions } from './activity-options.ts';
import { cancellationOf, isCancelled } from './cancellation.ts';
import {
  EXTRACT_SETTLED,
  SCRAPE_PHASE,
  SLICES_AT_ONCE,
  taskQueueOf,
  type JobInput,
  type ScrapeOutcome,
  type ScrapePhase,
} from './contract.ts';
import { reasonOf } from './failure-message.ts';
import { readSlices } from './read-slices.ts';

const scrapePhase = defineQuery<ScrapePhase>(SCRAPE_PHASE);
const extractSettled = defineSignal(EXTRACT_SETTLED);
const books = proxyActivities<JobActivities & DispatchActivities>(BOOKKEEPING);

/** Publishing may find slices undone again (a crash of Postgres empties the unlogged staging); more often than this is a fault. */
const MAX_ROUNDS = 10;

/** A scrape that heard nothing of its query asks again: a collector that was ended from outside is started anew by it. */
const ASK_AGAIN = '10 minutes';

/**
 * Reads a repository's contributions from the sources of its job, in turn, and publishes them at once. However it ends, the
 * job's row is closed with the reason, the next queued job is started and, after a success, the global board follows.
 */
export async function scrapeRepository({ jobId, pace }: JobInput): Promise<ScrapeOutcome> {
  let phase: ScrapePhase = 'OPENING';
  setHandler(scrapePhase, () => phase);
  let step = 'opening the job';
  let isSettled = false;
  setHandler(extractSettled, () => {
    isSettled = true;
  });

  const { publish } = proxyActivities<Pick<JobActivities, 'publish'>>(stepOptions('15 minutes', pace));
  const readersOf = (source: SourceName): ReadActivities =>
    proxyActivities<ReadActivities>(stepOptions('2 hours', pace, taskQueueOf(source)));

  /** Waits until the rows of BigQuery are there, which a query brings that others share. */
  const awaitExtract = async (): Promise<void> => {
    phase = 'WAITING';
    step = 'waiting for BigQuery';
    const { requestExtract } = proxyActivities<BigQueryActivities>(stepOptions('15 minutes', pace));
    for (;;) {
      isSettled = false;
      if ((await requestExtract({ jobId })).isReady) return;
      await condition(() => isSettled, ASK_AGAIN);
    }
  };

  /** Plans and reads a source. Repeating it is cheap: what is planned stays planned, what is read is not read again. */
  const collect = async (source: SourceName): Promise<void> => {
    const reader = readersOf(source);
    if (source === 'bigquery') await awaitExtract();
    phase = 'PLANNING';
    step = `planning ${source}`;
    const { undone } = await reader.planSource({ jobId, source });
    await readSlices({
      jobId,
      slices: undone,
      // Scrapes that began before slices were read side by side go on as they began.
      width: patched('slices-side-by-side') ? SLICES_AT_ONCE : 1,
      reader,
      books,
      onPhase: (now) => (phase = now),
      onFailure: (failed) => (step = failed),
    });
  };

  const publishOnce = (): Promise<PublishReport> => {
    phase = 'PUBLISHING';
    step = 'publishing';
    return CancellationScope.nonCancellable(() => publish({ jobId }));
  };

  let report: PublishReport | undefined;
  try {
    const { sources } = await books.openJob({ jobId, runId: workflowInfo().runId });
    if (sources.includes('gharchive')) {
      phase = 'IMPORTING';
      step = 'importing archive files';
      const archive = readersOf('gharchive');
      // Not done: the worker stops, or another scrape is importing. What was read is kept.
      while (!(await archive.importArchive({ jobId })).done);
    }
    for (let round = 1; report === undefined; round += 1) {
      for (const source of sources) await collect(source);
      try {
        report = await publishOnce();
      } catch (error) {
        if (codeOf(error) !== 'slices_unfinished' || round === MAX_ROUNDS) throw error;
      }
    }
  } catch (error) {
    const wasCancelled = isCancelled(error);
    const reason = reasonOf(error, step);
    phase = 'CLOSING';
    await CancellationScope.nonCancellable(async () => {
      // Closed by somebody else before it began (a cancelled or lost job): there is nothing left to write down.
      if (codeOf(error) !== 'job_closed') {
        await books.closeJob(wasCancelled ? { jobId, status: 'CANCELLED' } : { jobId, status: 'FAILED', ...reason });
      }
      await books.startQueuedJobs();
    });
    if (wasCancelled) throw cancellationOf(error);
    throw ApplicationFailure.create({
      message: reason.errorMessage,
      type: reason.errorCode,
      nonRetryable: true,
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }

  // From here on the board is public: a cancel that comes late must not leave a published board under a CANCELLED job.
  phase = 'CLOSING';
  await CancellationScope.nonCancellable(async () => {
    await books.closeJob({ jobId, status: 'COMPLETED' });
    await Promise.all([books.startQueuedJobs(), books.requestGlobalRecalculation()]);
  });
  return { contributions: report.contributions, people: report.people };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? (error.cause.type ?? undefined) : undefined;
}
