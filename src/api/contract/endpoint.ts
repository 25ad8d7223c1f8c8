import type { z } from 'zod';
import type { ProblemCode } from './problems.ts';

/** What an endpoint may answer with one status. */
interface Answer {
  readonly description: string;
  /** Absent: no body (204, 308), or one that is not JSON. */
  readonly body?: z.ZodType;
  /** What else it can come as, besides JSON of `body`: `text/csv`, `image/svg+xml`. */
  readonly media?: readonly string[];
}

/**
 * Who may call an endpoint where Laurels is reachable by others than its own machine: `open` everybody; `public` everybody when
 * PUBLIC_READS is on, else any key; `read`, `write` and `admin` a key of that scope (decisions 29).
 */
export type Access = 'open' | 'public' | 'read' | 'write' | 'admin';

/**
 * One endpoint as data. Routes are mounted from it, so what it says is what is checked: parameters and bodies that the schemas do not
 * know are refused. Errors (problem+json) that are not its own are not listed: problems.ts has them.
 */
export interface Endpoint {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With OpenAPI's braces: `/api/v1/jobs/{id}`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params?: z.ZodObject;
  /** Absent: no query parameter is known. */
  readonly query?: z.ZodObject;
  /** Absent: a body is not read. Optional schemas accept an empty body. */
  readonly body?: z.ZodType;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Errors of its own, by code; those that every endpoint of its kind may answer are in problems.ts. */
  readonly problems?: readonly ProblemCode[];
}

/** Asked by machines every few seconds, with the database away too: nobody is identified, nothing is counted. */
export function isProbe({ path }: Pick<Endpoint, 'path'>): boolean {
  return path === '/healthz' || path === '/readyz';
}

/** Keeps the literal types of a description: handlers and clients are typed from them. */
export function endpoint<const E extends Endpoint>(description: E): E {
  return description;
}

/** Where a description has no schema there is nothing. */
type NothingSent = Readonly<Record<string, never>>;

type Output<S> = S extends z.ZodType ? z.output<S> : NothingSent;
type Input<S> = S extends z.ZodType ? z.input<S> : NothingSent;

/** What a handler gets: everything checked and converted. */
export interface Received<E extends Endpoint> {
  readonly params: Output<E['params']>;
  readonly query: Output<E['query']>;
  readonly body: Output<E['body']>;
}

/** What a client sends. */
export interface Sent<E extends Endpoint> {
  readonly params: Input<E['params']>;
  readonly query: Input<E['query']>;
  readonly body: Input<E['body']>;
}

/** What a handler answers and a client reads: one of the described statuses with its body. */
export type Reply<E extends Endpoint> = {
  [Status in keyof E['answers'] & number]: E['answers'][Status] extends { readonly body: infer Body extends z.ZodType }
    ? { readonly status: Status; readonly body: z.input<Body>; readonly headers?: Readonly<Record<string, string>> }
    : { readonly status: Status; readonly headers?: Readonly<Record<string, string>> };
}[keyof E['answers'] & number];
