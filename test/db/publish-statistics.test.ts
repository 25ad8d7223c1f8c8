import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '../../src/db/database.ts';
import type { Contribution, PullRequestFact } from '../../src/domain/contribution.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, type Read } from './publishing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const WINDOW = { since: '2026-01-01', until: '2026-03-31' };
const PULL_REQUESTS = 1200;
const person = (index: number): ReturnType<typeof account> => account(1 + (index % 40));
const at = (index: number): Date => new Date(Date.UTC(2026, 0, 1 + (index % 80)));

/** Two rows per pull request, and a commit with a co-author. `amended`: some of them are told anew. */
function everything(name: string, amended: boolean): Pick<Read, 'batches' | 'pullRequests'> {
  const contributions: Contribution[] = [];
  const pullRequests: PullRequestFact[] = [];
  for (let number = 1; number <= PULL_REQUESTS; number += 1) {
    const [author, other, when] = [person(number), person(number + 1), at(number)];
    const sha = `${name}${number}`;
    contributions.push(
      did('PR_OPENED', number, author, when),
      did('PR_REVIEWED', `${number}:${other.githubId}`, other, when, { number }),
      did('COMMIT', sha, author, when, { linesAdded: amended && number % 10 === 0 ? 2 : 1, linesDeleted: 0 }),
      did('COMMIT_COAUTHOR', `${sha}:${other.githubId}`, other, when),
    );
    pullRequests.push({ number, author, createdAt: when, mergedAt: null, baseRef: amended && number % 10 === 0 ? 'next' : 'main' });
  }
  return { batches: [contributions], pullRequests };
}

interface PlanNode {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The most rows that one step of a plan has handled. */
function busiest(node: PlanNode): number {
  const rows = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  return Math.max(rows * node['Actual Loops'], ...(node.Plans ?? []).map(busiest));
}

/** The most rows that one step of any statement of `work` has handled, as PostgreSQL's auto_explain tells it. */
async function busiestStep(work: (db: Database) => Promise<unknown>): Promise<number> {
  const session = await openDatabase({ url: database.url, applicationName: 'test', maxConnections: 1 });
  const steps: number[] = [];
  try {
    session.pool.on('connect', (client) => {
      client.on('notice', ({ message = '' }) => {
        const [, plan] = /^duration: .*? plan:\n(.*)$/su.exec(message) ?? [];
        if (plan !== undefined) steps.push(busiest((JSON.parse(plan) as { Plan: PlanNode }).Plan));
      });
    });
    await session.pool.query(`LOAD 'auto_explain'`);
    for (const setting of ['log_min_duration = 0', 'log_analyze = on', 'log_timing = off', 'log_format = json', `log_level = 'notice'`]) {
      await session.pool.query(`SET auto_explain.${setting}`);
    }
    await work(session);
  } finally {
    await session.close();
  }
  expect(steps.length).toBeGreaterThan(20);
  return Math.max(...steps);
}

describe('publishing a repository that is in no statistics yet', () => {
  // Rows over rows are millions; a table of 40 people may be read for each.
  const FEW = 100 * PULL_REQUESTS;

  test('handles each of its rows a few times, whether it is stored or refreshed', async () => {
    const { db } = database;
    await scrape(db, await newRepository(db), { window: WINDOW, ...everything('first-', false) });
    await db.pool.query('ANALYZE');
    const repository = await newRepository(db);
    expect(await busiestStep((session) => scrape(session, repository, { window: WINDOW, ...everything('second-', false) }))).toBeLessThan(
      FEW,
    );
    const again = { type: 'REFRESH', window: WINDOW, ...everything('second-', true) } as const;
    expect(await busiestStep((session) => scrape(session, repository, again))).toBeLessThan(FEW);
  });
});
