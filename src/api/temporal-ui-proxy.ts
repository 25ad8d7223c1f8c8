import { ServerResponse } from 'node:http';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Request, RequestHandler } from 'express';
import { ServiceUnavailable } from '../domain/errors.ts';
import type { AuditTrail } from './audit-trail.ts';
import { SESSION_COOKIE } from './caller.ts';
import { statusOf, writeProblem } from './errors.ts';
import type { Gate } from './gate.ts';
import { READS } from './routing.ts';

/** Where the Web UI is shown; the embedded one is started with the same `--ui-public-path`. */
const TEMPORAL_UI_PATH = '/temporal';

/** Whether a request is for the Web UI. */
export function isTemporalUi({ path }: Request): boolean {
  return path === TEMPORAL_UI_PATH || path.startsWith(`${TEMPORAL_UI_PATH}/`);
}

/**
 * Temporal's own Web UI answers to any host (DNS rebinding) and asks nobody who they are; shown through here it stands behind our
 * checks, and is for administrators: who sees it can end and begin workflows, which is written down like every other write.
 */
export function createTemporalUiProxy(target: string, gate: Pick<Gate, 'admit'>, trail: AuditTrail): RequestHandler {
  const proxy = createProxyMiddleware({
    target: new URL(target).origin,
    changeOrigin: true,
    xfwd: false,
    proxyTimeout: 30_000,
    on: {
      proxyReq(toUi, request) {
        // Who is signed in here is none of its business.
        toUi.removeHeader('authorization');
        const cookies = (request.headers.cookie ?? '').split(';').filter((cookie) => !cookie.trim().startsWith(`${SESSION_COOKIE}=`));
        if (cookies.join('').trim() === '') toUi.removeHeader('cookie');
        else toUi.setHeader('cookie', cookies.join(';'));
      },
      error(error, _request, response) {
        if (response instanceof ServerResponse)
          writeProblem(response, new ServiceUnavailable("Temporal's Web UI", error), TEMPORAL_UI_PATH);
        else response.destroy();
      },
    },
  });
  return async (request, response, next) => {
    if (!isTemporalUi(request)) {
      next();
      return;
    }
    const record = async (result: number): Promise<void> => {
      if (READS.has(request.method)) return;
      await trail.record({ request, response, endpoint: { path: `${TEMPORAL_UI_PATH}/{path}` }, target: {}, result });
    };
    try {
      await gate.admit(request, response, 'admin');
    } catch (error) {
      await record(statusOf(error));
      throw error;
    }
    response.once('finish', () => void record(response.statusCode));
    await proxy(request, response, next);
  };
}
