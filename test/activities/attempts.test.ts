import { expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import { nextAttempt } from '../../src/activities/attempt-interceptor.ts';
import { failureOf } from '../../src/activities/failure.ts';
import { AppError, RepositoryNotFound, ServiceUnavailable } from '../../src/domain/errors.ts';

const retryPolicy = { initialInterval: 60_000, backoffCoefficient: 2, maximumInterval: 180_000, maximumAttempts: 4 };

test.each([
  [1, 60],
  [2, 120],
  [3, 180],
])('after failure %i the next attempt is expected in %i seconds', (attempt, seconds) => {
  expect(nextAttempt({ attempt, retryPolicy }, new Error('502'), 0)).toEqual(new Date(seconds * 1_000));
});

test('after the fourth failure, or one that cannot heal, no attempt is expected', () => {
  expect(nextAttempt({ attempt: 4, retryPolicy }, new Error('502'), 0)).toBeNull();
  expect(nextAttempt({ attempt: 1, retryPolicy }, ApplicationFailure.nonRetryable('gone', 'repository_not_found'), 0)).toBeNull();
});

test('an AppError that cannot heal is not tried again, and its code travels as the type', () => {
  expect(failureOf(new RepositoryNotFound('octo', 'gone'))).toMatchObject({ nonRetryable: true, type: 'repository_not_found' });
});

test.each([new ServiceUnavailable('PostgreSQL'), new AppError('rate_limited', 429, 'later')])('$code is tried again', (error) => {
  expect(failureOf(error)).toMatchObject({ nonRetryable: false, type: error.code });
});

test('any other error stays what it is and is tried again', () => {
  const error = new TypeError('x is undefined');
  expect(failureOf(error)).toBe(error);
});

test('a refused connection has a message, though Node gives it none', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')]);
  expect(failureOf(refused)).toMatchObject({ message: 'connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432' });
});
