import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { databaseToday } from '../../src/db/database.ts';
import { requestCancel, type StoredJob } from '../../src/db/jobs.ts';
import { presetWindow } from '../../src/domain/window.ts';
import { sourceLogOf } from '../../src/log/logger.ts';
import type { ContributionSource } from '../../src/sources/contribution-source.ts';
import { createGithubSource, type GithubSourceOptions } from '../../src/sources/github/source.ts';
import { generated } from '../fakes/github/datasets/generated.ts';
import { handChecked, type HandChecked } from '../fakes/github/datasets/hand-checked.ts';
import { composeSpec } from '../fakes/github/datasets/kept-history.ts';
import {
  badCredentials,
  blocked,
  changed,
  connectionCut,
  cursorsExpired,
  htmlError,
  notFound,
  quotaExhausted,
  resourceLimits,
  secondaryLimit,
  silence,
  status,
  truncatedJson,
  type Fault,
  type Matcher,
} from '../fakes/github/faults.ts';
import { startFakeGithub, type FakeGithub, type FakeGithubOptions } from '../fakes/github/server.ts';
import { until } from '../temporal/test-namespace.ts';
import { ended, expectRightBoard } from './right-board.ts';
import { startStack, type RunningStack } from './running-stack.ts';

/*
 * Each fault of GitHub, from the request to the end of the job: it is right, or it says what is wrong and publishes nothing. The
 * last test looks for the secrets of all of them in all that is left.
 */

const TOKEN = 'ghp_canary0canary0canary0canary00';
const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

let stack: RunningStack;
let today: string;
let source: ContributionSource;
let stopWorkers: () => void;
let workers: Promise<void>;
const fakes: FakeGithub[] = [];
const logged: string[] = [];
const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
const jobs: StoredJob[] = [];

beforeAll(async () => {
  stack = await startStack({ log });
  today = await databaseToday(stack.database.db);
  const stopped = new Promise<void>((resolve) => (stopWorkers = resolve));
  // One set of workers for all tests: each puts a source of its own behind it.
  const present: ContributionSource = {
    name: 'github',
    plan: (target) => source.plan(target),
    read: (target, slice, cursor, signal) => source.read(target, slice, cursor, signal),
  };
  workers = stack.withWorkers([present], () => stopped);
});
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
  await stack.database.db.pool.query('DELETE FROM repository');
});
afterAll(async () => {
  stopWorkers();
  await workers;
  await stack.close();
});

type Repository = Pick<HandChecked, 'data' | 'repository'>;
type Setup = Repository & { readonly github: FakeGithub };

async function setUp(
  faults: FakeGithubOptions['faults'] = [],
  options: Partial<GithubSourceOptions> = {},
  fake: Partial<FakeGithubOptions> = {},
  set: Repository = handChecked(today),
): Promise<Setup> {
  const github = await startFakeGithub({ dataset: set.data, faults, ...fake });
  fakes.push(github);
  source = createGithubSource({
    tokens: [TOKEN],
    apiUrl: github.restUrl,
    pageSize: { commits: 50, pullRequests: 2, others: 10 },
    secondMs: 1,
    timeoutMs: 1_000,
    longestSleepMs: 50,
    log: sourceLogOf(log),
    ...options,
  });
  return { ...set, github };
}

async function scraped(
  { data, repository }: Repository,
  during: (job: StoredJob) => Promise<void> = async () => undefined,
): Promise<StoredJob> {
  const owner = data.ownerOf(repository).login;
  const queued = await stack.scrape(repository.name, { owner, window: presetWindow('2y', today) });
  await during(queued);
  const job = await stack.finished(queued);
  jobs.push(job);
  return job;
}

/** On pages of GraphQL and of REST. Of the comments the first request is the plan's. */
const MIDDLE: readonly Matcher[] = [
  { operation: 'PullRequests', nth: 2 },
  { operation: 'Commits', nth: 2 },
  { path: '/issues/comments', nth: 2 },
];
const PULL_REQUESTS = MIDDLE.slice(0, 1);
const COMMENTS = MIDDLE.slice(2);
const GRAPHQL: readonly Matcher[] = [
  { operation: 'PullRequests', nth: 2 },
  { operation: 'Commits', nth: 2 },
  { operation: 'Issues', nth: 1 },
];
const refusedCursor = changed(() => ({
  data: { node: null },
  errors: [{ type: 'INVALID_CURSOR_ARGUMENTS', message: '`Y3Vyc29y` does not appear to be a valid cursor.' }],
}));

