import { describe, expect, test } from '@jest/globals';
import { accountOf, accountOfRest, createCommitAccounts } from '../../../src/sources/github/accounts.ts';
import { Credential } from '../../../src/sources/github/credential.ts';
import { GITHUB_COM_LIMITS, limitsFor, OWN_SERVER_LIMITS, Pace } from '../../../src/sources/github/pacing.ts';
import { PageSize } from '../../../src/sources/github/page-size.ts';
import { earlier, splitTime } from '../../../src/sources/github/time-lanes.ts';
import { readVerdict, secondsToReset } from '../../../src/sources/github/trouble.ts';

const never = new AbortController().signal;

describe('the pace', () => {
  test('is that of github.com there and on its tenants, and free on a server of its own', () => {
    expect(limitsFor('https://api.github.com')).toBe(GITHUB_COM_LIMITS);
    expect(limitsFor('https://api.octocorp.ghe.com')).toBe(GITHUB_COM_LIMITS);
    expect(limitsFor('https://github.example.org/api/v3')).toBe(OWN_SERVER_LIMITS);
  });

  test('lets half of a minute go at once and the rest evenly', async () => {
    const pace = new Pace({ inFlight: 1_000, restPerMinute: 600, graphqlPerMinute: Infinity });
    const began = performance.now();
    const first = Array.from({ length: 300 }, () => pace.run('core', never, () => Promise.resolve()));
    await Promise.all(first);
    expect(performance.now() - began).toBeLessThan(150);
    // The next two start 200 and 400 ms later: five a second.
    await Promise.all([pace.run('core', never, () => Promise.resolve()), pace.run('core', never, () => Promise.resolve())]);
    expect(performance.now() - began).toBeGreaterThan(300);
    await pace.run('graphql', never, () => Promise.resolve());
  });

  test('lets so many run at once, and a failure frees its place', async () => {
    const pace = new Pace({ inFlight: 2, restPerMinute: Infinity, graphqlPerMinute: Infinity });
    let [running, most] = [0, 0];
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((go) => setImmediate(go));
      running -= 1;
      throw new Error('failed');
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 7 }, () => pace.run('core', never, work)));
    expect([most, outcomes.every(({ status }) => status === 'rejected')]).toEqual([2, true]);
  });

  test('ends its wait when it is aborted', async () => {
    const pace = new Pace({ inFlight: 9, restPerMinute: 2, graphqlPerMinute: 2 });
    await pace.run('core', never, () => Promise.resolve());
    const stopping = new AbortController();
    const waiting = pace.run('core', stopping.signal, () => Promise.resolve('ran'));
    stopping.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});

describe('the page size', () => {
  test('halves down to one and grows again; a size that fails again is tried ever more rarely', () => {
    const size = new PageSize(50);
    const halves = Array.from({ length: 6 }, () => [size.failed(), size.current]);
    expect(halves).toEqual([
      [true, 25],
      [true, 12],
      [true, 6],
      [true, 3],
      [true, 1],
      [false, 1],
    ]);
    const goodUntilTrial = (): number => {
      const before = size.current;
      for (let count = 1; ; count += 1) {
        size.worked();
        if (size.current !== before) return count;
      }
    };
    expect(goodUntilTrial()).toBe(4);
    size.failed();
    expect(goodUntilTrial()).toBe(8);
    size.failed();
    expect(goodUntilTrial()).toBe(16);
  });
});

