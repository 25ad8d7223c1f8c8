import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { addRepository, learnRepository } from '../../src/db/repositories.ts';
import type { RepositoryLookup } from '../../src/sources/github/repository-facts.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());
beforeEach(() => {
  api.lookup = { state: 'unreachable', reason: 'no token is configured' };
});

const facts = {
  githubId: 1296269,
  nodeId: 'R_1',
  owner: 'octocat',
  name: 'Hello-World',
  description: 'My first repository',
  stars: 80,
  forks: 9,
  defaultBranch: 'main',
  isPrivate: false,
};

describe('adding a repository', () => {
  test('answers 201 with its place, PENDING and without a job', async () => {
    const { status, body, headers } = await api.call('addRepository', { body: { owner: 'rust-lang', name: 'rust' } });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/api/v1/repositories/rust-lang/rust');
    expect(body).toMatchObject({ full_name: 'rust-lang/rust', status: 'PENDING', job: null, is_sample: false, github_id: null });
  });

  test.each([
    [{ owner: 'RUST-lang', name: 'Rust' }],
    [{ url: 'https://github.com/rust-lang/rust' }],
    [{ url: 'https://github.com/rust-lang/rust.git' }],
    [{ url: 'git@github.com:rust-lang/rust.git' }],
  ])('that is known already answers 200: %j', async (body) => {
    const answer = await api.call('addRepository', { body });
    expect(answer.status).toBe(200);
    expect(answer.body.full_name).toBe('rust-lang/rust');
  });

  test('stores what GitHub says, under its current name', async () => {
    api.lookup = { state: 'found', facts };
    const { status, body, headers } = await api.call('addRepository', { body: { owner: 'octocat', name: 'old-name' } });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/api/v1/repositories/octocat/Hello-World');
    expect(body).toMatchObject({ github_id: 1296269, description: 'My first repository', stars: 80, forks: 9, default_branch: 'main' });
  });

  test.each<[string, RepositoryLookup, number, string]>([
    ['that GitHub does not know is 404', { state: 'missing' }, 404, 'github_repository_not_found'],
    ['that is private is 422', { state: 'found', facts: { ...facts, githubId: 77, isPrivate: true } }, 422, 'repository_private'],
    ['that GitHub withholds is 451', { state: 'blocked', reason: 'GitHub withholds it for legal reasons' }, 451, 'repository_blocked'],
  ])('%s, and nothing is stored', async (_, lookup, status, code) => {
    api.lookup = lookup;
    const before = (await api.call('listRepositories')).body.total;
    const answer = await api.call('addRepository', { body: { owner: 'some', name: 'thing' } });
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(code);
    expect((await api.call('listRepositories')).body.total).toBe(before);
  });

  test('that is private is added where that is allowed, and known as private', async () => {
    api.allowPrivate = true;
    api.lookup = { state: 'found', facts: { ...facts, githubId: 78, nodeId: 'R_78', owner: 'secret', name: 'plans', isPrivate: true } };
    expect((await api.call('addRepository', { body: { owner: 'secret', name: 'plans' } })).status).toBe(201);
    api.allowPrivate = false;
    const { rows } = await api.db.pool.query(`SELECT is_private FROM repository WHERE name = 'plans'`);
    expect(rows).toEqual([{ is_private: true }]);
  });

  test('that can not be asked about is added as it is', async () => {
    api.lookup = { state: 'unreachable', reason: "GitHub's rate limit is used up" };
    expect((await api.call('addRepository', { body: { owner: 'limited', name: 'repo' } })).status).toBe(201);
  });

  test('twenty times at once makes one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.call('addRepository', { body: { owner: 'race', name: 'one' } })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect((await api.call('listRepositories', { query: { q: 'race/' } })).body.total).toBe(1);
  });

  test('with "scrape": true queues its first scrape too', async () => {
    const { status, body } = await api.call('addRepository', { body: { owner: 'with', name: 'scrape', scrape: true } });
    expect(status).toBe(201);
    expect(body.job).toMatchObject({ repository: 'with/scrape', type: 'FULL', status: 'QUEUED', sources: ['gharchive'] });
    expect(api.engine.started).toContain(body.job.id);
  });

  test('with "scrape": true and no source is 422, and nothing is stored', async () => {
    const { sources } = api;
    api.sources = [];
    const answer = await api.call('addRepository', { body: { owner: 'no', name: 'source', scrape: true } });
    api.sources = sources;
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('no_source_configured');
    expect((await api.call('getRepository', { params: { owner: 'no', name: 'source' } })).status).toBe(404);
  });
});

