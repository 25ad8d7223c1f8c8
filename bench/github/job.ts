import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorkers } from '../../src/activities/workers.ts';
import { workflowBundleOf } from '../../src/activities/workflow-bundle.ts';
import { databaseToday, type Database } from '../../src/db/database.ts';
import { createScrapeJob, jobById } from '../../src/db/jobs.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { isUnfinished } from '../../src/domain/job-status.ts';
import { repositoryNameOf } from '../../src/domain/repository-name.ts';
import { DEFAULT_WINDOW, presetWindow } from '../../src/domain/window.ts';
import { findTemporal } from '../../src/embedded/temporal-binary.ts';
import { startEmbeddedTemporal } from '../../src/embedded/temporal.ts';
import { createLogger } from '../../src/log/logger.ts';
import { dispatchQueuedJobs } from '../../src/temporal/dispatch.ts';
import { connectEngine } from '../../src/temporal/engine.ts';
import { sourceOn, type FakeAddress } from './scrape.ts';

/** What Temporal kept of one scrape. */
export interface JobHistory {
  readonly events: number;
  /** Bytes of the largest payload in the history. */
  readonly largestPayload: number;
  readonly contributions: number;
  /** From the job's opening to its end. */
  readonly ms: number;
}

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);
const GIVE_UP_MS = 10 * 60_000;

/** Scrapes a fake GitHub by the real workflow and workers, on a Temporal of its own. @throws Error when the job does not complete. */
export async function scrapeByWorkflow(db: Database, fake: FakeAddress): Promise<JobHistory> {
  const directory = mkdtempSync(join(tmpdir(), `laurels-bench-temporal-${process.pid}-`));
  chmodSync(directory, 0o711);
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  process.once('exit', remove);
  const { path: binary } = await findTemporal({ given: process.env['TEMPORAL_CLI'] ?? null, say });
  const temporal = await startEmbeddedTemporal({ dataDir: directory, binary, webUi: false, say, preferredPort: 0 });
  try {
    return await scrapeOn(temporal.address, db, fake);
  } finally {
    await temporal.stop();
    remove();
    process.removeListener('exit', remove);
  }
}

async function scrapeOn(address: string, db: Database, fake: FakeAddress): Promise<JobHistory> {
  const server = { address, namespace: 'default' };
  const engine = connectEngine({ ...server, uiUrl: null });
  const source = sourceOn(fake);
  const workers = await createWorkers({
    temporal: server,
    db,
    engine,
    sources: { all: [source], available: () => [source] },
    archiveDir: null,
    mirrorDir: '/nonexistent',
    maxConcurrentScrapes: 1,
    log: createLogger({ level: 'error', to: 'stderr' }),
    workflowBundle: await workflowBundleOf(null),
  });
  const run = workers.run();
  try {
    const { repository } = await addRepository(db, repositoryNameOf(fake.fullName), null);
    const window = presetWindow(DEFAULT_WINDOW, await databaseToday(db));
    const { id, workflowId } = await createScrapeJob(db, { repository, type: 'FULL', sources: ['github'], window, requestedBy: 'bench' });
    await dispatchQueuedJobs(db, engine, 1);
    const deadline = Date.now() + GIVE_UP_MS;
    for (;;) {
      const job = await jobById(db, id);
      if (job !== null && !isUnfinished(job.status)) {
        if (job.status !== 'COMPLETED') throw new Error(`The job ended as ${job.status}: ${job.errorMessage}`);
        if (job.eventsProcessed !== fake.contributions)
          throw new Error(`The job came to ${job.eventsProcessed} contributions where there are ${fake.contributions}`);
        // The row is closed by one of the last steps; the history is whole when the workflow has ended too.
        const handle = engine.client.workflow.getHandle(workflowId);
        await handle.result();
        const { events } = await handle.fetchHistory();
        const ms = Number(job.completedAt) - Number(job.startedAt);
        return { events: events?.length ?? 0, largestPayload: largestPayload(events), contributions: fake.contributions, ms };
      }
      if (Date.now() > deadline) throw new Error(`The job has not ended within ${GIVE_UP_MS / 60_000} minutes`);
      await Promise.race([sleep(100), run.then(() => Promise.reject(new Error('the workers stopped')))]);
    }
  } finally {
    await workers.shutdown();
    await run;
    await engine.close();
  }
}

/** The bytes of the largest payload anywhere in a value: Temporal's payloads have `metadata` and `data`. */
function largestPayload(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0;
  const own = 'metadata' in value && 'data' in value && value.data instanceof Uint8Array ? value.data.byteLength : 0;
  return Object.values(value).reduce<number>((largest, inner) => Math.max(largest, largestPayload(inner)), own);
}
