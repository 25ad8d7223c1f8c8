import type { PoolClient } from 'pg';
import { inTransaction, type Database } from './database.ts';

/**
 * Runs `work` in one snapshot that nothing is written in, beside everything else. Boards that the snapshot shows are not dropped
 * meanwhile.
 */
export async function inSnapshot<T>(
  db: Database,
  work: (client: PoolClient) => Promise<T>,
  o: { readonly statementTimeoutMs?: number } = {},
): Promise<T> {
  return inTransaction(
    db,
    async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      // Before the snapshot is taken.
      await client.query('LOCK TABLE repository_leaderboard, global_leaderboard, leaderboard_snapshot IN ACCESS SHARE MODE');
      return work(client);
    },
    o,
  );
}
