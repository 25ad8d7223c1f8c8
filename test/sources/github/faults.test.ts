import { afterEach, describe, expect, test } from '@jest/globals';
import type { Batch } from '../../../src/sources/contribution-source.ts';
import { forcePush, updatePullRequest } from '../../fakes/github/changes.ts';
import { countOf } from '../../fakes/github/count-of.ts';
import { generated, type Generated } from '../../fakes/github/datasets/generated.ts';
import {
  badCredentials,
  blocked,
  changed,
  connectionCut,
  connectionReset,
  forbidden,
  gone,
  graphqlFailure,
  graphqlRateLimited,
  htmlError,
  meanwhile,
  notFound,
  quotaExhausted,
  rateLimited,
  resourceLimits,
  secondaryLimit,
  silence,
  slowBody,
  status,
  truncatedJson,
  type Fault,
  type Matcher,
} from '../../fakes/github/faults.ts';
import { startFakeGithub, type FakeGithub, type FakeGithubOptions } from '../../fakes/github/server.ts';
import { Credential } from '../../../src/sources/github/credential.ts';
import { OWN_SERVER_LIMITS } from '../../../src/sources/github/pacing.ts';
import { expected, scrape, sourceOn, Store, targetOf, type Outcome } from './collecting.ts';

const fakes: FakeGithub[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
});

const smallSet = (): Generated =>
  generated({ commits: 160, pullRequests: 44, issues: 80, comments: 240, reviewComments: 60, commitComments: 5, releases: 5, people: 20 });
const PAGE_SIZE = { commits: 40, pullRequests: 12, others: 30 };
const TOKEN = 'ghp_testtokentesttokentesttoken00';

interface Setup {
  readonly set: Generated;
  readonly github: FakeGithub;
  readonly store: Store;
}

async function setUp(faults: FakeGithubOptions['faults'] = [], more: Partial<FakeGithubOptions> = {}): Promise<Setup> {
  const set = smallSet();
  const github = await startFakeGithub({ dataset: set.data, faults, ...more });
  fakes.push(github);
  return { set, github, store: new Store() };
}

async function scrapeAll({ set, github, store }: Setup, more: Parameters<typeof sourceOn>[1] = {}): Promise<Outcome> {
  const options = { pageSize: PAGE_SIZE, timeoutMs: 400, longestSleepMs: 100, ...more };
  return scrape({ source: sourceOn(github, options), target: targetOf(set.data, set.window), store, onWait: passOrRestart });

  /** A short wait passes; a long one is slept by a workflow, after which another process asks. */
  async function passOrRestart(until: Date): Promise<ReturnType<typeof sourceOn> | undefined> {
    const pause = until.getTime() - Date.now();
    if (pause > 5_000) return sourceOn(github, options);
    await new Promise((go) => setTimeout(go, Math.max(0, pause)));
    return undefined;
  }
}

function expectWhole({ set, github, store }: Setup): void {
  expect(github.mistakes).toEqual([]);
  expect(store.counted()).toEqual(expected(countOf(set.data, set.window, set.repository)));
}

const LISTS: readonly (readonly [string, Matcher])[] = [
  ['commits', { operation: 'Commits' }],
  ['pull requests', { operation: 'PullRequests' }],
  ['issues', { operation: 'Issues' }],
  ['issue comments', { path: '/issues/comments' }],
];

