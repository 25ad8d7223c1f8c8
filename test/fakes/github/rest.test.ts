import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ask, authorized, get, list, NAMED, query, SHARED, start, started, type Loose } from './asking.ts';
import { editComment, forcePush, oidOf, pushCommits } from './changes.ts';
import { GHOST_ID } from './data-set.ts';
import { generated } from './datasets/generated.ts';
import * as hand from './datasets/hand-checked.ts';
import { handChecked } from './datasets/hand-checked.ts';
import { startFakeGithubProcess } from './process.ts';

describe('REST, and the server it is on', () => {
  test('lists have Link headers, pages of at most 100, and since by the last update', async () => {
    const { data, repository } = generated({
      commits: 50,
      pullRequests: 30,
      comments: 250,
      reviewComments: 130,
      commitComments: 3,
      releases: 5,
    });
    const fake = await start({ dataset: data });
    const path = '/repos/generated-org/generated';
    const response = await get(fake, `${path}/issues/comments?per_page=500&sort=updated&direction=asc`);
    expect(response.headers.get('link')).toBe(
      `<${fake.restUrl}/repositories/${repository.id}/issues/comments?per_page=500&sort=updated&direction=asc&page=2>; rel="next", ` +
        `<${fake.restUrl}/repositories/${repository.id}/issues/comments?per_page=500&sort=updated&direction=asc&page=3>; rel="last"`,
    );
    const comments = await list(fake, `${path}/issues/comments?per_page=100&sort=updated&direction=asc`);
    expect(comments).toHaveLength(250);
    expect(comments.map((comment) => comment.updated_at)).toEqual(
      comments.map((comment) => comment.updated_at).sort((a: string, b: string) => (a < b ? -1 : 1)),
    );
    expect(new Set(comments.map((comment) => comment.id)).size).toBe(250);

    const middle = comments[125].updated_at;
    const later = await list(fake, `${path}/issues/comments?per_page=100&sort=updated&direction=asc&since=${middle}`);
    expect(later.map((comment) => comment.id)).toEqual(
      comments.filter((comment) => comment.updated_at >= middle).map((comment) => comment.id),
    );
    const newest = await list(fake, `${path}/pulls/comments?per_page=100&sort=created&direction=desc`);
    expect(newest.map((comment) => comment.id)).toEqual([...repository.reviewComments.keys()].sort((a, b) => b - a));
    expect(await list(fake, `${path}/comments`)).toHaveLength(3);
    expect(await list(fake, `${path}/releases?per_page=2`)).toHaveLength(5);
    expect((await get(fake, `${path}/issues/comments?since=yesterday`)).status).toBe(422);
    expect(fake.mistakes).toEqual([]);
  });

  test('a deleted account is GitHub’s ghost among issue comments and null elsewhere', async () => {
    const fake = await start({ dataset: handChecked().data });
    const path = '/repos/octo-corp/hand-checked';
    const users = async (rest: string): Promise<(number | null)[]> =>
      (await list(fake, `${path}/${rest}`)).map((one) => one.user?.id ?? null);
    expect((await users('issues/comments')).filter((id) => id === GHOST_ID)).toHaveLength(2);
    expect((await users('pulls/comments')).filter((id) => id === null)).toHaveLength(1);
    expect((await users('comments')).filter((id) => id === null)).toHaveLength(1);
  });

  test('an unchanged list answers 304 and costs nothing, a changed one does not', async () => {
    const { data, repository } = handChecked();
    const fake = await start({ dataset: data });
    const path = '/repos/octo-corp/hand-checked/issues/comments';
    const first = await get(fake, path);
    const etag = first.headers.get('etag') as string;
    const again = await get(fake, path, { 'if-none-match': etag });
    expect([again.status, again.headers.get('x-ratelimit-used'), await again.text()]).toEqual([304, '1', '']);
    expect(fake.points.core).toBe(1);
    editComment(data, repository, 'issueComments', repository.issueComments.keys().next().value as number, '2026-11-20T00:00:00Z');
    expect((await get(fake, path, { 'if-none-match': etag })).status).toBe(200);
    expect(fake.requests.map((request) => request.status)).toEqual([200, 304, 200]);
  });

  test('an old name redirects by the repository’s id, with the rest of the path and the query', async () => {
    const fake = await start({ dataset: handChecked().data });
    const moved = await fetch(`${fake.restUrl}/repos/old-owner/first-name/issues/comments?per_page=2`, {
      redirect: 'manual',
      headers: authorized,
    });
    expect([moved.status, moved.headers.get('location')]).toEqual([301, `${fake.restUrl}/repositories/1000/issues/comments?per_page=2`]);
    const followed = await get(fake, '/repos/Old-Owner/Hand-Checked');
    expect(((await followed.json()) as Loose).full_name).toBe('octo-corp/hand-checked');
    expect(followed.url).toBe(`${fake.restUrl}/repositories/1000`);
    expect((await get(fake, '/repos/old-owner/nothing')).status).toBe(404);
  });

  test('accounts are found by login and by id, also after a login went to somebody else', async () => {
    const fake = await start({ dataset: handChecked().data });
    const user = async (path: string): Promise<Loose> => (await get(fake, path)).json();
    expect(await user('/users/coral')).toMatchObject({ id: hand.CORAL, type: 'User' });
    expect(await user(`/user/${hand.CLEO}`)).toMatchObject({ login: 'cleo' });
    expect(await user('/users/dependabot%5Bbot%5D')).toMatchObject({ id: hand.DEPENDABOT, type: 'Bot' });
    expect(await user('/users/ada/social_accounts')).toEqual([{ provider: 'mastodon', url: 'https://social.example/@ada' }]);
    expect((await get(fake, `/user/${hand.EVE}`)).status).toBe(404);
  });

  test('the activity of a repository shows pushes and force pushes, newest first, by cursor', async () => {
    const { data, repository } = handChecked();
    const fake = await start({ dataset: data });
    const before = repository.head;
    forcePush(data, repository, 2, [{ author: { name: 'Ada', email: 'ada@example.org' }, committedAt: '2026-11-20T08:00:00Z' }], hand.ADA);
    const activity = await list(fake, '/repos/octo-corp/hand-checked/activity?per_page=2');
    expect(activity).toHaveLength(repository.pushes.length);
    expect(activity[0]).toMatchObject({ activity_type: 'force_push', before, after: repository.head, actor: { login: 'ada' } });
    expect(await list(fake, '/repos/octo-corp/hand-checked/activity?activity_type=force_push')).toHaveLength(1);
  });

  test('quotas are kept per token and resource, and the limit is told before and after it is reached', async () => {
    let now = new Date('2026-11-20T10:00:00Z');
    const fake = await start({ dataset: handChecked().data, limits: { core: 2, graphql: 3 }, now: () => now });
    const rate = async (): Promise<Loose> => (await (await get(fake, '/rate_limit')).json()) as Loose;
    await get(fake, '/users/ada');
    await ask(fake, query('02_repository'), NAMED);
    expect((await rate()).resources).toMatchObject({ core: { used: 1, remaining: 1 }, graphql: { used: 1, remaining: 2 } });
    await get(fake, '/users/ada');
    const refused = await get(fake, '/users/ada');
    expect([refused.status, refused.headers.get('x-ratelimit-remaining'), refused.headers.get('x-ratelimit-resource')]).toEqual([
      403,
      '0',
      'core',
    ]);
    expect(refused.headers.get('date')).toBe('Fri, 20 Nov 2026 10:00:00 GMT');
    expect(refused.headers.get('x-ratelimit-reset')).toBe(String(Date.parse('2026-11-20T11:00:00Z') / 1000));
    expect((await fetch(`${fake.restUrl}/users/ada`, { headers: { authorization: 'token other' } })).status).toBe(200);
    await ask(fake, query('02_repository'), NAMED);
    await ask(fake, query('02_repository'), NAMED);
    const out = await ask(fake, query('02_repository'), NAMED);
    expect([out.response.status, out.body]).toEqual([200, { errors: [{ type: 'RATE_LIMITED', message: expect.any(String) }] }]);
    now = new Date('2026-11-20T11:00:01Z');
    expect((await ask(fake, query('02_repository'), NAMED)).body.data.repository.databaseId).toBe(1000);
    expect((await get(fake, '/users/ada')).status).toBe(200);
  });

  test('secondary limits are enforced when asked for', async () => {
    const fake = await start({ dataset: handChecked().data, secondary: { restPerMinute: 2, graphqlPointsPerMinute: 2 } });
    const statuses = [await get(fake, '/users/ada'), await get(fake, '/users/ben'), await get(fake, '/users/dan')].map((one) => one.status);
    expect(statuses).toEqual([200, 200, 403]);
    expect((await ask(fake, query('02_repository'), NAMED)).response.status).toBe(200);
    const third = await ask(fake, query('03_commits'), { ...NAMED, oid: oidOf('x') });
    expect([third.response.status, third.response.headers.get('retry-after')]).toEqual([403, '60']);
  });

  test('tokens are checked, their scopes told, and an app’s tokens run out', async () => {
    let now = new Date('2026-11-20T10:00:00Z');
    const app = { id: 77, installations: [{ id: 5, ownerId: hand.OCTO_CORP }], tokenLifetimeMs: 3_600_000 };
    const fake = await start({
      dataset: handChecked().data,
      tokens: { classic: { scopes: ['repo', 'read:user'] }, fine: {} },
      app,
      now: () => now,
    });
    const as = async (token: string, path = '/user', method = 'GET'): Promise<Response> =>
      fetch(`${fake.restUrl}${path}`, { method, headers: { authorization: `bearer ${token}` } });
    expect((await as('classic')).headers.get('x-oauth-scopes')).toBe('repo, read:user');
    expect((await as('fine')).headers.get('x-oauth-scopes')).toBeNull();
    expect((await as('unknown')).status).toBe(401);
    expect((await fetch(fake.graphqlUrl, { method: 'POST', body: JSON.stringify({ query: '{ viewer { login } }' }) })).status).toBe(401);

    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const jwt = `${part({ alg: 'RS256' })}.${part({ iss: 77, iat: now.getTime() / 1000 - 30, exp: now.getTime() / 1000 + 540 })}.signature`;
    expect(await (await as(jwt, '/repos/octo-corp/hand-checked/installation')).json()).toMatchObject({ id: 5 });
    const { token } = (await (await as(jwt, '/app/installations/5/access_tokens', 'POST')).json()) as Loose;
    expect((await as(token, '/repos/octo-corp/hand-checked')).status).toBe(200);
    now = new Date('2026-11-20T11:00:01Z');
    expect((await as(token, '/repos/octo-corp/hand-checked')).status).toBe(401);
  });

  test('an Enterprise server has its own paths', async () => {
    const fake = await start({ dataset: handChecked().data, isEnterprise: true });
    expect(fake.restUrl).toMatch(/\/api\/v3$/);
    expect((await get(fake, '/repos/octo-corp/hand-checked')).status).toBe(200);
    expect((await ask(fake, query('02_repository'), NAMED)).body.data.repository.databaseId).toBe(1000);
    expect(fake.mistakes).toEqual([]);
  });

  test('a path the fake does not have is a 404 and noted as a mistake', async () => {
    const fake = await start({ dataset: handChecked().data });
    expect((await get(fake, '/repos/octo-corp/hand-checked/stats/contributors')).status).toBe(404);
    expect(fake.mistakes).toEqual(['GET /repos/octo-corp/hand-checked/stats/contributors: the fake has no such path']);
  });

  test('no REST answer has a field that GitHub’s description does not know, nor lacks one it requires of a list', async () => {
    const path = join(SHARED, 'schemas/openapi.subset.json');
    if (!existsSync(path)) {
      console.warn(`REST answers not compared with GitHub's description: ${path} is not here.`);
      return;
    }
    const api = JSON.parse(readFileSync(path, 'utf8'));
    const { data, repository } = handChecked();
    pushCommits(data, repository, [{ author: { name: 'Ada', email: 'ada@example.org' }, committedAt: '2026-11-20T08:00:00Z' }], hand.ADA);
    const fake = await start({ dataset: data });
    const shapeOf = (schema: Loose): Loose => {
      if (schema.$ref !== undefined) return shapeOf(api.components.schemas[schema.$ref.split('/').at(-1)]);
      return schema.items === undefined
        ? schema.oneOf === undefined
          ? schema
          : shapeOf(schema.oneOf[1] ?? schema.oneOf[0])
        : shapeOf(schema.items);
    };
    const lists: [string, string][] = [
      ['/repos/{owner}/{repo}/issues/comments', '/repos/octo-corp/hand-checked/issues/comments'],
      ['/repos/{owner}/{repo}/pulls/comments', '/repos/octo-corp/hand-checked/pulls/comments'],
      ['/repos/{owner}/{repo}/comments', '/repos/octo-corp/hand-checked/comments'],
      ['/repos/{owner}/{repo}/releases', '/repos/octo-corp/hand-checked/releases'],
      ['/repos/{owner}/{repo}/activity', '/repos/octo-corp/hand-checked/activity'],
      ['/users/{username}', '/users/ada'],
      ['/rate_limit', '/rate_limit'],
    ];
    for (const [described, asked] of lists) {
      const shape = shapeOf(api.paths[described].get.responses['200'].content['application/json'].schema);
      const answer = (await (await get(fake, asked)).json()) as Loose;
      for (const item of Array.isArray(answer) ? answer : [answer]) {
        expect({ described, unknown: Object.keys(item).filter((key) => !(key in shape.properties)) }).toEqual({ described, unknown: [] });
        expect({ described, missing: (shape.required as string[]).filter((key) => !(key in item)) }).toEqual({ described, missing: [] });
      }
    }
  });

  test('it counts requests under way, waits when told, and answers many at once', async () => {
    const fake = await start({ dataset: handChecked().data, latencyMs: 30 });
    const before = performance.now();
    await Promise.all(Array.from({ length: 8 }, () => get(fake, '/users/ada')));
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
    expect(fake.mostAtOnce).toBeGreaterThan(1);
  });

  test('it runs in a process of its own', async () => {
    const child = await startFakeGithubProcess({ commits: 120, pullRequests: 40 });
    started.push(child);
    const [owner, name] = child.fullName.split('/');
    const response = await fetch(child.graphqlUrl, {
      method: 'POST',
      headers: authorized,
      body: JSON.stringify({ query: query('02_repository'), variables: { owner, name } }),
    });
    expect(((await response.json()) as Loose).data.repository.nameWithOwner).toBe(child.fullName);
    expect(child.people.length).toBeGreaterThan(5);
  });
});
