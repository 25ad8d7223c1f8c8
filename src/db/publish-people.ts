import { classify, type AccountKind } from '../domain/account-kind.ts';
import { SOURCES } from '../domain/contribution.ts';
import type { Queryable } from './database.ts';

/** An account that a job has seen and that is new here, or whose login or type is. */
interface SeenAccount {
  readonly githubId: number;
  readonly login: string;
  readonly type: string | null;
  readonly isSample: boolean;
  /** What is stored; null for a new account. */
  readonly storedKind: AccountKind | null;
  readonly isOverridden: boolean | null;
}

/**
 * Stores the accounts that staged rows name: new ones, logins and types that changed, and every login as an alias. The username is
 * the login seen last: GitHub's API tells today's, an archive row the one of its day. Accounts are written in the order of their
 * GitHub ids: two publishes with the same people wait for each other, they can't lock each other out.
 */
export async function storePeople(
  client: Queryable,
  stage: { readonly contributions: string; readonly pullRequests: string },
): Promise<void> {
  // By day: else every scrape would rewrite the alias of everybody it has seen.
  const seenAt = (moment: string) => `CASE WHEN source = ${SOURCES.github.code} THEN date_trunc('day', now()) ELSE ${moment} END`;
  await client.query(`
    CREATE TEMP TABLE seen_account ON COMMIT DROP AS
    SELECT github_id, login, max(account_type) AS account_type, bool_and(source = ${SOURCES.sample.code}) AS is_sample,
      min(seen_at) AS first_seen, max(seen_at) AS last_seen
    FROM (
      SELECT github_id, login, account_type, source, ${seenAt('occurred_at')} AS seen_at FROM ${stage.contributions}
      UNION ALL
      SELECT github_id, login, account_type, source, ${seenAt('coalesce(created_at, merged_at, now())')} FROM ${stage.pullRequests}
    ) AS staged
    WHERE github_id IS NOT NULL AND login <> '' GROUP BY github_id, login`);
  await client.query('ANALYZE seen_account');
  const { rows: accounts } = await client.query<SeenAccount>(`
    WITH latest AS (
      SELECT DISTINCT ON (github_id) github_id, login, last_seen, is_sample,
        first_value(account_type) OVER (PARTITION BY github_id ORDER BY account_type IS NULL, last_seen DESC, login) AS account_type
      FROM seen_account ORDER BY github_id, last_seen DESC, login)
    SELECT l.github_id AS "githubId",
      CASE WHEN u.id IS NULL OR is_newer THEN l.login ELSE u.username END AS login,
      coalesce(l.account_type, u.account_type) AS type, l.is_sample AS "isSample", u.kind AS "storedKind", u.kind_overridden AS "isOverridden"
    FROM latest l LEFT JOIN github_user u USING (github_id)
    CROSS JOIN LATERAL (
      SELECT l.login <> u.username
        AND NOT EXISTS (SELECT FROM user_alias a WHERE a.user_id = u.id AND a.last_seen > l.last_seen AND a.login_lc <> lower(l.login)) AS is_newer
    ) AS name
    WHERE u.id IS NULL OR is_newer OR l.account_type IS DISTINCT FROM coalesce(u.account_type, l.account_type)
      OR (u.account_type IS NULL AND l.account_type IS NOT NULL)
    ORDER BY l.github_id`);
  if (accounts.length > 0) await writeAccounts(client, accounts);
  await client.query(`
    INSERT INTO user_alias (login_lc, user_id, first_seen, last_seen)
    SELECT s.login_lc, s.user_id, s.first_seen, s.last_seen
    FROM (SELECT lower(login) AS login_lc, u.id AS user_id, min(s.first_seen) AS first_seen, max(s.last_seen) AS last_seen
          FROM seen_account s JOIN github_user u USING (github_id) GROUP BY 1, 2) AS s
    LEFT JOIN user_alias a USING (login_lc, user_id)
    WHERE a.user_id IS NULL OR s.first_seen < a.first_seen OR s.last_seen > a.last_seen
    ORDER BY s.login_lc, s.user_id
    ON CONFLICT (login_lc, user_id) DO UPDATE SET
      first_seen = least(user_alias.first_seen, excluded.first_seen), last_seen = greatest(user_alias.last_seen, excluded.last_seen)`);
}

async function writeAccounts(client: Queryable, accounts: readonly SeenAccount[]): Promise<void> {
  const kinds = accounts.map(({ login, type }) => classify(login, type));
  await client.query(
    `INSERT INTO github_user (id, person_id, github_id, username, account_type, kind, kind_rule, is_sample)
     SELECT id, id, github_id, username, account_type, kind, kind_rule, is_sample
     FROM (
       SELECT nextval('github_user_id_seq') AS id, account.*
       FROM (SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[])
               AS a (github_id, username, account_type, kind, kind_rule, is_sample) ORDER BY github_id) AS account
     ) AS numbered
     ON CONFLICT (github_id) DO UPDATE SET
       username = excluded.username, account_type = excluded.account_type,
       kind = CASE WHEN github_user.kind_overridden THEN github_user.kind ELSE excluded.kind END,
       kind_rule = CASE WHEN github_user.kind_overridden THEN github_user.kind_rule ELSE excluded.kind_rule END`,
    [
      accounts.map(({ githubId }) => githubId),
      accounts.map(({ login }) => login),
      accounts.map(({ type }) => type),
      kinds.map(({ kind }) => kind),
      kinds.map(({ rule }) => rule),
      accounts.map(({ isSample }) => isSample),
    ],
  );
  const changesKind = accounts.some(
    ({ storedKind, isOverridden }, index) => storedKind !== null && isOverridden !== true && storedKind !== kinds[index]?.kind,
  );
  // Boards rank humans only: all that were made with the old kind are to be ranked again.
  if (changesKind) await client.query(`UPDATE setting SET value = to_jsonb(value::text::bigint + 1) WHERE name = 'identity_version'`);
}