describe('a fault that passes changes nothing', () => {
  const once: readonly (readonly [string, Fault])[] = [
    ['status 500', htmlError(500)],
    ['status 502', htmlError(502)],
    ['status 503', htmlError(503)],
    ['status 504', htmlError(504)],
    ['a JSON body that ends early', truncatedJson()],
    ['a connection cut in the middle of the body', connectionCut()],
    ['a connection that is reset', connectionReset()],
    ['no answer at all', silence()],
    ['headers and then nothing', silence({ afterHeaders: true })],
    ['a body that comes byte by byte', slowBody(20)],
  ];
  test.each(once)('%s', async (_name, fault) => {
    const set = await setUp(LISTS.map(([, matcher]) => [{ ...matcher, nth: 2 }, fault]));
    await scrapeAll(set);
    expectWhole(set);
    expect(set.github.requests.filter((request) => request.fault !== null)).toHaveLength(LISTS.length);
  });

  test.each([
    ['partial data with RESOURCE_LIMITS_EXCEEDED', resourceLimits()],
    ['status 200 with "something went wrong"', graphqlFailure()],
    ['status 502 with JSON', graphqlFailure(502)],
    ['an error of no known type beside the data', changed((body) => ({ ...(body as object), errors: [{ message: 'Internal error' }] }))],
    ['a list with holes and no error', changed(withHole)],
  ] as const)('of GraphQL: %s', async (_name, fault) => {
    const set = await setUp(['Commits', 'PullRequests', 'Issues', 'Releases'].map((operation) => [{ operation, nth: 1 }, fault]));
    const scraping = scrapeAll(set);
    if (_name.startsWith('a list with holes')) {
      // No error, yet not whole: it is no page to repeat at once; the activity's retry asks again.
      await expect(scraping).rejects.toMatchObject({ name: 'GithubUnavailable' });
      return;
    }
    await scraping;
    expectWhole(set);
  });

  test('a cursor that GitHub no longer takes: the list is read again', async () => {
    const refused = changed(() => ({
      data: { node: null },
      errors: [{ type: 'INVALID_CURSOR_ARGUMENTS', message: '`Y3Vyc29y` does not appear to be a valid cursor.' }],
    }));
    const set = await setUp([
      [{ operation: 'PullRequests', nth: 3 }, refused],
      [{ operation: 'Issues', nth: 2 }, refused],
      [{ operation: 'Commits', nth: 3 }, refused],
    ]);
    await scrapeAll(set);
    expectWhole(set);
  });

  test('a pull request that moves to the front while the list is read is not missed', async () => {
    const set = await setUp();
    const number = [...set.set.repository.pullRequests.values()].toSorted((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1)).at(20)
      ?.number as number;
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const later = meanwhile((data) =>
      updatePullRequest(data, set.set.repository, number, now, { mergedAt: '2026-11-19T08:00:00Z', additions: 7, deletions: 3 }),
    );
    set.github.faults.add({ operation: 'PullRequests', nth: 2 }, later);
    await scrapeAll(set);
    expectWhole(set);
  });

  test('a force push while the history is read: the pinned head is read to its end', async () => {
    const set = await setUp();
    const before = expected(countOf(set.set.data, set.set.window, set.set.repository));
    const author = { name: 'Late', email: 'late@example.org' };
    const push = meanwhile((data) => void forcePush(data, set.set.repository, 3, [{ author, committedAt: '2026-11-19T00:00:00Z' }]));
    set.github.faults.add({ operation: 'Commits', nth: 2 }, push);
    await scrapeAll(set);
    expect(set.store.counted()).toEqual(before);
  });

  test('a pinned head that GitHub has thrown away: the commits are read again from the new one', async () => {
    const set = await setUp();
    const { repository } = set.set;
    const author = { name: 'Late', email: 'late@example.org' };
    const push = meanwhile((data) => {
      const old = repository.head as string;
      forcePush(data, repository, 3, [{ author, committedAt: '2026-11-19T00:00:00Z' }]);
      repository.commits.delete(old);
      data.touch();
    });
    set.github.faults.add({ operation: 'Commits', nth: 3 }, push);
    await scrapeAll(set);
    expectWhole(set);
  });
});

