import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
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
  const hosts = createHostAllowList(options.allowedHosts);
  const clients = createClientAddresses(options.trustedProxies);
  const callers = createCallers({ db, hosts, policy: options });
  const whose = (response: Response): Caller => response.locals.caller as Caller;

  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit: (_, response) => (whose(response).name === 'local' ? LOCAL_REQUESTS_PER_MINUTE : options.requestsPerMinute),
    skip: () => options.requestsPerMinute === 0,
    keyGenerator: (request, response) => whose(response).keyId ?? ipKeyGenerator(clients.addressOf(request)),
    identifier: 'minute',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // Its checks are about Express's own idea of proxies, which is not used here.
    validate: false,
    handler: (_, response, next) =>
      next(
        new AppError(
          'too_many_requests',
          429,
          `More than ${options.requestsPerMinute} requests in a minute. Retry-After says when to go on.`,
          {
            name: whose(response).name,
          },
        ),
      ),
  });
  const count = async (request: Request, response: Response): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      void limiter(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
  };

  return {
    ...callers,
    hosts,
    clients,
    async admit(request, response, access) {
      let caller = callers.strangerOf(request);
      response.locals.caller = caller;
      if (access !== 'open') {
        try {
          caller = await callers.callerOf(request);
        } catch (error) {
          // Guesses count too, for the address.
          await count(request, response);
          throw error;
        }
        response.locals.caller = caller;
      }
      await count(request, response);
      callers.authorise(caller, access);
      return caller;
    },
  };
}
