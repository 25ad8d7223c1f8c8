import type { Response } from 'express';
import { holderOf } from '../../db/api-keys.ts';
import { listAudit } from '../../db/audit.ts';
import { createSession, endSession } from '../../db/sessions.ts';
import type { AuditEntryResource } from '../contract/access.ts';
import { KeyRequired, SESSION_COOKIE, sessionIdOf, type Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import type { Gate } from '../gate.ts';
import { atCursor, nextLink } from '../paging.ts';
import type { Handlers } from '../routing.ts';

/** A working day; then the key is asked for again. */
const SESSION_HOURS = 12;

/** Signs browsers in and out, and shows the record of writes. */
export function accessHandlers({ db }: ApiDeps, gate: Gate): Pick<Handlers, 'createSession' | 'getSession' | 'endSession' | 'listAudit'> {
  const resourceOf = ({ name, scope, keyId, sessionUntil }: Caller) => ({
    name,
    scope,
    key_id: keyId,
    session_expires_at: sessionUntil?.toISOString() ?? null,
  });

  return {
    async createSession({ body }, { request, response, concerns }) {
      const holder = await holderOf(db, body.key);
      if (holder === null) throw new KeyRequired('invalid_key', 'This key is not in force. laurels key create makes one.');
      concerns({ key_id: holder.id });
      // Whoever was signed in here is not any more.
      const before = sessionIdOf(request);
      if (before !== null) await endSession(db, before);
      const { id, expiresAt } = await createSession(db, holder.id, SESSION_HOURS);
      setCookie(response, id, { expires: expiresAt, secure: gate.clients.isSecure(request) });
      const caller = { name: holder.name, keyId: holder.id, scope: holder.scope, sessionUntil: expiresAt };
      return { status: 201, body: resourceOf(caller) };
    },

    async getSession(_, { request }) {
      return { status: 200, body: resourceOf(await gate.callerOf(request)) };
    },

    async endSession(_, { request, response, concerns }) {
      const id = sessionIdOf(request);
      if (id !== null) {
        const { keyId } = await gate.callerOf(request);
        if (keyId !== null) concerns({ key_id: keyId });
        await endSession(db, id);
      }
      setCookie(response, '', { expires: new Date(0), secure: gate.clients.isSecure(request) });
      return { status: 204 };
    },

    async listAudit({ query }, { request }) {
      const { actor, refused, limit, cursor } = query;
      const page = await atCursor(cursor, () =>
        listAudit(db, {
          limit,
          ...(actor === undefined ? {} : { actor }),
          ...(refused === undefined ? {} : { refused: refused === 'true' }),
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      const data = page.data.map((entry) => ({
        id: entry.id,
        at: entry.at.toISOString(),
        actor: { id: entry.actor, name: entry.actorName },
        method: entry.method as AuditEntryResource['method'],
        path: entry.pathTemplate,
        target: { ...entry.target },
        request_id: entry.requestId,
        result: entry.result,
      }));
      const body = { data, next_cursor: page.nextCursor, total: page.total };
      return { status: 200, headers: nextLink(request, 'cursor', page.nextCursor), body };
    },
  };
}

/** Out of reach of scripts, and never sent with a request that another site caused. */
function setCookie(response: Response, value: string, { expires, secure }: { readonly expires: Date; readonly secure: boolean }): void {
  response.cookie(SESSION_COOKIE, value, { httpOnly: true, sameSite: 'strict', path: '/', expires, secure });
}
