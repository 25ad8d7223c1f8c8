import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { ipKeyGenerator, MemoryStore, rateLimit } from 'express-rate-limit';
import type { Database } from '../db/database.ts';
import { AppError } from '../domain/errors.ts';
import { createCallers, type AccessPolicy, type Caller, type Callers } from './caller.ts';
import { createClientAddresses, type ClientAddresses } from './client-address.ts';
import type { Access } from './contract/endpoint.ts';
import { createHostAllowList, type HostAllowList } from './host-allow-list.ts';

const WINDOW_MS = 60_000;
/** Without a key on this machine: a limit that only a program gone wild meets. */
const LOCAL_REQUESTS_PER_MINUTE = 1_000_000;

/** What stands between a request and its endpoint. */
export interface Gate extends Callers {
  readonly hosts: HostAllowList;
  readonly clients: ClientAddresses;
  /**
   * Lets a request in: says who sends it, counts it, and checks that they may.
   * @throws KeyRequired (401), AppError `insufficient_scope` (403), `too_many_requests` (429)
   */
  admit(request: Request, response: Response, access: Access): Promise<Caller>;
  /** The same for an upgrade to a stream, which counts as a request. */
  admitUpgrade(request: IncomingMessage, access: Access): Promise<Caller>;
}

/** How the API is opened to others. */
export interface GateOptions extends AccessPolicy {
  /** Host names besides the loopback ones, `name` or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Addresses and ranges of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Of a key, or of an address without one. 0: any number. */
  readonly requestsPerMinute: number;
}

/** Builds the gate; it keeps the counts of this process. */
export function createGate(db: Database, options: GateOptions): Gate {
  const { requestsPerMinute } = options;
  const hosts = createHostAllowList(options.allowedHosts);
  const clients = createClientAddresses(options.trustedProxies);
  const callers = createCallers({ db, hosts, policy: options });
  const whose = (response: Response): Caller => response.locals.caller as Caller;
  const limitOf = ({ name }: Caller): number => (name === 'local' ? LOCAL_REQUESTS_PER_MINUTE : requestsPerMinute);
  const counterOf = ({ keyId }: Caller, request: IncomingMessage): string => keyId ?? ipKeyGenerator(clients.addressOf(request));
  const tooMany = ({ name }: Caller, details: Readonly<Record<string, unknown>> = {}): AppError => {
    const detail = `More than ${requestsPerMinute} requests in a minute. Retry-After says when to go on.`;
    return new AppError('too_many_requests', 429, detail, { name, ...details });
  };

  const store = new MemoryStore();
  const limiter = rateLimit({
    store,
    windowMs: WINDOW_MS,
    limit: (_, response) => limitOf(whose(response)),
    skip: () => requestsPerMinute === 0,
    keyGenerator: (request, response) => counterOf(whose(response), request),
    identifier: 'minute',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // Its checks are about Express's own idea of proxies, which is not used here.
    validate: false,
    handler: (_, response, next) => next(tooMany(whose(response))),
  });

  const admitted = async (request: IncomingMessage, access: Access, count: (caller: Caller) => Promise<void>): Promise<Caller> => {
    let caller = callers.strangerOf(request);
    if (access !== 'open') {
      try {
        caller = await callers.callerOf(request);
      } catch (error) {
        // Guesses count too, for the address.
        await count(caller);
        throw error;
      }
    }
    await count(caller);
    callers.authorise(caller, access);
    return caller;
  };

  return {
    ...callers,
    hosts,
    clients,
    admit: (request, response, access) =>
      admitted(request, access, async (caller) => {
        response.locals.caller = caller;
        await new Promise<void>((resolve, reject) => {
          void limiter(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
        });
      }),
    admitUpgrade: (request, access) =>
      admitted(request, access, async (caller) => {
        if (requestsPerMinute === 0) return;
        const { totalHits, resetTime } = await store.increment(counterOf(caller, request));
        if (totalHits <= limitOf(caller)) return;
        throw tooMany(caller, { retry_after: Math.ceil(((resetTime?.getTime() ?? Date.now() + WINDOW_MS) - Date.now()) / 1_000) });
      }),
  };
}
