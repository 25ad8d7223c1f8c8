import type { Octokit } from '@octokit/rest';
import { CursorRefused, FailedRequest, isSecondaryLimit, PageTooLarge } from './trouble.ts';
import { requestWhole } from './whole-request.ts';

/** An error entry of a GraphQL answer. */
interface GraphqlError {
  readonly type?: string;
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string };
}

/** GitHub understood the query and says no: not there, not allowed. */
export class GraphqlRefusal extends Error {
  readonly type: 'NOT_FOUND' | 'FORBIDDEN';

  constructor(type: 'NOT_FOUND' | 'FORBIDDEN', message: string) {
    super(message);
    this.name = new.target.name;
    this.type = type;
  }
}

/** GitHub's own words when a query ran out of its ten seconds. */
const TIMED_OUT = /something went wrong while executing your query|timed? ?out/i;
const BAD_CURSOR = /not appear to be a valid cursor|invalid cursor|cursor .*(invalid|expired|no longer)/i;

/** Options of a request as Octokit's hook hands them on. */
interface RequestOptions {
  readonly method: string;
  readonly url: string;
  request: { readonly signal?: AbortSignal; readonly [option: string]: unknown };
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | number | undefined>;
  data: unknown;
}

function isGraphql(options: { readonly url: string }): boolean {
  return new URL(options.url, 'http://api.invalid').pathname.endsWith('/graphql');
}

/**
 * An Octokit plugin: only whole answers pass. @octokit/request gives the text of a body that is no JSON, and an empty text for a
 * connection that was cut, as if they were data; and GitHub answers 200 for a query that failed half-way. Here each of these is
 * an error: those that a repetition may heal have the status 500, others a class of their own.
 */
export function wholeAnswers(octokit: Octokit, { timeoutMs }: { timeoutMs?: number }): Record<string, never> {
  const patience = timeoutMs ?? 20_000;
  octokit.hook.wrap('request', async (request, given) => {
    const options = given as unknown as RequestOptions;
    const { request: asked } = options;
    const caller = asked.signal;
    // Its own timer, which ends with it: those of AbortSignal.timeout would go off behind answers that came long ago.
    const ending = new AbortController();
    const { signal } = ending;
    let isTooLate = false;
    const timer = setTimeout(() => {
      isTooLate = true;
      ending.abort();
    }, patience);
    const giveUp = (): void => ending.abort(caller?.reason);
    caller?.addEventListener('abort', giveUp, { once: true });
    if (caller?.aborted === true) giveUp();
    let reply: Reply;
    try {
      // Octokit's hooks see one object of options; another one handed on would be ignored. Its `request` may be that of all requests:
      // a signal left in there would end later ones.
      options.request = { ...asked, signal, fetch: requestWhole, parseSuccessResponseBody: false };
      reply = await (request as unknown as (options: unknown) => Promise<Reply>)(options);
      reply.data = JSON.parse(reply.data as string);
    } catch (error) {
      if (caller?.aborted === true) throw caller.reason;
      const status = statusOf(error);
      if (isGraphql(options) && (status === 502 || status === 504)) throw new PageTooLarge(`status ${status}`);
      // A refusal by GitHub has an answer with it; without one it is the network, the clock or a body that broke off.
      if (hasAnswer(error)) throw error;
      const reason = isTooLate ? `no whole answer within ${patience / 1000} s` : `the answer broke off (${messageOf(error)})`;
      throw new FailedRequest(500, reason, undefined, error);
    } finally {
      clearTimeout(timer);
      caller?.removeEventListener('abort', giveUp);
      options.request = asked;
    }
    if (isGraphql(options)) checkGraphql(reply);
    return reply as never;
  });
  return {};
}

function checkGraphql(reply: Reply): void {
  const { data, errors } = (reply.data ?? {}) as { data?: unknown; errors?: readonly GraphqlError[] };
  const first = errors?.[0];
  if (first === undefined) {
    if (typeof data === 'object' && data !== null) return;
    throw new FailedRequest(500, 'the answer has no data', reply);
  }
  const kinds = new Set(errors?.flatMap(({ type, extensions }) => [type, extensions?.code]));
  const message = errors?.map((error) => error.message).join('; ') ?? '';
  if (kinds.has('RATE_LIMITED'))
    throw new FailedRequest(429, message, { ...reply, headers: { ...reply.headers, 'x-ratelimit-remaining': '0' } });
  if (isSecondaryLimit(message)) throw new FailedRequest(403, message, reply);
  if (kinds.has('RESOURCE_LIMITS_EXCEEDED') || kinds.has('MAX_NODE_LIMIT_EXCEEDED') || TIMED_OUT.test(message))
    throw new PageTooLarge(message);
  if (kinds.has('INVALID_CURSOR_ARGUMENTS') || BAD_CURSOR.test(message)) throw new CursorRefused(message);
  if (kinds.has('FORBIDDEN')) throw new GraphqlRefusal('FORBIDDEN', message);
  if (kinds.has('NOT_FOUND')) throw new GraphqlRefusal('NOT_FOUND', message);
  throw new FailedRequest(500, message, reply);
}

function statusOf(error: unknown): number | null {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number' ? error.status : null;
}

function hasAnswer(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'response' in error && error.response !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)
    ? String(error.message)
    : String(error);
}
