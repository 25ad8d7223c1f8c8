import type { Queryable } from './database.ts';

/** The repositories whose days depend on accounts: those they contributed to, and those where pull requests of theirs are. */
export async function repositoriesOf(client: Queryable, accountIds: readonly number[]): Promise<readonly number[]> {
  const { rows } = await client.query<{ id: number }>(
    `SELECT repository_id AS id FROM contribution_event WHERE user_id = ANY($1)
     UNION SELECT repository_id FROM pull_request WHERE author_id = ANY($1) ORDER BY id`,
    [accountIds],
  );
  return rows.map(({ id }) => id);
}
