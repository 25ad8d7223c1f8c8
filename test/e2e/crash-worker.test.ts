import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { createScrapeJob, type StoredJob } from '../../src/db/jobs.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { databaseToday } from '../../src/db/database.ts';
import { addDays, dayOf } from '../../src/domain/window.ts';
import { importArchive } from '../../src/sources/gharchive/importer.ts';
import { dispatchQueuedJobs } from '../../src/temporal/dispatch.ts';
import { startStack, type RunningStack } from '../activities/running-stack.ts';
import { until } from '../temporal/test-namespace.ts';
import { spawnWorker, type WorkerProcess } from './worker-process.ts';

/** The number of the advisory lock at which the failpoint in the database waits. */
const FAILPOINT = 0x6661_696c;
const PEOPLE = 7;
const ISSUES = 400;
/** One for every test: of a board that would not change nothing is written. */
const REPOSITORIES = ['killed-reading', 'killed-publishing', 'stopped'] as const;
type Name = (typeof REPOSITORIES)[number];

let stack: RunningStack;
let dataDir: string;
let environment: Record<string, string>;
let failpoint: Client;
let worker: WorkerProcess | undefined;

beforeAll(async () => {
  stack = await startStack({ pace: { initialRetryMs: 300, maximumRetryMs: 300, heartbeatTimeoutMs: 1_500 } });
  dataDir = await mkdtemp(join(tmpdir(), 'laurels-crash-'));
  await mkdir(join(dataDir, 'hours'));
  const day = dayOf(new Date(Date.now() - 2 * 86_400_000));
  await writeFile(
    join(dataDir, 'hours', `${day}-10.json.gz`),
    gzipSync(REPOSITORIES.map((name, index) => hourOf(day, name, index)).join('')),
  );
  await importArchive({ directory: join(dataDir, 'hours'), mirrorDir: join(dataDir, 'mirror') });
  environment = {
    DATABASE_URL: stack.database.url,
    TEMPORAL_ADDRESS: stack.temporal.address,
    TEMPORAL_NAMESPACE: stack.temporal.namespace,
    DATA_DIR: dataDir,
  };
  failpoint = new Client({ connectionString: stack.database.url });
  await failpoint.connect();
});
afterAll(async () => {
  await worker?.kill();
  await failpoint.end();
  await stack.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** An hour of GH Archive in which seven people open 400 issues in a repository. */
function hourOf(day: string, name: Name, repositoryIndex: number): string {
  const lines = Array.from({ length: ISSUES }, (_, index) => {
    const user = { id: 5_000 + (index % PEOPLE), login: `person-${index % PEOPLE}`, type: 'User' };
    return JSON.stringify({
      id: String(40_000_000_000 + repositoryIndex * ISSUES + index),
      type: 'IssuesEvent',
      actor: { id: user.id, login: user.login },
      repo: { id: 77 + repositoryIndex, name: `octo/${name}` },
      payload: {
        action: 'opened',
        issue: { id: 9_000 + repositoryIndex * ISSUES + index, number: index + 1, user, created_at: `${day}T10:00:00Z` },
      },
      public: true,
      created_at: `${day}T10:00:00Z`,
    });
  });
  return `${lines.join('\n')}\n`;
}

/** The worker that runs; a new one when the last has ended. Starting one takes seconds, so tests share it until they kill it. */
function liveWorker(): WorkerProcess {
  if (worker === undefined || worker.child.exitCode !== null || worker.child.signalCode !== null) worker = spawnWorker(environment);
  return worker;
}

async function scrape(name: Name): Promise<StoredJob> {
  const { db } = stack.database;
  const { repository } = await addRepository(db, { owner: 'octo', name }, null);
  const today = await databaseToday(db);
  const window = { since: addDays(today, -30), until: today };
  const job = await createScrapeJob(db, { repository, type: 'FULL', sources: ['gharchive'], window, requestedBy: 'test' });
  await dispatchQueuedJobs(db, stack.engine, 4);
  return job;
}

/** Where the failpoint lies: the event of a trigger. Scope 0 is the global board, which follows a scrape of its own accord. */
const IN_SLICE = 'UPDATE ON scrape_slice FOR EACH ROW';
const IN_PUBLISH = 'INSERT OR UPDATE ON board FOR EACH ROW WHEN (new.scope <> 0)';

/** Whoever does this waits, in the middle of its transaction, until the returned function is called. */
async function hold(event: typeof IN_SLICE | typeof IN_PUBLISH): Promise<() => Promise<void>> {
  await failpoint.query('SELECT pg_advisory_lock($1)', [FAILPOINT]);
  await failpoint.query(`
    CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(${FAILPOINT}); RETURN new; END $$;
    CREATE TRIGGER hold BEFORE ${event} EXECUTE FUNCTION hold()`);
  return async () => {
    await failpoint.query('SELECT pg_advisory_unlock($1)', [FAILPOINT]);
    await failpoint.query('DROP FUNCTION hold CASCADE');
  };
}

async function isHeld(): Promise<boolean> {
  const { rows } = await stack.database.db.pool.query<{ held: number }>(
    `SELECT count(*)::int AS held FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted`,
    [FAILPOINT],
  );
  return (rows[0]?.held ?? 0) > 0;
}

async function expectWholeBoard(job: StoredJob): Promise<void> {
  const { rows } = await stack.database.db.pool.query<{ people: number; opened: number }>(
    `SELECT count(*)::int AS people, sum(l.issues_opened_count)::int AS opened
     FROM board b JOIN repository_leaderboard l ON l.repository_id = b.scope AND l.version = b.version AND l.scoring_version = b.scoring_version
     WHERE b.scope = $1`,
    [job.repositoryId],
  );
  expect(rows).toEqual([{ people: PEOPLE, opened: ISSUES }]);
}

test.each([
  ['in the middle of a slice', 'killed-reading', IN_SLICE],
  ['in the publish transaction', 'killed-publishing', IN_PUBLISH],
] as const)(
  'a worker that is killed %s is replaced by the next one within seconds, and nothing is lost or counted twice',
  async (_, name, event) => {
    const release = await hold(event);
    const first = liveWorker();
    await first.ready();
    const job = await scrape(name);
    await until(isHeld, { what: 'the worker to be held' });
    await first.kill();
    await release();
    await liveWorker().ready();
    const replacedAt = performance.now();
    const ended = await stack.finished(job);
    expect(ended).toMatchObject({
      status: 'COMPLETED',
      eventsProcessed: ISSUES,
      people: PEOPLE,
      attempt: event === IN_PUBLISH ? 2 : 1,
    });
    // Heartbeat timeout 1.5 s and wait 0.3 s of this test, and what is left of the scrape.
    expect(performance.now() - replacedAt).toBeLessThan(15_000);
    await expectWholeBoard(ended);
  },
  120_000,
);

test('a worker that is asked to stop ends with code 0, and its job goes on in the next one', async () => {
  const release = await hold(IN_SLICE);
  const first = liveWorker();
  await first.ready();
  const job = await scrape('stopped');
  await until(isHeld, { what: 'the worker to read' });
  first.child.kill('SIGTERM');
  await until(() => first.output().includes('worker stopping'));
  await release();
  expect(await first.ended).toBe(0);
  liveWorker();
  expect(await stack.finished(job)).toMatchObject({ status: 'COMPLETED', eventsProcessed: ISSUES, attempt: 1 });
}, 60_000);

test('a worker lets others on its machine go first', async () => {
  await liveWorker().ready();
  expect(getPriority(liveWorker().child.pid ?? 0)).toBeGreaterThanOrEqual(5);
});

test('a worker without its settings says which, and ends with code 2', async () => {
  const { DATABASE_URL: _, ...rest } = environment;
  const worker = spawnWorker(rest);
  expect(await worker.ended).toBe(2);
  expect(worker.output()).toContain('DATABASE_URL is not set');
});

test('a worker refuses a database whose migrations are pending, and ends with code 2', async () => {
  await failpoint.query('CREATE DATABASE unmigrated');
  const url = new URL(stack.database.url);
  url.pathname = '/unmigrated';
  try {
    const worker = spawnWorker({ ...environment, DATABASE_URL: url.href });
    expect(await worker.ended).toBe(2);
    expect(worker.output()).toMatch(/lacks \d+ migration.*migrate/);
  } finally {
    await failpoint.query('DROP DATABASE unmigrated WITH (FORCE)');
  }
});
