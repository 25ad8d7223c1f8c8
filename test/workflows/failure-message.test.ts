import { expect, test } from '@jest/globals';
import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure, type TimeoutType } from '@temporalio/common';
import { reasonOf } from '../../src/workflows/failure-message.ts';

function failed(cause: Error, retryState: RetryState = RetryState.MAXIMUM_ATTEMPTS_REACHED): ActivityFailure {
  return new ActivityFailure('Activity task failed', 'readSlice', '1', retryState, 'worker', cause);
}
const timeout = (type: TimeoutType) => new TimeoutFailure('activity timeout', undefined, type);

test.each([
  [
    'an error of its own code',
    failed(ApplicationFailure.create({ message: 'GitHub can not be reached', type: 'service_unavailable' })),
    { errorCode: 'service_unavailable', errorMessage: 'GitHub can not be reached (while reading github (pulls); tried 4 times)' },
  ],
  [
    'an error with a deeper cause',
    failed(ApplicationFailure.create({ message: 'Batch not staged', type: 'Error', cause: new Error('No space left on device') })),
    { errorCode: 'step_failed', errorMessage: 'Batch not staged: No space left on device (while reading github (pulls); tried 4 times)' },
  ],
  [
    'an error that trying again cannot heal',
    failed(ApplicationFailure.nonRetryable('Bad credentials', 'bad_credentials'), RetryState.NON_RETRYABLE_FAILURE),
    {
      errorCode: 'bad_credentials',
      errorMessage: 'Bad credentials (while reading github (pulls); not tried again, as that would not help)',
    },
  ],
  [
    'a worker that stopped answering',
    failed(timeout('HEARTBEAT')),
    {
      errorCode: 'worker_lost',
      errorMessage:
        'The worker stopped answering: it was killed, lost its connection or hangs (while reading github (pulls); tried 4 times)',
    },
  ],
  [
    'a step that took too long',
    failed(timeout('START_TO_CLOSE')),
    { errorCode: 'step_timed_out', errorMessage: 'The step took longer than it may (while reading github (pulls); tried 4 times)' },
  ],
  [
    'an error of the workflow itself',
    new RangeError('Invalid time value'),
    { errorCode: 'step_failed', errorMessage: 'Invalid time value (while reading github (pulls))' },
  ],
])('the reason of a failed job names the cause, the step and the tries: %s', (_, error, reason) => {
  expect(reasonOf(error, 'reading github (pulls)')).toEqual(reason);
});
