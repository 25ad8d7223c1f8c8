import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { AppError, InvalidInput } from '../domain/errors.ts';
import { CONTRACT, type Contract, type EndpointName } from './contract.ts';
import type { Endpoint, Received, Reply } from './contract/endpoint.ts';
import { isCurrent } from './entity-tag.ts';
import { parsed, parsedQuery } from './validation.ts';

/** Sends what it has to say itself (a stream), or returns the reply. */
export const SENT = Symbol('sent');

export interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

/** Does an endpoint's work with input that is already checked; errors are thrown. */
type Handler<E extends Endpoint> = (received: Received<E>, exchange: Exchange) => Promise<Reply<E> | typeof SENT>;

/** A handler for every endpoint of the contract. */
export type Handlers = { readonly [Name in EndpointName]: Handler<Contract[Name]> };

const BODY_LIMIT = '100kb';

const hasBody = (request: Request): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

/** Reads a JSON body; anything else that has a body is refused, whatever it holds (a form needs no preflight). */
function readBody() {
  const json = express.json({ limit: BODY_LIMIT, strict: false, inflate: false, type: 'application/json' });
  return (request: Request, response: Response, next: NextFunction): void => {
    if (!hasBody(request)) next();
    else if (!request.is('application/json')) {
      next(new AppError('unsupported_media_type', 415, 'Send the body as JSON, with Content-Type: application/json.'));
    } else json(request, response, next);
  };
}

/** `/api/v1/jobs/{id}` as Express writes it. */
const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

function mount<E extends Endpoint>(app: Express, endpoint: E, handler: Handler<E>): void {
  const run = async (request: Request, response: Response): Promise<void> => {
    const received = {
      params: parsed(endpoint.params, request.params, 'path'),
      query: parsedQuery(endpoint.query, request.originalUrl),
      body: parsed(endpoint.body, bodyOf(endpoint, request), 'body'),
    } as Received<E>;
    const reply = await handler(received, { request, response });
    if (reply === SENT) return;
    const headers: Readonly<Record<string, string>> = reply.headers ?? {};
    response.status(reply.status).set(headers);
    if (headers.ETag !== undefined && isCurrent(request, headers.ETag)) response.status(304).end();
    else if ('body' in reply) response.json(reply.body);
    else response.end();
  };
  const path = expressPath(endpoint.path);
  if (endpoint.body === undefined) app[endpoint.method](path, run);
  else app[endpoint.method](path, readBody(), run);
}

function bodyOf(endpoint: Endpoint, request: Request): unknown {
  const body: unknown = request.body;
  if (body === undefined && endpoint.body !== undefined && !endpoint.body.safeParse(undefined).success) {
    throw new InvalidInput('A JSON body is needed.', [{ pointer: '', detail: 'is missing' }], 400);
  }
  return body;
}

/** Mounts every endpoint of the contract, and on their paths an answer for every other method. */
export function mountContract(app: Express, handlers: Handlers): void {
  const methods = new Map<string, string[]>();
  for (const name of Object.keys(CONTRACT) as EndpointName[]) {
    const endpoint: Endpoint = CONTRACT[name];
    // The table of handlers is typed name by name; here only the pairs are walked.
    mount(app, endpoint, handlers[name] as unknown as Handler<Endpoint>);
    const known = methods.get(endpoint.path) ?? [];
    methods.set(endpoint.path, [...known, ...(endpoint.method === 'get' ? ['GET', 'HEAD'] : [endpoint.method.toUpperCase()])]);
  }
  for (const [path, known] of methods) {
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
