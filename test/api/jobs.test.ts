import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { appendJobLog } from '../../src/db/job-log.ts';
import { beginReading, noteAttempt, noteProgress, noteWaiting } from '../../src/db/job-progress.ts';
import { closeJob, openJob } from '../../src/db/jobs.ts';
import { planSlices, stageBatch } from '../../src/db/staging.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
let serial = 0;
beforeAll(async () => {
  api = await startTestApi({ maxConcurrentScrapes: 100 });
});
afterAll(() => api.stop());
beforeEach(() => {
  api.engine.live = null;
  api.engine.isAway = false;
});

/** A queued job that was handed to Temporal. */
async function queued(): Promise<string> {
  const params = await addedRepository(api, 'jobs', `of-${(serial += 1)}`);
  const { body } = await api.call('scrapeRepository', { params });
  return body.id as string;
}
const PLAN = {
  source: 'github',
  total: 100,
  unit: 'contributions',
  note: 'reads 3 files',
  estimate: { pages: 9, points: 9, restRequests: 0, minutes: 60, pauseMinutes: 0 },
} as const;
const shown = async (id: string) => (await api.call('getJob', { params: { id } })).body;

describe('a job', () => {
  test('is shown with its progress and its links', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    await beginReading(api.db, id, { ...PLAN, estimate: null });
    await noteProgress(api.db, id, { phase: 'READING', done: 17 });
    expect(await shown(id)).toMatchObject({
      id,
      status: 'RUNNING',
      phase: 'READING',
      progress: { done: 17, total: 100, unit: 'contributions', eta: null },
      plan_note: 'reads 3 files',
      starting: false,
      started_at: expect.any(String),
      completed_at: null,
      links: {
        self: `/api/v1/jobs/${id}`,
        logs: `/api/v1/jobs/${id}/logs`,
        cancel: `/api/v1/jobs/${id}/cancel`,
        repository: expect.stringMatching(/^\/api\/v1\/repositories\/jobs\/of-/),
        temporal: expect.stringMatching(/^\/temporal\/workflows\/scrape:jobs\/of-/),
      },
    });
  });

  test('that reads says when it will be done, not before its wait is over, and nothing before or after', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    const eta = async (): Promise<string | null> => (await shown(id)).progress.eta;
    await beginReading(api.db, id, PLAN);
    expect(await eta()).toBeNull();
    await noteProgress(api.db, id, { phase: 'READING', done: 50 });
    // Half is read, at once: a quarter of the planned hour is a fair guess for the other half.
    const left = Date.parse((await eta()) as string) - Date.now();
    expect(Math.round(left / 60_000)).toBe(15);
    const until = new Date(Date.now() + 7_200_000);
    await noteWaiting(api.db, id, { until, for: "GitHub's rate limit" });
    expect(Date.parse((await eta()) as string)).toBeGreaterThan(until.getTime());
    await noteWaiting(api.db, id, null);
    await noteProgress(api.db, id, { total: null });
    expect(await eta()).toBeNull();
    await noteProgress(api.db, id, { total: 100, phase: 'PUBLISHING' });
    expect(await eta()).toBeNull();
  });

  test('that waits says for what and until when', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    await noteWaiting(api.db, id, { until: new Date('2030-01-01T00:00:00Z'), for: "GitHub's rate limit" });
    expect(await shown(id)).toMatchObject({
      status: 'RUNNING',
      waiting_until: '2030-01-01T00:00:00.000Z',
      waiting_for: "GitHub's rate limit",
    });
  });

  test('is RETRYING when Temporal says so, though its row does not: a killed worker writes none', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    const nextRetryAt = new Date('2030-01-01T00:00:00Z');
    api.engine.live = { state: 'running', retrying: true, attempt: 3, nextRetryAt, lastError: 'activity Heartbeat timeout' };
    expect(await shown(id)).toMatchObject({
      status: 'RETRYING',
      attempt: 3,
      next_retry_at: nextRetryAt.toISOString(),
      error: { message: 'activity Heartbeat timeout' },
    });
    const { body } = await api.call('listJobs', { query: { limit: '1' } });
    expect(body.data[0]).toMatchObject({ id, status: 'RETRYING' });
  });

  test('is RUNNING again when Temporal says so, though its row still waits', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    await noteAttempt(api.db, id, { status: 'RETRYING', attempt: 2, nextRetryAt: new Date(), error: 'broken' });
    api.engine.live = { state: 'running', retrying: false, attempt: 2, nextRetryAt: null, lastError: null };
    expect(await shown(id)).toMatchObject({ status: 'RUNNING', attempt: 2, next_retry_at: null });
  });

  test('is shown from its row while Temporal is away', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    await noteAttempt(api.db, id, { status: 'RETRYING', attempt: 2, nextRetryAt: new Date('2030-01-01T00:00:00Z'), error: 'broken' });
    api.engine.isAway = true;
    expect(await shown(id)).toMatchObject({
      status: 'RETRYING',
      attempt: 2,
      next_retry_at: '2030-01-01T00:00:00.000Z',
      error: { message: 'broken' },
    });
  });

  test('is not held up by a Temporal that hangs', async () => {
    const id = await queued();
    const { liveStatus } = api.engine;
    api.engine.liveStatus = () => new Promise(() => undefined);
    const begun = performance.now();
    expect((await shown(id)).status).toBe('QUEUED');
    api.engine.liveStatus = liveStatus;
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  test('that nobody takes is said to wait for a worker', async () => {
    const id = await queued();
    await api.db.pool.query(`UPDATE scrape_job SET dispatched_at = now() - interval '1 minute' WHERE id = $1`, [id]);
    expect(await shown(id)).toMatchObject({ status: 'QUEUED', waiting_for: 'a worker: none has taken this job yet' });
  });

  test('that failed says why', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    await closeJob(api.db, id, { status: 'FAILED', errorCode: 'archive_unreadable', errorMessage: 'No such directory' });
    expect(await shown(id)).toMatchObject({
      status: 'FAILED',
      error: { code: 'archive_unreadable', message: 'No such directory' },
      completed_at: expect.any(String),
      links: { cancel: null },
    });
  });
});

