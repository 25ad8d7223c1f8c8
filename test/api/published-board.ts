import { openJob, closeJob, createScrapeJob } from '../../src/db/jobs.ts';
import { databaseToday, type Database } from '../../src/db/database.ts';
import { publishJob } from '../../src/db/publish.ts';
import { findRepository } from '../../src/db/repositories.ts';
import { planSlices, stageBatch } from '../../src/db/staging.ts';
import type { Account, Contribution, ContributionKind } from '../../src/domain/contribution.ts';
import type { RepositoryName } from '../../src/domain/repository-name.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';

/** A person's work: so many contributions of a kind, so many days ago. */
export interface Work {
  readonly login: string;
  readonly githubId: number;
  readonly type?: string;
  readonly kind?: ContributionKind;
  readonly count: number;
  readonly daysAgo?: number;
}

function contributionsOf(work: readonly Work[], today: Day): readonly Contribution[] {
  let serial = 0;
  return work.flatMap(({ login, githubId, type = 'User', kind = 'ISSUE_OPENED', count, daysAgo = 1 }) => {
    const actor: Account = { githubId, login, type };
    return Array.from({ length: count }, (): Contribution => {
      serial += 1;
      return {
        kind,
        subject: String(serial),
        actor,
        occurredAt: new Date(`${addDays(today, -daysAgo)}T12:00:00Z`),
        quantity: 1,
        linesAdded: null,
        linesDeleted: null,
        number: serial,
        isEstimate: false,
        sourceEvent: null,
      };
    });
  });
}

/** Publishes a repository's board as a full scrape does; what was published before goes. */
export async function publishBoard(
  db: Database,
  name: RepositoryName,
  work: readonly Work[],
  optOutKey: Buffer | null = null,
): Promise<void> {
  const repository = await findRepository(db, name);
  if (repository === null) throw new Error(`${name.owner}/${name.name} is not there`);
  const today = await databaseToday(db);
  const window = presetWindow('2y', today);
  const job = await createScrapeJob(db, { repository, type: 'FULL', sources: ['gharchive'], window, requestedBy: 'test' });
  await openJob(db, job.id, 'run');
  const slice = { source: 'gharchive', slice: 'mirror' } as const;
  await planSlices(db, job.id, [slice]);
  await stageBatch(db, job.id, slice, {
    contributions: contributionsOf(work, today),
    pullRequests: [],
    cursor: {},
    done: true,
    coverage: { covered: [{ kind: null, ...window, state: 'complete', note: null }], gaps: [] },
  });
  await publishJob(db, job.id, optOutKey);
  await closeJob(db, job.id, { status: 'COMPLETED' });
}
