import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '../running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const PATH = '/api/v1/repositories';
const JSON_TYPE = { 'content-type': 'application/json' };

describe('a parameter', () => {
  const board = (query: string) => api.send('GET', `/api/v1/leaderboard/global?${query}`);

  test.each(['abc', '-1', '0', '101', '99999999999999999999', '10.5', '', '1e1', '0x10', '%2050'])(
    'A033, A034, A035, A037, A038, A039: limit=%s is 400 and named',
    async (limit) => {
      const { status, body } = await board(`limit=${limit}`);
      expect(status).toBe(400);
      expect(body.errors[0].pointer).toBe('limit');
    },
  );

  test.each([
    ['limit=1&limit=2', 'limit'],
    ['limit[a]=1', 'limit[a]'],
    ['__proto__[polluted]=1', '__proto__[polluted]'],
    ['__proto__=1', '__proto__'],
    ['constructor[prototype][x]=1', 'constructor[prototype][x]'],
    ['page=9007199254740991', 'page'],
    ['sort=(select%20pg_sleep(5))', 'sort'],
    ['sort=1)||pg_sleep(5)--', 'sort'],
    ['order=asc,(select%20pg_sleep(5))', 'order'],
    ['from=now()&to=1', 'from'],
    ['sort=__proto__', 'sort'],
    ['sort=constructor', 'sort'],
    ['sort=toString', 'sort'],
    ['window=999999d', 'window'],
    ['since=2026-13-45', 'since'],
    ['since=2026-02-30', 'since'],
    ['until=now()', 'until'],
    ['since=2026-02-01&until=2026-01-01', 'since'],
    ['window=7d&since=2026-01-01', 'window'],
    ['kinds=COMMIT,nothing', 'kinds'],
    ['include=humans', 'include'],
    ['q=a%00b', 'q'],
    [`q=${'x'.repeat(101)}`, 'q'],
    ['cursor=', 'cursor'],
    ['format=xml', 'format'],
    ['format=csv&limit=5', 'limit'],
  ])('A041, A042, A043, A045, A046, A062: %s is 400 and named', async (query, pointer) => {
    const { status, body } = await board(query);
    expect(status).toBe(400);
    expect(body.errors[0].pointer).toBe(pointer);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each(["q=' OR 1=1--", 'q=%25', 'q=_', 'q=%5C', 'q=%EF%BF%BD'])('A047: %s is only text', async (query) => {
    const { status, body } = await board(query);
    expect(status).toBe(200);
    expect(body.data).toEqual([]);
  });

  test.each(['AAAA', '%7B%22v%22:1%7D', 'bm90IGEgY3Vyc29y'])('A061: cursor=%s is none of ours: 400', async (cursor) => {
    expect((await board(`cursor=${cursor}`)).status).toBe(400);
    expect((await api.send('GET', `/api/v1/jobs?cursor=${cursor}`)).status).toBe(400);
    expect((await api.send('GET', `${PATH}?cursor=${cursor}`)).status).toBe(400);
  });

  test.each([
    ['/api/v1/contributors/a%00b', 400],
    ['/api/v1/contributors/%E0%A4', 400],
    ['/api/v1/repositories/a%00b/c', 400],
    ['/api/v1/repositories/%E0%A4/c', 400],
    ['/api/v1/repositories/..%2f..%2fetc/passwd', 400],
    ["/api/v1/repositories/'%20OR%20'1'='1/r", 400],
    ['/api/v1/repositories/constructor/toString', 404],
    ['/api/v1/repositories/o/__proto__', 404],
    ['/api/v1/jobs/not-a-job', 400],
    ['/api/v1/jobs/0198f7d6-0000-7000-8000-000000000000', 404],
    ['/.env', 404],
    ['/.git/config', 404],
    ['/docker-compose.yml', 404],
    ['/src/worker.ts', 404],
    ['/dist/worker.js', 404],
    ['/docs/..%2f..%2fpackage.json', 404],
    ['/%2e%2e/%2e%2e/etc/passwd', 404],
    ['/..%5c..%5cetc/passwd', 404],
    ['/....//etc/passwd', 404],
    ['/%00.html', 404],
    ['/package.json', 404],
    ['/dashboard/..%2f..%2fpackage.json', 404],
    ['/dashboard/..%5c..%5cpackage.json', 404],
    ['/dashboard/index.js.map', 404],
    ['/dashboard/.env', 404],
    ['/dashboard/assets/none.js.map', 404],
    ['/dashboard//evil.example', 404],
  ])('A049, A050, A053, A058, A122, A123: %s is %i', async (path, status) => {
    const answer = await api.send('GET', path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  test.each(['dependabot[bot]', 'octo_corp', 'foo-', 'A', 'a'.repeat(39), 'constructor', 'toString'])(
    'A053, A054: %s is a login that may be: 404, never 400 and never somebody else',
    async (login) => {
      const answer = await api.send('GET', `/badges/contributors/${encodeURIComponent(login)}.svg`);
      expect([answer.status, answer.body.code]).toEqual([404, 'contributor_not_found']);
    },
  );

  test.each(["' OR '1'='1", '__proto__', '-foo', 'a b'])('A053: %s is no login: 400', async (login) => {
    expect((await api.send('GET', `/badges/contributors/${encodeURIComponent(login)}.svg`)).status).toBe(400);
  });

  test('A051: of 20,000 characters in the path is refused', async () => {
    expect((await api.send('GET', `/api/v1/repositories/${'a'.repeat(20_000)}/r`)).status).toBe(431);
  });

  test('A134: made to keep a pattern busy takes no time', async () => {
    const begun = performance.now();
    const answer = await api.send('POST', PATH, { headers: JSON_TYPE, body: JSON.stringify({ owner: 'a-'.repeat(20_000), name: 'r' }) });
    expect(answer.status).toBe(422);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe('a path of the dashboard', () => {
  test('A134: made to keep a pattern busy takes no time', async () => {
    const begun = performance.now();
    for (const path of [`${'a.a'.repeat(2_000)}!`, `r/${'a.a'.repeat(2_000)}!`, 'a/'.repeat(3_000), '%20.'.repeat(2_000)]) {
      expect((await api.send('GET', `/dashboard/${path}`)).status).toBeLessThan(500);
    }
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  test.each(['/dashboard', '/dashboard/', '/dashboard/jobs', '/dashboard/r/vercel/next.js', '/dashboard/c/dependabot[bot]'])(
    '%s is a view, whatever dots its names have',
    async (path) => {
      const { status, headers } = await api.send('GET', path);
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html;charset=utf-8']);
    },
  );

  test.each(['bytes=5-1', 'bytes=abc-zzz', 'bytes=0-0,1-1'])('of which the part %s is wanted is given whole', async (range) => {
    const { status, text } = await api.send('GET', '/dashboard/theme.js', { headers: { range } });
    expect(status).toBe(200);
    expect(text).toBe((await api.send('GET', '/dashboard/theme.js')).text);
  });
});
