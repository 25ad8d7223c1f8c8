import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { startHttp, type HttpServer } from './http-server.ts';
import { createLogStream } from './log-stream.ts';

/** The API with its log stream, listening. @throws AppError `port_taken` */
export async function startApi(
  deps: ApiDeps,
  { host, port, evadeTakenPort = false }: { readonly host: string; readonly port: number; readonly evadeTakenPort?: boolean },
): Promise<HttpServer> {
  const { db, log, allowedHosts } = deps;
  const upgrades = createLogStream({ db, log, allowedHosts });
  try {
    return await startHttp(createApp(deps), { host, port, log, evadeTakenPort, upgrades });
  } catch (error) {
    await upgrades.close();
    throw error;
  }
}
