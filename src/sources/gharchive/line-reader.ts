import { open } from 'node:fs/promises';
import { BadLine, rowOf, type EventRow } from '../archive-events/event-row.ts';

const BLOCK_BYTES = 1024 * 1024;
/** A longer line is set aside without being held in memory. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const KEPT_REASONS = 5;
const NEWLINE = 10;

/** What reading a file line by line gave. */
export interface LineReading {
  /** Lines that were set aside. */
  readonly quarantined: number;
  /** The first few reasons, `line 17: it is no event`. The lines themselves are kept nowhere: they hold other people's texts. */
  readonly reasons: readonly string[];
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => key.isWellFormed() && isWellFormed(inner));
}

function parsed(line: string): unknown {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new BadLine('it is no JSON');
  }
  if (/\\ud[89a-f]/i.test(line) && !isWellFormed(event)) throw new BadLine('it holds half a character (a lone surrogate)');
  return event;
}

/** The lines of a plain file in order; a line that is too long or no UTF-8 comes as a BadLine. NUL bytes and a byte order mark are taken out. */
async function* linesOf(path: string): AsyncGenerator<readonly (string | BadLine)[]> {
  const file = await open(path, 'r');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (bytes: Buffer): string | BadLine => {
    try {
      return decoder.decode(bytes).replaceAll('\0', '');
    } catch {
      return new BadLine('it is no UTF-8');
    }
  };
  const decodeLines = (bytes: Buffer): readonly (string | BadLine)[] => {
    const text = decode(bytes);
    if (typeof text === 'string') return text.split('\n');
    const lines: (string | BadLine)[] = [];
    for (let from = 0; from <= bytes.length;) {
      const end = bytes.indexOf(NEWLINE, from);
      lines.push(decode(bytes.subarray(from, end === -1 ? bytes.length : end)));
      from = end === -1 ? bytes.length + 1 : end + 1;
    }
    return lines;
  };
  try {
    let pending: Buffer[] = [];
    let pendingBytes = 0;
    let isTooLong = false;
    for (let isStart = true; ; isStart = false) {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      const { bytesRead } = await file.read(block, 0, BLOCK_BYTES);
      let bytes = block.subarray(0, bytesRead);
      if (isStart && bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) bytes = bytes.subarray(3);
      const end = bytesRead === 0 ? -1 : bytes.lastIndexOf(NEWLINE);
      if (bytesRead === 0 || end !== -1) {
        const whole = Buffer.concat([...pending, bytes.subarray(0, Math.max(end, 0))]);
        const lines = decodeLines(whole);
        yield isTooLong ? [new BadLine(`it is longer than ${MAX_LINE_BYTES} bytes`), ...lines.slice(1)] : lines;
        if (bytesRead === 0) return;
        isTooLong = false;
        pending = [bytes.subarray(end + 1)];
        pendingBytes = bytes.length - end - 1;
        continue;
      }
      pendingBytes += bytes.length;
      if (pendingBytes > MAX_LINE_BYTES) [isTooLong, pending] = [true, []];
      else if (!isTooLong) pending.push(bytes);
    }
  } finally {
    await file.close();
  }
}

/**
 * Reads a plain file of events of any era line by line and writes its rows to `into` as JSON lines. A bad line is set aside, counted, and
 * loses nothing else.
 */
export async function readLineByLine(path: string, into: string, signal?: AbortSignal): Promise<LineReading> {
  const out = await open(into, 'w', 0o600);
  let [quarantined, number] = [0, 0];
  const reasons: string[] = [];
  try {
    for await (const lines of linesOf(path)) {
      signal?.throwIfAborted();
      const rows: string[] = [];
      for (const line of lines) {
        number += 1;
        if (typeof line === 'string' && line.trim() === '') continue;
        try {
          if (line instanceof BadLine) throw line;
          rows.push(JSON.stringify(rowOf(parsed(line)) satisfies EventRow));
        } catch (error) {
          if (!(error instanceof BadLine)) throw error;
          quarantined += 1;
          if (reasons.length < KEPT_REASONS) reasons.push(`line ${number}: ${error.message}`);
        }
      }
      if (rows.length > 0) await out.write(`${rows.join('\n')}\n`);
    }
  } finally {
    await out.close();
  }
  return { quarantined, reasons };
}
