import express, { type Express } from 'express';
import helmet from 'helmet';
import { AppError, InvalidInput } from '../domain/errors.ts';
import { createDashboard } from './dashboard.ts';
import type { ApiDeps, Watches } from './deps.ts';
import { createAuditTrail } from './audit-trail.ts';
import { createDocsPage } from './docs-page.ts';
import { answerErrors, pathOf } from './errors.ts';
import type { Gate } from './gate.ts';
import { logRequests, routeOf } from './request-log.ts';
import { accessHandlers } from './routes/access.ts';
import { badgeHandlers } from './routes/badges.ts';
import { avatarHandlers } from './routes/avatars.ts';
import { compareHandlers } from './routes/compare.ts';
import { contributorHandlers } from './routes/contributors.ts';
import { dashboardHandlers } from './routes/dashboard.ts';
import { enrichmentHandlers } from './routes/enrichment.ts';
import { bigQueryHandlers } from './routes/bigquery.ts';
import { jobHandlers } from './routes/jobs.ts';
import { boardHandlers } from './routes/leaderboards.ts';
import { openApiHandlers } from './routes/openapi.ts';
import { peopleHandlers } from './routes/people.ts';
import { repositoryHandlers } from './routes/repositories.ts';
import { searchHandlers } from './routes/search.ts';
import { scoreHandlers } from './routes/scores.ts';
import { scoringHandlers } from './routes/scoring.ts';
import { scrapeHandlers } from './routes/scrapes.ts';
import { systemHandlers } from './routes/system.ts';
import { mountContract, READS } from './routing.ts';
import { createTemporalUiProxy, isTemporalUi } from './temporal-ui-proxy.ts';

/** What every answer carries. HSTS is the business of whoever terminates TLS. */
const HEADERS = { strictTransportSecurity: false, referrerPolicy: { policy: 'no-referrer' } } as const;

/** Nothing is loaded from elsewhere, nothing inline runs, nobody frames us. */
const STRICT = helmet({
  ...HEADERS,
  xFrameOptions: { action: 'deny' },
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
    },
  },
});

/** Temporal's Web UI begins with an inline script and brings a policy of its own. */
const FOR_TEMPORAL_UI = helmet({ ...HEADERS, contentSecurityPolicy: false });

/**
 * Builds the API. It listens to nothing and starts nothing: http-server.ts does.
 * @param besides mounts what is no part of the API behind the same middleware: what the bench compares with.
 */
export function createApp(deps: ApiDeps, watches: Watches, gate: Gate, besides?: (app: Express) => void): Express {
  const { hosts } = gate;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  // The query is read by the routes, strictly.
  app.set('query parser', false);

  app.use(logRequests(deps.log, deps.metrics.api));
  if (deps.requestSpans !== undefined) app.use(deps.requestSpans(routeOf));
  app.use((request, response, next) => {
    (isTemporalUi(request) ? FOR_TEMPORAL_UI : STRICT)(request, response, next);
  });
  app.use((request, response, next) => {
    hosts.hostOf(request);
    if (!request.originalUrl.startsWith('/') || request.originalUrl.startsWith('//')) {
      throw new InvalidInput('The request target must be a path.', [], 400);
    }
    if (!READS.has(request.method)) hosts.refuseForeignOrigin(request);
    // Boards and the scoring say otherwise, with an ETag.
    response.set('Cache-Control', 'no-store');
    next();
  });
  const trail = createAuditTrail(deps.db, deps.log);
  if (deps.temporalUiUrl !== null) app.use(createTemporalUiProxy(deps.temporalUiUrl, gate, trail));
  app.use(createDocsPage());
  besides?.(app);
  const handlers = {
    ...repositoryHandlers(deps),
    ...scrapeHandlers(deps),
    ...boardHandlers(deps),
    ...compareHandlers(deps),
    ...contributorHandlers(deps),
    ...searchHandlers(deps),
    ...dashboardHandlers(deps, watches),
    ...avatarHandlers(deps),
    ...jobHandlers(deps),
    ...peopleHandlers(deps),
    ...enrichmentHandlers(deps),
    ...scoreHandlers(deps),
    ...scoringHandlers(deps),
    ...bigQueryHandlers(deps),
    ...systemHandlers(deps, watches),
    ...accessHandlers(deps, gate),
    ...badgeHandlers(deps),
    ...openApiHandlers(),
  };
  mountContract(app, handlers, { db: deps.db, gate, trail });
  // After the contract: /dashboard/stats and /dashboard/errors are the API's.
  app.use(createDashboard());
  app.use((request) => {
    throw new AppError('not_found', 404, `There is nothing at ${pathOf(request)}. GET / has the links.`);
  });
  app.use(answerErrors(deps.log));
  return app;
}
