import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectEngine, type Engine } from '../../src/temporal/engine.ts';
import { ensureSchedules } from '../../src/temporal/schedules.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createNamespace, until, type TestNamespace } from './test-namespace.ts';

let database: TestDatabase;
let temporal: TestNamespace;
let engine: Engine;

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), createNamespace()]);
  engine = connectEngine({ address: temporal.address, namespace: temporal.namespace, uiUrl: null });
});
afterAll(async () => {
  await engine.close();
  await Promise.all([database.drop(), temporal.close()]);
});

const ensure = (staleAfterHours = 24): Promise<void> =>
  ensureSchedules(engine, { db: database.db, refresh: { staleAfterHours, fullScrapeDays: 7 }, retention: { logDays: 30, jobDays: 365 } });
const describeSchedule = (id: string) => temporal.client.schedule.getHandle(id).describe();

test('three workers that start at once leave one schedule of each kind, with a short catch-up and no overlap', async () => {
  await Promise.all([ensure(), ensure(), ensure()]);
  const ids: string[] = [];
  await until(async () => {
    ids.length = 0;
    for await (const { scheduleId } of temporal.client.schedule.list()) ids.push(scheduleId);
    return ids.length >= 3;
  });
  expect(ids.sort()).toEqual(['prune-old-records', 'refresh-stale-repositories', 'request-recalculation']);
  const { policies, spec, action } = await describeSchedule('refresh-stale-repositories');
  expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 300_000 });
  expect(spec).toMatchObject({ intervals: [{ every: 3_600_000 }], jitter: 60_000 });
  expect(action).toMatchObject({
    workflowType: 'refreshStaleRepositories',
    taskQueue: 'laurels',
    args: [{ staleAfterHours: 24, fullScrapeDays: 7 }],
  });
});

test('a changed setting reaches the schedule, and the pause of an operator stays', async () => {
  await ensure();
  await temporal.client.schedule.getHandle('refresh-stale-repositories').pause('too much load');
  await ensure(48);
  const { action, state } = await describeSchedule('refresh-stale-repositories');
  expect(action).toMatchObject({ args: [{ staleAfterHours: 48, fullScrapeDays: 7 }] });
  expect(state).toMatchObject({ paused: true, note: 'too much load' });
});
