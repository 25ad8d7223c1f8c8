import type { PoolClient } from 'pg';
import { KIND_CODES } from '../domain/contribution.ts';
import { AppError, ContributorNotFound } from '../domain/errors.ts';
import { changeBoards, rollUpOf } from './boards.ts';
import type { Database, Queryable } from './database.ts';
import { forgetAnswersAbout } from './idempotency.ts';
import { checkOptOutKey, hashOfId, hashOfLogin, type OptOutKey } from './opt-out-key.ts';
import { findAnyone, githubIdOf } from './people.ts';
import { repositoriesOf } from './person-repositories.ts';
import { stagingTables, type StagingTables } from './staging.ts';

/** Kinds whose subject ends with the GitHub id of whoever did it (`number:id`, `sha:id`). */
const NAMING_KINDS = [KIND_CODES.PR_REVIEWED, KIND_CODES.COMMIT_COAUTHOR];

/** What stands in a subject in place of an erased person's id: the same in every scrape, so that rows are found again. */
function markOf(hash: Buffer): string {
  return `erased:${hash.toString('hex').slice(0, 16)}`;
}

/**
 * Forgets a person for good: the accounts, their logins, what enrichment found, and the reasons somebody gave about them go. What
 * they did stays without them, so that totals hold; a keyed hash of the id keeps later scrapes from bringing them back. Hidden
 * people can be erased, too. `id:<GitHub id>` of somebody unknown is remembered as erased.
 * @throws ContributorNotFound
 */
export async function erasePerson(db: Database, key: OptOutKey, username: string): Promise<void> {
  await changeBoards(db, async (client) => {
    await checkOptOutKey(client, key);
    const person = await findAnyone(client, username);
    const githubId = githubIdOf(username);
    if (person === null && githubId === null) throw new ContributorNotFound(username);
    const accounts = person?.accounts ?? [{ id: 0, githubId: githubId as number, username: '' }];
    const ids = accounts.map(({ id }) => id);
    const repositories = await repositoriesOf(client, ids);
    const { rows: logins } = await client.query<{ userId: number; login: string }>(
      `SELECT user_id AS "userId", login_lc AS login FROM user_alias WHERE user_id = ANY($1)
       UNION SELECT id, lower(username) FROM github_user WHERE id = ANY($1)`,
      [ids],
    );
    for (const { id, githubId: number } of accounts) {
      const hash = hashOfId(key, number);
      const hashes = logins.flatMap(({ userId, login }) => (userId === id ? [hashOfLogin(key, login)] : []));
      await client.query(
        `INSERT INTO opt_out (id_hmac, mode, login_hmacs) VALUES ($1, 'erase', $2)
         ON CONFLICT (id_hmac) DO UPDATE SET mode = 'erase', user_id = NULL,
           login_hmacs = (SELECT array_agg(DISTINCT h) FROM unnest(opt_out.login_hmacs || excluded.login_hmacs) AS h)`,
        [hash, hashes],
      );
      await client.query(
        `UPDATE contribution_event SET subject = split_part(subject, ':', 1) || ':' || $2 WHERE user_id = $1 AND kind = ANY($3) AND subject LIKE '%:' || $4`,
        [id, markOf(hash), NAMING_KINDS, String(number)],
      );
    }
    await client.query('UPDATE contribution_event SET actor_login = NULL WHERE lower(actor_login) = ANY($1)', [
      logins.map(({ login }) => login),
    ]);
    await client.query('UPDATE identity_change SET reason = NULL WHERE user_ids && $1::bigint[]', [ids]);
    await client.query('DELETE FROM leaderboard_snapshot WHERE person_id = ANY($1)', [ids]);
    await client.query('DELETE FROM avatar WHERE github_id = ANY($1)', [accounts.map((account) => account.githubId)]);
    await forgetAnswersAbout(client, ids);
    await client.query(
      `UPDATE scrape_job SET status = 'CANCELLED', phase = 'CLOSED', error_code = 'contributor_erased', error_message = 'The person was erased.',
         completed_at = now(), next_retry_at = NULL, waiting_until = NULL, waiting_for = NULL
       WHERE user_id = ANY($1) AND status IN ('QUEUED','RUNNING','RETRYING')`,
      [ids],
    );
    for (const stage of await allStages(client)) await forgetErased(client, stage, key);
    // Contributions and pull requests lose the account by their foreign keys; enrichment and old logins go with it.
    await client.query('DELETE FROM github_user WHERE id = ANY($1)', [ids]);
    await rollUpOf(client, repositories);
    return { repositories, result: undefined, forgetOlder: true };
  });
}

/** The staging tables of all jobs that have some: those that failed keep theirs for a while. */
async function allStages(client: Queryable): Promise<readonly StagingTables[]> {
  const { rows } = await client.query<{ hex: string }>(
    `SELECT substr(tablename, 14) AS hex FROM pg_tables WHERE schemaname = 'staging' AND tablename LIKE 'contribution\\_%'`,
  );
  return rows.map(({ hex }) => stagingTables(hex));
}

