import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { createGate, type GateOptions } from './gate.ts';
import { startHttp, type HttpServer } from './http-server.ts';
import { createLogStream } from './log-stream.ts';

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

/** The API with its log stream, listening. @throws AppError `port_taken` */
export async function startApi(
  deps: ApiDeps,
  { host, port, evadeTakenPort = false }: { readonly host: string; readonly port: number; readonly evadeTakenPort?: boolean },
): Promise<HttpServer> {
  const { db, log } = deps;
  const gate = createGate(db, deps.gate);
  const upgrades = createLogStream({ db, log, gate });
  try {
    return await startHttp(createApp(deps, gate), { host, port, log, evadeTakenPort, upgrades });
  } catch (error) {
    await upgrades.close();
    throw error;
  }
}
