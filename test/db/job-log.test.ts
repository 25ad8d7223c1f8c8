import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { appendJobLog, LOG_CHANNEL, readJobLog } from '../../src/db/job-log.ts';
import { createScrapeJob } from '../../src/db/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { newRepository } from './publishing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const newJob = async (): Promise<string> => {
  const repository = await newRepository(database.db);
  const window = { since: '2026-01-01', until: '2026-11-23' };
  return (await createScrapeJob(database.db, { repository, type: 'FULL', sources: ['github'], window, requestedBy: 'test' })).id;
};
const lines = (count: number, message = 'said') =>
  Array.from({ length: count }, (_, index) => ({ at: new Date(), level: 30 + 10 * (index % 3), message, fields: { index } }));

test('lines of many writers are numbered 1 to n in each job and ordered over all', async () => {
  const { db } = database;
  const jobs = [await newJob(), await newJob()];
  await Promise.all(Array.from({ length: 20 }, (_, index) => appendJobLog(db, jobs[index % 2]!, lines(1 + (index % 5)))));
  const all = await readJobLog(db, { limit: 1_000 });
  for (const jobId of jobs) {
    const own = all.filter((line) => line.jobId === jobId);
    expect(own.map(({ seq }) => seq)).toEqual(own.map((_, index) => index + 1));
    expect(await readJobLog(db, { jobId, limit: 1_000 })).toEqual(own);
  }
  expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a, b) => a - b));
});

test('a reader that follows the ids while others write misses no line', async () => {
  const { db } = database;
  const jobs = [await newJob(), await newJob()];
  const start = (await readJobLog(db, { limit: 10_000 })).at(-1)?.id ?? 0;
  let isWriting = true;
  const writing = Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      for (let batch = 0; batch < 10; batch += 1) await appendJobLog(db, jobs[writer % 2]!, lines(3));
    }),
  ).then(() => (isWriting = false));
  const seen: number[] = [];
  for (let isLast = false; !isLast;) {
    isLast = !isWriting;
    const more = await readJobLog(db, { after: seen.at(-1) ?? start, limit: 1_000 });
    seen.push(...more.map(({ id }) => id));
    isLast &&= more.length === 0;
  }
  await writing;
  expect(seen).toHaveLength(240);
});

test('lines can be asked for from a level on and after a line', async () => {
  const { db } = database;
  const jobId = await newJob();
  await appendJobLog(db, jobId, lines(6));
  const errors = await readJobLog(db, { jobId, level: 50, limit: 10 });
  expect(errors.map(({ seq }) => seq)).toEqual([3, 6]);
  expect((await readJobLog(db, { jobId, after: errors[0]!.id, limit: 2 })).map(({ seq }) => seq)).toEqual([4, 5]);
});

test('text that PostgreSQL cannot hold is cleaned; a job that is gone takes no lines', async () => {
  const { db } = database;
  const jobId = await newJob();
  await appendJobLog(db, jobId, [{ at: new Date(), level: 30, message: 'a\0b\ud800', fields: { text: 'c\0d\udfff', list: ['\0'] } }]);
  await appendJobLog(db, '01a20a70-a83d-74bd-9266-038af0cbb0b6', lines(1));
  expect(await readJobLog(db, { jobId, limit: 10 })).toMatchObject([{ message: 'ab\ufffd', fields: { text: 'cd\ufffd', list: [''] } }]);
});

test('listeners are woken', async () => {
  const { db } = database;
  const jobId = await newJob();
  const listener = await db.pool.connect();
  const heard = new Promise((resolve) => listener.once('notification', resolve));
  await listener.query(`LISTEN ${LOG_CHANNEL}`);
  await appendJobLog(db, jobId, lines(1));
  expect(await heard).toMatchObject({ channel: LOG_CHANNEL, payload: jobId });
  listener.release(true);
});
