import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import {
  createMaintenanceActivities,
  type MaintenanceActivities,
  type RefreshReport,
} from '../../src/activities/maintenance-activities.ts';
import { createScrapeJob, jobById } from '../../src/db/jobs.ts';
import { addRepository, type StoredRepository } from '../../src/db/repositories.ts';
import type { SourceName } from '../../src/domain/contribution.ts';
import type { RefreshStaleInput } from '../../src/workflows/contract.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { quietLog } from '../temporal/test-namespace.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.db.pool.query('DELETE FROM scrape_job; DELETE FROM repository'));
afterAll(() => database.drop());

const RULES = { staleAfterHours: 24, fullScrapeDays: 7 };

function activities(sourceNames: readonly SourceName[] = ['gharchive']): MaintenanceActivities {
  return createMaintenanceActivities({ db: database.db, log: quietLog, sourceNames: () => sourceNames });
}
const refresh = (sourceNames?: readonly SourceName[]) =>
  new MockActivityEnvironment().run<[RefreshStaleInput], RefreshReport, (rules: RefreshStaleInput) => Promise<RefreshReport>>(
    activities(sourceNames).queueStaleRepositories,
    RULES,
  );

/** A repository whose last success and last full scrape are so many hours ago; null: never. */
async function repository(name: string, scrapedHoursAgo: number | null, fullHoursAgo: number | null): Promise<StoredRepository> {
  const { repository } = await addRepository(database.db, { owner: 'octo', name }, null);
  await database.db.pool.query(
    `UPDATE repository SET last_scraped_at = now() - $2 * interval '1 hour', last_full_at = now() - $3 * interval '1 hour',
       status = CASE WHEN $2::int IS NULL THEN 'PENDING' ELSE 'COMPLETED' END WHERE id = $1`,
    [repository.id, scrapedHoursAgo, fullHoursAgo],
  );
  return repository;
}

async function queued(): Promise<unknown[]> {
  const { rows } = await database.db.pool.query(
    'SELECT repository_name AS name, job_type AS type, status, sources, requested_by AS by FROM scrape_job ORDER BY repository_name',
  );
  return rows;
}

test('a stale repository is refreshed, and read as a whole when that last happened too long ago', async () => {
  await repository('fresh', 1, 1);
  await repository('stale', 30, 30);
  await repository('weekly', 30, 8 * 24);
  expect(await refresh()).toEqual({ queued: 2, skipped: 0 });
  expect(await queued()).toEqual([
    { name: 'octo/stale', type: 'REFRESH', status: 'QUEUED', sources: ['gharchive'], by: 'schedule' },
    { name: 'octo/weekly', type: 'FULL', status: 'QUEUED', sources: ['gharchive'], by: 'schedule' },
  ]);
});

test('BigQuery is refreshed and never read as a whole by the schedule: that would be billed like the first scrape', async () => {
  await repository('weekly', 30, 8 * 24);
  await refresh(['bigquery']);
  expect(await queued()).toMatchObject([{ type: 'REFRESH', sources: ['bigquery'] }]);
  await database.db.pool.query('DELETE FROM scrape_job');
  await refresh(['github', 'bigquery']);
  expect(await queued()).toMatchObject([{ type: 'FULL', sources: ['github'] }]);
});

test('after an outage there is one refresh per repository, however often the schedule fires', async () => {
  await repository('stale', 72, 72);
  expect(await refresh()).toEqual({ queued: 1, skipped: 0 });
  const { queued: again } = await refresh();
  expect(again).toBe(0);
  expect(await queued()).toHaveLength(1);
});

test('a repository that is being scraped is left alone', async () => {
  const stale = await repository('busy', 30, 30);
  const window = { since: '2024-11-24', until: '2026-11-23' };
  const running = await createScrapeJob(database.db, { repository: stale, type: 'FULL', sources: ['github'], window, requestedBy: 'test' });
  expect((await refresh()).queued).toBe(0);
  expect(await jobById(database.db, running.id)).toMatchObject({ status: 'QUEUED', requestedBy: 'test' });
});

test('without a configured source nothing is queued', async () => {
  await repository('stale', 30, 30);
  expect(await refresh([])).toEqual({ queued: 0, skipped: 0 });
});

test('a sample repository is never refreshed', async () => {
  const { repository: sample } = await addRepository(database.db, { owner: 'sample', name: 'made-up' }, { githubId: -1 });
  expect(sample.isSample).toBe(true);
  await database.db.pool.query(
    `UPDATE repository SET last_scraped_at = now() - interval '3 days', last_full_at = now() - interval '30 days'`,
  );
  expect(await refresh()).toEqual({ queued: 0, skipped: 0 });
});
