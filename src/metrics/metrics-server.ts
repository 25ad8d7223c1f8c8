import { createServer } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { AppError } from '../domain/errors.ts';
import type { Metrics } from './metrics.ts';

export interface MetricsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Names by which it may be asked, besides loopback ones and addresses. */
  readonly allowedHosts: readonly string[];
}

/** A port on which metrics can be read without a key. */
export interface MetricsServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Metrics are small, and whoever asks for them does so every few seconds: anything that takes longer is no scrape. */
const TIMEOUT_MS = 10_000;

/**
 * Answers `GET /metrics` and nothing else. An address as Host can't be a rebound name, so addresses are let in; names must be known.
 * @throws AppError `port_taken`
 */
export async function startMetricsServer(metrics: Metrics, { host, port, allowedHosts }: MetricsServerOptions): Promise<MetricsServer> {
  const names = new Set(['localhost', host, ...allowedHosts].map((name) => name.toLowerCase()));
  const isOurs = (given: string | undefined): boolean => {
    const [, name = ''] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(given?.toLowerCase() ?? '') ?? [];
    return names.has(name) || names.has(given?.toLowerCase() ?? '') || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
  };
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => {
    const refuse = (status: number, why: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }).end(`${why}\n`);
    };
    if (!isOurs(request.headers.host)) refuse(421, 'This server does not answer for that host.');
    else if (request.url !== '/metrics') refuse(404, 'There is /metrics here, and nothing else.');
    else if (request.method !== 'GET') refuse(405, 'Only GET is possible here.');
    else {
      metrics.exposition().then(
        ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text),
        () => refuse(500, 'The metrics could not be read.'),
      );
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      reject(isTaken ? new AppError('port_taken', 500, `METRICS_PORT ${port} of ${host} is taken. Set it to a free one.`) : error);
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}/metrics`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
