import { BigQuery, type Job } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { AppError } from '../../domain/errors.ts';
import { NO_METER, type SourceMeter } from '../source-meter.ts';
import { OWN_COLUMNS, type BigQuerySql, type OwnTable } from './query.ts';
import { ARCHIVE_PROJECT, DATASETS, type TableName } from './tables.ts';
import { problemOf, thrownBy, type BigQueryProblem } from './trouble.ts';

/** What connects to BigQuery. */
export interface BigQueryClientOptions {
  /** Pays for the queries. */
  readonly project: string;
  /** An emulator, which takes no credentials; null: Google, with credentials by the library's own rules. */
  readonly apiEndpoint: string | null;
  /** How often a failed request is repeated; 3 times by default. */
  readonly retries?: number;
  /** After so long a request counts as lost; 60 s by default. */
  readonly timeoutMs?: number;
  readonly meter?: SourceMeter;
}

/** How a query stands. */
export interface QueryState {
  readonly isDone: boolean;
  /** What it costs; null until that is known. */
  readonly bytesBilled: number | null;
  /** Why it failed; null: it did not. */
  readonly failure: BigQueryProblem | null;
}

/** A row of a result, by the names of its columns. */
export type ResultRow = Readonly<Record<string, string | number | null>>;

/** GH Archive's datasets are in the US, and a query runs where its tables are. */
const LOCATION = 'US';
/** Of a request and its repetitions; queries run on by themselves. */
const TIMEOUT_MS = 60_000;
const TABLES_A_PAGE = 1_000;

/** Requests to BigQuery, with its errors put into words: AppError where trying again can't help; see trouble.ts. */
export class BigQueryClient {
  readonly #bigquery: BigQuery;
  readonly #timeoutMs: number;
  readonly #meter: SourceMeter;

