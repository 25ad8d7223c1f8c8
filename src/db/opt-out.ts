import { changeBoards, rollUpOf } from './boards.ts';
import type { Database, Queryable } from './database.ts';
import { forgetAnswersAbout } from './idempotency.ts';
import { checkOptOutKey, hashOfId, type OptOutKey } from './opt-out-key.ts';
import type { Person } from './people.ts';
import { repositoriesOf } from './person-repositories.ts';

/**
 * Hides a person with all accounts, in every board at once; ranks close up, and pages of older boards are no longer given. Hiding
 * again changes nothing. `githubId` instead of a person: of an account that is not known here yet, which is then hidden from its first sight.
 */
export async function hidePerson(
  db: Database,
  key: OptOutKey,
  who: Pick<Person, 'id' | 'accounts'> | { readonly githubId: number },
): Promise<void> {
  await changeBoards(db, async (client) => {
    await checkOptOutKey(client, key);
    const accounts = 'accounts' in who ? await accountsOf(client, who.id) : [{ id: null, githubId: who.githubId }];
    await client.query(
      `INSERT INTO opt_out (id_hmac, mode, user_id) SELECT id_hmac, 'hide', user_id FROM unnest($1::bytea[], $2::bigint[]) AS a (id_hmac, user_id)
       ON CONFLICT (id_hmac) DO UPDATE SET user_id = excluded.user_id WHERE opt_out.user_id IS NULL AND opt_out.mode = 'hide'`,
      [accounts.map(({ githubId }) => hashOfId(key, githubId)), accounts.map(({ id }) => id)],
    );
    if (!('accounts' in who)) return { repositories: [], result: undefined };
    const ids = accounts.flatMap(({ id }) => id ?? []);
    const repositories = await repositoriesOf(client, ids);
    await forgetAnswersAbout(client, ids);
    await client.query('DELETE FROM contribution_day WHERE repository_id = ANY($1) AND person_id = $2', [repositories, who.id]);
    return { repositories, result: undefined, forgetOlder: true };
  });
}

/** Shows a person again, as if nothing had been. Of somebody who is not hidden, nothing changes. An erased person stays erased. */
export async function showPerson(
  db: Database,
  key: OptOutKey,
  who: Pick<Person, 'id' | 'accounts'> | { readonly githubId: number },
): Promise<void> {
  await changeBoards(db, async (client) => {
    await checkOptOutKey(client, key);
    const accounts = 'accounts' in who ? await accountsOf(client, who.id) : [{ id: null, githubId: who.githubId }];
    const { rowCount } = await client.query(`DELETE FROM opt_out WHERE id_hmac = ANY($1) AND mode = 'hide'`, [
      accounts.map(({ githubId }) => hashOfId(key, githubId)),
    ]);
    if (!('accounts' in who) || rowCount === 0) return { repositories: [], result: undefined };
    const repositories = await repositoriesOf(
      client,
      accounts.flatMap(({ id }) => id ?? []),
    );
    await rollUpOf(client, repositories);
    return { repositories, result: undefined };
  });
}

/** Read under the boards' lock: a merge that came between the question and the answer counts. */
async function accountsOf(
  client: Queryable,
  personId: number,
): Promise<readonly { readonly id: number | null; readonly githubId: number }[]> {
  const { rows } = await client.query<{ id: number; githubId: number }>(
    `SELECT u.id, u.github_id AS "githubId" FROM github_user u
     WHERE u.person_id = (SELECT person_id FROM github_user WHERE id = $1) ORDER BY u.id`,
    [personId],
  );
  return rows;
}
