import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RequestHandler } from 'express';
import sirv from 'sirv';
import { AppError } from '../domain/errors.ts';
import { LOG_STREAM_PATH } from './contract.ts';

/** Where the page is, and all its paths begin. */
const DASHBOARD = '/dashboard';

/** A slash or a step upwards in disguise is in no view's path. */
const DISGUISED = /%2f|%5c|%2e|%00|\\|\/\.\.?(?:\/|$)/i;

/** Files are at the top or under assets/, and have a dot; of views only the names in the second segment and after may have one. */
const VIEW = /^\/(?!\/|assets\/)[^/.]*(?:\/|$)/;

/** Where `npm run build` puts the dashboard. */
const DASHBOARD_FILES = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** Whether the dashboard was built. */
function isDashboardBuilt(files: string): boolean {
  return existsSync(join(files, 'index.html'));
}

/**
 * Serves the built dashboard. Every path of it that is not a file is a view that the page itself shows: the URL is its state.
 * Files under assets/ have their hash in their name and never change; the page itself is asked for each time.
 */
export function createDashboard(files: string = DASHBOARD_FILES): RequestHandler {
  const serve = isDashboardBuilt(files)
    ? // Not as its single-page mode: whether a path is a file's it asks a pattern that some paths keep busy for hours, and `next.js` is one to it.
      sirv(files, {
        gzip: true,
        brotli: true,
        etag: true,
        setHeaders(response, path) {
          response.setHeader('Cache-Control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
        },
      })
    : null;
  return (request, response, next) => {
    const { path } = request;
    const isOurs = path === DASHBOARD || path.startsWith(`${DASHBOARD}/`);
    if (!isOurs || DISGUISED.test(path) || path === LOG_STREAM_PATH || (request.method !== 'GET' && request.method !== 'HEAD')) {
      next();
      return;
    }
    if (serve === null) {
      throw new AppError('dashboard_not_built', 503, 'The dashboard is not built: run "npm run build" where Laurels is installed.');
    }
    const { url } = request;
    // A part of a file is of no use to anybody, and one that ends before it begins is none.
    delete request.headers.range;
    const give = (asked: string, otherwise: () => void): void => {
      request.url = asked;
      serve(request, response, otherwise);
    };
    const giveUp = (): void => {
      request.url = url;
      next();
    };
    const inside = path.slice(DASHBOARD.length) || '/';
    give(inside, VIEW.test(inside) ? () => give('/', giveUp) : giveUp);
  };
}
