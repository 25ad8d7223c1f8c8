import type { z } from 'zod';
import { CONTRACT, type Contract, type EndpointName } from '../api/contract.ts';
import type { Endpoint, Sent } from '../api/contract/endpoint.ts';
import type { JobReference } from '../api/contract/jobs.ts';
import type { FieldError } from '../domain/errors.ts';
import { AppError } from '../domain/errors.ts';

/** The API refused: its problem answer, with the job that is in the way where one is. */
export class ApiRefused extends AppError {
  readonly job: JobReference | null;

  constructor(
    status: number,
    problem: { readonly code?: string; readonly detail?: string; readonly errors?: readonly FieldError[]; readonly job?: JobReference },
  ) {
    super(problem.code ?? 'http_error', status, problem.detail ?? `The server answered with status ${status}.`, {
      errors: problem.errors ?? [],
    });
    this.job = problem.job ?? null;
  }
}

/** Nothing answers at the address, or what answers is not Laurels. */
export class ApiUnreachable extends AppError {
  constructor(url: string, cause: unknown) {
    const reason = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
    super('api_unreachable', 503, `No Laurels answers at ${url}: ${reason}`, { url }, { cause });
  }
}

/** The error that an answer with this status and body is. */
export function refusalOf(status: number, body: string): AppError {
  let problem: unknown = null;
  try {
    problem = JSON.parse(body);
  } catch {
    // Not ours: the status says what there is to say.
  }
  const refused = new ApiRefused(status, typeof problem === 'object' && problem !== null ? problem : {});
  if (status !== 401) return refused;
  return new AppError(refused.code, 401, `${refused.message} Set LAURELS_API_KEY to one (laurels key create).`, {}, { cause: refused });
}

/** What an endpoint may answer, by status. */
type Answered<E extends Endpoint> = {
  [Status in keyof E['answers'] & number]: {
    readonly status: Status;
    readonly body: E['answers'][Status] extends { readonly body: infer Body extends z.ZodType } ? z.output<Body> : null;
  };
}[keyof E['answers'] & number];

/** Headers that an endpoint asks for, If-Match above all. */
interface SentHeaders {
  readonly headers?: Readonly<Record<string, string>>;
}

type AnythingSent = Partial<Sent<Endpoint>> & SentHeaders;

/** Speaks to a Laurels by the contract of its API. */
export interface ApiClient {
  readonly url: string;
  /** The header that shows the key; empty without one. */
  readonly authorization: Readonly<Record<string, string>>;
  /** The same client, not broken off by its signal. */
  detached(): ApiClient;
  /** @throws ApiRefused for a problem answer, ApiUnreachable when there is none. */
  call<Name extends EndpointName>(name: Name, sent?: Partial<Sent<Contract[Name]>> & SentHeaders): Promise<Answered<Contract[Name]>>;
  /** The same, as the text that was answered (CSV). */
  text<Name extends EndpointName>(name: Name, sent?: Partial<Sent<Contract[Name]>>): Promise<string>;
  /** The same, as the bytes that were answered (pictures). */
  file<Name extends EndpointName>(
    name: Name,
    sent?: Partial<Sent<Contract[Name]>>,
  ): Promise<{ readonly mediaType: string; readonly bytes: Buffer }>;
}

/** A board over a million rows takes long; nothing takes longer. */
const TIMEOUT_MS = 120_000;

/** Makes a client for the Laurels at `baseUrl`, which shows `key` with every request; nothing is sent yet. */
export function createApiClient(baseUrl: string, signal?: AbortSignal, key: string | null = null): ApiClient {
  const url = baseUrl.replace(/\/+$/, '');
  const authorization: Readonly<Record<string, string>> = key === null ? {} : { authorization: `Bearer ${key}` };

  const request = async (name: EndpointName, sent: AnythingSent): Promise<Response> => {
    const endpoint: Endpoint = CONTRACT[name];
    const params = (sent.params ?? {}) as Readonly<Record<string, string>>;
    const path = endpoint.path.replace(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(params[param] ?? ''));
    const query = new URLSearchParams(
      Object.entries((sent.query ?? {}) as Record<string, string | undefined>).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ).toString();
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    let response: Response;
    try {
      response = await fetch(`${url}${path}${query === '' ? '' : `?${query}`}`, {
        method: endpoint.method.toUpperCase(),
        headers: {
          accept: 'application/json, text/csv, image/*',
          ...authorization,
          ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...sent.headers,
        },
        ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw new ApiUnreachable(url, error);
    }
    if (response.ok) return response;
    throw refusalOf(response.status, await response.text());
  };

  return {
    url,
    authorization,
    detached: () => createApiClient(url, undefined, key),
    async call(name, sent = {}) {
      const response = await request(name, sent as AnythingSent);
      const text = await response.text();
      try {
        return { status: response.status, body: text === '' ? null : JSON.parse(text) } as never;
      } catch (error) {
        throw new ApiUnreachable(url, new Error('the answer is not JSON', { cause: error }));
      }
    },
    async text(name, sent = {}) {
      return await (await request(name, sent as AnythingSent)).text();
    },
    async file(name, sent = {}) {
      const response = await request(name, sent as AnythingSent);
      const mediaType = response.headers.get('content-type')?.split(';')[0] ?? '';
      return { mediaType, bytes: Buffer.from(await response.arrayBuffer()) };
    },
  };
}
