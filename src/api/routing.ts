import express, { type Express, type Request, type Response } from 'express';
import type { AuditTarget } from '../db/audit.ts';
import type { Database } from '../db/database.ts';
import type { KeptAnswer } from '../db/idempotency.ts';
import { AppError, InvalidInput } from '../domain/errors.ts';
import { idsInPath, type AuditTrail } from './audit-trail.ts';
import type { Caller } from './caller.ts';
import { CONTRACT, type Contract, type EndpointName } from './contract.ts';
import { isProbe, type Endpoint, type Received, type Reply } from './contract/endpoint.ts';
import { entityTagOf, isCurrent } from './entity-tag.ts';
import { statusOf } from './errors.ts';
import type { Gate } from './gate.ts';
import { onceOnly } from './repeatable.ts';
import { parsed, parsedQuery } from './validation.ts';

/** Sends what it has to say itself (a stream), or returns the reply. */
export const SENT = Symbol('sent');

export interface Exchange {
  readonly request: Request;
  readonly response: Response;
  /** Who asks. `caller.name` is what `requested_by` says. */
  readonly caller: Caller;
  /** Tells the audit what the write is about: ids only, never a login. */
  readonly concerns: (ids: AuditTarget) => void;
}

/** Does an endpoint's work with input that is already checked; errors are thrown. */
type Handler<E extends Endpoint> = (received: Received<E>, exchange: Exchange) => Promise<Reply<E> | typeof SENT>;

/** A handler for every endpoint of the contract. */
export type Handlers = { readonly [Name in EndpointName]: Handler<Contract[Name]> };

/** What every endpoint is mounted with. */
export interface Mounting {
  readonly db: Database;
  readonly gate: Gate;
  readonly trail: AuditTrail;
}

/** Methods that change nothing. */
export const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const BODY_LIMIT = '100kb';

const hasBody = (request: Request): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

const parseJson = express.json({ limit: BODY_LIMIT, strict: false, inflate: false, type: 'application/json' });

/** Reads a JSON body; anything else that has a body is refused, whatever it holds (a form needs no preflight). */
async function bodyOf(endpoint: Endpoint, request: Request, response: Response): Promise<unknown> {
  if (endpoint.body === undefined) return undefined;
  if (hasBody(request)) {
    if (request.is('application/json') === false) {
      throw new AppError('unsupported_media_type', 415, 'Send the body as JSON, with Content-Type: application/json.');
    }
    await new Promise<void>((resolve, reject) => {
      parseJson(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
  }
  const body: unknown = request.body;
  if (body === undefined && !endpoint.body.safeParse(undefined).success) {
    throw new InvalidInput('A JSON body is needed.', [{ pointer: '', detail: 'is missing' }], 400);
  }
  return body;
}

/** `/api/v1/jobs/{id}` as Express writes it. */
const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

const placesIn = (path: string): number => path.split('{').length - 1;

function answerOf(reply: {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}): KeptAnswer {
  return { status: reply.status, headers: reply.headers ?? {}, body: 'body' in reply ? JSON.stringify(reply.body) : null };
}

/** What is read can be asked for again with its tag; only what everybody may ask (health) is of the moment. */
function tagged(endpoint: Endpoint, answer: KeptAnswer): KeptAnswer {
  if (endpoint.method !== 'get' || endpoint.access === 'open' || answer.body === null || answer.headers.ETag !== undefined) return answer;
  return { ...answer, headers: { 'Cache-Control': 'private, no-cache', ...answer.headers, ETag: entityTagOf(answer.body) } };
}

function send(request: Request, response: Response, { status, headers, body }: KeptAnswer): void {
  response.status(status).set(headers);
  if (headers.ETag !== undefined && READS.has(request.method) && isCurrent(request, headers.ETag)) response.status(304).end();
  else if (body === null) response.end();
  else response.type('application/json').send(body);
}

function mount<E extends Endpoint>(app: Express, endpoint: E, handler: Handler<E>, { db, gate, trail }: Mounting): void {
  const carryOut = async (request: Request, response: Response, concerns: Exchange['concerns']): Promise<KeptAnswer | typeof SENT> => {
    const caller = isProbe(endpoint) ? gate.strangerOf(request) : await gate.admit(request, response, endpoint.access);
    const body = await bodyOf(endpoint, request, response);
    const received = {
      params: parsed(endpoint.params, request.params, 'path'),
      query: parsedQuery(endpoint.query, request.originalUrl),
      body: parsed(endpoint.body, body, 'body'),
    } as Received<E>;
    const exchange = { request, response, caller, concerns };
    if (endpoint.method === 'get' || endpoint.access === 'open') {
      const reply = await handler(received, exchange);
      return reply === SENT ? SENT : tagged(endpoint, answerOf(reply));
    }
    return await onceOnly(db, { request, caller, body }, async () => {
      const reply = await handler(received, exchange);
      if (reply === SENT) throw new Error(`${request.method} ${endpoint.path} sent its answer itself, so that it can't be kept`);
      return answerOf(reply);
    });
  };

  const read = async (request: Request, response: Response): Promise<void> => {
    const answer = await carryOut(request, response, () => undefined);
    if (answer !== SENT) send(request, response, answer);
  };

  const write = async (request: Request, response: Response): Promise<void> => {
    const target: Record<string, string | number> = { ...idsInPath(request.params) };
    const record = (result: number) => trail.record({ request, response, endpoint, target, result });
    let answer: KeptAnswer | typeof SENT;
    try {
      answer = await carryOut(request, response, (ids) => void Object.assign(target, ids));
    } catch (error) {
      await record(statusOf(error));
      throw error;
    }
    // Before it is sent: who has the answer finds the write in the audit.
    await record(answer === SENT ? response.statusCode : answer.status);
    if (answer !== SENT) send(request, response, answer);
  };

  app[endpoint.method](expressPath(endpoint.path), endpoint.method === 'get' ? read : write);
}

/** Mounts every endpoint of the contract, and on their paths an answer for every other method. */
export function mountContract(app: Express, handlers: Handlers, mounting: Mounting): void {
  const methods = new Map<string, string[]>();
  for (const name of Object.keys(CONTRACT) as EndpointName[]) {
    const endpoint: Endpoint = CONTRACT[name];
    // The table of handlers is typed name by name; here only the pairs are walked.
    mount(app, endpoint, handlers[name] as unknown as Handler<Endpoint>, mounting);
    const known = methods.get(endpoint.path) ?? [];
    methods.set(endpoint.path, [...known, ...(endpoint.method === 'get' ? ['GET', 'HEAD'] : [endpoint.method.toUpperCase()])]);
  }
  // `/contributors/enrich` before `/contributors/{username}`, which it would be taken for.
  const literalFirst = [...methods].sort(([a], [b]) => placesIn(a) - placesIn(b));
  for (const [path, known] of literalFirst) {
    const allow = [...known, 'OPTIONS'].join(', ');
    app.all(expressPath(path), (request, response) => {
      // Without CORS headers: a preflight from another site finds nothing it may do.
      if (request.method === 'OPTIONS') {
        response.status(204).set('Allow', allow).end();
        return;
      }
      throw new AppError('method_not_allowed', 405, `${request.method.slice(0, 20)} is not possible here; ${allow} are.`, { allow });
    });
  }
}
