import type { AccountKind } from '../domain/account-kind.ts';
import { ContributorHidden, ContributorNotFound } from '../domain/errors.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** One GitHub account of a person. */
export interface PersonAccount {
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
  /** A person, not a rule, has said so. */
  readonly isKindOverridden: boolean;
  readonly isSample: boolean;
  /** Every account counted for the person, the standing one first, then by id. */
  readonly accounts: readonly PersonAccount[];
}

const BY_GITHUB_ID = /^id:(-?\d{1,15})$/;

/** A person of whatever visibility, and which of the accounts the name meant. */
export interface Anyone extends Person {
  readonly isHidden: boolean;
  readonly named: PersonAccount;
}

/*
 * Who is shown. Hidden is a person of whom any account stands in opt_out. The roll-up gives hidden people no days (rollup.ts), so no
 * board, export, badge or sum can name them; whoever finds people by name asks `personOf` or `findPerson`, whoever lists or searches
 * accounts adds `shownSql`.
 */

/** SQL of the persons (ids) who are hidden. */
export const HIDDEN_PERSONS = 'SELECT hidden.person_id FROM opt_out hiding JOIN github_user hidden ON hidden.id = hiding.user_id';

/** SQL: the person that `alias` (of github_user) belongs to has not opted out. */
export function shownSql(alias: string): string {
  return `${alias}.person_id NOT IN (${HIDDEN_PERSONS})`;
}

/**
 * The person whom a login (in whatever case) or `id:<GitHub id>` names, or null. A login that several accounts had in turn is that
 * of the account it belongs to now, else of the one that was seen under it last: old links follow renames. An account that was
 * merged into another leads to the person it is counted for. Hidden people are not found.
 */
export async function findPerson(db: Database | Queryable, username: string): Promise<Person | null> {
  const anyone = await findAnyone(db, username);
  return anyone === null || anyone.isHidden ? null : anyone;
}

/** The GitHub id in `id:<GitHub id>`; null of a login. */
export function githubIdOf(username: string): number | null {
  const id = BY_GITHUB_ID.exec(username)?.[1];
  return id === undefined ? null : Number(id);
}

/** {@link findPerson}, hidden people too: for those who hide, show and erase. Nothing of the answer may be shown to others. */
export async function findAnyone(db: Database | Queryable, username: string): Promise<Anyone | null> {
  const githubId = githubIdOf(username);
  const { rows } = await queryable(db).query<Anyone>({
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
             p.kind_rule AS "kindRule", p.kind_overridden AS "isKindOverridden", p.is_sample AS "isSample", p.id IN (${HIDDEN_PERSONS}) AS "isHidden",
             (SELECT json_build_object('id', m.id, 'githubId', m.github_id, 'username', m.username) FROM github_user m WHERE m.id = n.id) AS named,
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
 * @throws ContributorHidden (410)
 */
export async function personOf(db: Database | Queryable, username: string): Promise<Anyone> {
  const person = await findAnyone(db, username);
  if (person === null) throw new ContributorNotFound(username);
  if (person.isHidden) throw new ContributorHidden();
  return person;
}

/** Those of some accounts whose persons are shown, by `github_user.id`. */
export async function accountsShown(db: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, PersonAccount>> {
  const { rows } = await db.query<PersonAccount>(
    `SELECT u.id, u.github_id AS "githubId", u.username FROM github_user u WHERE u.id = ANY($1) AND ${shownSql('u')}`,
    [ids],
  );
  return new Map(rows.map((account) => [account.id, account]));
}
