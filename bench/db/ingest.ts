import { databaseToday, type Database } from '../../src/db/database.ts';
import { closeJob, createScrapeJob, openJob } from '../../src/db/jobs.ts';
import { publishJob, type Published } from '../../src/db/publish.ts';
import type { StoredRepository } from '../../src/db/repositories.ts';
import { planSlices, sliceState, stageBatch } from '../../src/db/staging.ts';
import { DEFAULT_WINDOW, presetWindow } from '../../src/domain/window.ts';
import type { Batch, Slice } from '../../src/sources/contribution-source.ts';

const SLICE: Slice = { source: 'gharchive', slice: 'mirror' };

/** What an ingest came to, and the milliseconds from its plan to its last staged batch and to its published board. */
export interface Ingested {
  readonly published: Published;
  readonly stagedMs: number;
  readonly ms: number;
}

/** Takes batches the way of a scrape, from its plan to its published board. */
export async function ingest(db: Database, repository: StoredRepository, batches: Iterable<Batch>): Promise<Ingested> {
  const window = presetWindow(DEFAULT_WINDOW, await databaseToday(db));
  const job = await createScrapeJob(db, { repository, type: 'FULL', sources: ['gharchive'], window, requestedBy: 'bench' });
  await openJob(db, job.id, 'bench');
  const start = performance.now();
  await planSlices(db, job.id, [SLICE]);
  await sliceState(db, job.id, SLICE);
  for (const batch of batches) await stageBatch(db, job.id, SLICE, batch);
  const staged = performance.now();
  const published = await publishJob(db, job.id);
  const end = performance.now();
  await closeJob(db, job.id, { status: 'COMPLETED' });
  return { published, stagedMs: staged - start, ms: end - start };
}
