import type { Queryable } from './database.ts';

/**
 * Runs statements that join all rows of a repository, without nested loops. A repository that is new since the last ANALYZE is in no
 * statistics, so the planner takes it for one row and loops over it: rows times rows. ANALYZE here would make publishes wait for
 * each other to their ends; a join that hashes or merges reads every row once whatever the statistics say.
 */
export async function withHashJoins<T>(client: Queryable, work: () => Promise<T>): Promise<T> {
  await client.query('SET LOCAL enable_nestloop = off');
  const result = await work();
  // Not after an error: the transaction is lost then, and the setting with it.
  await client.query('SET LOCAL enable_nestloop = on');
  return result;
}
