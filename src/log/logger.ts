import { pino, stdSerializers, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { harmless, logText } from './harmless.ts';
import { logFieldsHere } from './log-context.ts';

export type { Logger } from 'pino';

/** Secrets that must not be printed, wherever a caller puts them. Logs carry ids, never logins or e-mails. */
const REDACTED = ['token', 'tokens', 'password', 'authorization', 'cookie', 'api_key', 'secret', 'databaseUrl', 'database_url'];

/** A stack tells most with its first lines, and may hold a message as long as whoever caused it pleases. */
const MOST_STACK = 4_000;

/** One JSON object a line with an ISO time. */
interface LoggerOptions {
  /** pino's name of the lowest level that is written. */
  readonly level: string;
  /** `stderr` keeps stdout for a command's own output. */
  readonly to?: 'stdout' | 'stderr';
}

/** What is logged of an error. Drivers hang whole clients, with keys of their sessions, on theirs: only what a reader needs is kept. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack } = stdSerializers.err(error);
  const frames = stack.slice(0, MOST_STACK);
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? { code: error.code } : {};
  return { type, message: logText(message), ...code, stack: frames };
}

/** Makes the process's logger. Entry files make one and hand it down. `destination`: what is given is written as it is. */
export function createLogger({ level, to = 'stdout' }: LoggerOptions, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    serializers: { err: serializeError },
    mixin: logFieldsHere,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`, `headers.${name}`, `*.headers.${name}`]), censor: '[hidden]' },
  };
  return pino(options, destination ?? harmless(pino.destination({ dest: to === 'stderr' ? 2 : 1, sync: true })));
}

/** A log in the form sources speak to it: they know no pino. */
export function sourceLogOf(log: Logger): Record<'info' | 'warn', (message: string, fields?: Record<string, unknown>) => void> {
  return {
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
  };
}
