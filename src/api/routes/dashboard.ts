import { listErrors, readStatistics, type RecordedError } from '../../db/statistics.ts';
import type { RecordedErrorResource } from '../contract/dashboard.ts';
import type { ApiDeps, Watches } from '../deps.ts';
import { atCursor, nextLink } from '../paging.ts';
import { jobPath } from '../resources.ts';
import type { Handlers } from '../routing.ts';

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);

/** What the dashboard shows of the whole. */
export function dashboardHandlers({ db }: ApiDeps, { engineWatch }: Watches): Pick<Handlers, 'getStatistics' | 'listErrors'> {
  return {
    async getStatistics() {
      const { state, since } = engineWatch.state();
      const { repositories, people, jobs, jobsOfLastDay, board, ...rest } = await readStatistics(db);
      return {
        status: 200,
        body: {
          repositories: { total: sum(repositories), by_status: { ...repositories } },
          is_sample: rest.isSample,
          contributors: { total: sum(people), by_kind: { ...people } },
          contributions: { total: rest.contributions, unattributed: rest.unattributed },
          jobs: { total: sum(jobs), by_status: { ...jobs }, last_24_hours: { ...jobsOfLastDay } },
          last_scraped_at: rest.lastScrapedAt?.toISOString() ?? null,
          oldest_scraped_at: rest.oldestScrapedAt?.toISOString() ?? null,
          engine: { state, since: since?.toISOString() ?? null },
          leaderboard:
            board === null
              ? null
              : { as_of: board.asOf.toISOString(), window: { since: board.since, until: board.until }, people: board.people },
        },
      };
    },

    async listErrors({ query: { limit, cursor } }, { request }) {
      const page = await atCursor(cursor, () => listErrors(db, { limit, ...(cursor === undefined ? {} : { cursor }) }));
      const body = { data: page.data.map(errorOf), next_cursor: page.nextCursor };
      return { status: 200, headers: nextLink(request, 'cursor', page.nextCursor), body };
    },
  };
}

function errorOf({ at, origin, jobId, repository, code, message, logId }: RecordedError): RecordedErrorResource {
  const job = jobPath(jobId);
  return {
    at: at.toISOString(),
    origin,
    job_id: jobId,
    repository,
    code,
    message,
    log_id: logId,
    links: { job, logs: logId === null ? `${job}/logs` : `${job}/logs?after=${logId - 1}` },
  };
}