describe('a page that is too large', () => {
  test('is asked for in halves, and whole again later', async () => {
    const set = await setUp([[{ operation: 'PullRequests', nth: [2, 3] }, htmlError(502)]]);
    await scrapeAll(set);
    expectWhole(set);
    const sizes = set.github.requests.filter(({ operation }) => operation === 'PullRequests').map(({ variables }) => variables['first']);
    expect(sizes.slice(0, 4)).toEqual([12, 12, 6, 3]);
    expect(Math.max(...(sizes.slice(4) as number[]))).toBeGreaterThan(3);
  });

  test.each([
    ['502 above 5 rows', htmlError(502)],
    ['504 above 5 rows', htmlError(504)],
    ['RESOURCE_LIMITS_EXCEEDED and partial data above 5 rows', resourceLimits()],
  ])('%s, for ever: everything is read in small pages', async (_name, fault) => {
    const set = await setUp([[{ api: 'graphql', when: ({ variables }) => Number(variables['first'] ?? 0) > 5 }, fault]]);
    await scrapeAll(set);
    expectWhole(set);
  });

  test('even with one row is left out with its number, and the rest is read', async () => {
    const set = await setUp();
    const { data, repository, window } = set.set;
    const sick = [...repository.pullRequests.values()].find(({ mergedAt, createdAt }) => mergedAt !== null && createdAt > '2026')
      ?.number as number;
    const isSick: Fault = {
      name: 'sick',
      change: (body, { request }) => {
        const nodes = (body as { data: { node: { pullRequests: { nodes: { number: number }[] } } } }).data.node.pullRequests.nodes;
        return request.operation === 'PullRequests' && nodes.some(({ number }) => number === sick)
          ? { data: null, errors: [{ message: 'Something went wrong while executing your query. This may be the result of a timeout.' }] }
          : body;
      },
    };
    set.github.faults.add({ operation: 'PullRequests' }, isSick);
    const outcome = await scrapeAll(set);
    expect(outcome.gaps).toEqual([`GitHub could not give lines and reviews of pull request ${sick}`]);
    expect(outcome.notes).toEqual(outcome.gaps);
    const whole = expected(countOf(data, window, repository));
    for (const key of whole.keys()) if (key.startsWith(`PR_REVIEWED ${sick}:`)) whole.delete(key);
    const merged = whole.get(`PR_MERGED ${sick}`);
    whole.set(`PR_MERGED ${sick}`, { githubId: merged?.githubId ?? null, at: merged?.at ?? '', linesAdded: 0, linesDeleted: 0 });
    expect(set.store.counted()).toEqual(whole);
    // Not zero lines: unknown.
    expect(set.store.rows.get(`PR_MERGED ${sick}`)?.linesAdded).toBeNull();
  });
});

describe('a limit', () => {
  test.each([
    ['403, primary, of REST', { path: '/issues/comments', nth: 2 }, rateLimited({ resetInSeconds: 1 })],
    ['429, primary, of REST', { path: '/pulls/comments', nth: 2 }, rateLimited({ status: 429, resetInSeconds: 1 })],
    ['200 with RATE_LIMITED', { operation: 'PullRequests', nth: 3 }, graphqlRateLimited({ resetInSeconds: 1 })],
    ['403, secondary, with retry-after', { operation: 'Commits', nth: 2 }, secondaryLimit({ retryAfterSeconds: 1 })],
    ['429, secondary, with retry-after', { path: '/issues/comments', nth: 1 }, secondaryLimit({ status: 429, retryAfterSeconds: 1 })],
    [
      '403, abuse detection',
      { operation: 'Issues', nth: 1 },
      status(403, 'You have triggered an abuse detection mechanism.', { 'retry-after': '1' }),
    ],
    ['429 with retry-after alone', { operation: 'Issues', nth: 1 }, status(429, 'Too Many Requests', { 'retry-after': '1' })],
  ] as const)('%s ends the read with the moment to go on, and nothing is lost', async (_name, matcher, fault) => {
    const set = await setUp([[matcher, fault]]);
    const began = Date.now();
    const { waits } = await scrapeAll(set);
    expectWhole(set);
    expect(waits.length).toBeGreaterThanOrEqual(1);
    expect(waits[0]?.getTime()).toBeGreaterThan(began);
    expect(waits[0]?.getTime()).toBeLessThan(Date.now() + 3_000);
  });

  test.each([403, 429] as const)('%i, secondary, without retry-after waits a minute, then longer', async (code) => {
    const set = await setUp([[{ operation: 'Issues', nth: 1 }, secondaryLimit({ status: code })]]);
    const { waits } = await scrapeAll(set);
    expectWhole(set);
    expect(Math.round(((waits[0] as Date).getTime() - Date.now()) / 10_000)).toBe(6);
  });

  test('used up at page 7 of 20 goes on at page 7', async () => {
    const set = await setUp([[{ path: '/issues/comments', nth: 3 }, quotaExhausted({ resetInSeconds: 1 })]]);
    const { waits } = await scrapeAll(set);
    expectWhole(set);
    expect(waits).toHaveLength(1);
    // Only the request that was refused is repeated.
    const pages = set.github.requests.filter(({ path }) => path.endsWith('/issues/comments')).map(({ query }) => query.toString());
    expect(pages.length - new Set(pages).size).toBeLessThanOrEqual(1);
  });

  test('that lasts less than the longest sleep is slept, unseen by the caller', async () => {
    const set = await setUp([[{ operation: 'Commits', nth: 2 }, secondaryLimit({ retryAfterSeconds: 1 })]]);
    const { waits } = await scrapeAll(set, { longestSleepMs: 30_000 });
    expectWhole(set);
    expect(waits).toEqual([]);
  });

  test('of one token leaves the others: nothing waits', async () => {
    const set = await setUp([[{ token: 'ghp_first', when: ({ index }) => index > 8 }, rateLimited({ resetInSeconds: 900 })]]);
    const { waits } = await scrapeAll(set, { tokens: ['ghp_first', 'ghp_second'] });
    expectWhole(set);
    expect(waits).toEqual([]);
    expect(new Set(set.github.requests.map(({ token }) => token))).toEqual(new Set(['ghp_first', 'ghp_second']));
  });

  test('of the plan does not keep from planning', async () => {
    const { set, github } = await setUp([[{ operation: 'Counts' }, graphqlRateLimited({ resetInSeconds: 900 })]]);
    const plan = await sourceOn(github).plan(targetOf(set.data, set.window));
    expect([plan.estimate, plan.total, plan.slices.length]).toEqual([null, null, 8]);
    expect(plan.note).toContain('its rate limit is used up until');
  });
});