describe('a job ends right', () => {
  test.each<[string, number, () => Repository]>([
    [
      'of a generated repository',
      5,
      () => generated({ commits: 700, pullRequests: 150, comments: 500, reviewComments: 200, releases: 20, today }),
    ],
    ['of a real public repository, made from its git history', 2, composeSpec],
  ])('%s, its lists read side by side, all of them within the limit of one token', async (_, least, make) => {
    const limits = { inFlight: 6, restPerMinute: Infinity, graphqlPerMinute: Infinity };
    const pageSize = { commits: 50, pullRequests: 10, others: 50 };
    const set = await setUp([], { limits, pageSize }, { latencyMs: 50 }, make());
    const job = await scraped(set);
    expect(job).toMatchObject({ ...ended, attempt: 1 });
    await expectRightBoard(stack.database.db, set, job);
    // One list alone has four at most.
    expect(set.github.mostAtOnce).toBeGreaterThanOrEqual(least);
    expect(set.github.mostAtOnce).toBeLessThanOrEqual(6);
  });

  test.each<[string, readonly Matcher[], Fault, Partial<GithubSourceOptions>?]>([
    ['429', PULL_REQUESTS, status(429, 'Too Many Requests', { 'retry-after': '1' })],
    ['403, the secondary limit, with retry-after', COMMENTS, secondaryLimit({ retryAfterSeconds: 1 })],
    [
      'a rate limit used up at page 7 of 20',
      [{ operation: 'Commits', nth: 7 }],
      quotaExhausted({ resetInSeconds: 1 }),
      { pageSize: { commits: 7, pullRequests: 20, others: 100 } },
    ],
    ['500', MIDDLE, htmlError(500)],
    ['502', MIDDLE, htmlError(502)],
    ['504', MIDDLE, htmlError(504)],
    ['RESOURCE_LIMITS with partial data', GRAPHQL, resourceLimits()],
    ['truncated JSON', MIDDLE, truncatedJson()],
    ['a connection cut in the middle of the body', MIDDLE, connectionCut()],
    ['a response that hangs', PULL_REQUESTS, silence()],
    [
      'a cursor that is no longer accepted',
      [
        { operation: 'PullRequests', nth: 3 },
        { operation: 'Commits', nth: 2 },
      ],
      refusedCursor,
    ],
    ['all cursors that are no longer accepted', PULL_REQUESTS, cursorsExpired()],
  ])('after %s', async (_, matchers, fault, options = {}) => {
    const set = await setUp(
      matchers.map((matcher) => [matcher, fault]),
      options,
    );
    const job = await scraped(set);
    expect(job).toMatchObject({ ...ended, attempt: 1, waitingUntil: null });
    expect(set.github.requests.filter((request) => request.fault !== null).length).toBeGreaterThan(0);
    await expectRightBoard(stack.database.db, set, job);
  });

  test('after faults on half of all requests, until they stop', async () => {
    const set = await setUp([[{ when: ({ index }) => index % 2 === 0 && index < 60 }, htmlError(502)]], { retries: 5 });
    const job = await scraped(set);
    expect(job).toMatchObject(ended);
    await expectRightBoard(stack.database.db, set, job);
  });

  test('as a GitHub App whose token runs out in the middle', async () => {
    const expired: Matcher = { operation: 'PullRequests', token: 'ghs_fake00000000000000000000000000000001' };
    const installations = [{ id: 70, ownerId: 9 }];
    const app = { id: 7, privateKey: KEY };
    const fake = { app: { id: 7, installations, tokenLifetimeMs: 3_600_000 }, tokens: {} };
    const set = await setUp([[expired, badCredentials()]], { tokens: [], app }, fake);
    const job = await scraped(set);
    expect(job).toMatchObject(ended);
    expect(set.github.appTokens.given).toBe(2);
    await expectRightBoard(stack.database.db, set, job);
  });
});

