/** What can go wrong between BigQuery and its reader, and on which requests. */

/**
 * What a request is: `insert` starts a query, `dryRun` prices one, `job` asks how it stands, `results` reads a page, `tables` lists a
 * dataset's, `table` and `dataset` are requests about one of them.
 */
export type RequestKind = 'insert' | 'dryRun' | 'job' | 'results' | 'cancel' | 'tables' | 'table' | 'dataset' | 'other';

/** A request that the fake got. */
export interface RecordedRequest {
  readonly method: string;
  /** Without the query string and what all paths begin with: `/projects/…`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly kind: RequestKind;
  readonly jobId: string | null;
  /** 0: no status was sent. */
  status: number;
  /** The name of the fault it met. */
  fault: string | null;
}

/** Which requests. Everything given must fit. */
export interface Matcher {
  readonly kind?: RequestKind;
  readonly path?: RegExp;
  readonly jobId?: string;
  readonly when?: (request: RecordedRequest) => boolean;
  /** Of the requests that fit all else, the how-manieth: 1 is the first. Absent: all. */
  readonly nth?: number;
  /** How often the fault happens at most. */
  readonly times?: number;
}

/** BigQuery's words for an error. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

/** How a job ends that does not succeed. */
export interface JobEnd extends Problem {
  /** A query that ran for a while before it was cancelled may be billed; 0 by default. */
  readonly bytesBilled?: number;
}

/** One kind of trouble. */
export interface Fault {
  readonly name: string;
  /** Answered instead, nothing is done. */
  readonly instead?: Problem & { readonly status: number };
  /** The request is taken; its job ends so. */
  readonly job?: JobEnd;
  /** How the answer travels: `lost` before the request is looked at, the others after it was carried out. */
  readonly delivery?: 'lost' | 'reset' | 'cut' | 'hang';
}

/** The faults of one fake, asked in the order they were added; the first that fits happens. */
export class FaultBook {
  #placed: { readonly matcher: Matcher; readonly fault: Fault; fitting: number; hits: number }[] = [];

  add(matcher: Matcher, fault: Fault): { readonly hits: number } {
    const placed = { matcher, fault, fitting: 0, hits: 0 };
    this.#placed.push(placed);
    return placed;
  }

  clear(): void {
    this.#placed = [];
  }

  /** The fault this request meets. Counts the request for every matcher it fits. */
  meet(request: RecordedRequest): Fault | null {
    let met: Fault | null = null;
    for (const placed of this.#placed) {
      const { nth, times = Infinity } = placed.matcher;
      if (!fits(placed.matcher, request)) continue;
      placed.fitting += 1;
      if (met !== null || placed.hits >= times || (nth !== undefined && nth !== placed.fitting)) continue;
      placed.hits += 1;
      met = placed.fault;
    }
    return met;
  }
}

function fits({ kind, path, jobId, when }: Matcher, request: RecordedRequest): boolean {
  return (
    (kind === undefined || kind === request.kind) &&
    (path === undefined || path.test(request.path)) &&
    (jobId === undefined || jobId === request.jobId) &&
    (when === undefined || when(request))
  );
}

/** Any refusal in BigQuery's form. */
const refused = (status: number, reason: string, message: string): Fault => ({
  name: `${status} ${reason}`,
  instead: { status, reason, message },
});

export const quotaExceeded = (): Fault =>
  refused(403, 'quotaExceeded', 'Quota exceeded: Your project exceeded quota for free query bytes scanned.');
export const rateLimitExceeded = (): Fault =>
  refused(403, 'rateLimitExceeded', 'Exceeded rate limits: too many concurrent queries for this project_and_region.');
export const accessDenied = (): Fault =>
  refused(
    403,
    'accessDenied',
    'Access Denied: Project laurels-test: User does not have bigquery.jobs.create permission in project laurels-test.',
  );
/** `what` as BigQuery names it: `Table githubarchive:day.20150101`, `Dataset githubarchive:day`, `Job laurels-test:US.some_id`. */
export const notFound = (what: string): Fault => refused(404, 'notFound', `Not found: ${what}`);
export const internalError = (): Fault =>
  refused(500, 'internalError', 'An internal error occurred and the request could not be completed.');
export const backendError = (): Fault =>
  refused(503, 'backendError', 'Error encountered during execution. Retrying may solve the problem.');
/** A page token that BigQuery no longer takes. */
export const expiredPage = (): Fault => refused(400, 'invalid', 'Invalid page token.');

/** The query is taken, and fails in BigQuery. */
export const jobFails = (end: JobEnd): Fault => ({ name: `job fails: ${end.reason}`, job: end });
/** The query is taken, and somebody cancels it in BigQuery's console. */
export const jobCancelled = (o: { readonly bytesBilled?: number } = {}): Fault => jobFails({ ...STOPPED, ...o });
export const STOPPED: Problem = { reason: 'stopped', message: 'Job execution was cancelled: User requested cancellation' };

/** The connection breaks before BigQuery has the request. */
export const lostRequest = (): Fault => ({ name: 'lost request', delivery: 'lost' });
/** BigQuery carries the request out; the connection breaks before it answers. */
export const lostAnswer = (): Fault => ({ name: 'lost answer', delivery: 'reset' });
/** The connection breaks in the middle of the answer. */
export const cutAnswer = (): Fault => ({ name: 'cut answer', delivery: 'cut' });
/** BigQuery carries the request out and never answers. */
export const silence = (): Fault => ({ name: 'silence', delivery: 'hang' });