describe('cancelling', () => {
  test('a running job is accepted with 202 and passed on', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    const { status, body } = await api.call('cancelJob', { params: { id } });
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'RUNNING', cancel_requested_at: expect.any(String) });
    expect(api.engine.cancelled.filter((workflow) => workflow.endsWith(id))).toHaveLength(1);
  });

  test('works while Temporal is away: the reconciler passes it on', async () => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    api.engine.isAway = true;
    const { status, body } = await api.call('cancelJob', { params: { id } });
    expect(status).toBe(202);
    expect(body.cancel_requested_at).not.toBeNull();
  });

  test('a job that waits for its turn closes it at once', async () => {
    const small = await startTestApi({ maxConcurrentScrapes: 0 });
    const { body: job } = await small.call('scrapeRepository', { params: await addedRepository(small, 'a', 'b') });
    expect(job.starting).toBe(false);
    const { status, body } = await small.call('cancelJob', { params: { id: job.id } });
    expect(status).toBe(202);
    expect(body.status).toBe('CANCELLED');
    expect(small.engine.cancelled).toEqual([]);
    await small.stop();
  });

  test('a job that has ended is 409', async () => {
    const id = await queued();
    await closeJob(api.db, id, { status: 'COMPLETED' });
    const { status, body } = await api.call('cancelJob', { params: { id } });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'job_closed', details: { id, status: 'COMPLETED' } });
  });

  test('a job that is not there is 404', async () => {
    expect((await api.call('cancelJob', { params: { id: '0198f7d6-0000-7000-8000-000000000000' } })).status).toBe(404);
  });
});

