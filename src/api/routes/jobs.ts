import { jobById, listJobs, requestCancel, type StoredJob } from '../../db/jobs.ts';
import { readJobLog } from '../../db/job-log.ts';
import { JobNotFound } from '../../domain/errors.ts';
import { isUnfinished } from '../../domain/job-status.ts';
import { LOG_LEVELS } from '../contract/jobs.ts';
import type { ApiDeps } from '../deps.ts';
import { within } from '../deadline.ts';
import { showAccepted, showJob, showJobs } from '../job-view.ts';
import { atCursor, nextLink } from '../paging.ts';
import { jobPath, logLineOf } from '../resources.ts';
import type { Handlers } from '../routing.ts';
import { retryScrape } from './scrapes.ts';

const CANCEL_DEADLINE_MS = 3_000;

/** Lists, shows, cancels and retries jobs, and pages through their logs. */
export function jobHandlers(deps: ApiDeps): Pick<Handlers, 'listJobs' | 'getJob' | 'getJobLogs' | 'cancelJob' | 'retryJob'> {
  const { db, engine, log } = deps;
  const jobOf = async (id: string): Promise<StoredJob> => {
    const job = await jobById(db, id);
    if (job === null) throw new JobNotFound(id);
    return job;
  };

  return {
    async listJobs({ query }, { request }) {
      const { status, type, repository, limit, cursor } = query;
      const page = await atCursor(cursor, () =>
        listJobs(db, {
          limit,
          ...(status === undefined ? {} : { status }),
          ...(type === undefined ? {} : { type }),
          ...(repository === undefined ? {} : { repository }),
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      const body = { data: await showJobs(engine, page.data), next_cursor: page.nextCursor, total: page.total };
      return { status: 200, headers: nextLink(request, 'cursor', page.nextCursor), body };
    },

    async getJob({ params }) {
      return { status: 200, body: await showJob(engine, await jobOf(params.id)) };
    },

    async getJobLogs({ params, query }, { request }) {
      const job = await jobOf(params.id);
      const { after, level, limit } = query;
      const lines = await readJobLog(db, {
        jobId: job.id,
        limit,
        ...(after === undefined ? {} : { after }),
        ...(level === undefined ? {} : { level: LOG_LEVELS[level] }),
      });
      const data = lines.map(logLineOf);
      const next = data.length === limit ? String(data.at(-1)?.id) : null;
      return { status: 200, headers: nextLink(request, 'after', next), body: { data, next_cursor: next } };
    },

    async retryJob({ params }, { caller, concerns }) {
      const job = await retryScrape(deps, await jobOf(params.id), caller.name);
      concerns({ job_id: job.id });
      return { status: 202, headers: { Location: jobPath(job.id) }, body: showAccepted(engine, job) };
    },

    async cancelJob({ params }) {
      await requestCancel(db, params.id);
      const job = await jobOf(params.id);
      if (isUnfinished(job.status) && (await within(CANCEL_DEADLINE_MS, engine.cancelJob(job), null)) === null) {
        log.warn({ job_id: job.id }, 'Temporal not told of a cancel; the reconciler repeats it');
      }
      return { status: 202, body: await showJob(engine, job) };
    },
  };
}