describe('a repository', () => {
  test('is shown in whatever case it is asked for', async () => {
    const { status, body } = await api.call('getRepository', { params: { owner: 'RUST-LANG', name: 'RUST' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ full_name: 'rust-lang/rust', last_job: null, coverage: { complete: null, note: expect.any(String) } });
    expect((await api.call('getCoverage', { params: { owner: 'rust-lang', name: 'rust' } })).status).toBe(200);
  });

  test('that is not known is 404 and says how to add it', async () => {
    const { status, body } = await api.call('getRepository', { params: { owner: 'no', name: 'body' } });
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: 'repository_not_found', detail: expect.stringContaining('POST /api/v1/repositories') });
  });

  test('that was renamed is redirected from its old name, whatever is asked of it', async () => {
    const { repository } = await addRepository(api.db, { owner: 'before', name: 'it' }, { githubId: 4711 });
    await learnRepository(api.db, repository.id, { owner: 'after', name: 'it' });
    const answer = await api.call('getRepository', { params: { owner: 'Before', name: 'It' } });
    expect(answer.status).toBe(308);
    expect(answer.headers.get('location')).toBe('/api/v1/repositories/after/it');
    const board = await api.call('getRepositoryBoard', { params: { owner: 'before', name: 'it' }, query: { window: '7d', limit: '5' } });
    expect(board.status).toBe(308);
    expect(board.headers.get('location')).toBe('/api/v1/leaderboard/after/it?window=7d&limit=5');
    expect((await api.send('POST', '/api/v1/repositories/before/it/refresh')).headers.get('location')).toBe(
      '/api/v1/repositories/after/it/refresh',
    );
    const params = { owner: 'before', name: 'it' };
    for (const name of ['getCoverage', 'scrapeRepository', 'deleteRepository'] as const) {
      const { status, headers } = await api.call(name, { params });
      expect([name, status, headers.get('location')?.startsWith('/api/v1/repositories/after/it')]).toEqual([name, 308, true]);
    }
    expect((await api.call('getRepository', { params: { owner: 'after', name: 'it' } })).body.last_job).toBeNull();
    expect((await api.call('addRepository', { body: { owner: 'before', name: 'it' } })).body.full_name).toBe('after/it');
  });
});

describe('the list of repositories', () => {
  test('comes in pages that hold each once', async () => {
    const names: string[] = [];
    let path: string | null = '/api/v1/repositories?limit=2';
    while (path !== null) {
      const { status, body, headers } = await api.send('GET', path);
      expect(status).toBe(200);
      names.push(...body.data.map(({ full_name }: { full_name: string }) => full_name));
      expect(body.next_cursor === null).toBe(headers.get('link') === null);
      path = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;
    }
    const { total } = (await api.call('listRepositories')).body;
    expect(names).toHaveLength(total);
    expect(new Set(names).size).toBe(total);
    expect(names).toEqual(names.toSorted());
  });

  test('is filtered by status and by part of the name; % is only a character', async () => {
    expect((await api.call('listRepositories', { query: { q: 'RUST' } })).body.data).toHaveLength(1);
    expect((await api.call('listRepositories', { query: { q: '%' } })).body.data).toHaveLength(0);
    expect((await api.call('listRepositories', { query: { status: 'COMPLETED' } })).body.data).toHaveLength(0);
  });

  test('a cursor of another order is 400', async () => {
    const { body } = await api.call('listRepositories', { query: { limit: '1' } });
    const answer = await api.call('listRepositories', { query: { limit: '1', sort: '-stars', cursor: body.next_cursor } });
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe('cursor');
  });
});

describe('removing a repository', () => {
  test('cancels its job, keeps the job with the name, and has the global board recalculated', async () => {
    const params = await addedRepository(api, 'gone', 'soon');
    const { body: job } = await api.call('scrapeRepository', { params });
    const before = api.engine.recalculations;
    expect((await api.call('deleteRepository', { params })).status).toBe(204);
    expect((await api.call('getRepository', { params })).status).toBe(404);
    expect((await api.call('deleteRepository', { params })).status).toBe(404);
    const { body: after } = await api.call('getJob', { params: { id: job.id } });
    expect(after).toMatchObject({ status: 'CANCELLED', repository: 'gone/soon', error: { code: 'repository_deleted' } });
    expect(after.links.repository).toBeNull();
    expect(api.engine.recalculations).toBe(before + 1);
    expect(api.engine.cancelled.some((workflow) => workflow.endsWith(job.id))).toBe(true);
  });

  test('works while Temporal is away, and the name can be added anew', async () => {
    const params = await addedRepository(api, 'gone', 'again');
    await api.call('scrapeRepository', { params });
    api.engine.isAway = true;
    const { status } = await api.call('deleteRepository', { params });
    api.engine.isAway = false;
    expect(status).toBe(204);
    await addedRepository(api, 'gone', 'again');
    expect((await api.call('scrapeRepository', { params })).status).toBe(202);
  });
});

describe('the sample', () => {
  test('goes with the first real repository', async () => {
    const other = await startTestApi();
    await addRepository(other.db, { owner: 'sample', name: 'garden' }, { githubId: -1 });
    const params = { owner: 'sample', name: 'garden' };
    const shown = await other.call('getRepository', { params });
    expect(shown.body.is_sample).toBe(true);
    const refused = await other.call('scrapeRepository', { params });
    expect(refused.status).toBe(422);
    expect(refused.body.code).toBe('repository_is_sample');
    await addedRepository(other, 'real', 'one');
    expect((await other.call('getRepository', { params })).status).toBe(404);
    expect(other.engine.recalculations).toBe(1);
    await other.stop();
  });

  test('goes when it is told to, once and for all', async () => {
    const other = await startTestApi();
    await addRepository(other.db, { owner: 'sample', name: 'garden' }, { githubId: -1 });
    expect((await other.call('deleteSample')).status).toBe(204);
    expect((await other.call('listRepositories')).body.total).toBe(0);
    expect((await other.call('deleteSample')).status).toBe(204);
    expect(other.engine.recalculations).toBe(1);
    await other.stop();
  });
});
