import type { Database } from '../../src/db/database.ts';
import { closeJob, createScrapeJob, openJob, type StoredJob } from '../../src/db/jobs.ts';
import { publishJob, type Published } from '../../src/db/publish.ts';
import { addRepository, type StoredRepository } from '../../src/db/repositories.ts';
import { planSlices, stageBatch } from '../../src/db/staging.ts';
import type { Account, Contribution, ContributionKind, PullRequestFact, SourceName } from '../../src/domain/contribution.ts';
import type { CoveredRange, Gap } from '../../src/domain/coverage.ts';
import type { ScrapeType } from '../../src/domain/job-status.ts';
import type { Window } from '../../src/domain/window.ts';

/** What one scrape reads, in as many batches as are given. */
export interface Read {
  readonly type?: ScrapeType;
  readonly source?: SourceName;
  readonly window: Window;
  readonly batches: readonly (readonly Contribution[])[];
  readonly pullRequests?: readonly PullRequestFact[];
  readonly covered?: readonly CoveredRange[];
  readonly gaps?: readonly Gap[];
}

let lastId = 0;

/** A repository nobody else has. */
export async function newRepository(db: Database): Promise<StoredRepository> {
  lastId += 1;
  const { repository } = await addRepository(db, { owner: 'acme', name: `rocket-${lastId}` }, { githubId: 1_000_000 + lastId });
  return repository;
}

/** A job that has read everything and waits to be published. */
export async function stagedJob(db: Database, repository: StoredRepository, read: Read): Promise<StoredJob> {
  const { source = 'github', type = 'FULL', window } = read;
  const slice = { source, slice: 'all' };
  const job = await createScrapeJob(db, { repository, type, sources: [source], window, requestedBy: 'test' });
  const opened = await openJob(db, job.id, 'run');
  await planSlices(db, job.id, [slice]);
  const covered = read.covered ?? [{ kind: null, ...window, state: 'complete' as const, note: null }];
  for (const [index, contributions] of read.batches.entries()) {
    const done = index === read.batches.length - 1;
    await stageBatch(db, job.id, slice, {
      contributions,
      pullRequests: index === 0 ? (read.pullRequests ?? []) : [],
      cursor: { index },
      done,
      ...(done ? { coverage: { covered, gaps: read.gaps ?? [] } } : {}),
    });
  }
  return opened;
}

/** Stages, publishes and closes. */
export async function scrape(db: Database, repository: StoredRepository, read: Read): Promise<Published & { jobId: string }> {
  const job = await stagedJob(db, repository, read);
  const published = await publishJob(db, job.id);
  await closeJob(db, job.id, { status: 'COMPLETED' });
  return { ...published, jobId: job.id };
}

/** An account: the same number, the same person. */
export function account(number: number, login = `user-${number}`, type: string | null = 'User'): Account {
  return { githubId: number, login, type };
}

/** A contribution with everything in it that a test does not care about. */
export function did(
  kind: ContributionKind,
  subject: string | number,
  actor: Account | null,
  at: string | Date,
  more: Partial<Contribution> = {},
): Contribution {
  const isNumbered = typeof subject === 'number';
  return {
    kind,
    subject: String(subject),
    actor,
    occurredAt: typeof at === 'string' ? new Date(at) : at,
    quantity: 1,
    linesAdded: null,
    linesDeleted: null,
    number: isNumbered ? subject : null,
    isEstimate: false,
    sourceEvent: null,
    ...more,
  };
}

/** Every stored contribution of a repository, with its author's login, in the order of its key. */
export async function storedContributions(db: Database, repositoryId: number): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await db.pool.query(
    `SELECT e.kind, e.subject, u.username, e.actor_login, e.occurred_at, e.quantity, e.lines_added, e.lines_deleted, e.source
     FROM contribution_event e LEFT JOIN github_user u ON u.id = e.user_id WHERE e.repository_id = $1 ORDER BY e.kind, e.subject`,
    [repositoryId],
  );
  return rows as Record<string, unknown>[];
}

/** Where each row of a repository's tables physically is and which transactions wrote or locked it: equal means not touched. */
export async function physicalRows(db: Database, repositoryId: number): Promise<unknown> {
  const tables = [
    'contribution_event',
    'contribution_day',
    'pull_request',
    'covered_range',
    'repository_coverage',
    'repository_leaderboard',
  ];
  const all = await Promise.all(
    tables.map((table) =>
      db.pool.query(`SELECT ctid::text, xmin::text, xmax::text FROM ${table} WHERE repository_id = $1 ORDER BY ctid`, [repositoryId]),
    ),
  );
  return all.map(({ rows }) => rows as unknown);
}
