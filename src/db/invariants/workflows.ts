import { setTimeout as delay } from 'node:timers/promises';
import { queryable, type Database } from '../database.ts';
import type { InvariantFinding } from './invariant.ts';

/** How the workflow of a job stands. */
export interface WorkflowState {
  readonly state: 'running' | 'closed' | 'not_found';
}

interface Unfinished {
  readonly id: string;
  readonly workflowId: string;
  readonly status: string;
  readonly isDispatched: boolean;
}

const POLL_MS = 500;

/** Jobs that should have a workflow; and those that nobody hands over though nothing runs. */
async function unfinishedJobs(db: Database): Promise<readonly Unfinished[]> {
  const { rows } = await queryable(db).query<Unfinished>(
    `SELECT j.id, j.workflow_id AS "workflowId", j.status, j.dispatched_at IS NOT NULL AS "isDispatched" FROM scrape_job j
     WHERE j.status IN ('QUEUED','RUNNING','RETRYING') AND j.job_type <> 'IMPORT'
       AND (j.dispatched_at IS NOT NULL OR NOT EXISTS (
         SELECT FROM scrape_job r WHERE r.status IN ('QUEUED','RUNNING','RETRYING') AND r.dispatched_at IS NOT NULL AND r.job_type IN ('FULL','REFRESH')))
     ORDER BY j.id`,
  );
  return rows;
}

/**
 * Jobs that stay unfinished without a running workflow for longer than they may. They are looked at again and again for that long: a
 * job that is just being started, closed or repaired is none. Temporal is asked, so this is not part of the snapshot.
 */
export async function strayJobs(
  db: Database,
  o: {
    readonly workflowState: ((job: { readonly workflowId: string }) => Promise<WorkflowState | null>) | null;
    readonly patienceMs: number;
    readonly examples: number;
  },
): Promise<InvariantFinding> {
  const finding = {
    name: 'stuck-jobs',
    promise: `No job stands unfinished without a running workflow for more than ${o.patienceMs / 1000} s`,
    unit: 'unfinished jobs',
  };
  const { workflowState } = o;
  const first = await unfinishedJobs(db);
  if (workflowState === null) {
    const skipped = first.length === 0 ? null : 'no Temporal is running that could be asked';
    return { ...finding, checked: 0, violations: 0, examples: [], skipped };
  }
  const deadline = performance.now() + o.patienceMs;
  let suspects = first;
  for (;;) {
    const stray: (Unfinished & { readonly workflow: string })[] = [];
    for (const job of suspects) {
      const live = await workflowState(job);
      if (live === null) return { ...finding, checked: 0, violations: 0, examples: [], skipped: 'Temporal does not answer' };
      if (live.state !== 'running') stray.push({ ...job, workflow: live.state });
    }
    if (stray.length === 0 || performance.now() > deadline) {
      const examples = stray.slice(0, o.examples).map(({ id, status, workflow }) => ({ job_id: id, status, workflow }));
      return { ...finding, checked: first.length, violations: stray.length, examples, skipped: null };
    }
    await delay(POLL_MS);
    const still = new Set((await unfinishedJobs(db)).map(({ id }) => id));
    suspects = stray.filter(({ id }) => still.has(id));
  }
}
