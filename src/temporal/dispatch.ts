import type { Database } from '../db/database.ts';
import { claimDispatch } from '../db/jobs.ts';
import type { Engine } from './engine.ts';

/**
 * Starts the oldest queued jobs, as many as the limit of concurrent scrapes leaves room for; gives how many it has handed to
 * Temporal. A start that fails is no error here: the job is marked as dispatched and the reconciler repeats its start.
 */
export async function dispatchQueuedJobs(db: Database, engine: Pick<Engine, 'startJob'>, limit: number): Promise<number> {
  const jobs = await claimDispatch(db, limit);
  await Promise.allSettled(jobs.map((job) => engine.startJob(job)));
  return jobs.length;
}
