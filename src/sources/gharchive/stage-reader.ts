import { rm } from 'node:fs/promises';
import { types } from 'node:util';
import type { DuckDBInstance } from '@duckdb/node-api';
import { FileRefused } from './archive-file.ts';
import { rowsOf, withConnection } from './duckdb.ts';
import { fileDays, fileFigures, fileHour, readEvents, readRows, STAGE } from './event-sql.ts';
import { readLineByLine, type LineReading } from './line-reader.ts';

/** A checked plain file, named by its number. */
export interface PlainFile {
  readonly number: number;
  readonly path: string;
}

/** What a file brought into the stage. */
export interface StagedFile extends LineReading {
  readonly events: number;
  readonly rows: number;
  readonly pullRequestEvents: number;
  readonly hasMerges: boolean;
}

const NOTHING = { events: 0, rows: 0, pullRequestEvents: 0, hasMerges: false };
const REGULAR: LineReading = { quarantined: 0, reasons: [] };

type Figures = Omit<StagedFile, keyof LineReading> & { readonly irregular: number };

async function figuresOf(instance: DuckDBInstance, numbers: readonly number[]): Promise<ReadonlyMap<number, Figures>> {
  const rows = await withConnection(instance, (connection) => rowsOf(connection, fileFigures(numbers)));
  return new Map(
    rows.map((row) => [
      Number(row['file']),
      {
        events: Number(row['events']),
        rows: Number(row['rows']),
        pullRequestEvents: Number(row['pull_requests']),
        hasMerges: row['has_merges'] === true,
        irregular: Number(row['irregular']),
      },
    ]),
  );
}

async function readFast(instance: DuckDBInstance, files: readonly PlainFile[]): Promise<boolean> {
  try {
    await withConnection(instance, (connection) => connection.run(readEvents(files.map((file) => file.path))));
    return true;
  } catch (error) {
    // A bad line fails the statement, which then leaves no row behind. What else may be wrong shows on the slow way too.
    if (types.isNativeError(error) && /^(?:Invalid Input|Conversion|Out of Range) Error/.test(error.message)) return false;
    throw error;
  }
}

async function readSlowly(instance: DuckDBInstance, file: PlainFile, signal?: AbortSignal): Promise<LineReading> {
  const rows = file.path.replace(/[^/\\]+$/, `rows/${file.number}.ndjson`);
  try {
    const reading = await readLineByLine(file.path, rows, signal);
    await withConnection(instance, (connection) => connection.run(readRows(rows)));
    return reading;
  } finally {
    await rm(rows, { force: true });
  }
}

/**
 * Reads plain files into the stage: all by one statement, those it can't read one by one, those that still fail line by line.
 * The result has an entry for every file: what it brought, or why it was refused; a refused file leaves no row.
 */
export async function stageFiles(
  instance: DuckDBInstance,
  files: readonly PlainFile[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, StagedFile | FileRefused>> {
  const slow = new Set<PlainFile>();
  if (files.length > 0 && !(await readFast(instance, files))) {
    for (const file of files) if (files.length === 1 || !(await readFast(instance, [file]))) slow.add(file);
  }
  if (files.length === 0) return new Map();
  const numbers = files.map((file) => file.number);
  const fast = await figuresOf(instance, numbers);
  const irregular = files.filter((file) => (fast.get(file.number)?.irregular ?? 0) > 0);
  if (irregular.length > 0) {
    await withConnection(instance, (connection) =>
      connection.run(`DELETE FROM ${STAGE} WHERE file IN (${irregular.map((file) => file.number).join(', ')})`),
    );
    for (const file of irregular) slow.add(file);
  }
  const readings = new Map<number, LineReading>();
  for (const file of slow) readings.set(file.number, await readSlowly(instance, file, signal));
  const figures = slow.size > 0 ? await figuresOf(instance, numbers) : fast;
  const outcome = (file: PlainFile): StagedFile | FileRefused => {
    const reading = readings.get(file.number) ?? REGULAR;
    const { events, rows, pullRequestEvents, hasMerges } = figures.get(file.number) ?? NOTHING;
    if (events > 0) return { ...reading, events, rows, pullRequestEvents, hasMerges };
    if (reading.quarantined === 0) return new FileRefused('empty', 'it holds no events');
    return new FileRefused('damaged', `none of its ${reading.quarantined} lines is an event (${reading.reasons[0] ?? 'no reason kept'})`);
  };
  return new Map(files.map((file) => [file.number, outcome(file)]));
}

/** The UTC days a staged file has rows of. */
export async function stagedDays(instance: DuckDBInstance, number: number): Promise<string[]> {
  const rows = await withConnection(instance, (connection) => rowsOf(connection, fileDays(number)));
  return rows.map((row) => String(row['day']));
}

/**
 * The UTC hour an hour file's rows are of: by its name, but for the timeline era (to 2014), when files were named by another time zone's hour.
 */
export async function stagedHour(instance: DuckDBInstance, number: number, named: string): Promise<string> {
  const [row] = await withConnection(instance, (connection) => rowsOf(connection, fileHour(number)));
  return typeof row?.['hour'] === 'string' ? row['hour'] : named;
}
