import { expect, test } from '@jest/globals';
import { isUnfinished, JOB_STATUSES } from '../../src/domain/job-status.ts';

test('a job is unfinished until it is COMPLETED, FAILED or CANCELLED', () => {
  expect(JOB_STATUSES.filter(isUnfinished)).toEqual(['QUEUED', 'RUNNING', 'RETRYING']);
});
