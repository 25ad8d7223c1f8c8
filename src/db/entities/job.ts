import { defineEntity, p } from '@mikro-orm/core';
import type { Gap } from '../../domain/coverage.ts';
import { JOB_STATUSES, JOB_TYPES, type JobStatus, type JobType } from '../../domain/job-status.ts';
import type { Estimate } from '../../sources/contribution-source.ts';
import { day, moment, oneOf } from './columns.ts';
import { GithubUser } from './person.ts';
import { Repository } from './repository.ts';

const UNFINISHED = `status in ('QUEUED','RUNNING','RETRYING')`;

/** One run of work. At most one unfinished job per repository: the partial unique index decides, not a check before the insert. */
export const ScrapeJob = defineEntity({
  name: 'ScrapeJob',
  tableName: 'scrape_job',
  checks: [
    oneOf('scrape_job', 'status', JOB_STATUSES),
    oneOf('scrape_job', 'job_type', JOB_TYPES),
    { name: 'scrape_job_window_check', expression: 'window_since <= window_until' },
  ],
  uniques: [
    { name: 'scrape_job_one_per_repository', properties: ['repositoryId'], where: `${UNFINISHED} and repository_id is not null` },
    { name: 'scrape_job_one_per_user', properties: ['jobType', 'userId'], where: `${UNFINISHED} and job_type = 'ENRICH'` },
    { name: 'scrape_job_one_per_type', properties: ['jobType'], where: `${UNFINISHED} and job_type in ('ENRICH_BATCH','RESCORE')` },
  ],
  indexes: [
    { name: 'scrape_job_unfinished_index', properties: ['createdAt'], where: UNFINISHED },
    { name: 'scrape_job_repository_id_index', properties: ['repositoryId', 'id'] },
    { name: 'scrape_job_user_id_index', properties: ['userId'] },
  ],
  properties: {
    id: p.uuid().primary(),
    jobType: p.text().$type<JobType>(),
    repositoryId: () =>
      p.manyToOne(Repository).mapToPk().fieldName('repository_id').nullable().deleteRule('set null').updateRule('no action').index(false),
    repositoryName: p.text(),
    userId: () =>
      p.manyToOne(GithubUser).mapToPk().fieldName('user_id').nullable().deleteRule('set null').updateRule('no action').index(false),
    status: p.text().$type<JobStatus>().default('QUEUED'),
    phase: p.text().default('QUEUED'),
    workflowId: p.text().unique('scrape_job_workflow_id_unique'),
    runId: p.text().nullable(),
    sources: p.array().columnType('text[]'),
    windowSince: day(),
    windowUntil: day(),
    requestedBy: p.text(),
    retryOf: p.uuid().nullable(),
    attempt: p.integer().default(1),
    nextRetryAt: moment().nullable(),
    waitingUntil: moment().nullable(),
    waitingFor: p.text().nullable(),
    done: p.bigint('number').defaultRaw('0'),
    total: p.bigint('number').nullable(),
    unit: p.text().nullable(),
    eventsProcessed: p.bigint('number').defaultRaw('0'),
    people: p.integer().nullable(),
    complete: p.boolean().nullable(),
    incomplete: p.json<readonly Gap[]>().defaultRaw(`'[]'`),
    planNote: p.text().nullable(),
    planEstimate: p.json<Estimate>().nullable(),
    readingSince: moment().nullable(),
    readingFrom: p.bigint('number').defaultRaw('0'),
    waitingSince: moment().nullable(),
    waitedSeconds: p.integer().default(0),
    /** What a job that is about no repository was asked for; null for others. */
    request: p.json<Record<string, unknown>>().nullable(),
    errorCode: p.text().nullable(),
    errorMessage: p.text().nullable(),
    lastLogSeq: p.integer().default(0),
    cancelRequestedAt: moment().nullable(),
    dispatchedAt: moment().nullable(),
    createdAt: moment().defaultRaw('now()'),
    startedAt: moment().nullable(),
    completedAt: moment().nullable(),
  },
});

const jobKey = () =>
  p.manyToOne(ScrapeJob).mapToPk().primary().fieldName('job_id').deleteRule('cascade').updateRule('no action').index(false);

/** A slice a job has to read. Logged, so that the plan outlives a crash of Postgres that empties the staging. */
export const PlannedSlice = defineEntity({
  name: 'PlannedSlice',
  tableName: 'planned_slice',
  properties: { jobId: jobKey, source: p.smallint().primary(), slice: p.text().primary(), ordinal: p.integer() },
});

/** How far a slice got; unlogged, in one transaction with the rows it staged. */
export const ScrapeSlice = defineEntity({
  name: 'ScrapeSlice',
  tableName: 'scrape_slice',
  properties: {
    jobId: jobKey,
    source: p.smallint().primary(),
    slice: p.text().primary(),
    cursor: p.json<Record<string, unknown>>().nullable(),
    done: p.boolean().default(false),
    pages: p.integer().default(0),
    read: p.bigint('number').defaultRaw('0'),
    coverage: p.json<unknown>().nullable(),
    updatedAt: moment().defaultRaw('now()'),
  },
});

/** What a job says while it works. `seq` counts within the job, `id` over all jobs. */
export const JobLog = defineEntity({
  name: 'JobLog',
  tableName: 'job_log',
  primaryKeys: ['jobId', 'seq'],
  indexes: [
    { name: 'job_log_at_index', properties: ['at'] },
    {
      name: 'job_log_error_index',
      expression: 'create index job_log_error_index on job_log (at desc, id desc) where level >= 50',
    },
  ],
  properties: {
    id: p.bigint('number').autoincrement().unique('job_log_id_unique'),
    jobId: jobKey,
    seq: p.integer().primary().autoincrement(false),
    at: moment(),
    level: p.smallint(),
    message: p.text(),
    fields: p.json<Record<string, unknown>>(),
  },
});
