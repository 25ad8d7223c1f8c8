import { describe, expect, test } from '@jest/globals';
import { ask, authorized, get, NAMED, query, start, walk, type Loose } from './asking.ts';
import { forcePush, renameAccount, updatePullRequest } from './changes.ts';
import * as hand from './datasets/hand-checked.ts';
import { handChecked } from './datasets/hand-checked.ts';
import * as faults from './faults.ts';
import { type Fault, type Matcher } from './faults.ts';
import { type FakeGithub } from './server.ts';

describe('faults', () => {
  async function withFault(matcher: Matcher, fault: Fault): Promise<FakeGithub> {
    return start({ dataset: handChecked().data, faults: [[matcher, fault]] });
  }
  const REST_PATH = '/repos/octo-corp/hand-checked';

  test.each([
    ['bad credentials', faults.badCredentials(), 401, {}],
    ['forbidden', faults.forbidden(), 403, {}],
    ['rate limited', faults.rateLimited({ resetInSeconds: 60 }), 403, { 'x-ratelimit-remaining': '0' }],
    ['rate limited by 429', faults.rateLimited({ status: 429 }), 429, { 'x-ratelimit-remaining': '0' }],
    ['secondary limit', faults.secondaryLimit(), 403, { 'retry-after': null, 'x-ratelimit-remaining': '5000' }],
    ['secondary limit with retry-after', faults.secondaryLimit({ status: 429, retryAfterSeconds: 7 }), 429, { 'retry-after': '7' }],
    ['not found', faults.notFound(), 404, {}],
    ['conflict', faults.conflict(), 409, {}],
    ['gone', faults.gone(), 410, {}],
    ['unprocessable', faults.unprocessable(), 422, {}],
    ['blocked', faults.blocked(), 451, {}],
    ['html 500', faults.htmlError(500), 500, { 'content-type': 'text/html; charset=utf-8' }],
    ['html 502', faults.htmlError(502), 502, { 'content-type': 'text/html; charset=utf-8' }],
    ['html 503', faults.htmlError(503), 503, {}],
    ['html 504', faults.htmlError(504), 504, {}],
  ] as const)('%s', async (_name, fault, status, headers) => {
    const fake = await withFault({ nth: 1 }, fault);
    const response = await get(fake, REST_PATH);
    expect(response.status).toBe(status);
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
    expect((await response.text()).length).toBeGreaterThan(20);
    expect((await get(fake, REST_PATH)).status).toBe(200);
    expect(fake.requests.map((request) => request.fault)).toEqual([fault.name, null]);
  });

  test('matchers choose by path, operation, count, token and predicate', async () => {
    const fake = await start({ dataset: handChecked().data });
    const placed = fake.faults.add({ operation: 'Repository', nth: { from: 2, to: 3 } }, faults.htmlError(502));
    fake.faults.add({ path: /comments$/, times: 1 }, faults.gone());
    fake.faults.add({ api: 'rest', token: 'other' }, faults.badCredentials());
    fake.faults.add({ when: (request) => request.query.get('page') === '2' }, faults.notFound());
    const statuses: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const response = await fetch(fake.graphqlUrl, {
        method: 'POST',
        headers: authorized,
        body: JSON.stringify({ query: query('02_repository'), variables: NAMED }),
      });
      statuses.push(response.status);
    }
    expect(statuses).toEqual([200, 502, 502, 200]);
    expect(placed.hits).toBe(2);
    expect((await get(fake, `${REST_PATH}/issues/comments`)).status).toBe(410);
    expect((await get(fake, `${REST_PATH}/issues/comments`)).status).toBe(200);
    expect((await get(fake, `${REST_PATH}/issues/comments?page=2`)).status).toBe(404);
    expect((await get(fake, REST_PATH, { authorization: 'token other' })).status).toBe(401);
    fake.faults.clear();
    expect((await get(fake, REST_PATH, { authorization: 'token other' })).status).toBe(200);
  });

  test('a truncated body is whole for HTTP and broken as JSON', async () => {
    const fake = await withFault({}, faults.truncatedJson());
    const response = await get(fake, REST_PATH);
    expect(response.status).toBe(200);
    const received = await response.text();
    expect(() => JSON.parse(received) as unknown).toThrow(SyntaxError);
  });

  test('a connection is cut in the body, or reset before an answer', async () => {
    const fake = await start({
      dataset: handChecked().data,
      faults: [
        [{ nth: 1 }, faults.connectionCut()],
        [{ nth: 2 }, faults.connectionReset()],
      ],
    });
    const cut = await get(fake, REST_PATH);
    await expect(cut.text()).rejects.toThrow('terminated');
    await expect(get(fake, REST_PATH)).rejects.toThrow('fetch failed');
    expect((await get(fake, REST_PATH)).status).toBe(200);
  });

  test('silence lasts until the client gives up, and does not keep the fake from stopping', async () => {
    const fake = await start({
      dataset: handChecked().data,
      faults: [
        [{ nth: 1 }, faults.silence()],
        [{ nth: 2 }, faults.silence({ afterHeaders: true })],
      ],
    });
    await expect(fetch(`${fake.restUrl}${REST_PATH}`, { signal: AbortSignal.timeout(150) })).rejects.toThrow('timeout');
    const headed = await fetch(`${fake.restUrl}${REST_PATH}`, { signal: AbortSignal.timeout(300) });
    expect(headed.status).toBe(200);
    await expect(headed.text()).rejects.toThrow('timeout');
    expect(fake.requests.map((request) => request.status)).toEqual([0, 200]);
  });

  test('a slow body comes byte by byte', async () => {
    const fake = await withFault({}, faults.slowBody(20));
    const response = await get(fake, REST_PATH);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect(value?.length).toBeLessThan(5);
    await reader.cancel();
  });

  test('GraphQL’s own limits and failures come as 200', async () => {
    const fake = await start({
      dataset: handChecked().data,
      faults: [
        [{ nth: 1 }, faults.graphqlRateLimited()],
        [{ nth: 2 }, faults.graphqlFailure()],
      ],
    });
    const limited = await ask(fake, query('02_repository'), NAMED);
    expect([limited.response.status, limited.response.headers.get('x-ratelimit-remaining'), limited.body.errors[0].type]).toEqual([
      200,
      '0',
      'RATE_LIMITED',
    ]);
    const failed = await ask(fake, query('02_repository'), NAMED);
    expect(failed.body).toMatchObject({ data: null, errors: [{ message: expect.stringContaining('Something went wrong') }] });
  });

  test('too large a page gets partial data with an error, or a gateway error; a smaller one is whole', async () => {
    const fake = await start({ dataset: handChecked().data });
    fake.faults.add({ operation: 'PullRequests' }, faults.resourceLimits({ above: 40 }));
    fake.faults.add({ operation: 'Issues' }, faults.gatewayErrorAbove(50));
    const large = await ask(fake, query('04_pull_requests'), NAMED);
    expect(large.body.errors).toEqual([
      { type: 'RESOURCE_LIMITS_EXCEEDED', path: ['repository', 'pullRequests', 'nodes'], message: expect.any(String) },
    ]);
    expect(large.body.data.repository.pullRequests.nodes.map((pull: Loose) => pull === null)).toEqual([
      ...Array(5).fill(false),
      ...Array(5).fill(true),
    ]);
    // The reviews are asked for by 40: no page is larger.
    const small = await ask(fake, query('04_pull_requests'), { ...NAMED, first: 25 });
    expect(small.body.errors).toBeUndefined();
    const issues = async (first: number): Promise<number> =>
      (
        await fetch(fake.graphqlUrl, {
          method: 'POST',
          headers: authorized,
          body: JSON.stringify({ query: query('06_issues'), variables: { ...NAMED, first } }),
        })
      ).status;
    expect([await issues(100), await issues(50)]).toEqual([502, 200]);
  });

  test('a page is repeated, a total changes, cursors expire, the quota runs out', async () => {
    const fake = await start({ dataset: handChecked().data });
    const page = async (after: string | null): Promise<Loose> =>
      (await ask(fake, query('04_pull_requests'), { ...NAMED, first: 3, after })).body;
    fake.faults.add({ operation: 'PullRequests', nth: 2 }, faults.repeatedPage());
    fake.faults.add({ operation: 'PullRequests', nth: 3 }, faults.totalOff(2));
    fake.faults.add({ operation: 'PullRequests', nth: 4 }, faults.cursorsExpired());
    fake.faults.add({ operation: 'PullRequests', nth: 5 }, faults.quotaExhausted({ resetInSeconds: 30 }));
    const first = await page(null);
    const cursor = first.data.repository.pullRequests.pageInfo.endCursor;
    expect(await page(cursor)).toEqual(first);
    expect((await page(cursor)).data.repository.pullRequests.totalCount).toBe(12);
    expect((await page(cursor)).errors[0].type).toBe('INVALID_CURSOR_ARGUMENTS');
    expect((await page(null)).errors[0].type).toBe('RATE_LIMITED');
    expect((await page(null)).errors[0].type).toBe('RATE_LIMITED');
    expect(fake.quota.of('test-token', 'graphql').resetAt - Date.now()).toBeLessThan(31_000);
  });

  test('things happen between two pages: an item moves, a login changes, the branch is forced', async () => {
    const { data, repository } = handChecked();
    const fake = await start({ dataset: data });
    fake.faults.add(
      { operation: 'PullRequests', nth: 2 },
      faults.meanwhile(() => updatePullRequest(data, repository, 14, '2026-11-20T10:00:00Z')),
    );
    fake.faults.add(
      { operation: 'PullRequests', nth: 3 },
      faults.meanwhile(() => renameAccount(data, hand.DAN, 'daniel')),
    );
    const pulls = await walk(fake, '04_pull_requests', { ...NAMED, first: 3 }, (answer) => answer.repository.pullRequests);
    // 14 moved to the front after the first page was read: it is missed, nothing is seen twice.
    expect(pulls.map((pull) => pull.number)).toHaveLength(9);
    expect(pulls.map((pull) => pull.number)).not.toContain(14);
    expect(new Set(pulls.flatMap((pull) => pull.reviews.nodes.map((review: Loose) => review.author?.login)))).toContain('daniel');

    const head = repository.head as string;
    fake.faults.add(
      { operation: 'CommitHistory', nth: 2 },
      faults.meanwhile(() =>
        forcePush(data, repository, 1, [{ author: { name: 'Ada', email: 'ada@example.org' }, committedAt: '2026-11-20T08:00:00Z' }]),
      ),
    );
    // Pinned to the old head, paging is not disturbed.
    expect(await walk(fake, '03_commits', { ...NAMED, oid: head, first: 50 }, (answer) => answer.repository.object.history)).toHaveLength(
      140,
    );
  });

  test('the body may be changed in any way', async () => {
    const fake = await withFault(
      { path: '/users/ada' },
      faults.changed((body) => ({ ...(body as object), login: 'someone-else' })),
    );
    expect(await (await get(fake, '/users/ada')).json()).toMatchObject({ id: hand.ADA, login: 'someone-else' });
  });
});
