import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { LogLineResource } from '../../src/api/contract/jobs.ts';
import { openDatabase, type Database } from '../../src/db/database.ts';
import { appendJobLog } from '../../src/db/job-log.ts';
import { unfinishedJobOf } from '../../src/db/jobs.ts';
import { addRepository, findRepository } from '../../src/db/repositories.ts';
import { startTestApi, type TestApi } from '../api/running-api.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { until } from '../temporal/test-namespace.ts';
import { startCommitProxy, type CommitProxy } from './commit-proxy.ts';

const QUERY_TIMEOUT_MS = 1_000;

let database: TestDatabase;
/** Between the API and PostgreSQL. */
let proxy: CommitProxy;
let proxied: Database;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startCommitProxy(database.url);
  proxied = await openDatabase({ url: proxy.url, applicationName: 'faults', queryTimeoutMs: QUERY_TIMEOUT_MS });
  api = await startTestApi({ db: proxied });
});
afterAll(async () => {
  proxy.link.set('pass');
  await api.stop();
  await proxied.close();
  await proxy.close();
  await database.drop();
});

async function added(name: string): Promise<{ owner: string; name: string }> {
  await addRepository(database.db, { owner: 'octo', name }, null);
  return { owner: 'octo', name };
}
const scrape = async (params: { owner: string; name: string }) => await api.call('scrapeRepository', { params });
async function jobsOf(name: string): Promise<number> {
  const { rows } = await database.db.pool.query<{ jobs: number }>(
    'SELECT count(*)::int AS jobs FROM scrape_job WHERE repository_name = $1',
    [`octo/${name}`],
  );
  return rows[0]?.jobs ?? -1;
}

test('F7: a scrape that is stored, but whose commit nobody heard of, is 503; asked for again it is 409 with that job', async () => {
  const params = await added('unheard');
  proxy.plan('INSERT INTO scrape_job', 1, 'unacknowledged');
  const unheard = await scrape(params);
  expect(unheard.status).toBe(503);
  expect(Number(unheard.headers.get('retry-after'))).toBeLessThanOrEqual(5);
  const again = await scrape(params);
  const job = await unfinishedJobOf(database.db, (await findRepository(database.db, params))?.id ?? 0);
  expect(again).toMatchObject({ status: 409, body: { job: { id: job?.id } } });
  expect(await jobsOf('unheard')).toBe(1);
});

test('F6: with a PostgreSQL that takes requests and answers nothing, a scrape is 503 in time, and nothing is started', async () => {
  const params = await added('silent');
  const startedBefore = api.engine.started.length;
  proxy.link.set('silent');
  const asked = performance.now();
  const answer = await scrape(params);
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(5);
  expect(performance.now() - asked).toBeLessThan(QUERY_TIMEOUT_MS + 12_000);
  expect((await api.send('GET', '/readyz')).status).toBe(503);
  expect((await api.send('GET', '/healthz')).status).toBe(200);
  expect(api.engine.started).toHaveLength(startedBefore);
  expect(await jobsOf('silent')).toBe(0);
  proxy.link.set('pass');
  expect((await scrape(params)).status).toBe(202);
}, 60_000);

test('F43, F44: connections that are dead without a word are found out: the log stream goes on without a gap, and reads answer', async () => {
  const params = await added('stranded');
  const job = (await scrape(params)).body.id as string;
  const heard: LogLineResource[] = [];
  const socket = new WebSocket(`ws://127.0.0.1:${api.port}/dashboard/ws/logs?job=${job}&after=0`);
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as LogLineResource));
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  const write = (): Promise<void> => appendJobLog(database.db, job, [{ at: new Date(), level: 30, message: 'line', fields: {} }]);
  await write();
  await until(() => heard.length === 1, { what: 'the stream to be live' });

  proxy.link.set('strand');
  const stranded = performance.now();
  for (let line = 0; line < 20; line += 1) await write();
  await until(() => heard.length === 21, { what: 'the lines of meanwhile' });
  expect(performance.now() - stranded).toBeLessThan(10_000);
  expect(heard.map(({ seq }) => seq)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
  // Every connection of the pool that is dead costs one answer, not the process.
  await until(async () => (await api.send('GET', '/api/v1/jobs?limit=1')).status === 200, { what: 'the pool to recover' });
  socket.terminate();
}, 60_000);
