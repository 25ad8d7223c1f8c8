import type { z } from 'zod';
import ENDPOINTS from 'virtual:endpoints';
import type { Contract, EndpointName } from '../../../src/api/contract.ts';
import type { Endpoint, Sent } from '../../../src/api/contract/endpoint.ts';
import type { JobReference } from '../../../src/api/contract/jobs.ts';

/** One thing wrong with what was sent: where (a JSON pointer or a parameter's name) and what would be right. */
interface FieldProblem {
  readonly pointer: string;
  readonly detail: string;
}

/** The API's answer when it refuses (RFC 9457), or that there was none (status 0). */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly code: string;
  readonly requestId: string | null;
  readonly errors: readonly FieldProblem[];
  /** The job that is in the way, where one is. */
  readonly job: JobReference | null;

  constructor(
    status: number,
    {
      title,
      detail,
      code,
      errors,
      job,
    }: Partial<Record<'title' | 'detail' | 'code', string>> & { errors?: readonly FieldProblem[]; job?: JobReference },
    requestId: string | null,
  ) {
    super(detail ?? `The server answered with status ${status}.`);
    this.status = status;
    this.title = title ?? 'Something went wrong';
    this.code = code ?? 'unknown';
    this.requestId = requestId;
    this.errors = errors ?? [];
    this.job = job ?? null;
  }
}

type BodyOf<Answer> = Answer extends { readonly body: infer Body extends z.ZodType } ? z.output<Body> : null;

/** What an endpoint answers when it went well, over all its statuses. */
export type AnswerOf<Name extends EndpointName> = {
  [Status in keyof Contract[Name]['answers'] & number]: Status extends 304 | 308 ? never : BodyOf<Contract[Name]['answers'][Status]>;
}[keyof Contract[Name]['answers'] & number];

/** What an endpoint is sent. */
export type SentTo<Name extends EndpointName> = Partial<Sent<Contract[Name]>> & { readonly headers?: Readonly<Record<string, string>> };

/** The address of a GET endpoint, for links and downloads. */
export function urlOf<Name extends EndpointName>(name: Name, sent: SentTo<Name> = {}): string {
  const { params = {}, query = {} } = sent as Partial<Sent<Endpoint>>;
  const path = ENDPOINTS[name][1].replace(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(String(params[param])));
  const given = Object.entries(query as Record<string, string | undefined>).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

/** An answer with what its headers say. */
export interface Answered<Body> {
  readonly body: Body;
  readonly etag: string | null;
}

/** Asks the API, by its contract. @throws Problem when it refuses or does not answer. */
export async function ask<Name extends EndpointName>(
  name: Name,
  sent: SentTo<Name> = {},
  signal?: AbortSignal,
): Promise<Answered<AnswerOf<Name>>> {
  const { body, headers = {} } = sent as Partial<Sent<Endpoint>> & { headers?: Record<string, string> };
  let response: Response;
  try {
    response = await fetch(urlOf(name, sent), {
      method: ENDPOINTS[name][0].toUpperCase(),
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new Problem(
      0,
      { title: 'Laurels does not answer', detail: 'Is it running? What is shown may be old.', code: 'unreachable' },
      null,
    );
  }
  const text = await response.text();
  const requestId = response.headers.get('x-request-id');
  if (!response.ok) throw new Problem(response.status, jsonOf(text) ?? {}, requestId);
  const answer = text === '' ? null : jsonOf(text);
  if (answer === undefined)
    throw new Problem(
      response.status,
      { title: 'The answer is not JSON', detail: 'Is something between this page and Laurels?' },
      requestId,
    );
  return { body: answer as AnswerOf<Name>, etag: response.headers.get('etag') };
}

function jsonOf(text: string): Record<string, never> | undefined {
  try {
    return JSON.parse(text) as Record<string, never>;
  } catch {
    return undefined;
  }
}
