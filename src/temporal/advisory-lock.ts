import type { Database } from '../db/database.ts';

/** Advisory locks of processes among themselves, by two numbers: this one and the lock's. db/locks.ts has another first number. */
const PROCESS_LOCKS = 0x4c52_4c54;
const LOCKS = { reconciler: 1, schedules: 2 } as const;

/** Does `work` if no other process is doing it; gives undefined when one is. */
export async function ifUnlocked<T>(db: Database, name: keyof typeof LOCKS, work: () => Promise<T>): Promise<T | undefined> {
  const client = await db.pool.connect();
  let broken: Error | undefined;
  try {
    const { rows } = await client.query<{ free: boolean }>('select pg_try_advisory_lock($1, $2) as free', [PROCESS_LOCKS, LOCKS[name]]);
    if (rows[0]?.free !== true) return undefined;
    try {
      return await work();
    } finally {
      await client.query('select pg_advisory_unlock($1, $2)', [PROCESS_LOCKS, LOCKS[name]]).catch((error: Error) => (broken = error));
    }
  } finally {
    // A connection that could not unlock must not go back to the pool with the lock.
    client.release(broken);
  }
}
