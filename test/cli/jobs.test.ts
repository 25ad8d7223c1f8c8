import { describe, expect, test } from '@jest/globals';
import type { JobResource } from '../../src/api/contract/jobs.ts';
import { clock, standingOf } from '../../src/cli/jobs.ts';
import { JOB_STATES } from '../web/job-states.ts';

const [, reading] = JOB_STATES.find(([name]) => name === 'reading') ?? [];
/** Twenty past two in the afternoon, here. */
const later = new Date(new Date().setHours(14, 20, 0, 0)).toISOString();

function job(more: Partial<JobResource>): JobResource {
  return { ...(reading as JobResource), ...more };
}

describe('where a job stands', () => {
  test('while it waits: for whom, until when by the clock on the wall, and how much is done', () => {
    const progress = { done: 6_200, total: 10_000, unit: 'contributions', eta: null };
    expect(standingOf(job({ waiting_until: later, waiting_for: 'GitHub', progress }))).toBe(
      'octo-corp/hand-checked waiting for GitHub until 14:20, 62 % done',
    );
    const unknown = { ...progress, total: null };
    expect(standingOf(job({ waiting_until: later, waiting_for: null, progress: unknown }))).toMatch(/ waiting for its source until 14:20$/);
  });

  test('before another attempt: when that is', () => {
    expect(standingOf(job({ status: 'RETRYING', attempt: 2, next_retry_at: later }))).toMatch(/ tries again at 14:20 \(attempt 2\)$/);
  });

  test('a moment of another day is shown with its day', () => {
    expect(clock(new Date(2026, 10, 30, 0, 5).toISOString(), new Date(2026, 10, 29, 23, 0))).toBe('2026-11-30 00:05');
  });
});
