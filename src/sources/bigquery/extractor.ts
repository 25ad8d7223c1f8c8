import type { Day } from '../../domain/window.ts';
import type { QueryState } from './client.ts';
import { BigQueryClient, type BigQueryClientOptions } from './client.ts';
import { extractSql, fillSql, type BigQuerySql, type ExtractTarget, type Kept, type OwnTable } from './query.ts';
import { tablesFor, type TableName } from './tables.ts';
import { TableMissing } from './trouble.ts';

/** What a query would read, and where. */
export interface ExtractPlan {
  readonly tables: readonly TableName[];
  /** By a dry run. */
  readonly bytes: number;
}

/** Where the rows of one target are in a result. */
export interface ExtractRange {
  /** The target's place in its query. */
  readonly slot: number;
  readonly firstRow: number;
  readonly rows: number;
  /** The repository its latest row is of; null where no row knows. */
  readonly githubId: number | null;
}

/** BigQuery bills at least this for a table that a query names. */
const LEAST_BILLED = 10 * 1024 ** 2;
/** Tables that vanish between a listing and a query: more than these are no coincidence. */
const MOST_VANISHED = 20;

/** What is billed at most for reading `bytes` of so many tables, by BigQuery's rule of 10 MiB a table. */
export function billedFor({ bytes, tables }: Pick<ExtractPlan, 'bytes' | 'tables'>): number {
  return Math.max(bytes, Math.max(1, tables.length) * LEAST_BILLED);
}

/** Plans, runs and finds the queries that take rows of many repositories out of the archive at once. */
export class BigQueryExtractor {
  readonly client: BigQueryClient;

  constructor(options: BigQueryClientOptions) {
    this.client = new BigQueryClient(options);
  }

  /** What a query for these targets would read, of the archive and of what is kept. `today`: the running day, in UTC. Costs nothing. */
  async plan(targets: readonly ExtractTarget[], today: Day, kept: Kept | null = null): Promise<ExtractPlan> {
    return await this.#plan(targets, today, kept !== null, (tables) => extractSql(targets, tables, kept));
  }

  /** What filling our own table with the rows of these targets would read. */
  async planFill(targets: readonly ExtractTarget[], today: Day, own: OwnTable): Promise<ExtractPlan> {
    return await this.#plan(targets, today, false, (tables) => fillSql(targets, tables, own));
  }

  async #plan(
    targets: readonly ExtractTarget[],
    today: Day,
    mayLackTables: boolean,
    sqlOf: (tables: readonly TableName[]) => BigQuerySql,
  ): Promise<ExtractPlan> {
    const existing = new Set(await this.client.archiveTables());
    for (let vanished = 0; ; vanished += 1) {
      const tables = tablesFor(targets, existing, today);
      if (tables.length === 0 && !mayLackTables) return { tables, bytes: 0 };
      try {
        return { tables, bytes: await this.client.dryRun(sqlOf(tables)) };
      } catch (error) {
        if (!(error instanceof TableMissing) || vanished === MOST_VANISHED || !existing.delete(error.table)) throw error;
      }
    }
  }

  /** Starts a query, or finds the one that was started under this id. */
  async start(
    jobId: string,
    o: {
      readonly targets: readonly ExtractTarget[];
      readonly tables: readonly TableName[];
      readonly kept?: Kept | null;
      readonly maximumBytesBilled: number;
      readonly labels: Readonly<Record<string, string>>;
    },
  ): Promise<'submitted' | 'attached'> {
    return await this.client.submit(jobId, extractSql(o.targets, o.tables, o.kept ?? null), o);
  }

  /** The same, for rows that go into our own table. */
  async startFill(
    jobId: string,
    own: OwnTable,
    o: {
      readonly targets: readonly ExtractTarget[];
      readonly tables: readonly TableName[];
      readonly maximumBytesBilled: number;
      readonly labels: Readonly<Record<string, string>>;
    },
  ): Promise<'submitted' | 'attached'> {
    return await this.client.submit(jobId, fillSql(o.targets, o.tables, own), o);
  }

  async state(jobId: string): Promise<QueryState | null> {
    return await this.client.state(jobId);
  }

  /** Where each target's rows are; a target without rows has no range. */
  async ranges(jobId: string): Promise<readonly ExtractRange[]> {
    const ranges: ExtractRange[] = [];
    for (let start = 0, total = 1; start < total;) {
      const page = await this.client.page(jobId, start, 1);
      ({ total } = page);
      const row = page.rows[0];
      if (row === undefined) break;
      const [slot, rows, last] = [Number(row['slot']), Number(row['slot_rows']), row['slot_last']];
      if (!Number.isInteger(slot) || !(rows > 0)) throw new TypeError(`Row ${start} of ${jobId} is not one of an extract`);
      const githubId = typeof last === 'string' ? Number(last.slice(last.indexOf(':') + 1)) : null;
      ranges.push({ slot, firstRow: start, rows, githubId });
      start += rows;
    }
    return ranges;
  }
}
