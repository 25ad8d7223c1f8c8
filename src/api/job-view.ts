import type { StoredJob } from '../db/jobs.ts';
import { isUnfinished } from '../domain/job-status.ts';
import type { LiveStatus } from '../temporal/engine.ts';
import type { JobResource } from './contract/jobs.ts';
import { within } from './deadline.ts';
import type { ApiEngine } from './deps.ts';
import { jobResourceOf } from './resources.ts';

/** A page of jobs must not wait for Temporal longer than this. */
const LIVE_DEADLINE_MS = 1_500;
/** Unfinished jobs on one page that Temporal is asked about; queued ones that were not handed over are not asked for. */
const MOST_LIVE = 20;

/** Shows jobs as JSON, unfinished ones with what Temporal says of them now. */
export async function showJobs(engine: ApiEngine, jobs: readonly StoredJob[]): Promise<JobResource[]> {
  const asked = new Set(jobs.filter(({ status, dispatchedAt }) => isUnfinished(status) && dispatchedAt !== null).slice(0, MOST_LIVE));
  return Promise.all(
    jobs.map(async (job) => {
      const live: LiveStatus | null = asked.has(job) ? await within(LIVE_DEADLINE_MS, engine.liveStatus(job), null) : null;
      return view(engine, job, live);
    }),
  );
}

/** Shows a job that was accepted just now, from its row: Temporal, which may have kept its start waiting, is not asked again. */
export function showAccepted(engine: ApiEngine, job: StoredJob): JobResource {
  return view(engine, job, null);
}

function view(engine: ApiEngine, job: StoredJob, live: LiveStatus | null): JobResource {
  // The sample is loaded without a workflow: there is no page of it.
  const url = job.sources.includes('sample') ? null : engine.workflowUrl(job.workflowId, job.runId);
  return jobResourceOf(job, live, url);
}

/** Shows one job. */
export async function showJob(engine: ApiEngine, job: StoredJob): Promise<JobResource> {
  const [shown] = await showJobs(engine, [job]);
  return shown as JobResource;
}
