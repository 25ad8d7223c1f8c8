import { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** What was decided about who is who. `before` and `after` hold ids and kinds, never names. */
export interface IdentityChange {
  readonly action: 'merge' | 'split' | 'kind';
  readonly userIds: readonly number[];
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  /** Who decided: `api`, or the name of a key. */
  readonly actor: string;
}

/** A change as it is stored. */
export interface StoredIdentityChange extends IdentityChange {
  readonly id: number;
  readonly at: Date;
}

/** Writes a change down, in its own transaction. */
export async function noteIdentityChange(client: Queryable, change: IdentityChange): Promise<void> {
  await client.query(`INSERT INTO identity_change (actor, action, user_ids, before, after, reason) VALUES ($1, $2, $3, $4, $5, $6)`, [
    change.actor,
    change.action,
    change.userIds,
    JSON.stringify(change.before),
    JSON.stringify(change.after),
    change.reason,
  ]);
}

/** What was decided about any of these accounts, newest first. */
export async function listIdentityChanges(
  db: Database | Queryable,
  q: { readonly accountIds: readonly number[]; readonly limit: number; readonly cursor?: string },
): Promise<Page<StoredIdentityChange>> {
  const [before] = q.cursor === undefined ? [null] : decodeCursor(q.cursor, 1);
  const { rows } = await queryable(db).query<StoredIdentityChange & { total: number }>(
    `SELECT c.* FROM (
       SELECT id, at, actor, action, user_ids AS "userIds", before, after, reason, (count(*) OVER ())::int AS total
       FROM identity_change WHERE user_ids && $1::bigint[]) AS c
     WHERE $2::bigint IS NULL OR c.id < $2 ORDER BY c.id DESC LIMIT $3`,
    [q.accountIds, before, q.limit + 1],
  );
  return pageOf(rows, q.limit, rows[0]?.total ?? 0, ({ id }) => encodeCursor([id]));
}
