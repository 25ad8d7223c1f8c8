import type { Request, Response } from 'express';
import { recordWrite, type AuditTarget } from '../db/audit.ts';
import type { Database } from '../db/database.ts';
import type { Logger } from '../log/logger.ts';
import { actorOf, type Caller } from './caller.ts';
import type { Endpoint } from './contract/endpoint.ts';

/** Strangers' refused writes that are written down in a minute: enough to see that somebody tries, too few to fill a disk. */
const STRANGERS_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/** Path parameters that are ids themselves; all others are names. */
const ID_PARAMETERS: ReadonlySet<string> = new Set(['id', 'version', 'github_id']);

/** Writes down every write that was asked for. */
export interface AuditTrail {
  /** Never fails: an answer that is true must not become an error because it could not be recorded. */
  record(write: {
    readonly request: Request;
    readonly response: Response;
    readonly endpoint: Pick<Endpoint, 'path'>;
    readonly target: AuditTarget;
    readonly result: number;
  }): Promise<void>;
}

/** The ids that a path holds. */
export function idsInPath(params: Readonly<Record<string, unknown>>): AuditTarget {
  const ids = Object.entries(params).filter(
    (entry): entry is [string, string] =>
      ID_PARAMETERS.has(entry[0]) && typeof entry[1] === 'string' && /^[0-9a-f-]{1,36}$/i.test(entry[1]),
  );
  return Object.fromEntries(ids);
}

export function createAuditTrail(db: Database, log: Logger): AuditTrail {
  let minute = 0;
  let strangers = 0;

  const isTooMuch = (): boolean => {
    const now = Math.floor(Date.now() / MINUTE_MS);
    if (now !== minute) [minute, strangers] = [now, 0];
    strangers += 1;
    return strangers > STRANGERS_PER_MINUTE;
  };

  return {
    async record({ request, response, endpoint, target, result }) {
      const caller = response.locals.caller as Caller | undefined;
      // Counting requests is the limiter's business, and its refusals are many by nature.
      if (result === 429 || (result === 401 && isTooMuch())) return;
      const requestId = String(response.locals.requestId);
      try {
        await recordWrite(db, {
          actor: caller === undefined ? 'anonymous' : actorOf(caller),
          method: request.method,
          pathTemplate: endpoint.path,
          target,
          requestId,
          result,
        });
      } catch (error) {
        log.error({ err: error, request_id: requestId, method: request.method, path: endpoint.path, status: result }, 'write not recorded');
      }
    },
  };
}