/**
 * Takes erased people out of what a job has staged, before anything of it is stored: rows stay, without an actor. Says how many
 * accounts that were.
 * @throws AppError `opt_out_key_missing` when somebody is erased and there is no key to know them by.
 */
export async function forgetErased(client: PoolClient, stage: StagingTables, given: OptOutKey | null): Promise<number> {
  const { rows: erased } = await client.query<{ hash: Buffer; logins: Buffer[] }>(
    `SELECT id_hmac AS hash, login_hmacs AS logins FROM opt_out WHERE mode = 'erase'`,
  );
  if (erased.length === 0) return 0;
  const key = await checkedKey(client, given);
  const { rows: seen } = await client.query<{ id: number }>(
    `SELECT github_id AS id FROM ${stage.contributions} WHERE github_id IS NOT NULL
     UNION SELECT github_id FROM ${stage.pullRequests} WHERE github_id IS NOT NULL
     UNION SELECT split_part(subject, ':', 2)::bigint FROM ${stage.changes} WHERE kind = ANY($1) AND subject ~ ':[0-9]{1,15}$'`,
    [NAMING_KINDS],
  );
  const hashes = new Set(erased.map(({ hash }) => hash.toString('hex')));
  const gone = seen.flatMap(({ id }) => {
    const hash = hashOfId(key, id);
    return hashes.has(hash.toString('hex')) ? [{ id, mark: markOf(hash) }] : [];
  });
  if (gone.length > 0) {
    const values = [gone.map(({ id }) => id), gone.map(({ mark }) => mark), NAMING_KINDS];
    const named = `unnest($1::bigint[], $2::text[]) AS gone (id, mark)`;
    const renamed = `CASE WHEN s.kind = ANY($3::smallint[]) AND s.subject LIKE '%:' || gone.id THEN split_part(s.subject, ':', 1) || ':' || gone.mark ELSE s.subject END`;
    await client.query(
      `UPDATE ${stage.contributions} s SET subject = ${renamed}, github_id = NULL, login = NULL, account_type = NULL FROM ${named} WHERE s.github_id = gone.id`,
      values,
    );
    await client.query(
      `UPDATE ${stage.changes} s SET subject = ${renamed} FROM ${named} WHERE s.kind = ANY($3) AND s.subject LIKE '%:' || gone.id`,
      values,
    );
    await client.query(
      `UPDATE ${stage.pullRequests} SET github_id = NULL, login = NULL, account_type = NULL WHERE github_id = ANY($1)`,
      values.slice(0, 1),
    );
  }
  await forgetLogins(client, stage, key, new Set(erased.flatMap(({ logins }) => logins.map((login) => login.toString('hex')))));
  return gone.length;
}

/** Rows of the timeline era name a login only. */
async function forgetLogins(client: PoolClient, stage: StagingTables, key: OptOutKey, hashes: ReadonlySet<string>): Promise<void> {
  for (const table of [stage.contributions, stage.pullRequests]) {
    const { rows } = await client.query<{ login: string }>(
      `SELECT DISTINCT login FROM ${table} WHERE github_id IS NULL AND login IS NOT NULL`,
    );
    const logins = rows.flatMap(({ login }) => (hashes.has(hashOfLogin(key, login).toString('hex')) ? [login] : []));
    if (logins.length > 0) await client.query(`UPDATE ${table} SET login = NULL WHERE github_id IS NULL AND login = ANY($1)`, [logins]);
  }
}

/**
 * Recognises accounts, just stored for the first time, that were hidden before they were known.
 * @throws AppError `opt_out_key_missing`
 */
export async function recogniseHidden(client: PoolClient, given: OptOutKey | null): Promise<void> {
  const { rows: unknown } = await client.query<{ hash: Buffer }>(
    `SELECT id_hmac AS hash FROM opt_out WHERE mode = 'hide' AND user_id IS NULL`,
  );
  if (unknown.length === 0) return;
  const key = await checkedKey(client, given);
  const { rows: accounts } = await client.query<{ id: number; githubId: number }>(
    `SELECT u.id, u.github_id AS "githubId" FROM seen_account s JOIN github_user u USING (github_id)`,
  );
  const found = accounts.map(({ id, githubId }) => ({ id, hash: hashOfId(key, githubId) }));
  await client.query(
    `UPDATE opt_out o SET user_id = f.id FROM unnest($1::bytea[], $2::bigint[]) AS f (hash, id)
     WHERE o.id_hmac = f.hash AND o.mode = 'hide' AND o.user_id IS NULL`,
    [found.map(({ hash }) => hash), found.map(({ id }) => id)],
  );
}

async function checkedKey(client: Queryable, key: OptOutKey | null): Promise<OptOutKey> {
  if (key === null) {
    throw new AppError(
      'opt_out_key_missing',
      500,
      'People are erased or hidden here, and this process has no key to know them by. Set OPT_OUT_KEY.',
    );
  }
  await checkOptOutKey(client, key);
  return key;
}
