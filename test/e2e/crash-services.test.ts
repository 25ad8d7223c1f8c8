import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createWorkers } from '../../src/activities/workers.ts';
import { openDatabase } from '../../src/db/database.ts';
import { createScrapeJob, jobById } from '../../src/db/jobs.ts';
import { migrate } from '../../src/db/migrate.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { isUnfinished } from '../../src/domain/job-status.ts';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { findTemporal } from '../../src/embedded/temporal-binary.ts';
import { startEmbeddedTemporal } from '../../src/embedded/temporal.ts';
import { dispatchQueuedJobs } from '../../src/temporal/dispatch.ts';
import { connectEngine } from '../../src/temporal/engine.ts';
import { createScriptedSource, type Script } from '../activities/scripted-source.ts';
import { createNamespace, quietLog, temporalAddress, until, workflowBundle } from '../temporal/test-namespace.ts';

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

function dataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'laurels-crash-'));
  chmodSync(directory, 0o711); // the account of PostgreSQL must reach its own part
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir, { mode: 0o711 });
  cleanUps.push(() => rmSync(directory, { recursive: true, force: true }));
  return dataDir;
}

async function ownPostgres() {
  const postgres = await startEmbeddedPostgres({
    dataDir: dataDirectory(),
    database: 'laurels',
    say: () => undefined,
    preferredPort: 0,
    firstWaitMs: 100,
  });
  cleanUps.push(() => postgres.stop());
  return postgres;
}

/** Scrapes with a source that calls `crash` once, before the third batch of its second slice, and gives the job as it ended. */
async function scrapeThrough(databaseUrl: string, temporal: { address: string; namespace: string }, crash: () => Promise<void>) {
  const db = await openDatabase({ url: databaseUrl, applicationName: 'crash-test' });
  cleanUps.push(() => db.close());
  await migrate(db);
  const engine = connectEngine({
    ...temporal,
    uiUrl: null,
    pace: { initialRetryMs: 500, maximumRetryMs: 1_000, heartbeatTimeoutMs: 4_000 },
  });
  cleanUps.push(() => engine.close());
  let crashed = false;
  const read: string[] = [];
  const script: Script = {
    slices: { pulls: 3, issues: 5 },
    before: async ({ slice, batch }) => {
      read.push(`${slice}:${batch}`);
      if (crashed || slice !== 'issues' || batch !== 2) return;
      crashed = true;
      await crash();
    },
  };
  const source = createScriptedSource(script);
  const workers = await createWorkers({
    temporal,
    db,
    engine,
    sources: { all: [source], available: () => [source] },
    archiveDir: null,
    mirrorDir: '/nonexistent',
    maxConcurrentScrapes: 4,
    log: quietLog,
    workflowBundle: await workflowBundle(),
  });
  const run = workers.run();
  cleanUps.push(async () => {
    await workers.shutdown();
    await run;
  });
  const { repository } = await addRepository(db, { owner: 'octo', name: 'crash' }, null);
  const window = { since: '2024-11-24', until: '2026-11-23' };
  const job = await createScrapeJob(db, { repository, type: 'FULL', sources: ['github'], window, requestedBy: 'test' });
  await dispatchQueuedJobs(db, engine, 1);
  await until(
    async () => {
      const now = await jobById(db, job.id).catch(() => null);
      return now !== null && !isUnfinished(now.status);
    },
    { withinMs: 50_000, everyMs: 100, what: 'the job to end' },
  );
  const { rows } = await db.pool.query<{ people: number; opened: number }>(
    'SELECT count(DISTINCT person_id)::int AS people, sum(quantity)::int AS opened FROM contribution_day WHERE repository_id = $1',
    [repository.id],
  );
  return { job: await jobById(db, job.id), board: rows[0], read };
}

test('a PostgreSQL that is killed during a scrape comes back, what was staged is read again, and nothing is lost or counted twice', async () => {
  const [postgres, temporal] = await Promise.all([ownPostgres(), createNamespace()]);
  cleanUps.push(() => temporal.close());
  const { job, board, read } = await scrapeThrough(postgres.url, temporal, async () => {
    const pid = postgres.pid();
    process.kill(pid, 'SIGKILL');
    await until(() => postgres.pid() !== pid, { what: 'PostgreSQL to be restarted' });
  });
  expect(job).toMatchObject({ status: 'COMPLETED', eventsProcessed: 80 });
  expect(board).toEqual({ people: 5, opened: 80 });
  // The crash has emptied the staging: the slice that was done before it is read once more.
  expect(read.filter((step) => step === 'pulls:0')).toHaveLength(2);
}, 90_000);

test('a Temporal that is killed during a scrape comes back, and the scrape goes on where it was', async () => {
  const { path } = await findTemporal({ given: process.env.TEMPORAL_CLI ?? null, say: () => undefined });
  const dataDir = dataDirectory();
  const [postgres, temporal] = await Promise.all([
    ownPostgres(),
    startEmbeddedTemporal({ dataDir, binary: path, webUi: false, say: () => undefined, preferredPort: 0, firstWaitMs: 100 }),
  ]);
  cleanUps.push(() => temporal.stop());
  expect(temporal.address).not.toBe(temporalAddress());
  const { job, board } = await scrapeThrough(postgres.url, { address: temporal.address, namespace: 'default' }, async () => {
    const pid = temporal.pid();
    process.kill(pid, 'SIGKILL');
    await until(() => temporal.pid() !== pid, { what: 'Temporal to be restarted' });
  });
  expect(job).toMatchObject({ status: 'COMPLETED', eventsProcessed: 80 });
  expect(board).toEqual({ people: 5, opened: 80 });
}, 90_000);
