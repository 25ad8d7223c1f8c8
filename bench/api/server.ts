import { pino } from 'pino';
import { createApp } from '../../src/api/app.ts';
import type { ApiDeps, ApiEngine } from '../../src/api/deps.ts';
import { createGate, type GateOptions } from '../../src/api/gate.ts';
import { startHttp, type HttpServer } from '../../src/api/http-server.ts';
import { createLogStream } from '../../src/api/log-stream.ts';
import type { Database } from '../../src/db/database.ts';

/** No board asks Temporal anything. */
const NO_ENGINE: ApiEngine = {
  startJob: async () => undefined,
  cancelJob: async () => 'unknown',
  liveStatus: async () => null,
  requestRecalculation: async () => undefined,
  isReachable: async () => true,
  workflowUrl: () => null,
};

/** To this machine only, and without a limit: what is measured is the work. */
const OPEN: GateOptions = { isExposed: false, publicReads: false, allowedHosts: [], trustedProxies: [], requestsPerMinute: 0 };

/** Where the object to compare with is answered. */
export const FIXED_PATH = '/bench/fixed';

/** The API over a database, on a free port. `fixed`: what `res.json` answers at {@link FIXED_PATH}, behind the API's own middleware. */
export async function startBenchApi(db: Database, fixed: () => unknown): Promise<HttpServer> {
  const log = pino({ level: 'warn' });
  const deps: ApiDeps = {
    db,
    engine: NO_ENGINE,
    log,
    instance: 'bench',
    availableSources: () => [],
    preferredSources: () => [],
    bigquery: { isConfigured: false, monthlyBytes: null, pricePerTib: 6.25 },
    lookUpRepository: async () => ({ state: 'unreachable', reason: 'the bench asks nobody' }),
    fetchAvatar: async () => ({ state: 'none' }),
    githubWebUrl: 'https://github.com',
    allowPrivate: false,
    gate: OPEN,
    optOutKey: Buffer.alloc(32),
    canEnrich: false,
    temporalUiUrl: null,
    maxConcurrentScrapes: 1,
  };
  const gate = createGate(db, OPEN);
  const app = createApp(deps, gate, (inner) => void inner.get(FIXED_PATH, (_, response) => void response.json(fixed())));
  return startHttp(app, { host: '127.0.0.1', port: 0, log, upgrades: createLogStream({ db, log, gate }) });
}
