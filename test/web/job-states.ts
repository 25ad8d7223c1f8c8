import type { JobResource, LogLineResource } from '../../src/api/contract/jobs.ts';

const ID = '01a20af1-d61e-7003-9547-47682b339f27';
const at = (minutes: number): string => new Date(Date.UTC(2026, 10, 24, 12, minutes)).toISOString();

const QUEUED: JobResource = {
  id: ID,
  type: 'FULL',
  status: 'QUEUED',
  phase: 'QUEUED',
  repository: 'octo-corp/hand-checked',
  sources: ['github'],
  window: { since: '2024-11-24', until: '2026-11-24' },
  requested_by: 'local',
  retry_of: null,
  progress: { done: 0, total: null, unit: null, eta: null },
  plan_note: null,
  attempt: 1,
  next_retry_at: null,
  waiting_until: null,
  waiting_for: null,
  starting: false,
  events_processed: 0,
  people: null,
  complete: null,
  incomplete: [],
  error: null,
  cancel_requested_at: null,
  created_at: at(0),
  started_at: null,
  completed_at: null,
  links: {
    self: `/api/v1/jobs/${ID}`,
    logs: `/api/v1/jobs/${ID}/logs`,
    cancel: `/api/v1/jobs/${ID}/cancel`,
    repository: '/api/v1/repositories/octo-corp/hand-checked',
    temporal: '/temporal/namespaces/default/workflows/scrape',
  },
};
const RUNNING: JobResource = {
  ...QUEUED,
  status: 'RUNNING',
  phase: 'READING',
  started_at: at(1),
  progress: { done: 1_250, total: 5_000, unit: 'contributions', eta: at(30) },
  plan_note: 'about 120 pages, 240 GraphQL points',
};
const ENDED: JobResource = { ...RUNNING, phase: 'CLOSED', completed_at: at(9), links: { ...QUEUED.links, cancel: null } };

/** A job in each state that people see, with a sentence that its page must have. */
export const JOB_STATES: readonly (readonly [name: string, job: JobResource, says: string])[] = [
  ['waiting behind others', QUEUED, 'Waiting for its turn behind other scrapes'],
  ['starting', { ...QUEUED, starting: true }, 'Starting'],
  ['reading', RUNNING, '1,250 of 5,000 contributions'],
  ['waiting for GitHub', { ...RUNNING, waiting_until: at(40), waiting_for: 'GitHub' }, 'Waiting for GitHub'],
  [
    'retrying',
    {
      ...RUNNING,
      status: 'RETRYING',
      attempt: 2,
      next_retry_at: at(12),
      error: { code: 'github_unavailable', message: 'GitHub answered 502.' },
    },
    'Attempt 2 of 4 failed, next at',
  ],
  ['being cancelled', { ...RUNNING, cancel_requested_at: at(5) }, 'Cancelling'],
  ['completed', { ...ENDED, status: 'COMPLETED', complete: true, events_processed: 5_012, people: 34 }, 'Took 8 min'],
  [
    'completed with gaps',
    {
      ...ENDED,
      status: 'COMPLETED',
      complete: false,
      events_processed: 4_000,
      people: 30,
      incomplete: [{ kind: 'PR_REVIEWED', month: '2026-03', reason: 'GitHub has 12 more' }],
    },
    'Completed with gaps',
  ],
  [
    'failed',
    { ...ENDED, status: 'FAILED', attempt: 4, error: { code: 'bad_credentials', message: 'GitHub refused (401). Set GITHUB_TOKEN anew.' } },
    'GitHub refused (401)',
  ],
  ['cancelled', { ...ENDED, status: 'CANCELLED', cancel_requested_at: at(5) }, 'Cancelled'],
];

/** Lines of a log, one of each level. */
export const LOG_LINES: readonly LogLineResource[] = (['info', 'warn', 'error'] as const).map((level, index) => ({
  id: index + 1,
  job_id: ID,
  seq: index + 1,
  at: at(index),
  level,
  message: `A line that says ${level}`,
  fields: { page: index },
}));
