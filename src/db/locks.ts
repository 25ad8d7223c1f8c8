import type { Queryable } from './database.ts';

/** Advisory locks, by two numbers: ours (the letters `LRLS`) and what is locked. */
const OURS = 0x4c52_4c53;
type Lock = readonly [ours: number, what: number];

export const LOCKS = {
  migration: [OURS, 1],
  /** Publishing takes it shared, whatever rebuilds many boards takes it alone: nothing is published into a board being replaced. */
  boards: [OURS, 2],
  dispatch: [OURS, 3],
  /** Whoever makes a partition: IF NOT EXISTS alone lets two that make the same one fail. */
  partitions: [OURS, 5],
  /** Whoever saves a scoring, and whoever says that all boards have the newest. */
  scoring: [OURS, 6],
  /** Gives log lines their ids in the order in which they become visible. */
  jobLog: [OURS, 4],
  /** The monthly budget of BigQuery: two queries must not both take what is left of it. */
  bigQueryBudget: [OURS, 6],
} as const satisfies Record<string, Lock>;

/** Waits for a lock and holds it to the end of the transaction. */
export async function lock(client: Queryable, [ours, what]: Lock, mode: 'shared' | 'alone' = 'alone'): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock${mode === 'shared' ? '_shared' : ''}($1, $2)`, [ours, what]);
}
