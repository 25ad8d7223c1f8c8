import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWorkers } from '../../src/activities/workers.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { openDatabase, type Database } from '../../src/db/database.ts';
import { createEnrichBatchJob, createEnrichJob } from '../../src/db/enrichment-jobs.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { startStack, type RunningStack } from '../activities/running-stack.ts';
import { publishBoard } from '../api/published-board.ts';
import { quietLog, workflowBundle } from '../temporal/test-namespace.ts';
import { startCommitProxy, type CommitProxy } from './commit-proxy.ts';
import { expectSound } from './stored-state.ts';

const PEOPLE = 6;

let stack: RunningStack;
/** Between the worker and PostgreSQL. */
let proxy: CommitProxy;
let proxied: Database;
beforeAll(async () => {
  stack = await startStack();
  proxy = await startCommitProxy(stack.database.url);
  proxied = await openDatabase({ url: proxy.url, applicationName: 'faults' });
});
afterAll(async () => {
  await proxied.close();
  await proxy.close();
  await stack.close();
});

test('F33: somebody who is in a batch and has a job too, while acknowledgements are lost, is asked about once and again at most, and has one row', async () => {
  const { db } = stack.database;
  await addRepository(db, { owner: 'octo', name: 'people' }, null);
  const people = Array.from({ length: PEOPLE }, (_, index) => ({ login: `person-${index}`, githubId: 700 + index, count: 10 - index }));
  await publishBoard(db, { owner: 'octo', name: 'people' }, people);
  await rebuildGlobalBoard(db);
  const { rows: users } = await db.pool.query<{ id: number }>('SELECT id FROM github_user ORDER BY github_id');

  // When somebody is begun with, when what was heard is stored, when it is over: each of another person.
  const commits = ['INSERT INTO contributor_enrichment', 'enrichment_sources = $2', 'UPDATE contributor_enrichment SET enrichment_status'];
  for (const [index, commit] of commits.entries()) proxy.plan(commit, index + 1, 'unacknowledged');
  const asked: unknown[] = [];
  const workers = await createWorkers({
    temporal: stack.temporal,
    db: proxied,
    engine: stack.engine,
    sources: { all: [], available: () => [] },
    archiveDir: null,
    mirrorDir: '/nonexistent',
    maxConcurrentScrapes: 1,
    enrichment: {
      github:
        () =>
        async (_query, { ids }) => {
          asked.push(ids);
          return { nodes: [{ __typename: 'User', login: 'somebody', location: 'London' }] };
        },
      x: null,
      website: null,
      emails: false,
    },
    log: quietLog,
    workflowBundle: await workflowBundle(),
  });
  const run = workers.run();
  try {
    const own = await createEnrichJob(db, { userId: users[0]?.id ?? 0, requestedBy: 'test' });
    const batch = await createEnrichBatchJob(db, { request: { top: PEOPLE, staleAfterDays: 30 }, requestedBy: 'test' });
    await Promise.all([own, batch].map((job) => stack.engine.startJob(job)));
    expect(await stack.finished(own)).toMatchObject({ status: 'COMPLETED', errorMessage: null });
    expect(await stack.finished(batch)).toMatchObject({ status: 'COMPLETED', errorMessage: null, done: PEOPLE });
  } finally {
    await workers.shutdown();
    await run;
  }
  expect([...proxy.struck()].sort()).toEqual(commits.toSorted());
  const { rows } = await db.pool.query(
    `SELECT count(*)::int AS rows, count(*) FILTER (WHERE enrichment_status = 'COMPLETED')::int AS completed,
       (SELECT count(*)::int FROM github_user WHERE location = 'London') AS learnt FROM contributor_enrichment`,
  );
  expect(rows).toEqual([{ rows: PEOPLE, completed: PEOPLE, learnt: PEOPLE }]);
  expect(asked.length).toBeGreaterThanOrEqual(PEOPLE);
  // By the batch and by the job of the first, and once more for what was lost.
  expect(asked.length).toBeLessThanOrEqual(PEOPLE + 1 + commits.length);
  await expectSound(db, stack.engine.liveStatus);
}, 60_000);
