import type { Database } from '../../src/db/database.ts';
import { closeJob, createScrapeJob, openJob } from '../../src/db/jobs.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { planSlices, sliceState, stageBatch } from '../../src/db/staging.ts';
import { repositoryNameOf } from '../../src/domain/repository-name.ts';
import type { ContributionSource, ScrapeTarget, SourcePlan } from '../../src/sources/contribution-source.ts';
import { createGithubSource } from '../../src/sources/github/source.ts';
import type { FakeGithubProcess } from '../../test/fakes/github/process.ts';

/** What a process that reads must know of its fake GitHub. */
export type FakeAddress = Pick<FakeGithubProcess, 'restUrl' | 'fullName' | 'window' | 'contributions'>;

const never = new AbortController().signal;

/** The source as a worker makes it. */
export function sourceOn({ restUrl }: FakeAddress): ContributionSource {
  return createGithubSource({ tokens: ['ghp_benchbenchbenchbenchbenchbench00'], apiUrl: restUrl });
}

function targetOf({ fullName, window }: FakeAddress): ScrapeTarget {
  return { ...repositoryNameOf(fullName), githubId: null, window, type: 'FULL' };
}

/** The parts of a read, one after the other: the plan, then each slice. `done` is told the contributions of each. */
export async function* partsOf(fake: FakeAddress): AsyncGenerator<() => Promise<number>> {
  const [source, target] = [sourceOn(fake), targetOf(fake)];
  let plan: SourcePlan | undefined;
  yield async () => {
    plan = await source.plan(target);
    return 0;
  };
  for (const { slice } of plan?.slices ?? []) {
    yield async () => {
      let contributions = 0;
      for await (const batch of source.read(target, slice, null, never)) contributions += batch.contributions.length;
      return contributions;
    };
  }
}

/** Plans and reads the repository and keeps nothing. @returns the contributions read. */
export async function readAll(fake: FakeAddress): Promise<number> {
  let contributions = 0;
  for await (const part of partsOf(fake)) contributions += await part();
  return contributions;
}

/**
 * The steps of a job without Temporal up to its last staged batch, slice after slice; the job is then put aside unpublished, so that
 * the next one finds the database as this one did.
 * @returns milliseconds from the plan to the last batch.
 */
export async function stageInto(db: Database, fake: FakeAddress, name: string): Promise<number> {
  const [source, target] = [sourceOn(fake), targetOf(fake)];
  const { repository } = await addRepository(db, { owner: 'bench', name }, null);
  const job = await createScrapeJob(db, { repository, type: 'FULL', sources: ['github'], window: target.window, requestedBy: 'bench' });
  await openJob(db, job.id, 'bench');
  const start = performance.now();
  const { slices } = await source.plan(target);
  await planSlices(db, job.id, slices);
  for (const slice of slices) {
    await sliceState(db, job.id, slice);
    for await (const batch of source.read(target, slice.slice, null, never)) await stageBatch(db, job.id, slice, batch);
  }
  const ms = performance.now() - start;
  await closeJob(db, job.id, { status: 'CANCELLED' });
  return ms;
}
