import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { withLogFields } from '../log/log-context.ts';
import type { Logger } from '../log/logger.ts';
import type { ApiMetrics } from '../metrics/api-metrics.ts';
import { pathOf } from './errors.ts';

const GIVEN_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** The client's X-Request-Id when it is a decent one, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && GIVEN_ID.test(given) ? given : randomUUID();
}

/** Names each request, says the name in the answer and in every line that is logged for it, logs one line per request, and counts it. */
export function logRequests(log: Logger, metrics: ApiMetrics) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const begun = performance.now();
    const ended = metrics.requestBegan(request.method);
    const requestId = requestIdOf(request);
    response.locals.requestId = requestId;
    response.set('X-Request-Id', requestId);
    response.once('close', () => {
      ended(routeOf(request), response.statusCode);
      const facts = {
        request_id: requestId,
        method: request.method,
        // Without the query: what people search for is theirs.
        path: namelessPath(request),
        status: response.statusCode,
        duration_ms: Math.round((performance.now() - begun) * 10) / 10,
        ...(response.writableFinished ? {} : { aborted: true }),
      };
      // Reads that went well are the bulk and tell nothing: with LOG_LEVEL=debug they are there too.
      const isUneventful = response.statusCode < 400 && (request.method === 'GET' || request.method === 'HEAD');
      if (response.statusCode >= 500) log.warn(facts, 'request');
      else log[isUneventful ? 'debug' : 'info'](facts, 'request');
    });
    withLogFields({ request_id: requestId }, next);
  };
}

/** The template that a request was answered by, as the contract writes it: paths are as many as there are repositories and people. */
export function routeOf(request: Request): string {
  const template = templateOf(request);
  if (template !== null) return template.replaceAll(/:(\w+)/g, '{$1}');
  const [, part = ''] = /^\/(dashboard|temporal|docs)(?:\/|$)/.exec(pathOf(request)) ?? [];
  return part === '' ? 'unmatched' : `/${part}`;
}

function templateOf(request: Request): string | null {
  const route = request.route as { readonly path?: unknown } | undefined;
  return typeof route?.path === 'string' ? route.path : null;
}

/** Logs carry no logins, and no numbers of accounts: where a path names a person, the route stands for it. */
function namelessPath(request: Request): string {
  const template = templateOf(request);
  return template !== null && /:(?:username|github_id)/.test(template) ? template : pathOf(request);
}
