import type { AccountKind } from '../domain/account-kind.ts';
import { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import { shownSql } from './people.ts';

/** Why two people may be one. `rename`: both were seen under one login. `email`: both show the same address, which GitHub has verified. */
type SuggestionReason = 'rename' | 'email';

/** Somebody in a suggestion. */
interface SuggestedPerson {
  readonly githubId: number;
  readonly username: string;
  readonly displayName: string | null;
  readonly kind: AccountKind;
}

/** Two people who may be one, and why. */
export interface Suggestion {
  readonly reason: SuggestionReason;
  /** The login both had; null for an e-mail, which is not told. */
  readonly login: string | null;
  readonly people: readonly [SuggestedPerson, SuggestedPerson];
}

/**
 * People who may be one, for somebody to look at; nothing is merged by itself. A bare name is never a reason, and two who were
 * merged and split again are not suggested any more. Addresses inside a noreply e-mail are attributed when they are read (they hold
 * the account's number), so they need no suggestion.
 */
export async function suggestIdentities(
  db: Database | Queryable,
  q: { readonly limit: number; readonly cursor?: string },
): Promise<Page<Suggestion>> {
  const [afterOne, afterOther] = q.cursor === undefined ? [null, null] : decodeCursor(q.cursor, 2);
  const { rows } = await queryable(db).query<Suggestion & { one: number; other: number; total: number }>(
    `WITH pair AS (
       SELECT one.person_id AS one, other.person_id AS other, 'rename' AS reason, a.login_lc AS login
       FROM user_alias a JOIN user_alias b ON b.login_lc = a.login_lc AND b.user_id <> a.user_id
       JOIN github_user one ON one.id = a.user_id JOIN github_user other ON other.id = b.user_id
       UNION ALL
       SELECT one.person_id, other.person_id, 'email', NULL
       FROM contributor_enrichment a JOIN contributor_enrichment b ON lower(b.personal_email) = lower(a.personal_email) AND b.user_id <> a.user_id
       JOIN github_user one ON one.id = a.user_id JOIN github_user other ON other.id = b.user_id),
     found AS (
       SELECT DISTINCT ON (p.one, p.other) p.* FROM pair p
       WHERE p.one < p.other
         AND NOT EXISTS (SELECT FROM identity_change c WHERE c.action = 'split' AND c.user_ids @> ARRAY[p.one, p.other])
       ORDER BY p.one, p.other, p.reason, p.login),
     shown AS (
       SELECT f.*, (count(*) OVER ())::int AS total,
         json_build_array(
           json_build_object('githubId', u.github_id, 'username', u.username, 'displayName', u.display_name, 'kind', u.kind),
           json_build_object('githubId', v.github_id, 'username', v.username, 'displayName', v.display_name, 'kind', v.kind)) AS people
       FROM found f JOIN github_user u ON u.id = f.one JOIN github_user v ON v.id = f.other
       WHERE ${shownSql('u')} AND ${shownSql('v')})
     SELECT * FROM shown WHERE $1::bigint IS NULL OR (one, other) > ($1, $2) ORDER BY one, other LIMIT $3`,
    [afterOne, afterOther, q.limit + 1],
  );
  return pageOf(rows, q.limit, rows[0]?.total ?? 0, ({ one, other }) => encodeCursor([one, other]));
}
