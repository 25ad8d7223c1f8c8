import { noteCoverageChange } from './coverage-version.ts';
import { inTransaction, type Database, type Queryable } from './database.ts';
import { lock, LOCKS } from './locks.ts';
import { dropStaging } from './staging.ts';

/**
 * Removes a repository with everything that was stored of it. Its unfinished job is closed as CANCELLED, `repository_deleted`;
 * jobs and their logs stay, with the name. The global board still counts it until it is rebuilt.
 */
export async function deleteRepository(db: Database, id: number): Promise<void> {
  await inTransaction(db, (client) => deleteRepositories(client, [id]));
}

/** {@link deleteRepository} for several, inside somebody's transaction. */
async function deleteRepositories(client: Queryable, ids: readonly number[]): Promise<void> {
  // Wholly before or wholly after a rebuild: else its rows would stay in the boards that are being made.
  await lock(client, LOCKS.boards, 'shared');
  // The row first, then its job: the order in which publishing and closing lock them.
  await client.query('SELECT FROM repository WHERE id = ANY($1) ORDER BY id FOR UPDATE', [ids]);
  const cancelled = await client.query<{ id: string }>(
    `UPDATE scrape_job SET status = 'CANCELLED', phase = 'CLOSED', error_code = 'repository_deleted', error_message = 'The repository was deleted.',
       completed_at = now(), next_retry_at = NULL, waiting_until = NULL, waiting_for = NULL
     WHERE repository_id = ANY($1) AND status IN ('QUEUED','RUNNING','RETRYING') RETURNING id`,
    [ids],
  );
  for (const job of cancelled.rows) await dropStaging(client, job.id);
  await client.query('DELETE FROM repository_leaderboard WHERE repository_id = ANY($1)', [ids]);
  await client.query('DELETE FROM contribution_day WHERE repository_id = ANY($1)', [ids]);
  await client.query('DELETE FROM leaderboard_snapshot WHERE scope = ANY($1)', [ids]);
  await client.query('DELETE FROM board WHERE scope = ANY($1)', [ids]);
  await client.query('DELETE FROM repository WHERE id = ANY($1)', [ids]);
  await noteCoverageChange(client);
}

/** Removes the generated sample, repositories and people, inside somebody's transaction; says how many repositories that were. */
export async function removeSampleRows(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ id: number }>('SELECT id FROM repository WHERE is_sample ORDER BY id');
  if (rows.length === 0) return 0;
  await deleteRepositories(
    client,
    rows.map(({ id }) => id),
  );
  // Ranks of earlier days on the global board name its people, too.
  await client.query('DELETE FROM leaderboard_snapshot WHERE person_id IN (SELECT id FROM github_user WHERE is_sample)');
  await client.query('DELETE FROM github_user WHERE is_sample');
  return rows.length;
}
