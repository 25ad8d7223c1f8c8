import type { AccountKind } from '../domain/account-kind.ts';
import { ContributorNotFound } from '../domain/errors.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** One GitHub account of a person. */
interface PersonAccount {
  /** `github_user.id`: what contributions name. */
  readonly id: number;
  readonly githubId: number;
  readonly username: string;
}

/** Somebody boards count: the account that stands for them, and all that are counted with it. */
export interface Person {
  /** `github_user.id` of the standing account: the `person_id` of days and boards. */
  readonly id: number;
  readonly githubId: number;
  readonly username: string;
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  readonly kind: AccountKind;
  readonly kindRule: string | null;
  readonly isSample: boolean;
  /** Every account counted for the person, the standing one first, then by id. */
  readonly accounts: readonly PersonAccount[];
}

const BY_GITHUB_ID = /^id:(-?\d{1,15})$/;

/**
 * The person whom a login (in whatever case) or `id:<GitHub id>` names, or null. A login that several accounts had in turn is that
 * of the account it belongs to now, else of the one that was seen under it last: old links follow renames. An account that was
 * merged into another leads to the person it is counted for.
 */
export async function findPerson(db: Database | Queryable, username: string): Promise<Person | null> {
  const githubId = BY_GITHUB_ID.exec(username)?.[1] ?? null;
  const { rows } = await queryable(db).query<Person>({
    name: 'find-person',
    text: `WITH named AS (
             SELECT u.person_id, 0 AS place, NULL::timestamptz AS last_seen, u.id FROM github_user u WHERE u.github_id = $2
             UNION ALL
             SELECT u.person_id, 1, a.last_seen, u.id
             FROM github_user u LEFT JOIN user_alias a ON a.user_id = u.id AND a.login_lc = lower($1)
             WHERE $2::bigint IS NULL AND lower(u.username) = lower($1)
             UNION ALL
             SELECT u.person_id, 2, a.last_seen, u.id
             FROM user_alias a JOIN github_user u ON u.id = a.user_id WHERE $2::bigint IS NULL AND a.login_lc = lower($1)
             ORDER BY place, last_seen DESC NULLS LAST, id DESC LIMIT 1)
           SELECT p.id, p.github_id AS "githubId", p.username, p.display_name AS "displayName", p.avatar_url AS "avatarUrl", p.kind,
             p.kind_rule AS "kindRule", p.is_sample AS "isSample",
             (SELECT json_agg(json_build_object('id', o.id, 'githubId', o.github_id, 'username', o.username) ORDER BY o.id <> p.id, o.id)
              FROM github_user o WHERE o.person_id = p.id) AS accounts
           FROM named n JOIN github_user p ON p.id = n.person_id`,
    values: [username, githubId],
  });
  return rows[0] ?? null;
}

/**
 * {@link findPerson} for whoever can't go on without one.
 * @throws ContributorNotFound (404)
 */
export async function personOf(db: Database | Queryable, username: string): Promise<Person> {
  const person = await findPerson(db, username);
  if (person === null) throw new ContributorNotFound(username);
  return person;
}
