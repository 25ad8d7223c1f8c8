import { z } from 'zod';
import { ACCOUNT_KINDS } from '../../domain/account-kind.ts';
import { JOB_STATUSES, REPOSITORY_STATUSES } from '../../domain/job-status.ts';
import { endpoint } from './endpoint.ts';
import { cursor, limit } from './parameters.ts';

const moment = z.iso.datetime();
const countsOf = <W extends string>(words: readonly W[]) =>
  z.strictObject(Object.fromEntries(words.map((word) => [word, z.int()])) as Record<W, z.ZodInt>);

/** How much there is here. */
const statistics = z.strictObject({
  repositories: z.strictObject({ total: z.int(), by_status: countsOf(REPOSITORY_STATUSES) }),
  is_sample: z.boolean().describe('All there is is the generated sample'),
  contributors: z.strictObject({ total: z.int(), by_kind: countsOf(ACCOUNT_KINDS) }),
  contributions: z.strictObject({ total: z.number(), unattributed: z.number() }),
  jobs: z.strictObject({
    total: z.int(),
    by_status: countsOf(JOB_STATUSES),
    last_24_hours: z.strictObject({ completed: z.int(), failed: z.int() }),
  }),
  last_scraped_at: moment.nullable(),
  oldest_scraped_at: moment.nullable().describe('Of the repository that waits longest for news'),
  engine: z
    .strictObject({ state: z.enum(['ok', 'unreachable', 'no_worker']), since: moment.nullable() })
    .describe('Whether jobs are done: Temporal answers, and a worker asks it for work. What is accepted meanwhile is done later'),
  leaderboard: z
    .strictObject({ as_of: moment, window: z.strictObject({ since: z.string(), until: z.string() }), people: z.int() })
    .nullable(),
});
export type StatisticsResource = z.infer<typeof statistics>;

export const getStatistics = endpoint({
  method: 'get',
  path: '/dashboard/stats',
  access: 'read',
  summary: 'How much there is: repositories, people, contributions, jobs',
  answers: { 200: { description: 'The counts', body: statistics } },
});

const recordedError = z.strictObject({
  at: moment,
  origin: z.enum(['job', 'log']).describe('A job that failed, or a line of its log'),
  job_id: z.uuid(),
  repository: z.string(),
  code: z.string().nullable(),
  message: z.string(),
  log_id: z.int().nullable(),
  links: z.strictObject({ job: z.string(), logs: z.string() }),
});
export type RecordedErrorResource = z.infer<typeof recordedError>;

export const listErrors = endpoint({
  method: 'get',
  path: '/dashboard/errors',
  access: 'read',
  summary: 'What went wrong, newest first: failed jobs, and log lines that say error',
  query: z.strictObject({ limit, cursor }),
  answers: {
    200: { description: 'A page of errors', body: z.strictObject({ data: z.array(recordedError), next_cursor: z.string().nullable() }) },
  },
});
