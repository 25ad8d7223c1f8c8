import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from '../log/logger.ts';
import { pathOf } from './errors.ts';

const GIVEN_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** Names each request (the client's X-Request-Id when it is a decent one), says the name in the answer, and logs one line per request. */
export function logRequests(log: Logger) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const begun = performance.now();
    const given = request.get('x-request-id');
    const requestId = given !== undefined && GIVEN_ID.test(given) ? given : randomUUID();
    response.locals.requestId = requestId;
    response.set('X-Request-Id', requestId);
    response.once('close', () => {
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
    next();
  };
}

/** Logs carry no logins, and no numbers of accounts: where a path names a person, the route stands for it. */
function namelessPath(request: Request): string {
  const route = request.route as { readonly path?: unknown } | undefined;
  return typeof route?.path === 'string' && /:(?:username|github_id)/.test(route.path) ? route.path : pathOf(request);
}
