import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NextFunction, Request, Response } from 'express';
import { AppError, ContributorHidden, InvalidInput, ServiceUnavailable, type FieldError } from '../domain/errors.ts';
import type { Logger } from '../log/logger.ts';
import type { Problem } from './contract/problems.ts';

/** Seconds after which a client may try again when a service is away. */
const RETRY_AFTER_S = 5;

/** The name that was asked for is an old one: the answer is a redirect. */
export class RepositoryMoved extends AppError {
  constructor(location: string) {
    super('repository_moved', 308, `The repository has another name now: ${location}`, { location: location });
  }
}

/** What body-parser and Express throw: an Error with a status and sometimes a type. */
const VENDOR_PROBLEMS: ReadonlyMap<string, readonly [code: string, status: number, detail: string]> = new Map([
  ['entity.parse.failed', ['malformed_json', 400, 'The body is not JSON.']],
  ['entity.too.large', ['body_too_large', 413, 'The body is larger than 100 KB.']],
  ['encoding.unsupported', ['unsupported_media_type', 415, 'Send the body without Content-Encoding.']],
  ['charset.unsupported', ['unsupported_media_type', 415, 'Send the body as UTF-8.']],
  ['request.aborted', ['request_aborted', 400, 'The body ended before its announced length.']],
  ['request.size.invalid', ['request_aborted', 400, 'The body is not as long as its Content-Length says.']],
]);

/** PostgreSQL's answers, and the client's errors, that mean: not now. */
const DATABASE_AWAY_CODES = /^(?:08|57P0|53)|^(?:ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|57014)$/;
const DATABASE_AWAY_MESSAGES =
  /^(?:Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after|connect E)/;

/** What errors of Node, pg and Express carry beside their message. Not `instanceof`: they may come from another realm. */
interface VendorError {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}
const vendorErrorOf = (error: unknown): VendorError => (typeof error === 'object' && error !== null ? error : {});

/** The code of a system's or PostgreSQL's error, or ''. */
export function errorCodeOf(error: unknown): string {
  const { code } = vendorErrorOf(error);
  return typeof code === 'string' ? code : '';
}

function isDatabaseAway(error: unknown): boolean {
  for (let one = error; typeof one === 'object' && one !== null; one = vendorErrorOf(one).cause) {
    if (DATABASE_AWAY_CODES.test(errorCodeOf(one)) || DATABASE_AWAY_MESSAGES.test(String(vendorErrorOf(one).message))) return true;
  }
  return false;
}

/** Every error as one a client can read; what nobody foresaw is a 500 that says nothing of the inside. */
function appErrorOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const [code, status, detail] = VENDOR_PROBLEMS.get(String(vendorErrorOf(error).type)) ?? [];
  if (code !== undefined && status !== undefined && detail !== undefined) return new AppError(code, status, detail, {}, { cause: error });
  if (error instanceof URIError) return new InvalidInput('The path is not properly percent-encoded.', [], 400);
  if (isDatabaseAway(error)) return new ServiceUnavailable('The database', error);
  return new AppError('internal_error', 500, 'Something went wrong here. The log has more under this request id.', {}, { cause: error });
}

/** The status an error is answered with. */
export function statusOf(error: unknown): number {
  return appErrorOf(error).status;
}

function problemOf(error: AppError, path: string | undefined, requestId: string | undefined): Problem {
  const { errors, job, location: _location, ...details } = error.details;
  const words = error.code.replaceAll('_', ' ');
  return {
    type: `urn:laurels:problem:${error.code}`,
    title: `${words.charAt(0).toUpperCase()}${words.slice(1)}`,
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(path === undefined ? {} : { instance: path }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(Array.isArray(errors) && errors.length > 0 ? { errors: errors as readonly FieldError[] } : {}),
    ...(job === undefined ? {} : { job: job as NonNullable<Problem['job']> }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

function headersOf(error: AppError): Record<string, string> {
  return {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    ...(error.status === 401 ? { 'www-authenticate': 'Bearer realm="Laurels"' } : {}),
    ...(error.status === 503 ? { 'retry-after': String(RETRY_AFTER_S) } : {}),
    ...(typeof error.details.retry_after === 'number' ? { 'retry-after': String(error.details.retry_after) } : {}),
    ...(typeof error.details.allow === 'string' ? { allow: error.details.allow } : {}),
    ...(typeof error.details.location === 'string' ? { location: error.details.location } : {}),
  };
}

/** Writes an error where only Node's own response is at hand: the proxy. */
export function writeProblem(response: ServerResponse, error: unknown, path?: string, requestId?: string): void {
  if (response.headersSent) {
    // Half an answer must not look like a whole one.
    response.destroy();
    return;
  }
  const known = appErrorOf(error);
  const body = JSON.stringify(problemOf(known, path, requestId));
  response.writeHead(known.status, { ...headersOf(known), 'content-length': String(Buffer.byteLength(body)) });
  response.end(body);
}

/** Answers on a bare socket, where there is no response yet: refused upgrades and requests that are no HTTP. */
export function writeProblemToSocket(socket: Duplex, error: unknown): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const known = appErrorOf(error);
  const body = JSON.stringify(problemOf(known, undefined, undefined));
  const headers = { ...headersOf(known), 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const head = Object.entries(headers).map(([header, value]) => `${header}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${known.status} ${STATUS_CODES[known.status] ?? 'Error'}\r\n${head.join('')}\r\n${body}`);
}

/** The last middleware: the only place that turns an error into an answer. */
export function answerErrors(log: Logger) {
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const known = appErrorOf(error);
    const requestId = typeof response.locals.requestId === 'string' ? response.locals.requestId : undefined;
    if (known.status >= 500) log.error({ err: error, request_id: requestId, code: known.code }, 'request failed');
    // Of somebody who is hidden an answer repeats nothing, not even the path.
    writeProblem(response, known, known instanceof ContributorHidden ? undefined : pathOf(request), requestId);
  };
}

/** The path a request asks for, without its query. */
export function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? '/').replace(/[?#].*$/s, '').slice(0, 500);
}
