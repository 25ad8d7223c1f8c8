import type { JobEnd, Problem } from './faults.ts';

/** A query as it was asked for. */
export interface QueryConfiguration {
  readonly query?: {
    readonly query?: string;
    readonly queryParameters?: readonly { readonly name?: string; readonly parameterType?: unknown }[];
    readonly maximumBytesBilled?: string | number;
  };
  readonly labels?: Readonly<Record<string, string>>;
  readonly dryRun?: boolean;
}

/** A query that the fake took, dry runs too. Bytes are BigQuery's: what the tables hold, billed at 10 MiB a table at least. */
export interface FakeJob {
  readonly id: string;
  readonly sql: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isDryRun: boolean;
  readonly maximumBytesBilled: number | null;
  readonly bytesProcessed: number;
  readonly bytesBilled: number;
  readonly state: 'RUNNING' | 'DONE';
  readonly error: Problem | null;
}

type Json = Readonly<Record<string, unknown>>;

/** A job and its life. */
export class Job implements FakeJob {
  readonly id: string;
  readonly project: string;
  readonly location: string;
  readonly configuration: QueryConfiguration;
  readonly bytesProcessed: number;
  bytesBilled = 0;
  state: FakeJob['state'] = 'RUNNING';
  error: Problem | null = null;
  readonly #createdAt = Date.now();
  #endedAt: number | null = null;
  /** Of the emulator: the type of the statement, the rows it changed. */
  #statistics: Json = {};
  readonly #done = Promise.withResolvers<void>();

  constructor(o: {
    readonly id: string;
    readonly project: string;
    readonly location: string;
    readonly configuration: QueryConfiguration;
    readonly bytesProcessed: number;
  }) {
    this.id = o.id;
    this.project = o.project;
    this.location = o.location;
    this.configuration = o.configuration;
    this.bytesProcessed = o.bytesProcessed;
  }

  get sql(): string {
    return this.configuration.query?.query ?? '';
  }

  get labels(): Readonly<Record<string, string>> {
    return this.configuration.labels ?? {};
  }

  get isDryRun(): boolean {
    return this.configuration.dryRun === true;
  }

  get maximumBytesBilled(): number | null {
    const given = this.configuration.query?.maximumBytesBilled;
    return given === undefined ? null : Number(given);
  }

  /** Resolves when it is done. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  succeed(bytesBilled: number, statistics: Json): void {
    this.#end(bytesBilled, null);
    this.#statistics = statistics;
  }

  fail({ reason, message, bytesBilled = 0 }: JobEnd): void {
    this.#end(bytesBilled, { reason, message });
  }

  #end(bytesBilled: number, error: Problem | null): void {
    if (this.state === 'DONE') return;
    this.state = 'DONE';
    this.bytesBilled = bytesBilled;
    this.error = error;
    this.#endedAt = Date.now();
    this.#done.resolve();
  }

  get reference(): Json {
    return { projectId: this.project, jobId: this.id, location: this.location };
  }

  /** The job resource; `state` tells less than is known, as BigQuery's answer to an insert does. */
  toJson(state: FakeJob['state'] = this.state): Json {
    const isDone = state === 'DONE';
    const error = this.error === null ? null : { ...this.error, location: 'query' };
    return {
      kind: 'bigquery#job',
      id: `${this.project}:${this.location}.${this.id}`,
      jobReference: this.reference,
      configuration: { jobType: 'QUERY', ...this.configuration },
      status: { state, ...(isDone && error !== null ? { errorResult: error, errors: [error] } : {}) },
      statistics: {
        creationTime: String(this.#createdAt),
        startTime: String(this.#createdAt),
        ...(isDone
          ? {
              endTime: String(this.#endedAt),
              totalBytesProcessed: String(this.bytesProcessed),
              query: {
                ...this.#statistics,
                totalBytesProcessed: String(this.error === null ? this.bytesProcessed : 0),
                totalBytesBilled: String(this.bytesBilled),
                cacheHit: false,
              },
            }
          : { query: {} }),
      },
    };
  }
}

const MIB = 1024 ** 2;

/** What BigQuery bills for reading tables: whole MiB, at least 10 for each. */
export function billOf(bytesOfTables: readonly number[]): number {
  return bytesOfTables.reduce((sum, bytes) => sum + Math.max(10 * MIB, Math.ceil(bytes / MIB) * MIB), 0);
}

const STATUS: Readonly<Record<string, number>> = {
  notFound: 404,
  accessDenied: 403,
  quotaExceeded: 403,
  rateLimitExceeded: 403,
  duplicate: 409,
  stopped: 499,
  internalError: 500,
  backendError: 503,
};

/** The HTTP status that goes with a reason. */
export const statusOf = (reason: string): number => STATUS[reason] ?? 400;

const CODES: Readonly<Record<number, string>> = {
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  499: 'CANCELLED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** The body of an error. */
export function errorBody(status: number, { reason, message }: Problem): Json {
  return {
    error: { code: status, message, errors: [{ message, domain: 'global', reason }], status: CODES[status] ?? 'INVALID_ARGUMENT' },
  };
}
