import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { createGate, type GateOptions } from './gate.ts';
import { startHttp, type HttpServer } from './http-server.ts';
import { watchEngine } from './engine-watch.ts';
import { watchEventLoop } from './event-loop-watch.ts';
import { createLogStream } from './log-stream.ts';
import { within } from './deadline.ts';
import { oldestHandedOver } from '../db/jobs.ts';
import { readStanding } from '../db/standing.ts';

/** How the settings open the API; the address it listens on is a name it answers to. */
export function gateOf({
  host,
  allowedHosts,
  ...policy
}: Omit<GateOptions, 'allowedHosts'> & {
  readonly host: string;
  readonly allowedHosts: readonly string[];
}): GateOptions {
  return { ...policy, allowedHosts: [host.includes(':') ? `[${host}]` : host, ...allowedHosts] };
}

const WATCH_STOP_MS = 1_000;

/** The API with its log stream, listening. @throws AppError `port_taken` */
export async function startApi(
  deps: ApiDeps,
  { host, port, evadeTakenPort = false }: { readonly host: string; readonly port: number; readonly evadeTakenPort?: boolean },
): Promise<HttpServer> {
  const { db, engine, log, metrics } = deps;
  const gate = createGate(db, deps.gate);
  const upgrades = createLogStream({ db, log, gate, metrics: metrics.logStream });
  const engineWatch = watchEngine({ engine, oldestHandedOver: () => oldestHandedOver(db) });
  const eventLoopWatch = watchEventLoop();
  metrics.standing.watchStanding(() => readStanding(db));
  metrics.standing.watchEngine(() => engineWatch.state().state);
  const stopWatches = async (): Promise<void> => {
    eventLoopWatch.stop();
    // A question that nobody answers must not keep the server.
    await within(WATCH_STOP_MS, engineWatch.stop(), undefined);
  };
  try {
    const app = createApp(deps, { engineWatch, eventLoopWatch }, gate);
    const server = await startHttp(app, { host, port, log, evadeTakenPort, upgrades });
    return {
      ...server,
      async stop() {
        await Promise.all([server.stop(), stopWatches()]);
      },
    };
  } catch (error) {
    await Promise.all([upgrades.close(), stopWatches()]);
    throw error;
  }
}
