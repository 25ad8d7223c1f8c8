import { z } from 'zod';
import { CONTRIBUTION_KINDS, SOURCE_NAMES } from '../../domain/contribution.ts';
import { JOB_STATUSES, JOB_TYPES } from '../../domain/job-status.ts';
import { endpoint } from './endpoint.ts';
import { cursor, limit, repositoryName, shown, whole } from './parameters.ts';

const moment = z.iso.datetime();

/** A job as every answer shows it: its row, corrected by what Temporal says while it is unfinished. */
export const jobResource = z.strictObject({
  id: z.uuid(),
  type: z.enum(JOB_TYPES),
  status: z.enum(JOB_STATUSES),
  phase: z.string(),
  repository: z.string().nullable().describe('null: the job is about people'),
  sources: z.array(z.enum(SOURCE_NAMES)),
  window: z.strictObject({ since: z.string(), until: z.string() }),
  requested_by: z.string(),
  retry_of: z.uuid().nullable(),
  progress: z.strictObject({
    done: z.number(),
    total: z.number().nullable().describe('By the plan, which may be off; null: not known'),
    unit: z.string().nullable(),
    eta: moment.nullable().describe('While READING: when its present source will be read, waits included; null: not known'),
  }),
  plan_note: z.string().nullable(),
  attempt: z.int(),
  next_retry_at: moment.nullable().describe('While RETRYING'),
  waiting_until: moment.nullable(),
  waiting_for: z.string().nullable(),
  starting: z.boolean().describe('QUEUED and handed to Temporal; false while QUEUED behind other scrapes'),
  events_processed: z.number().describe('Contributions it read and published'),
  people: z.int().nullable().describe('People on the board it published; null before'),
  complete: z.boolean().nullable().describe('false: published with gaps; null: not known, or not published'),
  incomplete: z.array(z.strictObject({ kind: z.enum(CONTRIBUTION_KINDS).nullable(), month: z.string().nullable(), reason: z.string() })),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  cancel_requested_at: moment.nullable(),
  created_at: moment,
  started_at: moment.nullable(),
  completed_at: moment.nullable(),
  links: z.strictObject({
    self: z.string(),
    logs: z.string(),
    cancel: z.string().nullable(),
    repository: z.string().nullable(),
    temporal: z.string().nullable(),
  }),
});
export type JobResource = z.infer<typeof jobResource>;

/** A job in few words, as a 409 names it. */
const jobReference = z.strictObject({ id: z.uuid(), status: z.enum(JOB_STATUSES), url: z.string() });
export type JobReference = z.infer<typeof jobReference>;

/** Levels of log lines, least first; a filter shows its level and what is above it. */
export const LOG_LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;
export type LogLevel = keyof typeof LOG_LEVELS;
const LEVEL_NAMES = Object.keys(LOG_LEVELS) as readonly LogLevel[];

/** A line of a job's log; `id` is the cursor of the pages and of the live stream. */
const logLine = z.strictObject({
  id: z.int(),
  job_id: z.uuid(),
  seq: z.int(),
  at: moment,
  level: z.enum(LEVEL_NAMES),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
});
export type LogLineResource = z.infer<typeof logLine>;

export const level = z.enum(LEVEL_NAMES).optional().describe('Only lines of this level and above');
export const after = z
  .string()
  .regex(/^\d{1,15}$/, 'must be the id of a log line')
  .transform(Number)
  .meta(shown({ type: 'integer', minimum: 0, maximum: 999_999_999_999_999 }))
  .optional()
  .describe('Only lines after this id');

const jobParams = z.strictObject({ id: z.uuid('must be the id of a job') });

export const listJobs = endpoint({
  method: 'get',
  path: '/api/v1/jobs',
  access: 'read',
  summary: 'List jobs, newest first',
  query: z.strictObject({
    status: z.enum(JOB_STATUSES).optional(),
    type: z.enum(JOB_TYPES).optional(),
    repository: repositoryName.optional(),
    limit,
    cursor,
  }),
  answers: {
    200: {
      description: 'A page of jobs',
      body: z.strictObject({ data: z.array(jobResource), next_cursor: z.string().nullable(), total: z.int() }),
    },
  },
});

export const getJob = endpoint({
  method: 'get',
  path: '/api/v1/jobs/{id}',
  access: 'read',
  summary: 'A job: status, progress, attempts, what it waits for, what it lacks',
  params: jobParams,
  answers: { 200: { description: 'The job', body: jobResource } },
});

export const getJobLogs = endpoint({
  method: 'get',
  path: '/api/v1/jobs/{id}/logs',
  access: 'read',
  summary: "A job's log lines, oldest first; ask again after the last id for what came since",
  params: jobParams,
  query: z.strictObject({ after, level, limit: whole(1_000).default(100) }),
  answers: {
    200: { description: 'A page of lines', body: z.strictObject({ data: z.array(logLine), next_cursor: z.string().nullable() }) },
  },
});

export const retryJob = endpoint({
  method: 'post',
  path: '/api/v1/jobs/{id}/retry',
  access: 'write',
  summary: 'Try a failed or cancelled scrape again, as a new job; what it had read in the last 24 hours is not read again',
  params: jobParams,
  body: z.strictObject({}).optional(),
  answers: { 202: { description: 'The new job was accepted; Location names it', body: jobResource } },
  problems: ['job_not_retryable', 'scrape_already_running', 'no_source_configured', 'repository_is_sample', 'repository_not_found'],
});

export const cancelJob = endpoint({
  method: 'post',
  path: '/api/v1/jobs/{id}/cancel',
  access: 'write',
  summary: 'Cancel an unfinished job; its repository keeps the board it had',
  params: jobParams,
  body: z.strictObject({}).optional(),
  answers: { 202: { description: 'It is being cancelled, or is already, if it had not begun', body: jobResource } },
  problems: ['job_closed'],
});
