import { randomBytes } from 'node:crypto';
import { secretHash, type KeyHolder } from './api-keys.ts';
import type { Database } from './database.ts';

/** A session as the browser's cookie names it. */
export interface NewSession {
  /** The cookie's value; only its hash is stored. */
  readonly id: string;
  readonly expiresAt: Date;
}

/** A session's identifier: 32 random bytes. */
const SESSION_ID = /^[A-Za-z0-9_-]{43}$/;

/** Signs the holder of a key in. */
export async function createSession(db: Database, keyId: string, hours: number): Promise<NewSession> {
  const id = randomBytes(32).toString('base64url');
  const { rows } = await db.pool.query<{ expiresAt: Date }>(
    `INSERT INTO session (id_sha256, api_key_id, expires_at) VALUES ($1, $2, now() + make_interval(hours => $3))
     RETURNING expires_at AS "expiresAt"`,
    [secretHash(id), keyId, hours],
  );
  return { id, expiresAt: (rows[0] as { expiresAt: Date }).expiresAt };
}

/** Who is signed in with a session; null when it has expired, was ended, or its key was revoked. */
export async function sessionHolder(db: Database, id: string): Promise<(KeyHolder & { readonly expiresAt: Date }) | null> {
  if (!SESSION_ID.test(id)) return null;
  const { rows } = await db.pool.query<KeyHolder & { expiresAt: Date }>(
    `SELECT k.id, k.name, k.scope, s.expires_at AS "expiresAt" FROM session s JOIN api_key k ON k.id = s.api_key_id
     WHERE s.id_sha256 = $1 AND s.expires_at > now() AND k.revoked_at IS NULL`,
    [secretHash(id)],
  );
  return rows[0] ?? null;
}

/** Signs out. Nothing happens when the session is over already. */
export async function endSession(db: Database, id: string): Promise<void> {
  await db.pool.query('DELETE FROM session WHERE id_sha256 = $1', [secretHash(id)]);
}
