import { ServerResponse } from 'node:http';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Request, RequestHandler } from 'express';
import { ServiceUnavailable } from '../domain/errors.ts';
import { writeProblem } from './errors.ts';

/** Where the Web UI is shown; the embedded one is started with the same `--ui-public-path`. */
const TEMPORAL_UI_PATH = '/temporal';

/** Whether a request is for the Web UI. */
export function isTemporalUi({ path }: Request): boolean {
  return path === TEMPORAL_UI_PATH || path.startsWith(`${TEMPORAL_UI_PATH}/`);
}

/** Temporal's own Web UI answers to any host (DNS rebinding); shown through here it stands behind our checks of Host and Origin. */
export function createTemporalUiProxy(target: string): RequestHandler {
  const proxy = createProxyMiddleware({
    target: new URL(target).origin,
    changeOrigin: true,
    xfwd: false,
    proxyTimeout: 30_000,
    on: {
      error(error, _request, response) {
        if (response instanceof ServerResponse)
          writeProblem(response, new ServiceUnavailable("Temporal's Web UI", error), TEMPORAL_UI_PATH);
        else response.destroy();
      },
    },
  });
  return async (request, response, next) => {
    if (isTemporalUi(request)) await proxy(request, response, next);
    else next();
  };
}
