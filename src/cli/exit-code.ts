import { AppError, InvalidInput } from '../domain/errors.ts';

/** What a command's exit code tells a script. 130 is what shells use for Ctrl-C. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, conflict: 4, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is wrong: the message names the argument or option and what would be right. Exit code 2. */
export class UsageError extends AppError {
  constructor(message: string, options?: ErrorOptions) {
    super('usage', 400, message, {}, options);
  }
}

/** Ctrl-C; the message says what becomes of the work that was under way. */
export class Interrupted extends AppError {
  constructor(message: string) {
    super('interrupted', 500, message);
  }
}

/** The exit code that an error ends a command with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof AppError)) return EXIT.failed;
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (error instanceof UsageError || error instanceof InvalidInput || error.code === 'invalid_configuration') return EXIT.usage;
  switch (error.status) {
    case 400:
    case 422:
      return EXIT.usage;
    case 404:
      return EXIT.notFound;
    case 410:
      // Somebody who has opted out is not to be found; a board that is rebuilt again and again can be asked for once more.
      return error.code === 'board_changed' ? EXIT.conflict : EXIT.notFound;
    case 409:
    case 412:
      return EXIT.conflict;
    default:
      return EXIT.failed;
  }
}
