import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Database } from '../db/database.ts';
import { readJobLog, type LogLine } from '../db/job-log.ts';
import { AppError } from '../domain/errors.ts';
import type { Logger } from '../log/logger.ts';
import type { LogStreamMetrics } from '../metrics/log-stream-metrics.ts';
import { LOG_STREAM_PATH } from './contract.ts';
import { after, level, LOG_LEVELS } from './contract/jobs.ts';
import { pathOf, statusOf, writeProblemToSocket } from './errors.ts';
import type { Gate } from './gate.ts';
import { within } from './deadline.ts';
import { followLog, type LogFeed } from './log-feed.ts';
import { logLineOf } from './resources.ts';
import { requestIdOf } from './request-log.ts';
import { parsedQuery } from './validation.ts';

/** A frame from a client has nothing to say; a small one is tolerated. */
const MOST_FRAME_BYTES = 4_096;
const MOST_FRAMES_PER_SECOND = 20;
/** A client this far behind is cut off: it comes back with its cursor, and the server's memory is not its buffer. */
const MOST_BUFFERED_BYTES = 1_048_576;
const MOST_CLIENTS = 1_000;
const MOST_CLIENTS_PER_ADDRESS = 20;
const PING_EVERY_MS = 25_000;
/** A client that was told to go has this long to say goodbye: meanwhile what it sends is read. */
const GOODBYE_MS = 2_000;
/** With lines of 5 KB at most, what a client has still to take of a page is below what cuts others off. */
const PAGE_LINES = 200;
const FEED_CLOSE_MS = 2_000;

const STREAM_QUERY = z.strictObject({ job: z.uuid('must be the id of a job').optional(), level, after });
type StreamQuery = z.output<typeof STREAM_QUERY>;

interface Client {
  readonly socket: WebSocket;
  readonly address: string;
  readonly job: string | undefined;
  readonly least: number;
  /** The id of the last line it has been sent. */
  cursor: number;
  /** It has been sent what was stored and now gets what comes. */
  isLive: boolean;
  /** It has answered since the last ping. */
  isAlive: boolean;
  frames: number;
  /** In every line that is logged about it. */
  readonly requestId: string;
  /** @throws AppError 401 or 403 when its key or session is over. */
  readonly authorise: () => Promise<void>;
}

/** A client that may listen, and to what. */
interface Admission extends Pick<Client, 'address' | 'requestId' | 'authorise'> {
  readonly query: StreamQuery;
}

/** The live log stream: `WS /dashboard/ws/logs?job=&level=&after=`, one JSON log line a frame. */
export interface LogStream {
  /** Takes over an upgrade request, or refuses it. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  clientCount(): number;
  /** Tells all clients that the server goes away (1001). */
  close(): Promise<void>;
}

/**
 * With `after`, stored lines behind that id come first, then the live ones, without gap or repetition; without it, live ones only.
 * Pings carry the id that a client goes on behind when it has to come back: the last one sent, or where it began.
 */
