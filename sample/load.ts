import { rebuildGlobalBoard } from '../src/db/boards.ts';
import type { Database } from '../src/db/database.ts';
import { closeJob, createScrapeJob, openJob } from '../src/db/jobs.ts';
import { publishJob } from '../src/db/publish.ts';
import { addRepository } from '../src/db/repositories.ts';
import { hasRepositories, markSampleLoaded, removeSample, sampleLoaded } from '../src/db/sample.ts';
import { planSlices, stageBatch } from '../src/db/staging.ts';
import type { Day } from '../src/domain/window.ts';
import { generateSample, sampleWindow, type SampleRepository } from './generate.ts';

/** The one part of a sample "scrape". */
const SLICE = { source: 'sample', slice: 'all' } as const;

/**
 * Loads the sample where there is no repository and it was never loaded before; true when it was loaded now. It takes the way of
 * every scrape, staging and publishing, only without Temporal. A load that was broken off is begun again.
 */
export async function loadSampleOnce(db: Database, today: Day): Promise<boolean> {
  if (await sampleLoaded(db)) return false;
  await removeSample(db);
  if (await hasRepositories(db)) return false;
  for (const repository of generateSample(today)) await publish(db, repository, today);
  await rebuildGlobalBoard(db);
  await markSampleLoaded(db);
  return true;
}

async function publish(db: Database, sample: SampleRepository, today: Day): Promise<void> {
  const { owner, name, githubId, description, stars, forks } = sample;
  const { repository } = await addRepository(db, { owner, name }, { githubId, description, stars, forks, defaultBranch: 'main' });
  // Of what there is, up to yesterday, and today, up to which the stored boards go.
  const window = { since: sampleWindow(today).since, until: today };
  const job = await createScrapeJob(db, { repository, type: 'FULL', sources: ['sample'], window, requestedBy: 'sample' });
  await openJob(db, job.id, 'sample');
  await planSlices(db, job.id, [SLICE]);
  await stageBatch(db, job.id, SLICE, {
    contributions: sample.contributions,
    pullRequests: sample.pullRequests,
    cursor: {},
    done: true,
    coverage: { covered: sample.covered, gaps: [] },
  });
  await publishJob(db, job.id);
  await closeJob(db, job.id, { status: 'COMPLETED' });
}