  constructor({ project, apiEndpoint, retries = 3, timeoutMs = TIMEOUT_MS, meter = NO_METER }: BigQueryClientOptions) {
    this.#timeoutMs = timeoutMs;
    this.#meter = meter;
    this.#bigquery = new BigQuery({
      projectId: project,
      location: LOCATION,
      userAgent: 'laurels',
      retryOptions: { autoRetry: retries > 0, maxRetries: retries },
      ...(apiEndpoint === null ? {} : { apiEndpoint, authClient: new PassThroughClient() }),
    });
  }

  /** The library takes a time limit and does not keep it (node-fetch has none): a request that nobody answers would hang for ever. */
  async #inTime<T>(request: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const counted = (outcome: string): void => this.#meter.request('bigquery', outcome, (performance.now() - began) / 1000);
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        reject(new Error(`BigQuery did not answer within ${this.#timeoutMs / 1000} s`));
      }, this.#timeoutMs);
    });
    try {
      const answer = await Promise.race([request(), late]);
      counted('ok');
      return answer;
    } catch (error) {
      counted(isLate ? 'timeout' : outcomeOf(problemOf(error)?.status));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await this.#inTime(request);
    } catch (error) {
      throw thrownBy(error, what);
    }
  }

  /** The archive's tables. Listing costs nothing. */
  async archiveTables(): Promise<ReadonlySet<TableName>> {
    const names = await Promise.all(
      DATASETS.map(async (id) => {
        const dataset = this.#bigquery.dataset(id, { projectId: ARCHIVE_PROJECT });
        try {
          const [tables] = await this.#inTime(() => dataset.getTables({ maxResults: TABLES_A_PAGE }));
          return tables.map((table) => `${id}.${table.id}`);
        } catch (error) {
          // Without a dataset there is none of its tables; what is not read is said in the coverage.
          if (problemOf(error)?.status === 404) return [];
          throw thrownBy(error, `to list the tables of ${ARCHIVE_PROJECT}.${id}`);
        }
      }),
    );
    return new Set(names.flat());
  }

  /** The bytes a query would read, which is what is billed. A dry run costs nothing. */
  async dryRun({ query, params, types }: BigQuerySql): Promise<number> {
    const [job] = await this.#ask('a dry run', () => this.#bigquery.createQueryJob({ query, params, types: types as never, dryRun: true }));
    const { statistics } = job.metadata as { statistics?: { totalBytesProcessed?: string } };
    return Number(statistics?.totalBytesProcessed ?? 0);
  }

  /**
   * Runs a query under an id of ours. One that was submitted before, by an attempt whose answer was lost, goes on: it is neither run nor
   * billed again.
   */
  async submit(
    jobId: string,
    { query, params, types }: BigQuerySql,
    { maximumBytesBilled, labels }: { readonly maximumBytesBilled: number; readonly labels: Readonly<Record<string, string>> },
  ): Promise<'submitted' | 'attached'> {
    try {
      await this.#inTime(() =>
        this.#bigquery.createQueryJob({
          query,
          params,
          types: types as never,
          jobId,
          maximumBytesBilled: String(maximumBytesBilled),
          labels: { ...labels },
        }),
      );
      return 'submitted';
    } catch (error) {
      if (problemOf(error)?.status === 409) return 'attached';
      // A job that was made and failed at once is there: its state tells why.
      if (problemOf(error) === null && (await this.state(jobId).catch(() => null))?.failure) return 'attached';
      throw thrownBy(error, 'the query');
    }
  }

  /** How a query stands; null: there is none of this id. */
  async state(jobId: string): Promise<QueryState | null> {
    try {
      const [metadata] = await this.#inTime(() => this.#job(jobId).getMetadata());
      const { status, statistics } = metadata as {
        status?: { state?: string; errorResult?: { reason?: string; message?: string } };
        statistics?: { query?: { totalBytesBilled?: string } };
      };
      const failure = status?.errorResult;
      const billed = statistics?.query?.totalBytesBilled;
      return {
        isDone: status?.state === 'DONE',
        bytesBilled: billed === undefined ? null : Number(billed),
        failure: failure === undefined ? null : { reason: failure.reason ?? 'invalid', message: failure.message ?? 'no reason given' },
      };
    } catch (error) {
      if (problemOf(error)?.status === 404) return null;
      throw thrownBy(error, `to tell of job ${jobId}`);
    }
  }

  /** Rows of a finished query from one on: as many as fit a page. Reading a result costs nothing. */
  async page(
    jobId: string,
    startIndex: number,
    maxResults: number,
  ): Promise<{ readonly rows: readonly ResultRow[]; readonly total: number }> {
    const answer = await this.#ask(`the result of job ${jobId}`, () =>
      this.#job(jobId).getQueryResults({ startIndex: String(startIndex), maxResults, autoPaginate: false }),
    );
    const [rows, , response] = answer as unknown as [readonly ResultRow[], unknown, { totalRows?: string } | undefined];
    return { rows, total: Number(response?.totalRows ?? 0) };
  }

  /**
   * Makes our own table, and its dataset, where they are not there, and gives the moment the table was made, in BigQuery's own words:
   * a table that was deleted and made again has another, and none of the rows.
   * @throws AppError `bigquery_own_table_expires` when BigQuery would drop what is kept in it.
   */
  async ensureOwnTable({ dataset, table }: OwnTable): Promise<string> {
    const own = this.#bigquery.dataset(dataset);
    const metadata = await this.#ask(`to make the table ${dataset}.${table}`, async () => {
      const found = await unlessThere(() => own.table(table).getMetadata(), 404);
      if (found !== null) return found[0] as TableMetadata;
      await unlessThere(() => own.create({ location: LOCATION }), 409);
      await unlessThere(
        () =>
          own.createTable(table, {
            schema: OWN_COLUMNS.map((column) => ({ ...column })),
            timePartitioning: { type: 'DAY', field: 'day' },
            clustering: { fields: ['repository_key'] },
          }),
        409,
      );
      const [made] = await own.table(table).getMetadata();
      return made as TableMetadata;
    });
    if (metadata.expirationTime !== undefined || metadata.timePartitioning?.expirationMs !== undefined) {
      throw new AppError(
        'bigquery_own_table_expires',
        422,
        `Rows of ${dataset}.${table} expire, so it can't be known what it holds. Take the expiration off the table and off the dataset (BigQuery's sandbox sets one), or unset BIGQUERY_DATASET.`,
      );
    }
    return metadata.creationTime;
  }

  #job(jobId: string): Job {
    return this.#bigquery.job(jobId, { location: LOCATION });
  }
}

/** What an error's status says, in a word. */
function outcomeOf(status: number | undefined): string {
  if (status === 404) return 'missing';
  if (status === 409) return 'exists';
  return status === 403 || status === 429 ? 'refused' : 'failed';
}

/** What we read of a table's description. */
interface TableMetadata {
  /** Milliseconds since 1970, as text. */
  readonly creationTime: string;
  readonly expirationTime?: string;
  readonly timePartitioning?: { readonly expirationMs?: string };
}

/** What a request gives; null when it is answered with a status that is no surprise. */
async function unlessThere<T>(request: () => Promise<T>, status: number): Promise<T | null> {
  try {
    return await request();
  } catch (error) {
    if (problemOf(error)?.status === status) return null;
    throw error;
  }
}