export function createLogStream(options: {
  readonly db: Database;
  readonly log: Logger;
  readonly gate: Gate;
  readonly metrics: LogStreamMetrics;
  /** Default 25 s: who does not answer one ping before the next is gone. */
  readonly pingEveryMs?: number;
  /** Default 1,000. */
  readonly maxClients?: number;
  /** How often a silent database connection is asked whether it is there. */
  readonly probeMs?: number;
}): LogStream {
  const { db, log, gate, metrics, pingEveryMs = PING_EVERY_MS, maxClients = MOST_CLIENTS, probeMs } = options;
  const server = new WebSocketServer({ noServer: true, maxPayload: MOST_FRAME_BYTES, perMessageDeflate: false, clientTracking: false });
  const clients = new Set<Client>();
  let feed: LogFeed | null = null;
  let closing = false;

  const dismiss = (socket: WebSocket, code: number, reason: string): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), GOODBYE_MS).unref();
  };

  /** False when the client was cut off. */
  const send = (client: Client, text: string): boolean => {
    if (client.socket.bufferedAmount > MOST_BUFFERED_BYTES) {
      log.warn({ request_id: client.requestId, buffered: client.socket.bufferedAmount }, 'slow log client cut off');
      metrics.dropped('slow');
      client.socket.terminate();
      return false;
    }
    client.socket.send(text);
    metrics.sent(1);
    return true;
  };

  const broadcast = (lines: readonly LogLine[]): void => {
    // Written out once, however many listen.
    const frames = lines.map((line) => ({ id: line.id, job: line.jobId, level: line.level, text: JSON.stringify(logLineOf(line)) }));
    for (const client of clients) {
      if (!client.isLive) continue;
      for (const { id, job, level, text } of frames) {
        if (id <= client.cursor || level < client.least || (client.job !== undefined && client.job !== job)) continue;
        client.cursor = id;
        if (!send(client, text)) break;
      }
    }
  };

  /** Sends what is stored behind the client's cursor, page by page at the client's pace, until nothing has come in between. */
  const replay = async (client: Client, following: LogFeed): Promise<void> => {
    for (;;) {
      const before = following.position();
      const lines = await readJobLog(db, {
        after: client.cursor,
        limit: PAGE_LINES,
        level: client.least,
        ...(client.job === undefined ? {} : { jobId: client.job }),
      });
      if (client.socket.readyState !== WebSocket.OPEN) return;
      const frames = lines.map((line) => JSON.stringify(logLineOf(line)));
      // The last one's callback comes when the socket has taken all: a slow client is read to slowly.
      await Promise.all(frames.map((text) => new Promise<void>((resolve) => client.socket.send(text, () => resolve()))));
      metrics.sent(frames.length);
      client.cursor = lines.at(-1)?.id ?? client.cursor;
      if (lines.length < PAGE_LINES && following.position() === before) break;
    }
    client.isLive = true;
  };

  const welcome = async (socket: WebSocket, { address, requestId, query, authorise }: Admission): Promise<void> => {
    const client: Client = {
      socket,
      address,
      job: query.job,
      least: query.level === undefined ? 0 : LOG_LEVELS[query.level],
      cursor: query.after ?? 0,
      isLive: false,
      isAlive: true,
      frames: 0,
      requestId,
      authorise,
    };
    clients.add(client);
    metrics.clients(clients.size);
    socket.on('close', () => {
      clients.delete(client);
      metrics.clients(clients.size);
    });
    // ws closes with the right code by itself (1009 too large, 1007 not UTF-8); the error only has to be heard.
    socket.on('error', (error) => log.debug({ err: error, request_id: requestId }, 'log client failed'));
    const count = (): void => {
      client.frames += 1;
      if (client.frames <= MOST_FRAMES_PER_SECOND) return;
      metrics.dropped('talkative');
      dismiss(socket, 1008, 'too many messages');
    };
    socket.on('ping', count);
    socket.on('pong', () => {
      client.isAlive = true;
      count();
    });
    socket.on('message', (_, isBinary) => {
      if (isBinary) dismiss(socket, 1003, 'text only');
      count();
    });
    feed ??= followLog({ db, log, onLines: broadcast, probeMs });
    const following = feed;
    await following.ready;
    if (query.after === undefined) {
      client.cursor = following.position();
      client.isLive = true;
    } else await replay(client, following);
    // Who has heard no line yet knows from here on where to go on.
    if (socket.readyState === WebSocket.OPEN) socket.ping(String(client.cursor));
  };

  const beats = [
    setInterval(() => clients.forEach((client) => (client.frames = 0)), 1_000),
    setInterval(() => {
      for (const client of clients) {
        if (!client.isAlive) {
          metrics.dropped('silent');
          client.socket.terminate();
        }
        client.isAlive = false;
        client.socket.ping(client.isLive ? String(client.cursor) : undefined);
        client.authorise().catch((error: unknown) => {
          // Not when the database is away: it may well be in force.
          if (statusOf(error) >= 500) return;
          metrics.dropped('key_ended');
          dismiss(client.socket, 1008, 'the key is not in force any more');
        });
      }
    }, pingEveryMs),
  ].map((timer) => timer.unref());

  const admit = async (request: IncomingMessage): Promise<Admission> => {
    gate.hosts.hostOf(request);
    gate.hosts.refuseForeignOrigin(request);
    if (pathOf(request) !== LOG_STREAM_PATH) throw new AppError('not_found', 404, `There is no stream at ${pathOf(request)}.`);
    const authorise = async (): Promise<void> => gate.authorise(await gate.callerOf(request), 'read');
    await gate.admitUpgrade(request, 'read');
    const query = parsedQuery(STREAM_QUERY, request.url ?? '');
    return { address: gate.clients.addressOf(request), requestId: requestIdOf(request), query, authorise };
  };

  /** Asked at the moment a client is let in: of many at once none is counted too late. @throws AppError `too_many_streams` (503) */
  const refuseTooMany = ({ address }: Admission): void => {
    const fromThere = [...clients].filter((client) => client.address === address).length;
    // Everybody on this machine has the same address.
    const isLoopback = address === '::1' || address.startsWith('127.');
    if (closing || clients.size >= maxClients || (!isLoopback && fromThere >= MOST_CLIENTS_PER_ADDRESS)) {
      metrics.dropped('too_many');
      throw new AppError('too_many_streams', 503, 'Too many log streams are open. Close one, or try again later.');
    }
  };

  return {
    handleUpgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      void admit(request)
        .then((admission) => {
          refuseTooMany(admission);
          server.handleUpgrade(request, socket, head, (accepted) => {
            welcome(accepted, admission).catch((error: unknown) => {
              metrics.dropped('failed');
              log.warn({ err: error, request_id: admission.requestId }, 'log stream broken off');
              accepted.close(1011, 'try again');
            });
          });
        })
        .catch((error: unknown) => writeProblemToSocket(socket, error));
    },
    clientCount: () => clients.size,
    async close() {
      closing = true;
      beats.forEach(clearInterval);
      await Promise.all(
        [...clients].map(
          ({ socket }) =>
            new Promise<void>((resolve) => {
              const impatient = setTimeout(() => socket.terminate(), 1_000);
              socket.once('close', () => {
                clearTimeout(impatient);
                resolve();
              });
              socket.close(1001, 'the server stops');
            }),
        ),
      );
      // A connection that hangs must not keep the server.
      if (feed !== null) await within(FEED_CLOSE_MS, feed.close(), undefined);
    },
  };
}