describe('retrying', () => {
  const failedJob = async (): Promise<string> => {
    const id = await queued();
    await openJob(api.db, id, 'run-1');
    const slices = [{ source: 'gharchive', slice: 'first' } as const, { source: 'gharchive', slice: 'second' } as const];
    await planSlices(api.db, id, slices);
    await stageBatch(api.db, id, slices[0] as (typeof slices)[number], {
      contributions: [],
      pullRequests: [],
      cursor: { page: 7 },
      done: true,
    });
    await closeJob(api.db, id, { status: 'FAILED', errorCode: 'archive_unreadable', errorMessage: 'No such directory' });
    return id;
  };
  const slicesOf = async (id: string): Promise<unknown[]> =>
    (
      await api.db.pool.query(
        `SELECT p.slice, s.done, s.cursor FROM planned_slice p LEFT JOIN scrape_slice s USING (job_id, source, slice) WHERE p.job_id = $1 ORDER BY p.ordinal`,
        [id],
      )
    ).rows;

  test('a failed job makes a new one that goes on where it stopped', async () => {
    const id = await failedJob();
    const { status, body, headers } = await api.call('retryJob', { params: { id } });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/api/v1/jobs/${body.id}`);
    expect(body).toMatchObject({ retry_of: id, status: 'QUEUED', sources: ['gharchive'] });
    expect(body.id).not.toBe(id);
    expect(body.window).toEqual((await shown(id)).window);
    expect(api.engine.started).toContain(body.id);
    expect(await slicesOf(body.id as string)).toEqual([
      { slice: 'first', done: true, cursor: { page: 7 } },
      { slice: 'second', done: false, cursor: null },
    ]);
    expect(await slicesOf(id)).toEqual([]);
    // Its repository has an unfinished job now.
    const again = await api.call('retryJob', { params: { id } });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'scrape_already_running', job: { id: body.id } });
  });

  test('a job that failed more than a day ago begins anew', async () => {
    const id = await failedJob();
    await api.db.pool.query(`UPDATE scrape_job SET completed_at = now() - interval '25 hours' WHERE id = $1`, [id]);
    const { body } = await api.call('retryJob', { params: { id } });
    expect(body.retry_of).toBe(id);
    expect(await slicesOf(body.id as string)).toEqual([]);
  });

  test('a job that goes on, has succeeded or lost its repository is 409, one that is not there 404', async () => {
    const id = await queued();
    expect((await api.call('retryJob', { params: { id } })).body).toMatchObject({ status: 409, code: 'job_not_retryable' });
    await closeJob(api.db, id, { status: 'COMPLETED' });
    expect((await api.call('retryJob', { params: { id } })).body.detail).toContain('it has succeeded');
    const lost = await failedJob();
    const name = (await shown(lost)).repository as string;
    await api.send('DELETE', `/api/v1/repositories/${name}`);
    expect((await api.call('retryJob', { params: { id: lost } })).body.detail).toContain('deleted');
    expect((await api.call('retryJob', { params: { id: '0198f7d6-0000-7000-8000-000000000000' } })).status).toBe(404);
  });
});

describe('the list of jobs', () => {
  test('is newest first, in pages that hold each once', async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    let total = 0;
    do {
      const { body } = await api.call('listJobs', { query: { limit: '3', ...(cursor === null ? {} : { cursor }) } });
      ids.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor as string | null;
      total = body.total as number;
    } while (cursor !== null);
    expect(ids).toHaveLength(total);
    expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
  });

  test('is filtered by status, type and repository', async () => {
    const { body } = await api.call('listJobs', { query: { status: 'FAILED', type: 'FULL' } });
    expect(body.data.length).toBeGreaterThan(0);
    expect(body.data.every(({ status }: { status: string }) => status === 'FAILED')).toBe(true);
    expect((await api.call('listJobs', { query: { repository: 'JOBS/OF-1' } })).body.total).toBe(1);
    expect((await api.call('listJobs', { query: { type: 'REFRESH' } })).body.total).toBe(0);
  });
});

describe("a job's log", () => {
  test('comes in pages after a cursor, filtered by level', async () => {
    const id = await queued();
    const line = (number: number) => ({ at: new Date(), level: number % 2 === 0 ? 30 : 50, message: `line ${number}`, fields: { number } });
    await appendJobLog(
      api.db,
      id,
      Array.from({ length: 25 }, (_, index) => line(index + 1)),
    );
    const first = await api.call('getJobLogs', { params: { id }, query: { limit: '10' } });
    expect(first.body.data.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(first.body.data[0]).toMatchObject({ job_id: id, level: 'error', message: 'line 1', fields: { number: 1 } });
    expect(first.headers.get('link')).toBe(`</api/v1/jobs/${id}/logs?limit=10&after=${first.body.next_cursor}>; rel="next"`);
    const rest = await api.call('getJobLogs', { params: { id }, query: { after: first.body.next_cursor } });
    expect(rest.body.data).toHaveLength(15);
    expect(rest.body.next_cursor).toBeNull();
    const errors = await api.call('getJobLogs', { params: { id }, query: { level: 'error' } });
    expect(errors.body.data).toHaveLength(13);
  });

  test('of a job that is not there is 404', async () => {
    expect((await api.call('getJobLogs', { params: { id: '0198f7d6-0000-7000-8000-000000000000' } })).status).toBe(404);
  });

  test.each([
    ['after=-1', 'after'],
    ['level=loud', 'level'],
    ['limit=1001', 'limit'],
  ])('with %s is 400 and named', async (query, pointer) => {
    const { status, body } = await api.send('GET', `/api/v1/jobs/0198f7d6-0000-7000-8000-000000000000/logs?${query}`);
    expect(status).toBe(400);
    expect(body.errors[0].pointer).toBe(pointer);
  });
});