describe('a refusal', () => {
  const at = 'Mon, 23 Nov 2026 12:00:00 GMT';
  const reset = String(Date.parse(at) / 1000 + 90);
  test.each([
    [
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date: at },
      'API rate limit exceeded',
      { kind: 'wait', seconds: 91, scope: 'resource' },
    ],
    [429, { 'retry-after': '7' }, 'Too many requests', { kind: 'wait', seconds: 7, scope: 'token' }],
    [429, {}, 'Too many requests', { kind: 'wait', seconds: null, scope: 'token' }],
    [403, {}, 'You have exceeded a secondary rate limit.', { kind: 'wait', seconds: null, scope: 'token' }],
    [
      403,
      { 'x-ratelimit-remaining': '0', 'retry-after': '60' },
      'You have exceeded a secondary rate limit.',
      { kind: 'wait', seconds: 60, scope: 'token' },
    ],
    [403, {}, 'Resource not accessible by integration', { kind: 'denied' }],
    [403, {}, 'Repository access blocked', { kind: 'legal' }],
    [401, {}, 'Bad credentials', { kind: 'unauthorized' }],
    [404, {}, 'Not Found', { kind: 'missing' }],
    [451, {}, 'Repository access blocked', { kind: 'legal' }],
    [502, {}, '', { kind: 'failed' }],
  ] as const)('%i %j "%s" means %j', (status, headers, message, verdict) => {
    expect(readVerdict(status, headers, message)).toEqual(verdict);
  });

  test('counts the seconds by GitHub’s clock, whatever ours says', () => {
    expect(secondsToReset({ 'x-ratelimit-reset': reset, date: at })).toBe(91);
    expect(secondsToReset({})).toBeNull();
  });

  test('without a length blocks a minute, then two; several at once are one', () => {
    const credential = new Credential(
      'token 1',
      { auth: 'x' },
      { apiUrl: 'https://api.github.com', limits: GITHUB_COM_LIMITS, timeoutMs: undefined },
    );
    expect(credential.block(['core', 'graphql'], null)).toBe(60);
    expect(credential.block(['core', 'graphql'], null)).toBe(60);
    const other = new Credential(
      'token 2',
      { auth: 'x' },
      { apiUrl: 'https://api.github.com', limits: GITHUB_COM_LIMITS, timeoutMs: undefined },
    );
    other.noteQuota('core', { 'x-ratelimit-remaining': '0', 'x-ratelimit-limit': '5000', 'x-ratelimit-reset': reset, date: at });
    expect(other.blockedUntil('core')).toBeGreaterThan(Date.now() + 80_000);
    expect(other.blockedUntil('graphql')).toBe(0);
  });
});

describe('an account', () => {
  test('of GraphQL is named as REST names it', () => {
    expect(accountOf({ __typename: 'Bot', login: 'dependabot', databaseId: 5 })).toEqual({
      githubId: 5,
      login: 'dependabot[bot]',
      type: 'Bot',
    });
    expect(accountOf({ __typename: 'EnterpriseUserAccount', login: 'x' })).toEqual({
      githubId: null,
      login: 'x',
      type: 'EnterpriseUserAccount',
    });
    expect(accountOf(null)).toBeNull();
  });

  test('that was deleted is ghost in REST and nobody here', () => {
    expect(accountOfRest({ id: 10137, login: 'ghost', type: 'User' })).toBeNull();
    expect(accountOfRest(null)).toBeNull();
  });

  test('of a commit is the linked one, else the number in its noreply address, on the right GitHub only', () => {
    const commitAccountOf = createCommitAccounts('https://api.github.com');
    expect(commitAccountOf({ email: 'a@b.c', user: { databaseId: 7, login: 'ada' } })).toEqual({ githubId: 7, login: 'ada', type: 'User' });
    expect(commitAccountOf({ email: '12+ada@users.noreply.github.com', user: null })).toEqual({ githubId: 12, login: 'ada', type: null });
    expect(commitAccountOf({ email: '12+x[bot]@users.noreply.github.com', user: null })).toMatchObject({ githubId: 12, type: 'Bot' });
    expect(commitAccountOf({ email: 'ada@users.noreply.github.com', user: null })).toBeNull();
    expect(commitAccountOf({ email: '12+ada@users.noreply.github.com.evil.example', user: null })).toBeNull();
    expect(createCommitAccounts('https://git.example.org/api/v3')({ email: '12+ada@users.noreply.github.com', user: null })).toBeNull();
    expect(
      createCommitAccounts('https://git.example.org/api/v3')({ email: '12+ada@users.noreply.git.example.org', user: null }),
    ).toMatchObject({ githubId: 12 });
  });
});

describe('a split of time', () => {
  test('leaves no second out and its last part open', () => {
    const parts = splitTime('2026-01-01T00:00:00Z', '2026-01-01T00:00:40Z', 4);
    expect(parts.map(({ since, until }) => [since.slice(17, 19), until?.slice(17, 19)])).toEqual([
      ['00', '10'],
      ['10', '20'],
      ['20', '30'],
      ['30', undefined],
    ]);
    expect(splitTime('2026-01-01T00:00:00Z', '2025-01-01T00:00:00Z', 4)).toEqual([{ since: '2026-01-01T00:00:00Z', until: null }]);
    expect(earlier('2026-01-01T00:00:00Z', 1)).toBe('2025-12-31T23:59:59Z');
  });
});
