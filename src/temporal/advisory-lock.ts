import { inTransaction, type Database } from '../db/database.ts';

/** Advisory locks of processes among themselves, by two numbers: this one and the lock's. db/locks.ts has another first number. */
const PROCESS_LOCKS = 0x4c52_4c54;
const LOCKS = { reconciler: 1, schedules: 2 } as const;

/** A third of the time after which PostgreSQL ends a session that stands still in a transaction (db/database.ts). */
const SIGN_OF_LIFE_MS = 10_000;

/**
 * Does `work` if no other process is doing it; gives undefined when one is. The lock is one of a transaction: PostgreSQL ends a
 * session that stands still in one, so a process that is stopped or has vanished does not keep the lock from the others for ever.
 */
export async function ifUnlocked<T>(db: Database, name: keyof typeof LOCKS, work: () => Promise<T>): Promise<T | undefined> {
  return await inTransaction(db, async (client) => {
    const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS free', [
      PROCESS_LOCKS,
      LOCKS[name],
    ]);
    if (rows[0]?.free !== true) return undefined;
    // Work that takes long is no process that stands still: only one that can't say this any more loses the lock.
    const alive = setInterval(() => void client.query('SELECT').catch(() => undefined), SIGN_OF_LIFE_MS);
    try {
      return await work();
    } finally {
      clearInterval(alive);
    }
  });
}
