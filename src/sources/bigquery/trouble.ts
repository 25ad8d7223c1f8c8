import { AppError } from '../../domain/errors.ts';

/** BigQuery asks for patience: nothing is to be sent before `until`. */
export class BigQueryWait extends Error {
  readonly until: Date;

  constructor(until: Date, message: string) {
    super(message);
    this.name = 'BigQueryWait';
    this.until = until;
  }
}

/** A table that a query names is not there (any more). */
export class TableMissing extends Error {
  readonly table: string;

  constructor(table: string) {
    super(`BigQuery has no table ${table}`);
    this.name = 'TableMissing';
    this.table = table;
  }
}

/** A query that failed in BigQuery for a reason of the moment; under another job id it may succeed. Failed queries are not billed. */
export class QueryLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QueryLost';
  }
}

/** What BigQuery says of an error: a reason such as `quotaExceeded`, and a sentence. */
export interface BigQueryProblem {
  readonly reason: string;
  readonly message: string;
}

/** A rate limit passes in moments, a quota by the hour or the day. */
const WAIT_MS: Readonly<Record<string, number>> = {
  rateLimitExceeded: 60_000,
  jobRateLimitExceeded: 60_000,
  userRateLimitExceeded: 60_000,
  concurrentQueriesExceeded: 120_000,
  quotaExceeded: 30 * 60_000,
};

const TRANSIENT: ReadonlySet<string> = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'tableUnavailable',
  'timeout',
]);

const MISSING_TABLE = /Not found: Table [\w-]*githubarchive[:.]((?:day|month)\.\d+)/;

/** The error that a problem stands for: a BigQueryWait, a TableMissing, a QueryLost, or an AppError where trying again can't help. */
export function troubleOf({ reason, message }: BigQueryProblem, what: string, now = Date.now()): Error {
  const wait = WAIT_MS[reason];
  if (wait !== undefined) return new BigQueryWait(new Date(now + wait), `BigQuery: ${reason}: ${message}`);
  if (TRANSIENT.has(reason)) return new QueryLost(`BigQuery: ${reason}: ${message}`);
  const table = MISSING_TABLE.exec(message)?.[1];
  if (reason === 'notFound' && table !== undefined) return new TableMissing(table);
  const refused = REFUSALS[reason] ?? { code: 'bigquery_refused', status: 422, advice: '' };
  return new AppError(refused.code, refused.status, `BigQuery refuses ${what}: ${message}${refused.advice}`, { reason });
}

const REFUSALS: Readonly<Record<string, { readonly code: string; readonly status: number; readonly advice: string }>> = {
  accessDenied: {
    code: 'bigquery_access_denied',
    status: 403,
    advice: ' (the account needs the roles BigQuery Job User and BigQuery Data Viewer in BIGQUERY_PROJECT)',
  },
  bytesBilledLimitExceeded: {
    code: 'bytes_over_cap',
    status: 422,
    advice: ' (the cap is BIGQUERY_MAX_BYTES_BILLED; nothing was billed)',
  },
  billingNotEnabled: { code: 'bigquery_access_denied', status: 403, advice: ' (enable billing for BIGQUERY_PROJECT)' },
  notFound: { code: 'bigquery_not_found', status: 404, advice: '' },
  stopped: { code: 'bigquery_job_cancelled', status: 409, advice: ' (somebody cancelled the job in BigQuery)' },
  resourcesExceeded: {
    code: 'bigquery_too_large',
    status: 422,
    advice: ' (ask for fewer days, or set BIGQUERY_DATASET, which needs no sorting of all repositories at once)',
  },
};

interface ApiErrorLike {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly errors?: readonly Partial<BigQueryProblem>[];
}

/** What a thrown error of the client library says; null: it did not come from BigQuery (a broken connection, an error of ours). */
export function problemOf(error: unknown): (BigQueryProblem & { readonly status: number }) | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, message, errors } = error as ApiErrorLike;
  if (typeof code !== 'number' || code < 400) return null;
  const [first] = errors ?? [];
  return {
    status: code,
    reason: first?.reason ?? reasonOf(code),
    message: first?.message ?? (typeof message === 'string' ? message : `status ${code}`),
  };
}

function reasonOf(status: number): string {
  if (status === 401 || status === 403) return 'accessDenied';
  if (status === 404) return 'notFound';
  if (status === 429) return 'rateLimitExceeded';
  return status >= 500 ? 'backendError' : 'invalid';
}

/** What a request of the client library failed of: troubleOf's errors for BigQuery's own, else the error itself, which may heal. */
export function thrownBy(error: unknown, what: string): unknown {
  const problem = problemOf(error);
  if (problem !== null) return problem.status === 401 ? noCredentials(problem.message) : troubleOf(problem, what);
  const message = error instanceof Error ? error.message : '';
  // The last is what OpenSSL says of a key file whose key is none.
  return /default credentials|credential file|invalid_grant|key file|ENOENT.*json|DECODER routines/i.test(message)
    ? noCredentials(message)
    : error;
}

function noCredentials(message: string): AppError {
  return new AppError(
    'bigquery_no_credentials',
    403,
    `BigQuery can't be asked without credentials: ${message} (gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS with a key file)`,
  );
}
