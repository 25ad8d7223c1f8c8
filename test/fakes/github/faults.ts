/** What can go wrong between GitHub and its reader, and on which requests. */
import type { DataSet } from './data-set.ts';
import type { Resource } from './quota.ts';

/** What the fake knows of a request. */
export interface RecordedRequest {
  /** 1 for the first request the fake got. */
  readonly index: number;
  readonly at: Date;
  readonly api: 'graphql' | 'rest';
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly token: string | null;
  /** GraphQL: the operation's name, its text and variables, the largest `first` or `last` it asks for. */
  readonly operation: string | null;
  readonly text: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly pageSize: number | null;
  /** Filled in when it is answered: status 0 means that no status was sent. */
  status: number;
  /** Points (GraphQL) or requests (REST) taken from the primary limit. */
  cost: number;
  /** Bytes of the body as sent. */
  bytes: number;
  /** The name of the fault it met. */
  fault: string | null;
  /** Why the official schema refuses its query, or that the fake has no such path: a mistake to be found by the test. */
  mistakes: readonly string[];
}

/** Which requests. Everything given must fit. */
export interface Matcher {
  readonly api?: 'graphql' | 'rest';
  /** The name of a GraphQL operation. */
  readonly operation?: string | RegExp;
  /** A path: a text must be its end (`/issues/comments`). */
  readonly path?: string | RegExp;
  /** The text of a GraphQL query. */
  readonly text?: RegExp;
  readonly token?: string;
  readonly when?: (request: RecordedRequest) => boolean;
  /** Of the requests that fit all else, the how-manieth: 1 is the first. Absent: all. */
  readonly nth?: number | readonly number[] | { readonly from: number; readonly to?: number };
  /** How often the fault happens at most. */
  readonly times?: number;
}

/** An answer made without looking at the data. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a fault may look at and change. */
export interface FaultScene {
  readonly request: RecordedRequest;
  readonly data: DataSet;
  readonly now: Date;
  readonly resource: Resource;
  /** The headers of the rate limit as they stand. */
  readonly rateHeaders: Readonly<Record<string, string>>;
  /** The body of the answer before, to the same operation or path. */
  readonly previousBody: string | null;
  /** Uses up the primary limit of this request's token. */
  exhaust(resetAt?: Date): void;
  /** Makes GitHub refuse every cursor it has given out. */
  expireCursors(): void;
}

/** How the body travels. */
export type Delivery =
  | { readonly how: 'reset' }
  | { readonly how: 'truncated'; readonly share: number }
  | { readonly how: 'cut'; readonly share: number }
  | { readonly how: 'hang'; readonly afterHeaders: boolean }
  | { readonly how: 'slow'; readonly bytesPerSecond: number };

export interface Fault {
  readonly name: string;
  /** Happens before the request is answered (as usual, unless there is more below). */
  readonly before?: (scene: FaultScene) => void;
  /** Answers instead of GitHub; undefined: GitHub answers after all. */
  readonly instead?: (scene: FaultScene) => Answer | undefined;
  /** Changes the JSON of the answer. */
  readonly change?: (body: unknown, scene: FaultScene) => unknown;
  readonly delivery?: Delivery;
}

/** A fault in place. `hits` counts how often it happened. */
export interface PlacedFault {
  readonly matcher: Matcher;
  readonly fault: Fault;
  readonly hits: number;
  remove(): void;
}

/** The faults of one fake, asked in the order they were added; the first that fits happens. */
export class FaultBook {
  #placed: { matcher: Matcher; fault: Fault; fitting: number; hits: number; remove: () => void }[] = [];

  add(matcher: Matcher, fault: Fault): PlacedFault {
    const placed = {
      matcher,
      fault,
      fitting: 0,
      hits: 0,
      remove: () => void (this.#placed = this.#placed.filter((one) => one !== placed)),
    };
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
      if (!fits(placed.matcher, request)) continue;
      placed.fitting += 1;
      if (met !== null || placed.hits >= (placed.matcher.times ?? Infinity) || !isNth(placed.matcher.nth, placed.fitting)) continue;
      placed.hits += 1;
      met = placed.fault;
    }
    return met;
  }
}

