import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readJobLog } from '../../src/db/job-log.ts';
import { createScrapeJob } from '../../src/db/jobs.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { createJobLogWriter, type JobLogWriter } from '../../src/log/job-log.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { quietLog } from '../temporal/test-namespace.ts';

let database: TestDatabase;
let writer: JobLogWriter;

beforeAll(async () => {
  database = await createTestDatabase();
  writer = createJobLogWriter({ db: database.db, log: quietLog });
});
afterAll(() => database.drop());

async function someJob(name: string): Promise<string> {
  const { repository } = await addRepository(database.db, { owner: 'octo', name }, null);
  const window = { since: '2024-11-24', until: '2026-11-23' };
  return (await createScrapeJob(database.db, { repository, type: 'FULL', sources: ['gharchive'], window, requestedBy: 'test' })).id;
}

test('the lines of a job are in Postgres in the order in which they were said, with their level and facts', async () => {
  const jobId = await someJob('ordered');
  const line = writer.forJob(jobId, { workflow_id: 'w', run_id: 'r' });
  line.info('job started', { type: 'FULL' });
  line.warn('step failed, will be tried again', { attempt: 1 });
  await writer.flush();
  line.error('job failed');
  await writer.flush();
  const lines = await readJobLog(database.db, { jobId, limit: 10 });
  expect(lines).toMatchObject([
    { level: 30, message: 'job started', fields: { workflow_id: 'w', run_id: 'r', type: 'FULL' } },
    { level: 40, message: 'step failed, will be tried again', fields: { attempt: 1 } },
    { level: 50, message: 'job failed' },
  ]);
});

test('A087: what came from outside is one line of a few KB, with its control characters written out', async () => {
  const jobId = await someJob('hostile');
  const line = writer.forJob(jobId, { workflow_id: 'w' });
  line.warn('step failed', { error: 'x\n2026-01-01 ERROR admin logged in\u001b[2J\u009b\u2028', rows: 3, missing: null });
  line.warn('step failed', { error: 'y'.repeat(100_000) });
  line.warn('step failed', Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`field_${index}`, 'z'.repeat(900)])));
  await writer.flush();
  const lines = await readJobLog(database.db, { jobId, limit: 10 });
  expect(lines[0]?.fields).toEqual({
    workflow_id: 'w',
    error: String.raw`x\x0a2026-01-01 ERROR admin logged in\x1b[2J\x9b\u2028`,
    rows: 3,
    missing: null,
  });
  expect(lines[1]?.fields['error']).toBe(`${'y'.repeat(1_000)}… (100000 characters)`);
  expect(lines[2]?.fields).toEqual({ workflow_id: 'w', cut: expect.stringMatching(/^\{"field_0":"zzz/) });
  for (const { fields } of lines) expect(Buffer.byteLength(JSON.stringify(fields))).toBeLessThan(4_200);
});

test('lines that nobody flushes are written by themselves', async () => {
  const jobId = await someJob('unflushed');
  writer.forJob(jobId, {}).info('planned');
  const deadline = Date.now() + 5_000;
  while ((await readJobLog(database.db, { jobId, limit: 10 })).length === 0 && Date.now() < deadline) await new Promise(setImmediate);
  expect(await readJobLog(database.db, { jobId, limit: 10 })).toHaveLength(1);
});

test('a database that is away loses no line and fails no step: they are written when it is back', async () => {
  const jobId = await someJob('later');
  let isAway = true;
  const pool = new Proxy(database.db.pool, {
    get: (target, key) => {
      if (isAway && (key === 'query' || key === 'connect')) return () => Promise.reject(new Error('connection refused'));
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const patient = createJobLogWriter({ db: { ...database.db, pool }, log: quietLog });
  patient.forJob(jobId, {}).info('first');
  await patient.flush();
  expect(await readJobLog(database.db, { jobId, limit: 10 })).toEqual([]);
  isAway = false;
  patient.forJob(jobId, {}).info('second');
  await patient.flush();
  expect((await readJobLog(database.db, { jobId, limit: 10 })).map(({ message }) => message)).toEqual(['first', 'second']);
});
