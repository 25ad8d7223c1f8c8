import { pino } from 'pino';
import { createApp } from '../../src/api/app.ts';
import type { ApiDeps, ApiEngine, Watches } from '../../src/api/deps.ts';
import { watchEventLoop } from '../../src/api/event-loop-watch.ts';
import { createGate } from '../../src/api/gate.ts';
import { startHttp, type HttpServer } from '../../src/api/http-server.ts';
import { createLogStream } from '../../src/api/log-stream.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import type { Database } from '../../src/db/database.ts';

/** No board asks Temporal anything. */
const NO_ENGINE: ApiEngine = {
  startJob: async () => undefined,
  cancelJob: async () => 'unknown',
  liveStatus: async () => null,
  requestRecalculation: async () => undefined,
  isReachable: async () => true,
  workersSeenAt: async () => new Date(),
  workflowUrl: () => null,
};

/** Where the object to compare with is answered. */
export const FIXED_PATH = '/bench/fixed';

/** The API over a database, on a free port. `fixed`: what `res.json` answers at {@link FIXED_PATH}, behind the API's own middleware. */
export async function startBenchApi(db: Database, fixed: () => unknown): Promise<HttpServer> {
  const log = pino({ level: 'warn' });
  const metrics = createMetrics({ ofProcess: true });
  const deps: ApiDeps = {
    db,
    engine: NO_ENGINE,
    log,
    metrics,
    instance: 'bench',
    availableSources: () => [],
    preferredSources: () => [],
    bigquery: { isConfigured: false, monthlyBytes: null, pricePerTib: 6.25 },
    lookUpRepository: async () => ({ state: 'unreachable', reason: 'the bench asks nobody' }),
    allowPrivate: false,
    gate: { allowedHosts: [], trustedProxies: [], requestsPerMinute: 0, isExposed: false, publicReads: true },
    fetchAvatar: async () => ({ state: 'none' }),
    githubWebUrl: 'https://github.com',
    temporalUiUrl: null,
    maxConcurrentScrapes: 1,
    optOutKey: Buffer.from('the key of a bench, of no use elsewhere'),
    canEnrich: false,
  };
  const gate = createGate(db, deps.gate);
  const watches: Watches = {
    engineWatch: { state: () => ({ state: 'ok', since: null }), stop: async () => undefined },
    eventLoopWatch: watchEventLoop(),
  };
  const app = createApp(deps, watches, gate, (inner) => {
    inner.get(FIXED_PATH, (request, response, next) => {
      gate.admit(request, response, 'public').then(() => void response.json(fixed()), next);
    });
  });
  return startHttp(app, { host: '127.0.0.1', port: 0, log, upgrades: createLogStream({ db, log, gate, metrics: metrics.logStream }) });
}
