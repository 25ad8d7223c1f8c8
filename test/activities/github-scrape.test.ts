import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { coverageOf } from '../../src/db/coverage.ts';
import { databaseToday } from '../../src/db/database.ts';
import type { StoredJob } from '../../src/db/jobs.ts';
import { findByOldName, repositoryById } from '../../src/db/repositories.ts';
import { presetWindow } from '../../src/domain/window.ts';
import { createGithubSource, type GithubSourceOptions } from '../../src/sources/github/source.ts';
import {
  closeIssue,
  forcePush,
  mergePullRequest,
  pushCommits,
  renameAccount,
  renameRepository,
  reopenIssue,
} from '../fakes/github/changes.ts';
import { ADA, BEN, CLEO, DAN, handChecked, OLD_OWNER, type HandChecked } from '../fakes/github/datasets/hand-checked.ts';
import { badCredentials, quotaExhausted, type Fault, type Matcher } from '../fakes/github/faults.ts';
import { startFakeGithub, type FakeGithub } from '../fakes/github/server.ts';
import { until } from '../temporal/test-namespace.ts';
import { ended, expectRightBoard } from './right-board.ts';
import { startStack, type RunningStack } from './running-stack.ts';

let stack: RunningStack;
let today: string;
const fakes: FakeGithub[] = [];
beforeAll(async () => {
  stack = await startStack();
  today = await databaseToday(stack.database.db);
});
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
  await stack.database.db.pool.query('DELETE FROM repository');
});
afterAll(() => stack.close());

interface Setup extends HandChecked {
  readonly github: FakeGithub;
  /** Runs a job to its end, with workers of its own. */
  run(type?: 'FULL' | 'REFRESH', o?: { owner?: string; name?: string; during?: (job: StoredJob) => Promise<void> }): Promise<StoredJob>;
  /** What GitHub took for the last job, in points and in paid REST requests. */
  readonly spent: () => number;
}

/** The hand-checked repository on a GitHub of its own. */
async function setUp(faults: readonly (readonly [Matcher, Fault])[] = [], options: Partial<GithubSourceOptions> = {}): Promise<Setup> {
  const set = handChecked(today);
  const github = await startFakeGithub({ dataset: set.data, faults });
  fakes.push(github);
  const source = createGithubSource({
    tokens: ['ghp_testtokentesttokentesttoken00'],
    apiUrl: github.restUrl,
    pageSize: { commits: 50, pullRequests: 2, others: 10 },
    secondMs: 1,
    ...options,
  });
  let before = 0;
  const spentInAll = (): number => github.points.graphql + github.points.core;
  const run: Setup['run'] = (type = 'FULL', { owner = 'octo-corp', name = 'hand-checked', during } = {}) => {
    before = spentInAll();
    return stack.withWorkers([source], async () => {
      const job = await stack.scrape(name, { owner, type, window: presetWindow('2y', today) });
      await during?.(job);
      return await stack.finished(job);
    });
  };
  return { ...set, github, run, spent: () => spentInAll() - before };
}

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

