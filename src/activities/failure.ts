import { ApplicationFailure } from '@temporalio/activity';
import { AppError } from '../domain/errors.ts';

/**
 * What Temporal is told about an error. An AppError that trying again can't heal ends the step at once; one that says "later"
 * (429, 5xx), and everything else, is tried again by the step's policy. Its code becomes the failure's type.
 */
export function failureOf(error: unknown): unknown {
  if (error instanceof AppError) {
    const isTransient = error.status === 429 || error.status >= 500;
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: !isTransient,
      ...(error.cause instanceof Error ? { cause: spoken(error.cause) } : {}),
    });
  }
  return error instanceof Error ? spoken(error) : error;
}

/** Node reports a refused connection as an AggregateError without a message: a job's row would give no reason. */
function spoken(error: Error): Error {
  if (error.message !== '') return error;
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const message = parts.map((part) => (part instanceof Error ? part.message : String(part))).join('; ');
  return ApplicationFailure.create({ message: message === '' ? error.name : message, type: error.name, cause: error });
}
