import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { databaseToday } from '../../src/db/database.ts';
import { closeJob, jobById } from '../../src/db/jobs.ts';
import { AppError } from '../../src/domain/errors.ts';
import { presetWindow } from '../../src/domain/window.ts';
import { addedRepository, planningSource, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
let serial = 0;
beforeAll(async () => {
  // Room for every test's job: the limit has a test of its own.
  api = await startTestApi({ maxConcurrentScrapes: 100 });
});
afterAll(() => api.stop());
afterEach(() => {
  api.engine.isAway = false;
  api.sources = [planningSource('gharchive')];
});

const added = () => addedRepository(api, 'scraped', `repository-${(serial += 1)}`);

describe('a full scrape', () => {
  test('is accepted with 202, its place, and is handed to Temporal', async () => {
    const params = await added();
    const { status, body, headers } = await api.call('scrapeRepository', { params });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/api/v1/jobs/${body.id}`);
    expect(body).toMatchObject({
      type: 'FULL',
      status: 'QUEUED',
      starting: true,
      repository: `${params.owner}/${params.name}`,
      window: presetWindow('2y', await databaseToday(api.db)),
      sources: ['gharchive'],
      requested_by: 'local',
      error: null,
    });
    expect(api.engine.started).toContain(body.id);
  });

  test('of a repository that is not known is 404', async () => {
    expect((await api.call('scrapeRepository', { params: { owner: 'no', name: 'body' } })).status).toBe(404);
  });

  test('takes dates and sources from its body', async () => {
    api.sources = [planningSource('github'), planningSource('gharchive')];
    const params = await added();
    const body = { since: '2026-01-01', until: '2026-06-30', sources: ['gharchive'] as const };
    const answer = await api.call('scrapeRepository', { params, body: { ...body, sources: ['gharchive'] } });
    expect(answer.body).toMatchObject({ window: { since: '2026-01-01', until: '2026-06-30' }, sources: ['gharchive'] });
    const all = await api.call('scrapeRepository', { params: await added(), body: { since: 'all' } });
    expect(all.body).toMatchObject({ window: { since: '2008-01-01' }, sources: ['github', 'gharchive'] });
  });

  test.each<[Record<string, unknown>, string]>([
    [{ since: 'yesterday' }, '/since'],
    [{ since: '2026-02-30' }, '/since'],
    [{ since: '2026-02-01', until: '2026-01-01' }, '/since'],
    [{ since: '2999-01-01' }, '/since'],
    [{ until: '2007-12-31' }, '/until'],
    [{ until: 'all' }, '/until'],
    [{ sources: ['sample'] }, '/sources/0'],
    [{ sources: [] }, '/sources'],
    [{ sources: 'gharchive' }, '/sources'],
    [{ window: '7d' }, '/window'],
  ])('with %j is 422, names the field, and makes no job', async (body, pointer) => {
    const params = await added();
    const answer = await api.call('scrapeRepository', { params, body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].pointer).toBe(pointer);
    expect((await api.call('getRepository', { params })).body.last_job).toBeNull();
  });

  test('without a configured source is 422, and makes no job', async () => {
    api.sources = [];
    const params = await added();
    const { status, body } = await api.call('scrapeRepository', { params });
    expect(status).toBe(422);
    expect(body.code).toBe('no_source_configured');
    expect((await api.call('getRepository', { params })).body.last_job).toBeNull();
  });

  test('from a source that is not configured is 422 and names it', async () => {
    const { status, body } = await api.call('scrapeRepository', { params: await added(), body: { sources: ['bigquery', 'gharchive'] } });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'no_source_configured', detail: expect.stringContaining('bigquery') });
  });
});

describe('a second scrape', () => {
  test('of a repository whose job is unfinished is refused with 409 and names the job', async () => {
    const params = await added();
    const { body: job } = await api.call('scrapeRepository', { params });
    for (const endpoint of ['scrapeRepository', 'refreshRepository'] as const) {
      const { status, body } = await api.call(endpoint, { params });
      expect(status).toBe(409);
      expect(body).toMatchObject({ code: 'scrape_already_running', job: { id: job.id, status: 'QUEUED', url: `/api/v1/jobs/${job.id}` } });
    }
  });

  test('A131: of fifty that come at once one is accepted and forty-nine are refused with its id', async () => {
    const params = await added();
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.call('scrapeRepository', { params })));
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 409);
    expect([accepted.length, refused.length]).toEqual([1, 49]);
    expect(new Set(refused.map(({ body }) => body.job.id))).toEqual(new Set([accepted[0]?.body.id]));
    expect(api.engine.started.filter((id) => id === accepted[0]?.body.id)).toHaveLength(1);
    const { body } = await api.call('listJobs', { query: { repository: `${params.owner}/${params.name}` } });
    expect(body.total).toBe(1);
  });

  test('is accepted when the first has ended', async () => {
    const params = await added();
    const { body: job } = await api.call('scrapeRepository', { params });
    await closeJob(api.db, job.id, { status: 'FAILED', errorCode: 'x', errorMessage: 'y' });
    const { status, body } = await api.call('refreshRepository', { params });
    expect(status).toBe(202);
    expect(body.type).toBe('REFRESH');
  });
});

describe('while Temporal is away', () => {
  test('a scrape is accepted all the same, and stays queued until the reconciler starts it', async () => {
    api.engine.isAway = true;
    const begun = performance.now();
    const { status, body } = await api.call('scrapeRepository', { params: await added() });
    expect(status).toBe(202);
    expect(body.status).toBe('QUEUED');
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(api.engine.started).not.toContain(body.id);
    await expect(jobById(api.db, body.id)).resolves.toMatchObject({ status: 'QUEUED' });
  });

  test('an engine that hangs holds the answer up for 3 s at most', async () => {
    const { startJob } = api.engine;
    let release: () => void = () => undefined;
    api.engine.startJob = () => new Promise<void>((resolve) => (release = resolve));
    const begun = performance.now();
    const { status } = await api.call('scrapeRepository', { params: await added() });
    api.engine.startJob = startJob;
    release();
    expect(status).toBe(202);
    expect(performance.now() - begun).toBeLessThan(4_500);
  });
});

describe('behind the limit of concurrent scrapes', () => {
  test('jobs wait for their turn', async () => {
    const small = await startTestApi({ maxConcurrentScrapes: 1 });
    const first = await small.call('scrapeRepository', { params: await addedRepository(small, 'a', 'one') });
    const second = await small.call('scrapeRepository', { params: await addedRepository(small, 'a', 'two') });
    expect(first.body).toMatchObject({ status: 'QUEUED', starting: true });
    expect(second.body).toMatchObject({ status: 'QUEUED', starting: false });
    expect(small.engine.started).toEqual([first.body.id]);
    await small.stop();
  });
});

describe('a dry run', () => {
  test('answers the plan of each source and leaves nothing behind', async () => {
    api.sources = [
      planningSource('github', { pages: 12, points: 20, restRequests: 4, minutes: 2, pauseMinutes: 0 }),
      planningSource('gharchive'),
    ];
    const params = await added();
    const { status, body } = await api.call('scrapeRepository', {
      params,
      query: { dry_run: 'true' },
      body: { since: '2026-01-01', until: '2026-01-31' },
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      dry_run: true,
      repository: `${params.owner}/${params.name}`,
      type: 'FULL',
      window: { since: '2026-01-01', until: '2026-01-31' },
      sources: ['github', 'gharchive'].map((source) => ({
        source,
        slices: 1,
        total: 17,
        unit: 'contributions',
        note: 'reads 2026-01-01 to 2026-01-31',
        estimate: source === 'github' ? { pages: 12, points: 20, rest_requests: 4, minutes: 2 } : null,
      })),
    });
    expect((await api.call('getRepository', { params })).body.last_job).toBeNull();
  });

  test('of a repository that is not known here is made too, adds nothing, and leaves the sample where it is', async () => {
    const params = { owner: 'acme', name: 'not-yet' };
    const before = (await api.call('listRepositories')).body;
    api.lookup = { state: 'unreachable', reason: 'no token is configured' };
    const { status, body } = await api.call('scrapeRepository', { params, query: { dry_run: 'true' } });
    expect([status, body.repository, body.type]).toEqual([200, 'acme/not-yet', 'FULL']);
    api.lookup = { state: 'missing' };
    const missing = await api.call('scrapeRepository', { params, query: { dry_run: 'true' } });
    expect([missing.status, missing.body.code]).toEqual([404, 'github_repository_not_found']);
    api.lookup = { state: 'unreachable', reason: 'no token is configured' };
    expect((await api.call('scrapeRepository', { params })).status).toBe(404);
    expect((await api.call('refreshRepository', { params, query: { dry_run: 'true' } })).status).toBe(404);
    expect((await api.call('listRepositories')).body).toEqual(before);
  });

  test('says what its source says, and 503 when it can not be made', async () => {
    const params = await added();
    for (const [error, status, code] of [
      [new AppError('bad_credentials', 422, 'GitHub refuses the token.'), 422, 'bad_credentials'],
      [new Error('connect ECONNREFUSED'), 503, 'plan_unavailable'],
    ] as const) {
      api.sources = [{ ...planningSource('github'), plan: () => Promise.reject(error) }];
      const answer = await api.call('scrapeRepository', { params, query: { dry_run: 'true' } });
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    }
  });

  test('of a refresh too', async () => {
    const { status, body } = await api.call('refreshRepository', { params: await added(), query: { dry_run: 'true' } });
    expect(status).toBe(200);
    expect(body.type).toBe('REFRESH');
  });
});
