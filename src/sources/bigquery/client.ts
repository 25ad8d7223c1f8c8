import { BigQuery, type Job } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
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

  constructor({ project, apiEndpoint, retries = 3, timeoutMs = TIMEOUT_MS }: BigQueryClientOptions) {
    this.#timeoutMs = timeoutMs;
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
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`BigQuery did not answer within ${this.#timeoutMs / 1000} s`)), this.#timeoutMs);
    });
    try {
      return await Promise.race([request(), late]);
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

  /** Makes our own table, and its dataset, where they are not there. True: it was made, and is empty. */
  async ensureOwnTable({ dataset, table }: OwnTable): Promise<boolean> {
    const own = this.#bigquery.dataset(dataset);
    return await this.#ask(`to make the table ${dataset}.${table}`, async () => {
      if ((await unlessThere(() => own.table(table).getMetadata(), 404)) !== null) return false;
      await unlessThere(() => own.create({ location: LOCATION }), 409);
      const made = await unlessThere(
        () =>
          own.createTable(table, {
            schema: OWN_COLUMNS.map((column) => ({ ...column })),
            timePartitioning: { type: 'DAY', field: 'day' },
            clustering: { fields: ['repository_key'] },
          }),
        409,
      );
      return made !== null;
    });
  }

  #job(jobId: string): Job {
    return this.#bigquery.job(jobId, { location: LOCATION });
  }
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