describe('what can not heal fails at once, with its reason', () => {
  test.each([
    ['404 of REST', { path: '/issues/comments' }, notFound(), 'repository_not_found', 404],
    [
      'NOT_FOUND of GraphQL',
      { operation: 'PullRequests', nth: 2 },
      changed(() => ({ data: { node: null }, errors: [{ type: 'NOT_FOUND', message: 'Could not resolve to a node' }] })),
      'repository_not_found',
      404,
    ],
    ['451', { path: '/issues/comments' }, blocked(), 'unavailable_for_legal_reasons', 451],
    ['401 in the middle', { operation: 'PullRequests', nth: 2 }, badCredentials(), 'bad_credentials', 422],
    ['403 for lack of rights', { path: '/pulls/comments' }, forbidden(), 'github_access_denied', 403],
  ] as const)('%s', async (_name, matcher, fault, code, httpStatus) => {
    const set = await setUp([[matcher, fault]]);
    const asked = (): number => set.github.requests.filter((request) => request.fault !== null).length;
    await expect(scrapeAll(set)).rejects.toMatchObject({ code, status: httpStatus });
    expect(asked()).toBe(1);
  });

  test('a revoked token is left for the next one', async () => {
    const set = await setUp([[{ token: 'ghp_revoked', when: ({ index }) => index > 8 }, badCredentials()]]);
    await scrapeAll(set, { tokens: ['ghp_revoked', 'ghp_second'], width: 1 });
    expectWhole(set);
    expect(set.github.requests.filter((request) => request.fault !== null)).toHaveLength(1);
  });

  test('a repository that one token is not shown is asked for with the next', async () => {
    const set = await setUp([
      [
        { token: 'ghp_blind', api: 'graphql' },
        changed(() => ({ data: { node: null, repository: null }, errors: [{ type: 'NOT_FOUND', message: 'Could not resolve' }] })),
      ],
      [{ token: 'ghp_blind', api: 'rest' }, notFound()],
    ]);
    await scrapeAll(set, { tokens: ['ghp_blind', 'ghp_seeing'] });
    expectWhole(set);
    expect(set.github.requests.filter(({ token }) => token === 'ghp_blind')).toHaveLength(1);
  });

  test('a deleted repository', async () => {
    const set = await setUp();
    set.set.data.repositories.clear();
    set.set.data.touch();
    const target = { owner: 'generated-org', name: 'generated', githubId: 5000, window: set.set.window, type: 'FULL' } as const;
    await expect(sourceOn(set.github).plan(target)).rejects.toMatchObject({ code: 'repository_not_found' });
  });

  test('a feature that is switched off (410) is an empty list', async () => {
    const set = await setUp([[{ path: '/issues/comments' }, gone()]]);
    await scrapeAll(set);
    expect([...set.store.rows.values()].filter(({ kind, subject }) => kind === 'COMMENT' && subject.startsWith('issue:'))).toEqual([]);
  });
});