function fits(matcher: Matcher, request: RecordedRequest): boolean {
  const { operation, path } = matcher;
  return (
    (matcher.api === undefined || matcher.api === request.api) &&
    (operation === undefined ||
      (typeof operation === 'string' ? operation === request.operation : operation.test(request.operation ?? ''))) &&
    (path === undefined || (typeof path === 'string' ? request.path.endsWith(path) : path.test(request.path))) &&
    (matcher.text === undefined || matcher.text.test(request.text ?? '')) &&
    (matcher.token === undefined || matcher.token === request.token) &&
    (matcher.when === undefined || matcher.when(request))
  );
}

function isNth(nth: Matcher['nth'], count: number): boolean {
  if (nth === undefined) return true;
  if (typeof nth === 'number') return nth === count;
  if ('from' in nth) return count >= nth.from && count <= (nth.to ?? Infinity);
  return nth.includes(count);
}

const DOCS = 'https://docs.github.com/rest';
const message = (text: string): string => JSON.stringify({ message: text, documentation_url: DOCS });

/** Any status with GitHub's usual body. */
export function status(code: number, text: string, headers: Readonly<Record<string, string>> = {}): Fault {
  return { name: `status ${code}`, instead: () => ({ status: code, headers, body: message(text) }) };
}

export const badCredentials = (): Fault => status(401, 'Bad credentials');
export const forbidden = (): Fault => status(403, 'Resource not accessible by personal access token');
export const notFound = (): Fault => status(404, 'Not Found');
export const conflict = (): Fault => status(409, 'Git Repository is empty.');
export const gone = (): Fault => status(410, 'Issues are disabled for this repo');
export const unprocessable = (): Fault => status(422, 'Validation Failed');
/** Taken down for legal reasons. */
export const blocked = (): Fault => ({
  name: 'status 451',
  instead: () => ({
    status: 451,
    body: JSON.stringify({
      message: 'Repository access blocked',
      block: { reason: 'dmca', created_at: '2024-01-01T00:00:00Z', html_url: 'https://github.com/github/dmca' },
    }),
  }),
});

/** The primary limit is used up: remaining 0 and a reset. 403 for REST; GitHub has been seen to use 429 too. */
export function rateLimited(o: { status?: 403 | 429; resetInSeconds?: number } = {}): Fault {
  return {
    name: 'rate limited',
    instead: (scene) => ({
      status: o.status ?? 403,
      headers: { ...scene.rateHeaders, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetHeader(scene.now, o.resetInSeconds ?? 900) },
      body: message('API rate limit exceeded for user ID 1.'),
    }),
  };
}

const resetHeader = (now: Date, seconds: number): string => String(Math.ceil(now.getTime() / 1000) + seconds);

/** The primary limit as GraphQL tells it: 200 with an error. */
export function graphqlRateLimited(o: { resetInSeconds?: number } = {}): Fault {
  return {
    name: 'graphql rate limited',
    instead: (scene) => ({
      status: 200,
      headers: { ...scene.rateHeaders, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetHeader(scene.now, o.resetInSeconds ?? 900) },
      body: JSON.stringify({ errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded for user ID 1.' }] }),
    }),
  };
}

/** The secondary limit (abuse): the quota's headers show that points are left. Without `retryAfterSeconds` GitHub says nothing of when. */
export function secondaryLimit(o: { status?: 403 | 429; retryAfterSeconds?: number } = {}): Fault {
  return {
    name: 'secondary limit',
    instead: () => secondaryAnswer(o.status ?? 403, o.retryAfterSeconds),
  };
}

/** The same as an answer, for limits that the fake finds exceeded. */
export function secondaryAnswer(code: number, retryAfterSeconds?: number): Answer {
  return {
    status: code,
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
    body: message('You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'),
  };
}

/** 500, 502, 503 or 504 with a page of HTML. */
export function htmlError(code: 500 | 502 | 503 | 504): Fault {
  const body =
    '<html>\n<head><title>Unicorn! &middot; GitHub</title></head>\n<body><p><strong>This page is taking too long to load.</strong></p></body>\n</html>\n';
  return { name: `status ${code}`, instead: () => ({ status: code, headers: { 'content-type': 'text/html; charset=utf-8' }, body }) };
}

/** A gateway error while the page is larger than `pageSize`; smaller pages are answered. */
export function gatewayErrorAbove(pageSize: number, code: 502 | 504 = 502): Fault {
  const { instead } = htmlError(code);
  return {
    name: `status ${code} above ${pageSize}`,
    instead: (scene) => ((scene.request.pageSize ?? 0) > pageSize ? instead?.(scene) : undefined),
  };
}

/** GitHub's own time-out as GraphQL tells it: 200 or 502 with a JSON error and no data. */
export function graphqlFailure(code: 200 | 502 = 200): Fault {
  const text = 'Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug.';
  return { name: 'graphql failure', instead: () => ({ status: code, body: JSON.stringify({ data: null, errors: [{ message: text }] }) }) };
}

/** 200 with partial data: from the middle of the first list on its items are null. Only while the page is larger than `above` (0: always). */
export function resourceLimits(o: { above?: number } = {}): Fault {
  return {
    name: 'resource limits',
    change: (body, scene) => {
      if ((scene.request.pageSize ?? 0) <= (o.above ?? 0)) return body;
      const partial = structuredClone(body) as { data?: unknown; errors?: unknown };
      const path: (string | number)[] = [];
      const list = firstNodes(partial.data, path);
      if (list !== null) list.fill(null, Math.floor(list.length / 2));
      partial.errors = [{ type: 'RESOURCE_LIMITS_EXCEEDED', path, message: 'Resource limits for this query exceeded.' }];
      return partial;
    },
  };
}

/** The first `nodes` list in an answer, and the path to it. */
function firstNodes(value: unknown, path: (string | number)[]): unknown[] | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    path.push(key);
    if (key === 'nodes' && Array.isArray(inner)) return inner;
    const found = Array.isArray(inner) ? null : firstNodes(inner, path);
    if (found !== null) return found;
    path.pop();
  }
  return null;
}

