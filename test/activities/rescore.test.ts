import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readBoard } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { jobById } from '../../src/db/jobs.ts';
import { changeScoring } from '../../src/db/scoring-change.ts';
import { newestScoring } from '../../src/db/scoring.ts';
import { pointsOf } from '../../src/domain/scoring.ts';
import { addDays, presetWindow } from '../../src/domain/window.ts';
import { account, did, newRepository, scrape } from '../db/publishing.ts';
import { startStack, type RunningStack } from './running-stack.ts';

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

async function saved(commit: string): Promise<string> {
  const { db } = stack.database;
  const { weights, ...rest } = await newestScoring(db);
  const rules = { ...rest, weights: { ...weights, COMMIT: pointsOf(commit) } };
  const { jobId } = await changeScoring(db, { expected: null, rules, by: 'test', note: null });
  return String(jobId);
}

test('a saved scoring reaches every board by its job; one that is saved before the job has begun is done by it too', async () => {
  const { db } = stack.database;
  const today = await databaseToday(db);
  for (const count of [1, 2]) {
    const commits = Array.from({ length: count }, (_, index) =>
      did('COMMIT', `c${index}`, account(1, 'ada'), `${addDays(today, -1)}T00:00:00Z`),
    );
    await scrape(db, await newRepository(db), { window: presetWindow('2y', today), batches: [commits] });
  }
  await rebuildGlobalBoard(db);
  const first = await saved('3');
  const second = await saved('4');
  expect(second).toBe(first);
  const job = (await jobById(db, first))!;
  await stack.withWorkers([], async () => {
    await stack.engine.startJob(job);
    await stack.engine.startJob(job);
    expect(await stack.finished(job)).toMatchObject({ status: 'COMPLETED', done: 2, total: 2, unit: 'boards' });
    const { data, scoring_version } = await readBoard(db, { scope: 'global', window: 'default', include: [], limit: 'all' });
    expect(data.map(({ total_score }) => total_score)).toEqual([12]);
    expect(scoring_version).toBe((await newestScoring(db)).version);
    expect(await saved('5')).not.toBe(first);
  });
});
