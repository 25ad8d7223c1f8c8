import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { AppError } from '../domain/errors.ts';
import type { Logger } from '../log/logger.ts';
import { errorCodeOf, writeProblemToSocket } from './errors.ts';

/** Headers must be there within this, the whole request within the next: a client that trickles is closed. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CHECK_TIMEOUTS_MS = 5_000;
/** A client that takes nothing of its answer for this long is gone. Longer than any answer is in the making. */
const IDLE_TIMEOUT_MS = 300_000;
/** Requests under way when the server stops get this long to end; with all that follows the process is gone within ten seconds. */
const STOP_GRACE_MS = 6_000;
/** How far a taken port is evaded. */
const PORTS_TRIED = 50;

export interface HttpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly log: Logger;
  /** True: when the port is taken the next free one is used, and said. */
  readonly evadeTakenPort?: boolean;
  /** Takes WebSocket upgrades; absent: they are refused. */
  readonly upgrades?: { handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void; close(): Promise<void> };
  readonly stopGraceMs?: number;
  /** By default 15 s. */
  readonly headersTimeoutMs?: number;
}

/** A listening server. */
export interface HttpServer {
  /** `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, closes streams with 1001, lets requests under way end within the grace, then breaks off the rest. */
  stop(): Promise<void>;
}

/** The port can't be had. */
class PortTaken extends AppError {
  constructor(host: string, port: number, cause: unknown) {
    super('port_taken', 500, `Port ${port} of ${host} is taken by another program. Set PORT to a free one.`, { host, port }, { cause });
  }
}

/** Begins to listen. @throws PortTaken when the port (with `evadeTakenPort`: any of the next fifty) is not free. */
export async function startHttp(app: Express, options: HttpOptions): Promise<HttpServer> {
  const {
    host,
    port: wanted,
    log,
    upgrades,
    evadeTakenPort = false,
    stopGraceMs = STOP_GRACE_MS,
    headersTimeoutMs = HEADERS_TIMEOUT_MS,
  } = options;
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(CHECK_TIMEOUTS_MS, headersTimeoutMs / 2),
      // Of other protocols (`curl --http2` offers h2c) an upgrade may be declined: the request is answered as it is.
      shouldUpgradeCallback: ({ headers: { upgrade } }) => upgrade?.toLowerCase() === 'websocket',
    },
    app,
  );
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    else writeProblemToSocket(socket, clientError(error));
  });
  server.on('upgrade', (request, socket, head) => {
    if (upgrades !== undefined) upgrades.handleUpgrade(request, socket, head);
    else writeProblemToSocket(socket, new AppError('not_found', 404, 'There is no stream here.'));
  });

  const last = evadeTakenPort && wanted !== 0 ? Math.min(wanted + PORTS_TRIED, 65_535) : wanted;
  for (let port = wanted; ; port += 1) {
    try {
      await listen(server, host, port);
      break;
    } catch (error) {
      if (!isTaken(error)) throw error;
      if (port >= last) throw new PortTaken(host, wanted, error);
    }
  }
  const { port } = server.address() as AddressInfo;
  if (wanted !== 0 && port !== wanted) log.warn({ wanted, port }, 'port taken, using the next free one');

  let stopping: Promise<void> | null = null;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    stop() {
      stopping ??= stopServer(server, upgrades, stopGraceMs);
      return stopping;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const isTaken = (error: unknown): boolean => ['EADDRINUSE', 'EACCES'].includes(errorCodeOf(error));

async function stopServer(server: Server, upgrades: HttpOptions['upgrades'], graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A kept-alive connection becomes idle when its last answer is out, and would keep the server.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const impatient = setTimeout(() => server.closeAllConnections(), graceMs);
  await upgrades?.close();
  await closed;
  clearInterval(sweep);
  clearTimeout(impatient);
}

function clientError(error: NodeJS.ErrnoException): AppError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('headers_too_large', 431, 'The request line and headers are larger than 16 KB.', {}, { cause: error });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('request_timeout', 408, 'The request took too long to arrive.', {}, { cause: error });
    default:
      return new AppError('malformed_request', 400, 'This is not an HTTP request that can be understood.', {}, { cause: error });
  }
}