/** 200 and a body whose end is missing, though its length is right. */
export const truncatedJson = (share = 0.5): Fault => ({ name: 'truncated json', delivery: { how: 'truncated', share } });
/** The connection breaks in the middle of the body. */
export const connectionCut = (share = 0.5): Fault => ({ name: 'connection cut', delivery: { how: 'cut', share } });
/** The connection breaks before anything is answered. */
export const connectionReset = (): Fault => ({ name: 'connection reset', delivery: { how: 'reset' } });
/** No answer, ever; with `afterHeaders` a status and headers, then nothing. */
export const silence = (o: { afterHeaders?: boolean } = {}): Fault => ({
  name: 'silence',
  delivery: { how: 'hang', afterHeaders: o.afterHeaders ?? false },
});
/** The body arrives byte by byte. */
export const slowBody = (bytesPerSecond = 1): Fault => ({ name: 'slow body', delivery: { how: 'slow', bytesPerSecond } });

/** The same page as before once more. */
export const repeatedPage = (): Fault => ({
  name: 'repeated page',
  instead: (scene) => (scene.previousBody === null ? undefined : { status: 200, headers: scene.rateHeaders, body: scene.previousBody }),
});

/** GitHub takes no cursor any more that it gave out before. */
export const cursorsExpired = (): Fault => ({ name: 'cursors expired', before: (scene) => scene.expireCursors() });

/** The primary limit is used up from this request on, until it resets. */
export const quotaExhausted = (o: { resetInSeconds?: number } = {}): Fault => ({
  name: 'quota exhausted',
  before: (scene) => scene.exhaust(new Date(scene.now.getTime() + (o.resetInSeconds ?? 900) * 1000)),
});

/** The total of the listed connection (the outermost `totalCount`) is off by `by`. */
export const totalOff = (by: number): Fault => ({
  name: 'total off',
  change: (body) => {
    const copy = structuredClone(body);
    let level: unknown[] = [copy];
    while (level.length > 0) {
      for (const value of level) {
        if (typeof value === 'object' && value !== null && 'totalCount' in value && typeof value.totalCount === 'number') {
          value.totalCount += by;
          return copy;
        }
      }
      level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
    }
    return copy;
  },
});

/**
 * Something happens on GitHub just before this request is answered: an item is updated and moves between pages, a login changes, a
 * repository is renamed, a branch is forced. See changes.ts.
 */
export function meanwhile(change: (data: DataSet) => void): Fault {
  return { name: 'meanwhile', before: (scene) => change(scene.data) };
}

/** Any other change of the answer's JSON. */
export function changed(change: (body: unknown) => unknown): Fault {
  return { name: 'changed', change };
}
