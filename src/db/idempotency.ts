import { queryable, type Database, type Queryable } from './database.ts';

/** Answers are kept this long (decisions 22), in hours. */
const KEPT_HOURS = 24;
/** A request that has not ended after this long has lost its process, and its key may be taken up again. Longer than any takes. */
const ABANDONED_MINUTES = 2;

/** An answer that is given again. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As it was sent; null: no body. */
  readonly body: string | null;
}

/** Which request of whom; `sha256` tells one request from another under the same key. */
export interface RepeatableRequest {
  readonly actor: string;
  readonly key: string;
  readonly sha256: Buffer;
}

/** What a key stands for: a request that begins now, one under way, another one, or one that was answered. */
export type KeyState =
  | { readonly state: 'begun' }
  | { readonly state: 'running' }
  | { readonly state: 'different' }
  | { readonly state: 'answered'; readonly answer: KeptAnswer };

/** Takes a key for a request, unless it has one; of requests that come at once, one gets it. */
export async function beginRequest(db: Database | Queryable, { actor, key, sha256 }: RepeatableRequest): Promise<KeyState> {
  for (;;) {
    const begun = await queryable(db).query(
      `INSERT INTO idempotency_key AS k (actor, key, request_sha256, started_at, expires_at)
       VALUES ($1, $2, $3, now(), now() + make_interval(hours => $4))
       ON CONFLICT (actor, key) DO UPDATE SET request_sha256 = excluded.request_sha256, status = NULL, headers = NULL, body = NULL,
         started_at = excluded.started_at, expires_at = excluded.expires_at
       WHERE k.expires_at < now() OR (k.status IS NULL AND k.started_at < now() - make_interval(mins => $5))`,
      [actor, key, sha256, KEPT_HOURS, ABANDONED_MINUTES],
    );
    if (begun.rowCount === 1) return { state: 'begun' };
    const { rows } = await queryable(db).query<{
      isSame: boolean;
      status: number | null;
      headers: Record<string, string>;
      body: string | null;
    }>(`SELECT request_sha256 = $3 AS "isSame", status, headers, body FROM idempotency_key WHERE actor = $1 AND key = $2`, [
      actor,
      key,
      sha256,
    ]);
    const [known] = rows;
    // Given back between the two statements: it is free.
    if (known === undefined) continue;
    if (!known.isSame) return { state: 'different' };
    if (known.status === null) return { state: 'running' };
    return { state: 'answered', answer: { status: known.status, headers: known.headers, body: known.body } };
  }
}

/** Keeps the answer of a request that was begun. */
export async function keepAnswer(db: Database | Queryable, { actor, key }: RepeatableRequest, answer: KeptAnswer): Promise<void> {
  await queryable(db).query(
    `UPDATE idempotency_key SET status = $3, headers = $4, body = $5 WHERE actor = $1 AND key = $2 AND status IS NULL`,
    [actor, key, answer.status, JSON.stringify(answer.headers), answer.body],
  );
}

/** Gives a key back: its request was refused and changed nothing, so that it may be tried again. */
export async function giveBackKey(db: Database | Queryable, { actor, key }: RepeatableRequest): Promise<void> {
  await queryable(db).query('DELETE FROM idempotency_key WHERE actor = $1 AND key = $2 AND status IS NULL', [actor, key]);
}

/**
 * Forgets the kept answers that name somebody, by any login that they have or had: whoever repeats such a request has it carried out
 * again.
 * @param userIds `github_user.id` of their accounts.
 */
export async function forgetAnswersAbout(client: Queryable, userIds: readonly number[]): Promise<void> {
  await client.query(
    `DELETE FROM idempotency_key k USING (
       SELECT login_lc AS login FROM user_alias WHERE user_id = ANY($1) UNION SELECT lower(username) FROM github_user WHERE id = ANY($1)) l
     WHERE strpos(lower(k.body), l.login) > 0`,
    [userIds],
  );
}
