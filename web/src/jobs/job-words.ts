import type { JobResource } from '../../../src/api/contract/jobs.ts';
import { ago, clock, count, duration } from '../figures.ts';

/** Attempts a step has, the first among them (decisions 18). */
export const MOST_ATTEMPTS = 4;

/** Whether there is still something to come of a job. */
export function isUnfinished({ status }: Pick<JobResource, 'status'>): boolean {
  return status === 'QUEUED' || status === 'RUNNING' || status === 'RETRYING';
}

/** What a job does, in words. */
export function typeOf({ type }: Pick<JobResource, 'type'>): string {
  const words: Readonly<Record<JobResource['type'], string>> = {
    FULL: 'Full scrape',
    REFRESH: 'Refresh',
    ENRICH: 'Enrichment',
    ENRICH_BATCH: 'Enrichment of many',
    RESCORE: 'New scores',
    IMPORT: 'Import',
  };
  return words[type];
}

/** What a job does and of what, in words. */
export function titleOf(job: Pick<JobResource, 'type' | 'repository'>): string {
  return job.repository === null || job.repository === '' ? typeOf(job) : `${typeOf(job)} of ${job.repository}`;
}

/** `1,200 of 5,000 contributions`; of a job that has ended well, what it published. */
export function progressOf({ status, events_processed: published, progress: { done, total, unit } }: JobResource): string {
  if (status === 'COMPLETED' && published > 0) return `${count(published)} contributions`;
  // Before anything is counted there is nothing to say, least of all 0.
  if (done === 0 && total === null) return '';
  const of = total === null ? '' : ` of ${count(total)}`;
  return `${count(done)}${of}${unit === null ? '' : ` ${unit}`}`;
}

/** What a job is doing or waiting for, in one sentence. */
export function standingOf(job: JobResource): string {
  if (isUnfinished(job) && job.cancel_requested_at !== null) return 'Cancelling: it ends with the step at hand';
  if (job.status === 'QUEUED') return job.starting ? 'Starting' : 'Waiting for its turn behind other scrapes';
  if (job.status === 'RETRYING') {
    const next = job.next_retry_at === null ? '' : `, next at ${clock(job.next_retry_at)}`;
    return `Attempt ${job.attempt} of ${MOST_ATTEMPTS} failed${next}`;
  }
  if (job.waiting_until !== null) {
    const { done, total } = job.progress;
    const share = total === null || total === 0 ? '' : `, ${Math.min(100, Math.round((done / total) * 100))} % done`;
    return `Waiting for ${job.waiting_for ?? 'its source'} until ${clock(job.waiting_until)}${share}`;
  }
  if (job.status === 'RUNNING') {
    const { eta } = job.progress;
    const rest = eta === null ? '' : Date.parse(eta) > Date.now() ? `, done ${ago(eta)} (${clock(eta)})` : ', done any moment';
    return `${job.phase[0]}${job.phase.slice(1).toLowerCase()}${rest}`;
  }
  if (job.completed_at !== null && job.started_at !== null)
    return `Took ${duration(Date.parse(job.completed_at) - Date.parse(job.started_at))}`;
  return '';
}
