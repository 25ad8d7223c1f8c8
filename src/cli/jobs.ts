import { setTimeout as delay } from 'node:timers/promises';
import type { JobResource } from '../api/contract/jobs.ts';
import { isUnfinished } from '../domain/job-status.ts';
import { ApiUnreachable, type ApiClient } from './api-client.ts';
import type { Progress } from './progress.ts';
import { figure } from './table.ts';
import { printable } from './terminal.ts';

/** An answer that is late by less than this is a restart of the API, not its end. */
const PATIENCE_MS = 30_000;
const FIRST_POLL_MS = 100;
const SLOWEST_POLL_MS = 1_000;

/** Polls a job until it has ended, showing where it stands. The API may be away for half a minute. */
export async function endOf(api: ApiClient, id: string, progress: Progress, signal: AbortSignal): Promise<JobResource> {
  let answeredAt = Date.now();
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.3, SLOWEST_POLL_MS)) {
    try {
      const { body: job } = await api.call('getJob', { params: { id } });
      answeredAt = Date.now();
      if (!isUnfinished(job.status)) return job;
      progress.show({ what: standingOf(job), ...job.progress });
    } catch (error) {
      if (!(error instanceof ApiUnreachable) || Date.now() - answeredAt > PATIENCE_MS) throw error;
    }
    await delay(pause, undefined, { signal });
  }
}

/** What a job is doing, in a few words. */
export function standingOf(job: JobResource): string {
  const doing = ((): string => {
    if (job.cancel_requested_at !== null && isUnfinished(job.status)) return 'is being cancelled';
    if (job.waiting_until !== null) {
      const { done, total } = job.progress;
      const share = total === null || total === 0 ? '' : `, ${Math.min(100, Math.round((done / total) * 100))} % done`;
      return `waiting for ${job.waiting_for ?? 'its source'} until ${clock(job.waiting_until)}${share}`;
    }
    if (job.status === 'RETRYING')
      return `tries again${job.next_retry_at === null ? '' : ` at ${clock(job.next_retry_at)}`} (attempt ${job.attempt})`;
    if (job.status === 'QUEUED') return job.starting ? 'is being started' : 'waits for its turn';
    return job.phase === '' ? job.status.toLowerCase() : job.phase.toLowerCase();
  })();
  return `${subjectOf(job)} ${doing}`;
}

const clockFormat = new Intl.DateTimeFormat('en', { timeStyle: 'short', hourCycle: 'h23' });
const dayFormat = new Intl.DateTimeFormat('sv', { dateStyle: 'short' });

/** A moment as this machine's clock shows it: `14:20`, on another day `2026-11-30 00:15`. */
export function clock(moment: string, now = new Date()): string {
  const at = new Date(moment);
  const day = dayFormat.format(at);
  return day === dayFormat.format(now) ? clockFormat.format(at) : `${day} ${clockFormat.format(at)}`;
}

/** What a job is about: a repository, people, or all boards. */
export function subjectOf({ repository, type }: JobResource): string {
  return (
    repository ??
    (type === 'ENRICH' ? 'profile' : type === 'ENRICH_BATCH' ? 'profiles' : type === 'RESCORE' ? 'all boards' : type.toLowerCase())
  );
}

/** What became of a job that has ended, in a sentence. */
export function outcomeOf(job: JobResource): string {
  const about = subjectOf(job);
  switch (job.status) {
    case 'COMPLETED': {
      const result = isIncomplete(job) ? 'completed, incomplete' : 'completed';
      if (job.repository === null) return `${about}: ${result}${job.plan_note === null ? '' : `, ${job.plan_note}`}`;
      return `${about}: ${result}, ${figure(job.events_processed)} contributions, ${job.window.since} to ${job.window.until}`;
    }
    case 'FAILED':
      return printable(`${about}: failed: ${job.error?.message ?? 'no reason is known'}`);
    case 'CANCELLED':
      return `${about}: cancelled${job.repository === null ? '' : ', its board is as it was before'}`;
    default:
      return standingOf(job);
  }
}

/** Whether a job has published less than there is, as far as it knows itself. */
export function isIncomplete(job: JobResource): boolean {
  return job.complete === false || job.incomplete.length > 0;
}

/** What a completed job knows to be missing, a line each; of very many the first ones. */
export function gapsOf(job: JobResource, most = Number.POSITIVE_INFINITY): readonly string[] {
  const more = job.incomplete.length - most;
  const shown = job.incomplete.slice(0, most).map(({ kind, month, reason }) => {
    const where = [month, kind].filter((part) => part !== null).join(' ');
    return printable(`  ${where === '' ? '' : `${where}: `}${reason}`);
  });
  return more > 0 ? [...shown, `  … and ${more} more gaps: laurels jobs ${job.id}`] : shown;
}