describe('a job says what is wrong, and publishes nothing', () => {
  test.each<[string, Matcher, Fault, Record<string, unknown>]>([
    ['401 in the middle', { operation: 'PullRequests', nth: 2 }, badCredentials(), { errorCode: 'bad_credentials', attempt: 1 }],
    ['404', { path: '/issues/comments', nth: { from: 2 } }, notFound(), { errorCode: 'repository_not_found', attempt: 1 }],
    ['451', { path: '/issues/comments', nth: { from: 2 } }, blocked(), { errorCode: 'unavailable_for_legal_reasons', attempt: 1 }],
    [
      '500 that lasts',
      { operation: 'PullRequests', nth: { from: 3 } },
      htmlError(500),
      {
        errorCode: 'step_failed',
        errorMessage: expect.stringMatching(/pull requests 5 and on.*\(while reading github \(pull-requests\); tried 4 times\)/),
      },
    ],
    [
      'truncated JSON that lasts',
      { path: '/issues/comments', nth: { from: 2 } },
      truncatedJson(),
      { errorCode: 'step_failed', errorMessage: expect.stringMatching(/\(while reading github \(issue-comments\); tried 4 times\)/) },
    ],
  ])('after %s', async (_, matcher, fault, expected) => {
    const set = await setUp([[matcher, fault]], { retries: 1 });
    const job = await scraped(set);
    expect(job).toMatchObject({ status: 'FAILED', complete: null, eventsProcessed: 0, ...expected });
    const { rows } = await stack.database.db.pool.query('SELECT FROM contribution_event LIMIT 1');
    expect(rows).toEqual([]);
  });
});

test('a token that was refused for a moment is tried again: the next job ends right', async () => {
  const set = await setUp([[{ operation: 'PullRequests', nth: 2 }, badCredentials()]], { retries: 1 });
  expect(await scraped(set)).toMatchObject({ status: 'FAILED', errorCode: 'bad_credentials' });
  const again = await scraped(set);
  expect(again).toMatchObject(ended);
  await expectRightBoard(stack.database.db, set, again);
});

test('403, the secondary limit without retry-after: the job waits a minute, visibly, and spends no attempt', async () => {
  const set = await setUp([[{ operation: 'Issues', nth: 1 }, secondaryLimit()]]);
  let waiting: StoredJob | undefined;
  const job = await scraped(set, async (queued) => {
    await until(async () => {
      waiting = await stack.job(queued);
      return waiting.waitingUntil !== null;
    });
    expect(Math.round((Number(waiting?.waitingUntil) - Date.now()) / 10_000)).toBe(6);
    await requestCancel(stack.database.db, queued.id);
    await stack.engine.cancelJob(queued);
  });
  expect(waiting).toMatchObject({ status: 'RUNNING', attempt: 1, waitingFor: 'GitHub' });
  expect(job).toMatchObject({ status: 'CANCELLED', waitingUntil: null });
});

test('no token and no key is left anywhere: in no log line, no history of Temporal, no row; and no history names anybody', async () => {
  const secrets = /gh[ps]_(canary|fake)|PRIVATE KEY|eyJhbGciOiJSUzI1NiI/;
  // As JSON would have them; who owns the repositories stands in their names.
  const people = [...handChecked(today).data.accounts.values()].filter(({ login }) => !/^(?:octo-corp|old-owner)$/.test(login));
  const names = people.flatMap(({ login, emails }) => [`"${login}"`, ...emails]);
  expect(names).toEqual(expect.arrayContaining(['"ada"', '"dependabot[bot]"', 'ben@example.org']));
  expect(jobs.length).toBeGreaterThan(15);
  expect(logged.join('')).toMatch(/GitHub refuses a credential/);
  expect(logged.join('')).not.toMatch(secrets);
  for (const { workflowId } of jobs) {
    const { events } = await stack.temporal.client.workflow.getHandle(workflowId).fetchHistory();
    const decoded = JSON.stringify(events).replaceAll(/\{"type":"Buffer","data":\[([\d,]*)\]\}/g, (_, bytes: string) =>
      Buffer.from(bytes.split(',').map(Number)).toString(),
    );
    expect(decoded).toContain('jobId');
    expect(decoded).not.toMatch(secrets);
    // A history can't be edited when somebody is erased: it names nobody.
    expect(names.filter((name) => decoded.includes(name))).toEqual([]);
  }
  const { pool } = stack.database.db;
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'staging')`,
  );
  for (const { name } of tables) {
    const { rows } = await pool
      .query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
      .catch((error: { readonly code?: string }) => {
        // A board that was made anew meanwhile: the old one holds nothing any more.
        if (error.code === '42P01') return { rows: [] };
        throw error;
      });
    expect(rows.map(({ row }) => row).join('\n')).not.toMatch(secrets);
  }
});
