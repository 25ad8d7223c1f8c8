import type { AccountKind } from '../domain/account-kind.ts';
import { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import { shownSql } from './people.ts';

/** A repository that was found. */
export interface FoundRepository {
  readonly owner: string;
  readonly name: string;
  readonly description: string | null;
  readonly stars: number | null;
  readonly isSample: boolean;
  /** People on its board; null before the first. */
  readonly people: number | null;
}

/** Repositories with a part of their `owner/name` so; those that begin with it first. */
export async function searchRepositories(db: Database | Queryable, q: string, limit: number): Promise<readonly FoundRepository[]> {
  const { rows } = await queryable(db).query<FoundRepository>(
    `SELECT r.owner, r.name, r.description, r.stars, r.is_sample AS "isSample", b.people
     FROM repository r LEFT JOIN board b ON b.scope = r.id, lower($1) AS wanted
     WHERE strpos(lower(r.owner || '/' || r.name), wanted) > 0
     ORDER BY NOT (starts_with(lower(r.name), wanted) OR starts_with(lower(r.owner || '/' || r.name), wanted)), b.people DESC NULLS LAST, lower(r.owner), lower(r.name)
     LIMIT $2`,
    [q, limit],
  );
  return rows;
}

/** Somebody in a list, with what they are on the board of all repositories. */
export interface ListedContributor {
  readonly githubId: number;
  readonly username: string;
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  readonly kind: AccountKind;
  readonly kindRule: string | null;
  readonly kindOverridden: boolean;
  /** Null: not ranked. */
  readonly rank: number | null;
  /** Null: on no board. */
  readonly totalScore: number | null;
  readonly repositoriesContributed: number | null;
}

const LISTED = `u.github_id AS "githubId", u.username, u.display_name AS "displayName", u.avatar_url AS "avatarUrl", u.kind, u.kind_rule AS "kindRule",
  u.kind_overridden AS "kindOverridden", l.rank, l.total_score AS "totalScore", l.repositories_contributed AS "repositoriesContributed"`;
const PEOPLE = `github_user u LEFT JOIN board b ON b.scope = 0 LEFT JOIN global_leaderboard l ON l.version = b.version AND l.person_id = u.id`;
/** Accounts that stand for a person who may be shown. */
const SHOWN = `u.person_id = u.id AND ${shownSql('u')}`;

/** People with a part of their login or name so: those who are called exactly so first, then by rank. A search changes no rank. */
export async function searchContributors(db: Database | Queryable, q: string, limit: number): Promise<readonly ListedContributor[]> {
  const { rows } = await queryable(db).query<ListedContributor>(
    `SELECT ${LISTED} FROM ${PEOPLE}, lower($1) AS wanted
     WHERE ${SHOWN} AND (strpos(lower(u.username), wanted) > 0 OR strpos(lower(u.display_name), wanted) > 0)
     ORDER BY lower(u.username) <> wanted, l.rank NULLS LAST, l.total_score DESC NULLS LAST, lower(u.username), u.id LIMIT $2`,
    [q, limit],
  );
  return rows;
}

/** People in the order of their logins, of some kinds. */
export async function listContributors(
  db: Database | Queryable,
  q: { readonly kinds?: readonly AccountKind[]; readonly q?: string; readonly limit: number; readonly cursor?: string },
): Promise<Page<ListedContributor>> {
  const [login, id] = q.cursor === undefined ? [null, null] : decodeCursor(q.cursor, 2);
  const filter = `${SHOWN} AND ($1::text[] IS NULL OR u.kind = ANY($1))
    AND ($2::text IS NULL OR strpos(lower(u.username), lower($2)) > 0 OR strpos(lower(u.display_name), lower($2)) > 0)`;
  const filters = [q.kinds ?? null, q.q ?? null];
  const { rows } = await queryable(db).query<ListedContributor & { id: number }>(
    `SELECT u.id, ${LISTED} FROM ${PEOPLE}
     WHERE ${filter} AND ($3::text IS NULL OR (lower(u.username), u.id) > ($3::text, $4::bigint)) ORDER BY lower(u.username), u.id LIMIT $5`,
    [...filters, login, id, q.limit + 1],
  );
  const counted = await queryable(db).query<{ total: number }>(`SELECT count(*)::int AS total FROM github_user u WHERE ${filter}`, filters);
  return pageOf(rows, q.limit, counted.rows[0]?.total ?? 0, (last) => encodeCursor([last.username.toLowerCase(), last.id]));
}