describe('a fault that lasts', () => {
  test.each([
    ['status 500', htmlError(500)],
    ['a JSON body that ends early', truncatedJson()],
    ['a connection that is cut', connectionCut()],
    ['no answer at all', silence()],
  ] as const)('%s: fails after a few tries naming the page, and keeps what was read', async (_name, fault) => {
    const set = await setUp([[{ operation: 'PullRequests', nth: { from: 3 } }, fault]]);
    const kept: Batch[] = [];
    const reading = scrape({
      source: sourceOn(set.github, { pageSize: PAGE_SIZE, timeoutMs: 150, retries: 2 }),
      target: targetOf(set.set.data, set.set.window),
      store: set.store,
      slices: ['pull-requests'],
      onBatch: (batch) => kept.push(batch),
    });
    await expect(reading).rejects.toMatchObject({ name: 'GithubUnavailable', message: expect.stringContaining('pull requests 25 and on') });
    expect(set.github.requests.filter((request) => request.fault !== null)).toHaveLength(3);
    expect(kept.length).toBe(2);
    expect(kept.at(-1)?.done).toBe(false);
  });
});

describe('requests without a signal of their own', () => {
  test('leave none behind that would end later ones, as when an App asks for its token twice at once', async () => {
    const { github } = await setUp();
    const connection = { apiUrl: github.restUrl, limits: OWN_SERVER_LIMITS, timeoutMs: undefined };
    const { octokit } = new Credential('token 1', { auth: TOKEN }, connection);
    const common = (): object => ({ ...octokit.request.endpoint.DEFAULTS.request });
    const before = common();
    await Promise.all([octokit.request('GET /rate_limit'), octokit.request('GET /rate_limit')]);
    expect(common()).toEqual(before);
  });
});

describe('secrets', () => {
  test.each([
    ['401', badCredentials()],
    ['500', htmlError(500)],
    ['an answer that quotes the token', status(500, `Bad token ${TOKEN}`)],
    ['no answer', silence()],
  ] as const)('a token appears in no error and no log line: %s', async (_name, fault) => {
    const set = await setUp([[{ operation: 'Issues' }, fault]]);
    const lines: string[] = [];
    const log = {
      info: (message: string, fields?: object) => void lines.push(message + JSON.stringify(fields)),
      warn: (message: string, fields?: object) => void lines.push(message + JSON.stringify(fields)),
    };
    const error = (await scrapeAll(set, { log, retries: 1, timeoutMs: 150 }).catch((reason: unknown) => reason)) as Error;
    const said: string[] = [...lines];
    for (let one: unknown = error; one instanceof Error; one = one.cause) {
      said.push(one.message, one.stack ?? '', JSON.stringify(one, Object.getOwnPropertyNames(one)));
    }
    expect(said.length).toBeGreaterThan(1);
    expect(said.join('\n')).not.toContain('ghp_');
  });
});

/** The first list of nodes loses one, without a word. */
function withHole(body: unknown): unknown {
  const copy = structuredClone(body);
  const visit = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(value).some(([key, inner]) => {
      if (key === 'nodes' && Array.isArray(inner) && inner.length > 0) {
        inner[0] = null;
        return true;
      }
      return !Array.isArray(inner) && visit(inner);
    });
  };
  visit(copy);
  return copy;
}