describe('a scrape of GitHub', () => {
  test('gives the counts, lines and scores of an independent count, knows that they are complete, and (A149) stores no e-mail address', async () => {
    const set = await setUp();
    const job = await set.run();
    expect(job).toMatchObject({ ...ended, unit: 'contributions', planNote: expect.stringContaining('GraphQL points') });
    await expectRightBoard(stack.database.db, set, job);
    expect(await repositoryById(stack.database.db, job.repositoryId as number)).toMatchObject({
      githubId: 1000,
      stars: 42,
      forks: 7,
      nodeId: expect.any(String),
    });
    const { complete, data } = await coverageOf(stack.database.db, job.repositoryId as number);
    expect(complete).toBe(true);
    const measured = data.filter(({ github_total }) => github_total !== null);
    expect(measured.length).toBeGreaterThan(24);
    for (const { stored, unattributed, excluded, github_total } of measured) {
      // The month the window begins in is counted from the window's first day on; nothing of it lies before.
      expect(stored + unattributed + excluded).toBeGreaterThanOrEqual(github_total as number);
    }
    // A149: commits name people by e-mail address; none of those is stored, in no table.
    const { rows: tables } = await stack.database.db.pool.query<{ name: string }>(
      `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'staging')`,
    );
    for (const { name } of tables) {
      const { rows } = await stack.database.db.pool.query<{ text: string }>(`SELECT t::text AS text FROM ${name} AS t`);
      expect(rows.filter(({ text }) => /[a-z]@[a-z-]+\.[a-z]/i.test(text))).toEqual([]);
    }
  });

  test('after changes, a refresh gives the board of a full scrape; while nothing changes it takes at most 10 points', async () => {
    const set = await setUp();
    const { data, repository } = set;
    await set.run();
    await expectRightBoard(stack.database.db, set, await set.run('REFRESH'));
    expect(set.spent()).toBeLessThanOrEqual(10);

    pushCommits(data, repository, [{ author: { name: 'Ada', email: 'ada@example.org' }, committedAt: now(), additions: 5, deletions: 1 }]);
    closeIssue(data, repository, 8, now(), CLEO);
    reopenIssue(data, repository, 1, now(), BEN);
    const [landed] = pushCommits(data, repository, [
      { author: { name: 'Ben', email: 'ben@example.org' }, committedAt: now(), additions: 6 },
    ]);
    await expectRightBoard(stack.database.db, set, await set.run('REFRESH'));
    // Merged after its commit was read: the commit's lines become the pull request's.
    const oid = landed?.oid as string;
    mergePullRequest(data, repository, 20, { at: now(), mergedById: ADA, mergeCommitOid: oid, commits: [oid] });
    await expectRightBoard(stack.database.db, set, await set.run('REFRESH'));
    forcePush(data, repository, 2, [{ author: { name: 'Ben', email: 'ben@example.org' }, committedAt: now(), additions: 3 }]);
    renameRepository(data, repository, { name: 'renamed', ownerId: OLD_OWNER });
    // Dan takes the name that Ben gives up.
    renameAccount(data, BEN, 'benjamin');
    renameAccount(data, DAN, 'ben');
    const refreshed = await set.run('REFRESH');
    expect(refreshed).toMatchObject(ended);
    await expectRightBoard(stack.database.db, set, refreshed);
    expect(await findByOldName(stack.database.db, { owner: 'octo-corp', name: 'hand-checked' })).toMatchObject({
      owner: 'old-owner',
      name: 'renamed',
    });

    const again = await stack.database.db.pool.query('SELECT sum(quantity)::int AS counted FROM contribution_day');
    await expectRightBoard(stack.database.db, set, await set.run('FULL', { owner: 'old-owner', name: 'renamed' }));
    expect((await stack.database.db.pool.query('SELECT sum(quantity)::int AS counted FROM contribution_day')).rows).toEqual(again.rows);
  }, 60_000);

  test('that meets a used-up rate limit waits for its end, visibly, spends no attempt, and is right', async () => {
    const set = await setUp([[{ operation: 'PullRequests', nth: 7 }, quotaExhausted({ resetInSeconds: 3 })]], {
      longestSleepMs: 100,
      pageSize: { pullRequests: 1 },
    });
    let waiting: StoredJob | undefined;
    const job = await set.run('FULL', {
      during: (queued) =>
        until(
          async () => {
            waiting = await stack.job(queued);
            return waiting.waitingUntil !== null;
          },
          { what: 'the job to wait' },
        ),
    });
    expect(waiting).toMatchObject({ status: 'RUNNING', waitingFor: 'GitHub', attempt: 1 });
    expect(Number(waiting?.waitingUntil)).toBeGreaterThan(Date.now() - 10_000);
    expect(job).toMatchObject({ ...ended, waitingUntil: null, attempt: 1 });
    await expectRightBoard(stack.database.db, set, job);
  });

  test('whose token is refused in the middle fails at once and says so, without the token', async () => {
    const set = await setUp([[{ operation: 'PullRequests', nth: 2 }, badCredentials()]]);
    const job = await set.run();
    expect(job).toMatchObject({ status: 'FAILED', errorCode: 'bad_credentials', attempt: 1 });
    expect(job.errorMessage).toContain('GITHUB_TOKEN');
    expect(JSON.stringify(job)).not.toContain('testtoken');
  });

  test('of which a page never heals completes as incomplete and names what is missing; the next refresh closes the gap', async () => {
    const sick = 12;
    const isSick: Fault = {
      name: 'sick',
      change: (body, { request }) => {
        const nodes = (body as { data: { node: { pullRequests: { nodes: { number: number }[] } } } }).data.node.pullRequests.nodes;
        return request.operation === 'PullRequests' && nodes.some(({ number }) => number === sick)
          ? { data: null, errors: [{ message: 'Something went wrong while executing your query. This may be the result of a timeout.' }] }
          : body;
      },
    };
    const set = await setUp();
    const fault = set.github.faults.add({ operation: 'PullRequests' }, isSick);
    const job = await set.run();
    expect(job).toMatchObject({
      status: 'COMPLETED',
      complete: false,
      incomplete: [{ month: null, reason: expect.stringContaining(`pull request ${sick}`) }],
    });
    expect((await coverageOf(stack.database.db, job.repositoryId as number)).complete).toBe(false);
    fault.remove();
    const healed = await set.run('REFRESH');
    expect(healed).toMatchObject(ended);
    await expectRightBoard(stack.database.db, set, healed);
  }, 30_000);
});
