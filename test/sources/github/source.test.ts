import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { SliceCursor } from '../../../src/sources/contribution-source.ts';
import { pushCommits, renameRepository } from '../../fakes/github/changes.ts';
import { countOf } from '../../fakes/github/count-of.ts';
import { generated } from '../../fakes/github/datasets/generated.ts';
import { handChecked, OCTO_CORP, OLD_OWNER } from '../../fakes/github/datasets/hand-checked.ts';
import { composeSpec } from '../../fakes/github/datasets/kept-history.ts';
import { badCredentials, meanwhile } from '../../fakes/github/faults.ts';
import { startFakeGithub, type FakeGithub, type FakeGithubOptions } from '../../fakes/github/server.ts';
import { expected, scrape, sourceOn, Store, targetOf } from './collecting.ts';

const fakes: FakeGithub[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
});
const start = async (options: FakeGithubOptions): Promise<FakeGithub> => {
  const fake = await startFakeGithub(options);
  fakes.push(fake);
  return fake;
};

const MIDDLING = { commits: 1_500, pullRequests: 300, issues: 600, comments: 700, reviewComments: 600, commitComments: 130, releases: 120 };

describe('a full scrape', () => {
  test('of the hand-checked repository gives the rows of an independent count', async () => {
    const { data, repository, window } = handChecked();
    const github = await start({ dataset: data });
    const store = new Store();
    const outcome = await scrape({ source: sourceOn(github), target: targetOf(data, window), store });
    expect(github.mistakes).toEqual([]);
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
    expect([outcome.gaps, outcome.waits]).toEqual([[], []]);
  });

  test('of a generated repository gives the rows of an independent count, with several requests in flight', async () => {
    const { data, repository, window } = generated(MIDDLING);
    // Compressed, as GitHub's answers are.
    const github = await start({ dataset: data, latencyMs: 20, compress: true });
    const store = new Store();
    await scrape({ source: sourceOn(github), target: targetOf(data, window), store });
    expect(github.mistakes).toEqual([]);
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
    expect(github.mostAtOnce).toBeGreaterThanOrEqual(4);
  });

  test('of a real public repository, made from its git history, gives the rows of an independent count', async () => {
    const { data, repository, window } = composeSpec();
    const github = await start({ dataset: data });
    const store = new Store();
    await scrape({ source: sourceOn(github), target: targetOf(data, window), store });
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test('reads all authors of a commit with more than ten, and all its pull requests', async () => {
    const { data, repository, other, window } = handChecked();
    const coAuthors = Array.from({ length: 130 }, (_, index) => {
      data.addAccount({ id: 900 + index, login: `pair-${index}`, emails: [`pair-${index}@example.org`] });
      return { name: `Pair ${index}`, email: `pair-${index}@example.org` };
    });
    const elsewhere = Array.from({ length: 105 }, () => ({ repositoryId: other.id, number: 1 }));
    const author = { name: 'Ada', email: 'ada@example.org' };
    pushCommits(data, repository, [
      {
        author,
        coAuthors,
        committedAt: '2026-11-01T00:00:00Z',
        additions: 9,
        pullRequests: [...elsewhere, { repositoryId: repository.id, number: 22 }],
      },
      { author, committedAt: '2026-11-01T00:01:00Z', additions: 4, pullRequests: elsewhere },
    ]);
    const github = await start({ dataset: data });
    const store = new Store();
    await scrape({ source: sourceOn(github), target: targetOf(data, window), store });
    expect(github.mistakes).toEqual([]);
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test('of a window in the past leaves out what came before and after', async () => {
    const { data, repository } = handChecked();
    const window = { since: '2025-01-01', until: '2026-01-31' };
    const github = await start({ dataset: data });
    const store = new Store();
    await scrape({ source: sourceOn(github), target: targetOf(data, window), store });
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test('of an empty repository gives nothing and covers every kind', async () => {
    const { data, other, window } = handChecked();
    other.pullRequests.clear();
    data.touch();
    const github = await start({ dataset: data });
    const store = new Store();
    const outcome = await scrape({
      source: sourceOn(github),
      target: { owner: 'octo-corp', name: 'other', githubId: 2000, window, type: 'FULL' },
      store,
    });
    expect([store.rows.size, outcome.gaps]).toEqual([0, []]);
  });

  test('counts what GitHub counts: stored, unattributed and excluded make up every total', async () => {
    const { data, window } = generated(MIDDLING);
    const github = await start({ dataset: data });
    const store = new Store();
    const { totals, excluded } = await scrape({ source: sourceOn(github), target: targetOf(data, window), store });
    expect(totals.length).toBeGreaterThan(100);
    const stored = new Map<string, number>();
    const count = (kind: string, month: string, by: number): unknown =>
      stored.set(`${kind} ${month}`, (stored.get(`${kind} ${month}`) ?? 0) + by);
    for (const { kind, occurredAt } of store.rows.values()) count(kind, occurredAt.toISOString().slice(0, 7), 1);
    for (const { kind, month, count: by } of excluded) count(kind, month, by);
    expect(totals.map(({ kind, month, count: total }) => [kind, month, total])).toEqual(
      totals.map(({ kind, month }) => [kind, month, stored.get(`${kind} ${month}`) ?? 0]),
    );
  });
});

describe('a worker that dies', () => {
  test('after any batch loses and repeats nothing: another goes on from the cursor', async () => {
    const { data, repository, window } = generated({
      commits: 700,
      pullRequests: 160,
      issues: 420,
      comments: 450,
      reviewComments: 120,
      releases: 5,
    });
    const github = await start({ dataset: data });
    const source = sourceOn(github, { pageSize: { commits: 50, pullRequests: 20, others: 40 } });
    const target = targetOf(data, window);
    const store = new Store();
    const plan = await source.plan(target);
    let reads = 0;
    for (const { slice } of plan.slices) {
      let cursor: SliceCursor | null = null;
      for (let isDone = false; !isDone;) {
        // One batch a life.
        for await (const batch of source.read(target, slice, cursor, new AbortController().signal)) {
          reads += 1;
          cursor = JSON.parse(JSON.stringify(batch.cursor)) as SliceCursor;
          for (const row of batch.contributions) store.rows.set(`${row.kind} ${row.subject}`, row);
          for (const fact of batch.pullRequests) store.facts.set(fact.number, fact);
          isDone = batch.done;
          break;
        }
      }
    }
    expect(reads).toBeGreaterThan(40);
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test('while requests are under way ends them with the reason of the abort', async () => {
    const { data, window } = generated({ commits: 500, pullRequests: 10 });
    const github = await start({ dataset: data, latencyMs: 50 });
    const stopping = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const batch of sourceOn(github).read(targetOf(data, window), 'commits', null, stopping.signal)) {
        expect(batch.done).toBe(false);
        stopping.abort(new Error('the worker stops'));
      }
    };
    await expect(reading()).rejects.toThrow('the worker stops');
  });
});

describe('a repository that moved', () => {
  test('is found by its old name', async () => {
    const { data, repository, window } = handChecked();
    const github = await start({ dataset: data });
    const store = new Store();
    await scrape({ source: sourceOn(github), target: { ...targetOf(data, window), owner: 'old-owner', name: 'first-name' }, store });
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test('is found by its number when another took its name', async () => {
    const { data, repository, window } = handChecked();
    renameRepository(data, repository, { name: 'moved', ownerId: OLD_OWNER });
    data.addRepository({ id: 7000, ownerId: OCTO_CORP, name: 'hand-checked', createdAt: '2026-01-01T00:00:00Z' });
    const github = await start({ dataset: data });
    const store = new Store();
    const target = { owner: 'octo-corp', name: 'hand-checked', githubId: repository.id, window, type: 'FULL' } as const;
    const { plan } = await scrape({ source: sourceOn(github), target, store });
    expect(plan.repository).toMatchObject({ owner: 'old-owner', name: 'moved', githubId: 1000 });
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test.each(['PullRequests', 'Commits', 'Issues'])('in the middle of %s is read on', async (operation) => {
    const { data, repository, window } = generated({ commits: 400, pullRequests: 130, issues: 150, comments: 300, reviewComments: 120 });
    const github = await start({ dataset: data });
    github.faults.add(
      { operation, nth: 2 },
      meanwhile((now) => renameRepository(now, repository, { name: 'another-name' })),
    );
    const store = new Store();
    await scrape({ source: sourceOn(github, { pageSize: { others: 50 } }), target: targetOf(data, window), store });
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test('and is private now is refused', async () => {
    const { data, repository, window } = handChecked();
    repository.isPrivate = true;
    const github = await start({ dataset: data });
    await expect(sourceOn(github).plan(targetOf(data, window))).rejects.toMatchObject({ code: 'repository_private', status: 422 });
    await expect(sourceOn(github, { allowPrivate: true }).plan(targetOf(data, window))).resolves.toMatchObject({ githubId: 1000 });
  });
});

describe('a plan', () => {
  test('says pages, points and minutes before anything is read', async () => {
    const { data, window } = generated(MIDDLING);
    const github = await start({ dataset: data });
    const source = sourceOn(github);
    const plan = await source.plan(targetOf(data, window));
    expect(github.requests.length).toBeLessThanOrEqual(5);
    expect(plan.note).toMatch(
      /^GitHub: about \d+ pages, \d+ GraphQL points and \d+ REST requests, \d+ minutes? \(49\d\d of 5000 points are left\)$/,
    );

    const [pages, points, rest] = [github.requests.length, github.points.graphql, github.points.core];
    const store = new Store();
    await scrape({ source, target: targetOf(data, window), store });
    // The scrape made a plan of its own: it is taken off.
    const used = {
      pages: github.requests.length - 2 * pages,
      points: github.points.graphql - 2 * points,
      rest: github.points.core - 2 * rest,
    };
    expect(plan.estimate?.pages).toBeGreaterThan(used.pages * 0.75);
    expect(plan.estimate?.pages).toBeLessThan(used.pages * 1.25);
    expect(plan.estimate?.points).toBeGreaterThan(used.points * 0.75);
    expect(plan.estimate?.points).toBeLessThan(used.points * 1.25);
    expect(plan.total).toBeGreaterThan(store.rows.size * 0.7);
    expect(plan.total).toBeLessThan(store.rows.size * 1.3);
  });
});

describe('addresses and credentials', () => {
  test('a GitHub Enterprise Server has its API at /api/v3 and /api/graphql', async () => {
    const { data, repository, window } = handChecked();
    const github = await start({ dataset: data, isEnterprise: true });
    const store = new Store();
    await scrape({ source: sourceOn(github), target: targetOf(data, window), store });
    expect(github.mistakes).toEqual([]);
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test('a GitHub App reads by its installation, with a new token when the old one runs out', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = { type: 'spki', format: 'pem' } as const;
    const { data, repository, window } = generated({ commits: 300, pullRequests: 60, comments: 150 });
    const installations = [{ id: 70, ownerId: repository.ownerId }];
    const github = await start({
      dataset: data,
      app: { id: 7, publicKey: publicKey.export(pem).toString(), installations, tokenLifetimeMs: 3_600_000 },
      tokens: {},
    });
    const firstToken = 'ghs_fake00000000000000000000000000000001';
    github.faults.add({ operation: 'PullRequests', token: firstToken }, badCredentials());
    const app = { id: 7, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
    const store = new Store();
    await scrape({ source: sourceOn(github, { tokens: [], app }), target: targetOf(data, window), store });
    expect(github.requests.some(({ token }) => token === firstToken)).toBe(true);
    expect(github.appTokens.given).toBe(2);
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
  });

  test.each<[string, (ownerId: number) => number]>([
    ['where it is installed, leaves the rest to it when the token is refused', (ownerId) => ownerId],
    ['that is not installed there leaves all to the token', () => 1],
  ])('an App beside a token %s', async (_, ownerOf) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const app = { id: 7, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
    const { data, repository, window } = handChecked();
    const isInstalled = ownerOf(repository.ownerId) === repository.ownerId;
    const github = await start({
      dataset: data,
      app: { id: 7, installations: [{ id: 70, ownerId: ownerOf(repository.ownerId) }], tokenLifetimeMs: 3_600_000 },
      tokens: isInstalled ? {} : { ghp_token0000000000000000: {} },
    });
    const store = new Store();
    const source = sourceOn(github, { tokens: ['ghp_token0000000000000000'], app });
    await scrape({ source, target: targetOf(data, window), store });
    expect(store.counted()).toEqual(expected(countOf(data, window, repository)));
    // Where it is installed is asked once, not before every request.
    expect(github.requests.filter(({ path }) => path.endsWith('/installation'))).toHaveLength(1);
  });

  test('an App whose key is not its own says so', async () => {
    const [own, other] = [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('rsa', { modulusLength: 2048 })];
    const { data, window } = handChecked();
    const publicKey = own.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const github = await start({ dataset: data, app: { id: 7, publicKey, installations: [], tokenLifetimeMs: 3_600_000 }, tokens: {} });
    const app = { id: 7, privateKey: other.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
    await expect(sourceOn(github, { tokens: [], app }).plan(targetOf(data, window))).rejects.toMatchObject({
      code: 'bad_credentials',
      message: expect.stringContaining('GITHUB_APP_PRIVATE_KEY'),
    });
  });

  test('an App that is not installed there says so', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { data, window } = handChecked();
    const github = await start({ dataset: data, app: { id: 7, installations: [], tokenLifetimeMs: 3_600_000 } });
    const app = { id: 7, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
    await expect(sourceOn(github, { tokens: [], app }).plan(targetOf(data, window))).rejects.toMatchObject({ code: 'app_not_installed' });
  });
});
