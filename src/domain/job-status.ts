/** A job's life: QUEUED → RUNNING ⇄ RETRYING → COMPLETED | FAILED | CANCELLED. */
export const JOB_STATUSES = ['QUEUED', 'RUNNING', 'RETRYING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

const UNFINISHED_STATUSES = ['QUEUED', 'RUNNING', 'RETRYING'] as const satisfies readonly JobStatus[];

/** Whether a job with this status still has work before it. */
export function isUnfinished(status: JobStatus): boolean {
  return (UNFINISHED_STATUSES as readonly JobStatus[]).includes(status);
}

/** What a job does. FULL and REFRESH are scrapes of one repository. */
export const JOB_TYPES = ['FULL', 'REFRESH', 'IMPORT', 'ENRICH', 'ENRICH_BATCH', 'RESCORE'] as const;
export type JobType = (typeof JOB_TYPES)[number];
export type ScrapeType = Extract<JobType, 'FULL' | 'REFRESH'>;

/** PENDING: never published. FAILED: never published and the last job failed. */
export const REPOSITORY_STATUSES = ['PENDING', 'SCRAPING', 'COMPLETED', 'FAILED'] as const;
export type RepositoryStatus = (typeof REPOSITORY_STATUSES)[number];
