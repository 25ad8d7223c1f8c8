import type { PoolClient } from 'pg';
import type { Database } from '../db/database.ts';
import { LOG_CHANNEL, readJobLog, type LogLine } from '../db/job-log.ts';
import type { Logger } from '../log/logger.ts';
import { within } from './deadline.ts';

const PAGE_LINES = 1_000;
/** A lost connection is tried again after this, doubled each time up to the most. */
const FIRST_RETRY_MS = 200;
const MOST_RETRY_MS = 2_000;
/**
 * A connection whose other end is gone without a word is found out by asking it something: this often, and with an answer in as long.
 * Twice this and the first retry are below 5 s.
 */
const PROBE_MS = 2_300;

/** All new log lines of all jobs, in the order of their ids, without gap or repetition. */
export interface LogFeed {
  /** The id of the last line that was given out. */
  position(): number;
  /** Resolves when lines are being followed: what is stored from then on is given out. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Follows the log: NOTIFY wakes, the table tells. Ids are given under one lock, so that a higher one is never visible first. */
export function followLog({
  db,
  log,
  onLines,
  probeMs = PROBE_MS,
}: {
  readonly db: Database;
  readonly log: Logger;
  readonly onLines: (lines: readonly LogLine[]) => void;
  /** Default 2.3 s. */
  readonly probeMs?: number | undefined;
}): LogFeed {
  const answered = async (asked: Promise<unknown>): Promise<void> => {
    const isAnswered = asked.then(() => true);
    if (!(await within(probeMs, isAnswered, false))) throw new Error('The database does not answer');
  };
  const closing = new AbortController();
  const alarm = createAlarm();
  const ready = Promise.withResolvers<void>();
  let position: number | null = null;

  /** On the listener's own connection, which has just answered: one of the pool may be as dead as the one that was lost. */
  const readNew = async (client: PoolClient): Promise<void> => {
    for (let more = true; more && !closing.signal.aborted;) {
      const lines = await readJobLog(client, { after: position ?? 0, limit: PAGE_LINES });
      position = lines.at(-1)?.id ?? position;
      if (lines.length > 0) onLines(lines);
      more = lines.length === PAGE_LINES;
    }
  };

  /** Listens on a connection of its own until it is lost, which is an error. */
  const listen = async (): Promise<void> => {
    const client = await db.pool.connect();
    const lost = new AbortController();
    const onError = (error?: Error): void => {
      lost.abort(error ?? new Error('The connection was ended'));
      alarm.ring();
    };
    client.on('notification', alarm.ring).on('error', onError).on('end', onError);
    try {
      await answered(client.query(`LISTEN ${LOG_CHANNEL}`));
      position ??= await lastLineId(client);
      await readNew(client);
      ready.resolve();
      while (!closing.signal.aborted) {
        const isRung = await alarm.rings(probeMs);
        lost.signal.throwIfAborted();
        if (isRung) await readNew(client);
        else await answered(client.query('SELECT 1'));
      }
    } finally {
      client.off('notification', alarm.ring).off('error', onError).off('end', onError);
      // Not back into the pool: it listens.
      client.release(true);
    }
  };

  const follow = async (): Promise<void> => {
    for (let pauseMs = FIRST_RETRY_MS; !closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, MOST_RETRY_MS)) {
      try {
        await listen();
      } catch (error) {
        if (closing.signal.aborted) return;
        log.warn({ err: error, retry_ms: pauseMs }, 'log stream lost its database connection');
        await alarm.rings(pauseMs);
      }
    }
  };
  const following = follow();

  return {
    position: () => position ?? 0,
    ready: ready.promise,
    async close() {
      closing.abort();
      alarm.ring();
      await following;
    },
  };
}

async function lastLineId(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM job_log');
  return rows[0]?.id ?? 0;
}

/** Something to wait for. A ring that nobody waits for is kept for the next who does. */
interface Alarm {
  ring(): void;
  /** True when it rang, false when the time was up. */
  rings(withinMs: number): Promise<boolean>;
}

function createAlarm(): Alarm {
  let isRung = false;
  let wake: () => void = () => undefined;
  return {
    ring() {
      isRung = true;
      wake();
    },
    async rings(withinMs) {
      if (!isRung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const rang = isRung;
      isRung = false;
      return rang;
    },
  };
}
