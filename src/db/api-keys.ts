import { createHash, randomBytes } from 'node:crypto';
import { DatabaseError } from 'pg';
import { v7 as uuidv7, validate } from 'uuid';
import { AppError } from '../domain/errors.ts';
import type { Scope } from '../domain/scope.ts';
import { inTransaction, queryable, type Database, type Queryable } from './database.ts';

/** A key as it is stored: without the secret. */
export interface StoredApiKey {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  readonly createdAt: Date;
  /** To the minute; null: never. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Whose request it is. */
export type KeyHolder = Pick<StoredApiKey, 'id' | 'name' | 'scope'>;

/** The name of the key that ADMIN_KEY_FILE holds. */
const FILE_KEY_NAME = 'admin-key-file';

/** A key as people carry it: `lrl_` and 32 random bytes. */
const KEY_TEXT = /^lrl_[A-Za-z0-9_-]{43}$/;

const COLUMNS = `id, name, scope, created_at AS "createdAt", last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"`;
const UNIQUE_VIOLATION = '23505';

/** Whether a text can be a key at all; what can't needs no look into the database. */
export function isKeyText(text: string): boolean {
  return KEY_TEXT.test(text);
}

/** SHA-256 of a secret of 256 random bits: nothing slower is needed, as nobody can guess it. */
export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/**
 * Makes a key. Its text is given this once and stored nowhere.
 * @throws AppError `key_name_taken` (409) when a key of this name is in force.
 */
export async function createApiKey(
  db: Database | Queryable,
  { name, scope }: { readonly name: string; readonly scope: Scope },
): Promise<{ readonly key: string; readonly stored: StoredApiKey }> {
  const key = `lrl_${randomBytes(32).toString('base64url')}`;
  try {
    const { rows } = await queryable(db).query<StoredApiKey>(
      `INSERT INTO api_key (id, name, sha256, scope) VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
      [uuidv7(), name, secretHash(key), scope],
    );
    return { key, stored: rows[0] as StoredApiKey };
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === UNIQUE_VIOLATION)) throw error;
    throw new AppError('key_name_taken', 409, `A key named "${name}" is in force. Revoke it first, or take another name.`, { name });
  }
}

/** All keys, newest first; revoked ones stay, as the audit names them. */
export async function listApiKeys(db: Database | Queryable): Promise<readonly StoredApiKey[]> {
  const { rows } = await queryable(db).query<StoredApiKey>(`SELECT ${COLUMNS} FROM api_key ORDER BY id DESC`);
  return rows;
}

/**
 * Puts a key out of force, and every session with it.
 * @param which its id, or the name of one that is in force.
 * @throws AppError `key_not_found` (404)
 */
export async function revokeApiKey(db: Database, which: string): Promise<StoredApiKey> {
  const { rows } = await db.pool.query<StoredApiKey>(
    `UPDATE api_key SET revoked_at = now() WHERE ${validate(which) ? 'id' : 'name'} = $1 AND revoked_at IS NULL RETURNING ${COLUMNS}`,
    [which],
  );
  const [revoked] = rows;
  if (revoked === undefined) throw new AppError('key_not_found', 404, `No key "${which}" is in force. laurels key list shows them.`);
  return revoked;
}

/** Who holds a key; null when it is not one that is in force. Notes the use, at most once a minute. */
export async function holderOf(db: Database | Queryable, key: string): Promise<KeyHolder | null> {
  if (!isKeyText(key)) return null;
  const { rows } = await queryable(db).query<KeyHolder>(
    `WITH known AS (SELECT id, name, scope, last_used_at FROM api_key WHERE sha256 = $1 AND revoked_at IS NULL),
     noted AS (
       UPDATE api_key k SET last_used_at = now() FROM known
       WHERE k.id = known.id AND (known.last_used_at IS NULL OR known.last_used_at < now() - interval '1 minute'))
     SELECT id, name, scope FROM known`,
    [secretHash(key)],
  );
  return rows[0] ?? null;
}

/** Whether somebody could administer Laurels from elsewhere. */
export async function hasAdminKey(db: Database | Queryable): Promise<boolean> {
  const { rows } = await queryable(db).query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM api_key WHERE scope = 'admin' AND revoked_at IS NULL) AS there`,
  );
  return rows[0]?.there ?? false;
}

/** Makes the key of ADMIN_KEY_FILE an admin's, and only it: the one that the file held before is out of force. */
export async function adoptFileKey(db: Database, key: string): Promise<void> {
  await inTransaction(db, async (client) => {
    const hash = secretHash(key);
    await client.query('UPDATE api_key SET revoked_at = now() WHERE name = $1 AND sha256 <> $2 AND revoked_at IS NULL', [
      FILE_KEY_NAME,
      hash,
    ]);
    // A key that was revoked by hand and is still in the file comes back: the file is the administrator's word.
    await client.query(
      `INSERT INTO api_key (id, name, sha256, scope) VALUES ($1, $2, $3, 'admin')
       ON CONFLICT (sha256) DO UPDATE SET revoked_at = NULL, scope = 'admin'`,
      [uuidv7(), FILE_KEY_NAME, hash],
    );
  });
}
