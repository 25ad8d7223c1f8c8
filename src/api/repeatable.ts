import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { Database } from '../db/database.ts';
import { beginRequest, giveBackKey, keepAnswer, type KeptAnswer } from '../db/idempotency.ts';
import { AppError, InvalidInput } from '../domain/errors.ts';
import { actorOf, type Caller } from './caller.ts';

/** What `Idempotency-Key` may be: visible ASCII. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
/** Headers that belong to an answer and not to the moment. */
const KEPT_HEADERS = ['Location', 'Link', 'ETag'];

/**
 * Carries a POST out once per `Idempotency-Key` and caller: the same request again gets the answer that was given, for 24 h. What was
 * refused changed nothing and is not kept: it may be tried again with the same key.
 * @throws AppError `idempotency_key_reused` (422) for another request under the key, `idempotency_key_in_use` (409) while it runs.
 */
export async function onceOnly(
  db: Database,
  { request, caller, body }: { readonly request: Request; readonly caller: Caller; readonly body: unknown },
  carryOut: () => Promise<KeptAnswer>,
): Promise<KeptAnswer> {
  const key = request.get('idempotency-key');
  if (key === undefined || request.method !== 'POST') return await carryOut();
  if (!IDEMPOTENCY_KEY.test(key)) {
    const detail = 'must be 1 to 255 visible ASCII characters';
    throw new InvalidInput(`Idempotency-Key ${detail}.`, [{ pointer: 'Idempotency-Key', detail }], 400);
  }
  const sha256 = createHash('sha256')
    .update(JSON.stringify([request.method, request.originalUrl, body ?? null]))
    .digest();
  const asked = { actor: actorOf(caller), key, sha256 };
  const before = await beginRequest(db, asked);
  switch (before.state) {
    case 'answered':
      return { ...before.answer, headers: { ...before.answer.headers, 'Idempotency-Replayed': 'true' } };
    case 'different':
      throw new AppError('idempotency_key_reused', 422, 'This Idempotency-Key was used for another request. Take a new one.');
    case 'running':
      throw new AppError('idempotency_key_in_use', 409, 'The first request with this Idempotency-Key is still under way. Ask again soon.');
    case 'begun':
  }
  let answer: KeptAnswer;
  try {
    answer = await carryOut();
  } catch (error) {
    // Should this fail too, the key is free again when the request would long have ended.
    await giveBackKey(db, asked).catch(() => undefined);
    throw error;
  }
  const kept = Object.entries(answer.headers).filter(([header]) => KEPT_HEADERS.includes(header));
  await keepAnswer(db, asked, { ...answer, headers: Object.fromEntries(kept) });
  return answer;
}
