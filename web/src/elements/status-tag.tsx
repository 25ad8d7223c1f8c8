import type { JSX } from 'react';
import type { JobStatus, RepositoryStatus } from '../../../src/domain/job-status.ts';
import { Tag, type Tone } from './tag.tsx';

const JOB: Readonly<Record<JobStatus, readonly [Tone, string]>> = {
  QUEUED: ['neutral', 'Queued'],
  RUNNING: ['neutral', 'Running'],
  RETRYING: ['warn', 'Retrying'],
  COMPLETED: ['good', 'Completed'],
  FAILED: ['bad', 'Failed'],
  CANCELLED: ['neutral', 'Cancelled'],
};

/** How a job stands. One that published with gaps says so: it is never simply "completed". */
export function JobStatusTag({ status, complete }: { readonly status: JobStatus; readonly complete?: boolean | null }): JSX.Element {
  if (status === 'COMPLETED' && complete === false) return <Tag tone="warn">Completed with gaps</Tag>;
  const [tone, word] = JOB[status];
  return <Tag tone={tone}>{word}</Tag>;
}

const REPOSITORY: Readonly<Record<RepositoryStatus, readonly [Tone, string]>> = {
  PENDING: ['neutral', 'Not read yet'],
  SCRAPING: ['neutral', 'Being read'],
  COMPLETED: ['good', 'Ready'],
  FAILED: ['bad', 'Failed'],
};

/** How a repository stands, in a word. */
export function wordOf(status: RepositoryStatus): string {
  return REPOSITORY[status][1];
}

/** How a repository stands. */
export function RepositoryStatusTag({ status }: { readonly status: RepositoryStatus }): JSX.Element {
  const [tone, word] = REPOSITORY[status];
  return <Tag tone={tone}>{word}</Tag>;
}
