import { renameSync, statSync } from 'node:fs';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { harmless } from '../log/harmless.ts';
import { createLogger, type Logger } from '../log/logger.ts';

/** A log that has grown beyond this is put aside at the next start, once. */
const KEPT_BYTES = 20 * 1024 * 1024;

/**
 * The log of `npm start`: everything, as JSON lines, goes to the file; what is amiss also to the console, where it would
 * otherwise be drowned. `LOG_LEVEL` debug or trace brings all to the console.
 */
export function openStackLog({
  path,
  level,
  isQuiet,
}: {
  readonly path: string;
  readonly level: string;
  readonly isQuiet: boolean;
}): Logger {
  putAside(path);
  const file = pino.destination({ dest: path, sync: true, mkdir: true });
  const streams: pino.StreamEntry[] = [{ level: 'trace', stream: file }];
  if (!isQuiet) {
    const isTalkative = level === 'debug' || level === 'trace';
    const stream = pretty({
      destination: 2,
      sync: true,
      ignore: 'pid',
      translateTime: 'SYS:HH:MM:ss',
      singleLine: true,
      colorize: process.stderr.isTTY,
    });
    streams.push({ level: isTalkative ? level : 'warn', stream });
  }
  return createLogger({ level }, pino.multistream(streams.map((entry) => ({ ...entry, stream: harmless(entry.stream) }))));
}

function putAside(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > KEPT_BYTES) renameSync(path, `${path}.1`);
}
