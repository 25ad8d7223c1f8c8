import type { Database } from '../db/database.ts';
import { appendJobLog } from '../db/job-log.ts';
import { logFields, logText } from './harmless.ts';
import type { Logger } from './logger.ts';

/** pino's numbers: what `job_log.level` holds. */
const LOG_LEVELS = { info: 30, warn: 40, error: 50 } as const;
type Level = keyof typeof LOG_LEVELS;

/** Lines are gathered this long, then written with one statement per job. */
const FLUSH_AFTER_MS = 200;
/** While the database is away at most this many lines of a job are kept. */
const MOST_KEPT = 1_000;

/** A job's lines: each goes to the process's log and to the job's own, which the dashboard streams. */
export type JobLog = Readonly<Record<Level, (message: string, fields?: Readonly<Record<string, unknown>>) => void>>;

/** Writes job lines to Postgres in batches, in order. */
export interface JobLogWriter {
  /** `context` (workflow id, run id) goes into the fields of every line. Messages are constants, facts are fields. */
  forJob(jobId: string, context: Readonly<Record<string, unknown>>): JobLog;
  /** Resolves when every line said so far has been offered to the database; it never rejects: a log must not fail a job. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Line {
  readonly at: Date;
  readonly level: number;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** Starts a writer. Lines that can't be written are kept and written with the next batch, the oldest of too many are dropped. */
export function createJobLogWriter({ db, log }: { readonly db: Database; readonly log: Logger }): JobLogWriter {
  const waiting = new Map<string, Line[]>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const writeJob = async (jobId: string, lines: readonly Line[]): Promise<void> => {
    try {
      await appendJobLog(db, jobId, lines);
    } catch (error) {
      const kept = [...lines, ...(waiting.get(jobId) ?? [])];
      const dropped = Math.max(0, kept.length - MOST_KEPT);
      waiting.set(jobId, kept.slice(dropped));
      log.warn({ err: error, job_id: jobId, lines: lines.length, dropped }, 'job log not written');
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    // One batch after the other: two at once could give a later line the smaller number.
    writing = writing.then(async () => {
      const batches = [...waiting];
      waiting.clear();
      for (const [jobId, lines] of batches) await writeJob(jobId, lines);
    });
    return writing;
  };

  return {
    forJob(jobId, context) {
      const say =
        (level: Level) =>
        (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
          const all = { ...context, ...logFields(fields) };
          log[level]({ job_id: jobId, ...all }, message);
          const lines = waiting.get(jobId);
          const line = { at: new Date(), level: LOG_LEVELS[level], message: logText(message), fields: all };
          if (lines === undefined) waiting.set(jobId, [line]);
          else lines.push(line);
          timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS);
        };
      return { info: say('info'), warn: say('warn'), error: say('error') };
    },
    flush,
    close: flush,
  };
}
