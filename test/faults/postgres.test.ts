import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWorkers, type Workers } from '../../src/activities/workers.ts';
import { databaseToday, openDatabase, type Database } from '../../src/db/database.ts';
import { createScrapeJob, jobById, type StoredJob } from '../../src/db/jobs.ts';
import { migrate } from '../../src/db/migrate.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { addDays } from '../../src/domain/window.ts';
import { isUnfinished } from '../../src/domain/job-status.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { dispatchQueuedJobs } from '../../src/temporal/dispatch.ts';
import { connectEngine, type Engine } from '../../src/temporal/engine.ts';
import { createScriptedSource } from '../activities/scripted-source.ts';
import { startTestApi, type TestApi } from '../api/running-api.ts';
import { createNamespace, quietLog, until, workflowBundle, type TestNamespace } from '../temporal/test-namespace.ts';
import { expectSound, publishedHash } from './stored-state.ts';

/** A PostgreSQL of its own, on a disk of its own, that is restarted and filled up. Mounting a disk is for root. */
const canMount = process.platform === 'linux' && process.getuid?.() === 0;
if (!canMount && process.env['CI'] !== 'true') process.stderr.write('test/faults/postgres: skipped, mounting a disk needs root\n');
const testWithDisk = canMount || process.env['CI'] === 'true' ? test : test.skip;

const DISK_MB = 320;
const LARGER_DISK_MB = 640;

let disk: string;
let postgres: EmbeddedPostgres;
let temporal: TestNamespace;
let db: Database;
let engine: Engine;
let api: TestApi;
let workers: Workers;
let run: Promise<void>;
/** Rows of the next scrape, per batch. */
let perBatch = 10;
const said: string[] = [];

beforeAll(async () => {
  if (!canMount) return;
  disk = mkdtempSync(join(tmpdir(), `laurels-test-${process.pid}-`));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=711`, 'laurels-faults', disk]);
  const dataDir = join(disk, 'data');
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o711);
  [postgres, temporal] = await Promise.all([
    startEmbeddedPostgres({ dataDir, database: 'laurels', say: (line) => said.push(line), preferredPort: 0, firstWaitMs: 100 }),
    createNamespace(),
  ]);
  db = await openDatabase({ url: postgres.url, applicationName: 'faults' });
  await migrate(db);
  api = await startTestApi({ db });
  const { address, namespace } = temporal;
  engine = connectEngine({
    address,
    namespace,
    uiUrl: null,
    pace: { initialRetryMs: 200, maximumRetryMs: 600, heartbeatTimeoutMs: 5_000 },
  });
  const source = createScriptedSource({ slices: { pulls: 2 } });
  const sized: typeof source = {
    ...source,
    read: (...given) => createScriptedSource({ slices: { pulls: 2 }, perBatch }).read(...given),
  };
  workers = await createWorkers({
    temporal: { address, namespace },
    db,
    engine,
    sources: { all: [sized], available: () => [sized] },
    archiveDir: null,
    mirrorDir: '/nonexistent',
    maxConcurrentScrapes: 4,
    log: quietLog,
    workflowBundle: await workflowBundle(),
  });
  run = workers.run();
}, 60_000);
afterAll(async () => {
  if (!canMount) return;
  await workers.shutdown();
  await run;
  await engine.close();
  await api.stop();
  await db.close();
  await postgres.stop();
  await temporal.close();
  execFileSync('umount', ['--lazy', disk]);
  rmSync(disk, { recursive: true, force: true });
}, 60_000);

async function scrape(name: string): Promise<StoredJob> {
  const { repository } = await addRepository(db, { owner: 'octo', name }, null);
  const today = await databaseToday(db);
  const window = { since: addDays(today, -365), until: today };
  const job = await createScrapeJob(db, { repository, type: 'FULL', sources: ['github'], window, requestedBy: 'test' });
  await dispatchQueuedJobs(db, engine, 4);
  return job;
}

/** The job when it has ended, however often PostgreSQL is away meanwhile. */
async function finished({ id }: StoredJob): Promise<StoredJob> {
  let job: StoredJob | null = null;
  await until(
    async () => {
      job = await jobById(db, id).catch(() => null);
      return job !== null && !isUnfinished(job.status);
    },
    { withinMs: 60_000, everyMs: 50, what: 'the job to end' },
  );
  return job as unknown as StoredJob;
}

testWithDisk(
  'F44: while PostgreSQL is killed and comes back, reads are 200 or 503, first 200 again within five seconds of its return; the process lives',
  async () => {
    expect(await finished(await scrape('kept'))).toMatchObject({ status: 'COMPLETED' });
    const statuses: number[] = [];
    const over = new AbortController();
    const load = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) statuses.push((await api.send('GET', '/api/v1/leaderboard/octo/kept')).status);
    });
    await until(() => statuses.length > 50, { what: 'reads' });
    const pid = postgres.pid();
    process.kill(pid, 'SIGQUIT');
    await until(() => postgres.pid() !== pid, { everyMs: 5, what: 'PostgreSQL to run again' });
    const back = performance.now();
    await until(async () => (await api.send('GET', '/api/v1/leaderboard/octo/kept')).status === 200, { everyMs: 5 });
    expect(performance.now() - back).toBeLessThan(5_000);
    const seen = statuses.length;
    await until(() => statuses.length > seen + 50, { what: 'more reads' });
    over.abort();
    await Promise.all(load);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(new Set(statuses.slice(seen + 20))).toEqual(new Set([200]));
  },
  60_000,
);

/** Fills the disk but for so many bytes. */
async function fillUp(file: string, leaveBytes: number): Promise<void> {
  const { bavail, bsize } = statfsSync(disk);
  await writeFile(join(disk, file), Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes), 1));
}

testWithDisk(
  'F24: a full disk fails the scrape with that reason and keeps the old board; a PostgreSQL that dies of it comes back once there is room',
  async () => {
    const kept = (await addRepository(db, { owner: 'octo', name: 'kept' }, null)).repository.id;
    const before = await publishedHash(db, kept);
    await db.pool.query('CREATE TABLE ballast (text text)');
    // The scrape stages some twenty megabytes.
    await fillUp('ballast', 4 * 1024 * 1024);
    perBatch = 100_000;
    const ended = await finished(await scrape('kept'));
    expect(ended).toMatchObject({ status: 'FAILED', errorMessage: expect.stringContaining('No space left on device') });
    expect(await publishedHash(db, kept)).toBe(before);
    expect(said).not.toContainEqual(expect.stringMatching(/disk is full/));

    // Its log can't be written any more, either: PostgreSQL gives up.
    await fillUp('more-ballast', 0);
    const pid = postgres.pid();
    await until(
      async () => {
        // It goes into the log and nowhere else. A checkpoint would give it old segments to write over.
        await db.pool.query(`SELECT pg_logical_emit_message(true, 'ballast', repeat('x', 10000000))`).catch(() => undefined);
        return said.some((line) => /disk is full/.test(line));
      },
      { withinMs: 60_000, what: 'PostgreSQL to say that the disk is full' },
    );
    execFileSync('mount', ['-o', `remount,size=${LARGER_DISK_MB}m`, disk]);
    await until(() => postgres.pid() !== pid && said.at(-1) === 'PostgreSQL runs again.', {
      withinMs: 60_000,
      what: 'PostgreSQL to run again',
    });
    expect(await publishedHash(db, kept)).toBe(before);
    perBatch = 10;
    expect(await finished(await scrape('kept'))).toMatchObject({ status: 'COMPLETED' });
    expect(await publishedHash(db, kept)).toBe(before);
    await expectSound(db);
  },
  120_000,
);
