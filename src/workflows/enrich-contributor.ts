import { ActivityFailure, ApplicationFailure, CancellationScope, proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { AboutPerson, EnrichmentBooks, EnrichmentEnd, EnrichmentSteps } from '../activities/enrichment-activities.ts';
import type { JobActivities } from '../activities/job-activities.ts';
import { BOOKKEEPING, stepOptions } from './activity-options.ts';
import { cancellationOf, isCancelled } from './cancellation.ts';
import { TASK_QUEUES, type EnrichInput, type EnrichOutcome } from './contract.ts';
import { reasonOf } from './failure-message.ts';

const books = proxyActivities<JobActivities & EnrichmentBooks>(BOOKKEEPING);

/** An optional source gets one more chance, not four: nobody waits six minutes for a website. */
const OPTIONAL_ATTEMPTS = 2;

/**
 * Learns more of a person: GitHub's public profile, then X and the website where they are switched on, at the same time. Those two
 * fail alone. With a job of its own (`jobId`) it opens and closes that; as part of a batch it leaves people alone who have one.
 */
export async function enrichContributor({ userId, jobId, batchId, pace }: EnrichInput): Promise<EnrichOutcome> {
  const logged = jobId ?? batchId;
  if (logged === undefined) throw ApplicationFailure.nonRetryable('Neither a job nor a batch asks for this.', 'invalid_input');
  const about: AboutPerson = jobId === undefined ? { userId } : { userId, jobId };
  const options = stepOptions('15 minutes', pace, TASK_QUEUES.enrichment);
  const { readProfile } = proxyActivities<EnrichmentSteps>(options);
  const optional = proxyActivities<EnrichmentSteps>({ ...options, retry: { ...options.retry, maximumAttempts: OPTIONAL_ATTEMPTS } });
  let step = 'opening the job';
  let hasBegun = false;

  const end = (status: EnrichmentEnd['status'], failed: EnrichmentEnd['failed'], error: string | null): Promise<void> =>
    books.endEnrichment({ userId, jobId: logged, status, failed, error });

  const profileRead = async (): ReturnType<EnrichmentSteps['readProfile']> => {
    for (;;) {
      const profile = await readProfile(about);
      if (profile.resumeAt === null) return profile;
      if (jobId !== undefined) await books.noteWaiting({ jobId, until: profile.resumeAt, waitingFor: 'GitHub' });
      await sleep(Math.max(0, Date.parse(profile.resumeAt) - Date.now()));
      if (jobId !== undefined) await books.noteWaiting({ jobId, until: null, waitingFor: null });
    }
  };

  try {
    if (jobId !== undefined) await books.openJob({ jobId, runId: workflowInfo().runId });
    const { ready } = await books.beginEnrichment({ userId, jobId: logged });
    if (!ready) {
      if (jobId === undefined) return 'skipped';
      throw ApplicationFailure.nonRetryable('There is nobody to ask about: erased, or opted out.', 'contributor_gone');
    }
    hasBegun = true;
    step = 'reading the GitHub profile';
    const { asksX, asksWebsite } = await profileRead();
    step = 'asking X and the website';
    const asked = [
      ...(asksX ? [{ source: 'x', read: optional.readXProfile } as const] : []),
      ...(asksWebsite ? [{ source: 'website', read: optional.readWebsite } as const] : []),
    ];
    const answers = await Promise.allSettled(asked.map(({ read }) => read(about)));
    const cancelled = answers.find((answer) => answer.status === 'rejected' && isCancelled(answer.reason));
    if (cancelled?.status === 'rejected') throw cancelled.reason;
    const failed = asked.filter((_, index) => answers[index]?.status === 'rejected').map(({ source }) => source);
    const isWhole = answers.every((answer) => answer.status === 'fulfilled' && answer.value.answered);
    await CancellationScope.nonCancellable(async () => {
      await end(isWhole ? 'COMPLETED' : 'PARTIAL', failed, null);
      if (jobId !== undefined) await books.closeJob({ jobId, status: 'COMPLETED' });
    });
    return 'enriched';
  } catch (error) {
    const reason = reasonOf(error, step);
    const wasCancelled = isCancelled(error);
    await CancellationScope.nonCancellable(async () => {
      if (hasBegun) await (wasCancelled ? end('PENDING', [], null) : end('FAILED', [], reason.errorMessage));
      if (jobId !== undefined && codeOf(error) !== 'job_closed') {
        await books.closeJob(wasCancelled ? { jobId, status: 'CANCELLED' } : { jobId, status: 'FAILED', ...reason });
      }
    });
    if (wasCancelled) throw cancellationOf(error);
    throw ApplicationFailure.create({ message: reason.errorMessage, type: reason.errorCode, nonRetryable: true });
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? (error.cause.type ?? undefined) : undefined;
}
