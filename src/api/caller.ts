import type { IncomingMessage } from 'node:http';
import { holderOf, type KeyHolder } from '../db/api-keys.ts';
import type { Database } from '../db/database.ts';
import { sessionHolder } from '../db/sessions.ts';
import { AppError } from '../domain/errors.ts';
import { includesScope, type Scope } from '../domain/scope.ts';
import type { Access } from './contract/endpoint.ts';
import { isLoopbackHost, type HostAllowList } from './host-allow-list.ts';

/** Who sends a request. */
export interface Caller {
  /** The name of a key; `local` without one on a Laurels that only its own machine reaches; `anonymous` elsewhere. */
  readonly name: string;
  readonly keyId: string | null;
  /** What they may do; null: what everybody may. */
  readonly scope: Scope | null;
  /** When the browser's session ends; null: it is none. */
  readonly sessionUntil: Date | null;
}

/** Who may do what where the API is open to others. */
export interface AccessPolicy {
  /** Others than this machine reach the API: they need a key. */
  readonly isExposed: boolean;
  /** Boards, repositories and contributors can be read without a key. */
  readonly publicReads: boolean;
}

/** No key, or none that is in force. */
export class KeyRequired extends AppError {
  constructor(code: 'key_required' | 'invalid_key', message: string) {
    super(code, 401, message);
  }
}

export const SESSION_COOKIE = 'laurels_session';

/** How the audit names a caller: by id where there is one. */
export function actorOf({ keyId, name }: Caller): string {
  return keyId ?? name;
}

/** The session that a request's cookie names, if any. Of two none counts: one of them was planted, by another port of this host. */
export function sessionIdOf(request: IncomingMessage): string | null {
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const [mine, second] = cookies.filter((cookie) => cookie.startsWith(`${SESSION_COOKIE}=`));
  return mine === undefined || second !== undefined ? null : mine.slice(SESSION_COOKIE.length + 1);
}

/** Finds out who calls, and says whether they may. */
export interface Callers {
  /** @throws KeyRequired when a key is shown that is not in force. A session that is over is as none. */
  callerOf(request: IncomingMessage): Promise<Caller>;
  /** Who it is as far as can be told without the database. */
  strangerOf(request: IncomingMessage): Caller;
  /** @throws KeyRequired (401) for a stranger, AppError `insufficient_scope` (403) for a key that may not. */
  authorise(caller: Caller, access: Access): void;
}

export function createCallers({
  db,
  hosts,
  policy,
}: {
  readonly db: Database;
  readonly hosts: HostAllowList;
  readonly policy: AccessPolicy;
}): Callers {
  const known = ({ id, name, scope }: KeyHolder, sessionUntil: Date | null): Caller => ({ name, keyId: id, scope, sessionUntil });

  const strangerOf = (request: IncomingMessage): Caller => {
    if (policy.isExposed) return { name: 'anonymous', keyId: null, scope: null, sessionUntil: null };
    // Who comes by another name came through a proxy that nobody told us of: everybody behind it would be an administrator.
    return { name: 'local', keyId: null, scope: isLoopbackHost(hosts.hostOf(request)) ? 'admin' : 'read', sessionUntil: null };
  };

  return {
    strangerOf,
    async callerOf(request) {
      const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
      if (bearer !== undefined) {
        const holder = await holderOf(db, bearer);
        if (holder === null) throw new KeyRequired('invalid_key', 'This key is not in force. laurels key create makes one.');
        return known(holder, null);
      }
      const sessionId = sessionIdOf(request);
      const signedIn = sessionId === null ? null : await sessionHolder(db, sessionId);
      return signedIn === null ? strangerOf(request) : known(signedIn, signedIn.expiresAt);
    },
    authorise(caller, access) {
      if (access === 'open' || (access === 'public' && (caller.scope !== null || policy.publicReads))) return;
      const needed = access === 'public' ? 'read' : access;
      if (caller.scope !== null && includesScope(caller.scope, needed)) return;
      if (caller.keyId === null) {
        throw new KeyRequired('key_required', `This needs an API key with scope ${needed}: Authorization: Bearer lrl_….`);
      }
      const detail = `The key "${caller.name}" has scope ${caller.scope ?? 'none'}; this needs ${needed}.`;
      throw new AppError('insufficient_scope', 403, detail, { scope: caller.scope, needed });
    },
  };
}
