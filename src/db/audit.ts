import { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** What a write was about: names of ids and the ids. Never a login. */
export type AuditTarget = Readonly<Record<string, string | number>>;

/** A write that was asked for. */
export interface AuditEntry {
  /** The id of a key; `local` without one on this machine, `anonymous` without one elsewhere. */
  readonly actor: string;
  readonly method: string;
  /** `/api/v1/repositories/{owner}/{name}`: without what was put in. */
  readonly pathTemplate: string;
  readonly target: AuditTarget;
  readonly requestId: string;
  /** The status it was answered with. */
  readonly result: number;
}

/** An entry as it is read; `actorName` is the key's, whether or not it is still in force. */
export interface StoredAuditEntry extends AuditEntry {
  readonly id: number;
  readonly at: Date;
  readonly actorName: string;
}

/** Writes an entry down. */
export async function recordWrite(db: Database | Queryable, entry: AuditEntry): Promise<void> {
  await queryable(db).query(
    'INSERT INTO audit_log (actor, method, path_template, target, request_id, result) VALUES ($1, $2, $3, $4, $5, $6)',
    [entry.actor, entry.method, entry.pathTemplate, JSON.stringify(entry.target), entry.requestId, entry.result],
  );
}

/** The record, newest first. `actor`: a key's id or name, `local` or `anonymous`. `refused`: only what was (not) carried out. */
export async function listAudit(
  db: Database | Queryable,
  q: { readonly actor?: string; readonly refused?: boolean; readonly limit: number; readonly cursor?: string },
): Promise<Page<StoredAuditEntry>> {
  const [before] = q.cursor === undefined ? [null] : decodeCursor(q.cursor, 1);
  const from = `FROM audit_log a LEFT JOIN api_key k ON k.id::text = a.actor
    WHERE ($1::text IS NULL OR a.actor = $1 OR k.name = $1) AND ($2::boolean IS NULL OR (a.result >= 400) = $2)`;
  const filters = [q.actor ?? null, q.refused ?? null];
  const { rows } = await queryable(db).query<StoredAuditEntry>(
    `SELECT a.id, a.at, a.actor, coalesce(k.name, a.actor) AS "actorName", a.method, a.path_template AS "pathTemplate", a.target,
       a.request_id AS "requestId", a.result ${from} AND ($3::bigint IS NULL OR a.id < $3) ORDER BY a.id DESC LIMIT $4`,
    [...filters, before, q.limit + 1],
  );
  const counted = await queryable(db).query<{ total: number }>(`SELECT count(*)::int AS total ${from}`, filters);
  return pageOf(rows, q.limit, counted.rows[0]?.total ?? 0, (last) => encodeCursor([last.id]));
}
