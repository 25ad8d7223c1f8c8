import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  ContinueAsNew,
  executeChild,
  isCancellation,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { BatchCounts, EnrichmentBooks } from '../activities/enrichment-activities.ts';
import type { JobActivities } from '../activities/job-activities.ts';
import { BOOKKEEPING } from './activity-options.ts';
import { cancellationOf, isCancelled } from './cancellation.ts';
import type { BatchProgress, EnrichBatchInput } from './contract.ts';
import { enrichContributor } from './enrich-contributor.ts';
import { reasonOf } from './failure-message.ts';

const books = proxyActivities<JobActivities & EnrichmentBooks>(BOOKKEEPING);

/** People of one run: a child takes about six events of the parent's history, which is to stay well under Temporal's suggestion. */
const PER_RUN = 200;
/** The job's row says how far it is after every so many people. */
const NOTED_EVERY = 5;

/**
 * Enriches many people, `width` at a time, each in a workflow of its own. Somebody who is being enriched already is skipped, somebody
 * who can't be is counted and does not stop the others. A long list goes on in a new run when the ones under way have ended.
 */
export async function batchEnrichContributors({ jobId, width, perRun = PER_RUN, resume, pace }: EnrichBatchInput): Promise<BatchCounts> {
  let step = 'opening the job';
  try {
    const progress = resume ?? (await chosen());
    step = 'enriching people';
    const total = progress.remaining.length + progress.enriched + progress.skipped + progress.failed;
    const remaining = [...progress.remaining];
    const counts = { enriched: progress.enriched, skipped: progress.skipped, failed: progress.failed };
    let taken = 0;
    const lane = async (): Promise<void> => {
      while (taken < perRun && !workflowInfo().continueAsNewSuggested) {
        const userId = remaining.shift();
        if (userId === undefined) return;
        taken += 1;
        counts[await enrichOne(userId)] += 1;
        const done = total - remaining.length;
        if (done % NOTED_EVERY === 0) await books.noteBatchProgress({ jobId, done, total });
      }
    };
    await Promise.all(Array.from({ length: width }, lane));
    if (remaining.length > 0) {
      await continueAsNew<typeof batchEnrichContributors>({
        jobId,
        width,
        perRun,
        resume: { ...counts, remaining },
        ...(pace === undefined ? {} : { pace }),
      });
    }
    await CancellationScope.nonCancellable(async () => {
      await books.noteBatchEnd({ jobId, ...counts });
      await books.closeJob({ jobId, status: 'COMPLETED' });
    });
    return counts;
  } catch (error) {
    // Going on in a new run is thrown, too.
    if (error instanceof ContinueAsNew) throw error;
    const wasCancelled = isCancelled(error);
    const reason = reasonOf(error, step);
    await CancellationScope.nonCancellable(() =>
      books.closeJob(wasCancelled ? { jobId, status: 'CANCELLED' } : { jobId, status: 'FAILED', ...reason }),
    );
    if (wasCancelled) throw cancellationOf(error);
    throw ApplicationFailure.create({ message: reason.errorMessage, type: reason.errorCode, nonRetryable: true });
  }

  async function chosen(): Promise<BatchProgress> {
    await books.openJob({ jobId, runId: workflowInfo().runId });
    step = 'choosing people';
    const { userIds } = await books.choosePeople({ jobId });
    await books.noteBatchProgress({ jobId, done: 0, total: userIds.length });
    return { remaining: userIds, enriched: 0, skipped: 0, failed: 0 };
  }

  async function enrichOne(userId: number): Promise<keyof BatchCounts> {
    try {
      return await executeChild(enrichContributor, {
        workflowId: `enrich:${userId}:${jobId}`,
        args: [{ userId, batchId: jobId, ...(pace === undefined ? {} : { pace }) }],
        // A batch that is ended from outside takes its children along, and they say so in their rows.
        parentClosePolicy: 'REQUEST_CANCEL',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
    } catch (error) {
      if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
      return error instanceof WorkflowExecutionAlreadyStartedError ? 'skipped' : 'failed';
    }
  }
}
