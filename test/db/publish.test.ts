import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readBoard } from '../../src/db/board-query.ts';
import { closeJob, jobById } from '../../src/db/jobs.ts';
import { publishJob } from '../../src/db/publish.ts';
import { deleteRepository } from '../../src/db/repositories.ts';
import { planSlices, sliceState, stageBatch, stagingTables, undoneSlices } from '../../src/db/staging.ts';
import { CONTRIBUTION_KINDS, type Contribution, type SourceName } from '../../src/domain/contribution.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, physicalRows, scrape, stagedJob, storedContributions, type Read } from './publishing.ts';

const window = { since: '2026-01-01', until: '2026-11-23' };
const [ada, bob] = [account(1, 'ada'), account(2, 'bob')];
const day = (text: string): string => `${text}T12:00:00Z`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const subjects = async (id: number): Promise<readonly unknown[]> =>
  (await storedContributions(database.db, id)).map(({ subject }) => subject);

describe('publishing', () => {
  test('the same again touches no row: same place, same transactions', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    const read: Read = {
      window,
      batches: [
        [
          did('COMMIT', 'abc', ada, day('2026-02-01')),
          did('PR_OPENED', 7, ada, day('2026-02-02')),
          did('PR_MERGED', 7, ada, day('2026-02-03'), { linesAdded: 10, linesDeleted: 2 }),
          did('PR_REVIEWED', '7:2', bob, day('2026-02-03'), { number: 7 }),
          did('COMMENT', 'issue:1', null, day('2026-02-03')),
        ],
      ],
      pullRequests: [{ number: 7, author: ada, createdAt: new Date(day('2026-02-02')), mergedAt: null, baseRef: 'main' }],
    };
    const first = await scrape(db, repository, read);
    const before = await physicalRows(db, repository.id);
    const second = await scrape(db, repository, read);
    expect(first).toMatchObject({ contributions: 5, people: 2, complete: true, changed: true });
    expect(second).toMatchObject({ contributions: 5, people: 2, complete: true, changed: false });
    expect(await physicalRows(db, repository.id)).toEqual(before);
  });

  test('of one key the last one staged counts, within a batch and over batches', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    const said = (login: string, at: string): Contribution => did('COMMENT', 'issue:1', account(50, login), day(at));
    await scrape(db, repository, {
      window,
      batches: [
        [said('first', '2026-03-01'), said('second', '2026-03-02')],
        [said('third', '2026-03-03'), did('RELEASE', '9', bob, day('2026-03-03')), said('last', '2026-03-04')],
      ],
    });
    expect(await storedContributions(db, repository.id)).toMatchObject([
      { subject: 'issue:1', username: 'last', occurred_at: new Date(day('2026-03-04')) },
      { subject: '9' },
    ]);
  });

  test('a published job answers again what it published', async () => {
    const { db } = database;
    const job = await stagedJob(db, await newRepository(db), { window, batches: [[did('COMMIT', 'a', ada, day('2026-03-01'))]] });
    const first = await publishJob(db, job.id);
    expect(await publishJob(db, job.id)).toEqual({ ...first, changed: false });
    expect(await jobById(db, job.id)).toMatchObject({ phase: 'PUBLISHED', eventsProcessed: 1, people: 1, complete: true });
  });

  test('a job that was cancelled publishes nothing', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    const job = await stagedJob(db, repository, { window, batches: [[did('COMMIT', 'a', ada, day('2026-03-01'))]] });
    await closeJob(db, job.id, { status: 'CANCELLED' });
    await expect(publishJob(db, job.id)).rejects.toMatchObject({ code: 'job_closed' });
    await expect(stageBatch(db, job.id, { source: 'github', slice: 'all' }, emptyBatch)).rejects.toMatchObject({ code: 'job_closed' });
    expect(await subjects(repository.id)).toEqual([]);
  });

  test('a job that is cancelled while it publishes leaves the old board', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    const job = await stagedJob(db, repository, { window, batches: [[did('COMMIT', 'a', ada, day('2026-03-01'))]] });
    // Holds the publisher up after it has read the job: it waits for the staging table.
    const holder = await db.pool.connect();
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE ${stagingTables(job.id).contributions} IN SHARE ROW EXCLUSIVE MODE`);
    const publishing = publishJob(db, job.id);
    publishing.catch(() => undefined);
    await waitFor(async () => {
      const { rowCount } = await db.pool.query(`SELECT FROM pg_locks WHERE NOT granted`);
      return (rowCount ?? 0) > 0;
    });
    await closeJob(db, job.id, { status: 'CANCELLED' });
    await holder.query('COMMIT');
    holder.release();
    await expect(publishing).rejects.toMatchObject({ code: 'job_closed' });
    expect(await subjects(repository.id)).toEqual([]);
  });

  test('a repository that is deleted while it publishes ends without a trace of it', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    const job = await stagedJob(db, repository, { window, batches: [[did('COMMIT', 'a', ada, day('2026-03-01'))]] });
    const [published] = await Promise.allSettled([publishJob(db, job.id), deleteRepository(db, repository.id)]);
    expect(['fulfilled', 'rejected']).toContain(published.status);
    const { rows } = await db.pool.query(
      `SELECT 'event' FROM contribution_event WHERE repository_id = $1 UNION ALL SELECT 'day' FROM contribution_day WHERE repository_id = $1
       UNION ALL SELECT 'board' FROM board WHERE scope = $1 UNION ALL SELECT 'row' FROM repository_leaderboard WHERE repository_id = $1`,
      [repository.id],
    );
    expect(rows).toEqual([]);
    expect(await jobById(db, job.id)).toMatchObject({
      status: 'CANCELLED',
      errorCode: 'repository_deleted',
      repositoryId: null,
      repositoryName: `acme/${repository.name}`,
    });
  });

  test('a plan that is not read to its end is not published', async () => {
    const { db } = database;
    const job = await stagedJob(db, await newRepository(db), { window, batches: [[]] });
    await planSlices(db, job.id, [
      { source: 'github', slice: 'all' },
      { source: 'github', slice: 'more' },
    ]);
    await expect(publishJob(db, job.id)).rejects.toMatchObject({ code: 'slices_unfinished' });
    expect(await undoneSlices(db, job.id)).toEqual([{ source: 'github', slice: 'more' }]);
  });

  test('staging that a crash of PostgreSQL emptied is read again, not published as it is', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    const slice = { source: 'github', slice: 'all' } as const;
    const job = await stagedJob(db, repository, { window, batches: [[did('COMMIT', 'a', ada, day('2026-03-01'))]] });
    // What a restart after a crash does to unlogged tables.
    await db.pool.query(`TRUNCATE scrape_slice, ${stagingTables(job.id).contributions}`);
    await expect(publishJob(db, job.id)).rejects.toMatchObject({ code: 'slices_unfinished' });
    await expect(stageBatch(db, job.id, slice, emptyBatch)).rejects.toMatchObject({ code: 'staging_lost', status: 503 });
    expect(await undoneSlices(db, job.id)).toEqual([slice]);
    expect(await sliceState(db, job.id, slice)).toEqual({ cursor: null, done: false });
    const coverage = { covered: [{ kind: null, ...window, state: 'complete' as const, note: null }], gaps: [] };
    await stageBatch(db, job.id, slice, { ...emptyBatch, contributions: [did('COMMIT', 'a', ada, day('2026-03-01'))], coverage });
    expect(await publishJob(db, job.id)).toMatchObject({ contributions: 1 });
  });

  test('hostile texts and numbers are cleaned, not refused', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    const hostile = account(60, `nul\0 back\\slash\ttab\nline\r \ud800 ${'x'.repeat(5_000)}`);
    const { contributions } = await scrape(db, repository, {
      window,
      batches: [
        [
          did('COMMIT', '\\N', hostile, day('2026-03-01'), { quantity: -5, linesAdded: 1e300, linesDeleted: 0.5, sourceEvent: '\\.' }),
          did('COMMIT', 'y'.repeat(9_000), hostile, day('2026-03-01')),
          did('COMMIT', 'from the year 20,000', hostile, new Date(Date.UTC(20_000, 0))),
        ],
      ],
    });
    expect(contributions).toBe(2);
    const [row] = await storedContributions(db, repository.id);
    expect(row).toMatchObject({ subject: '\\N', quantity: null, lines_added: null, lines_deleted: null });
    expect(String(row?.['username'])).toMatch(/^nul back\\slash\ttab\nline\r \ufffd x+$/);
  });

  test('rows outside the window are not stored', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    await scrape(db, repository, {
      window: { since: '2026-03-01', until: '2026-03-31' },
      batches: [
        ['2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00Z', '2026-03-31T23:59:59.999Z', '2026-04-01T00:00:00Z'].map((at) =>
          did('COMMIT', at, ada, at),
        ),
      ],
    });
    expect(await subjects(repository.id)).toEqual(['2026-03-01T00:00:00Z', '2026-03-31T23:59:59.999Z']);
  });
});

describe('what a source no longer has', () => {
  const before: Read = {
    window,
    batches: [[did('COMMIT', 'gone', ada, day('2026-03-01')), did('COMMIT', 'stays', ada, day('2026-03-02'))]],
  };
  const after = [[did('COMMIT', 'stays', ada, day('2026-03-02')), did('COMMIT', 'new', bob, day('2026-03-03'))]];

  test.each([
    ['goes with a full scrape', 'github', 'FULL', ['new', 'stays']],
    ['stays with a refresh, which only shows what is new', 'github', 'REFRESH', ['gone', 'new', 'stays']],
    ['goes with a refresh from the archive, which is always read as a whole', 'gharchive', 'REFRESH', ['new', 'stays']],
  ] as const)('%s', async (_, source, type, expected) => {
    const { db } = database;
    const repository = await newRepository(db);
    await scrape(db, repository, { ...before, source });
    await scrape(db, repository, { source, type, window, batches: after });
    expect(await subjects(repository.id)).toEqual(expected);
  });

  test('of a kind that could not be read wholly nothing is published and nothing is deleted', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    await scrape(db, repository, before);
    const { complete, contributions, jobId } = await scrape(db, repository, {
      window,
      batches: [[did('COMMIT', 'half', bob, day('2026-03-03')), did('RELEASE', '1', bob, day('2026-03-03'))]],
      covered: [{ kind: 'RELEASE', ...window, state: 'complete', note: null }],
      gaps: [{ kind: 'COMMIT', month: null, reason: 'the history could not be read' }],
    });
    expect(await subjects(repository.id)).toEqual(['gone', 'stays', '1']);
    expect({ complete, contributions }).toEqual({ complete: false, contributions: 1 });
    expect((await jobById(db, jobId))?.incomplete).toEqual([{ kind: 'COMMIT', month: null, reason: 'the history could not be read' }]);
  });
});

describe('authority', () => {
  const reads: Record<'github' | 'gharchive' | 'bigquery', Read> = {
    // GitHub has read March completely.
    github: {
      source: 'github',
      window,
      covered: [{ kind: null, since: '2026-03-01', until: '2026-03-31', state: 'complete', note: null }],
      batches: [[did('COMMIT', 'sha1', ada, day('2026-03-10')), did('PR_OPENED', 5, ada, day('2026-03-31'))]],
    },
    gharchive: {
      source: 'gharchive',
      window,
      covered: [{ kind: null, ...window, state: 'degraded', note: 'hours are missing' }],
      batches: [
        [
          did('COMMIT', 'push:1', ada, day('2026-03-10'), { quantity: 3, isEstimate: true }),
          did('COMMIT', 'push:2', bob, day('2026-04-01'), { quantity: 4, isEstimate: true }),
          did('PR_OPENED', 5, bob, day('2026-04-02')),
          did('ISSUE_OPENED', 6, bob, '2026-03-31T23:59:59.999Z'),
          did('ISSUE_OPENED', 8, bob, '2026-04-01T00:00:00Z'),
        ],
      ],
    },
    // It tells that it was read as a whole, as each but the refreshes of it is.
    bigquery: {
      source: 'bigquery',
      window,
      covered: [],
      batches: [[did('ISSUE_OPENED', 8, ada, '2026-04-01T00:00:01Z')]],
      last: { replaced: CONTRIBUTION_KINDS },
    },
  };
  const orders: readonly SourceName[][] = [
    ['github', 'gharchive', 'bigquery'],
    ['bigquery', 'gharchive', 'github'],
    ['gharchive', 'github', 'bigquery'],
    ['gharchive', 'bigquery', 'github', 'gharchive'],
  ];

  test('whatever the order of the sources, the same rows and the same board come of them', async () => {
    const { db } = database;
    const results = [];
    for (const order of orders) {
      const repository = await newRepository(db);
      for (const source of order) await scrape(db, repository, reads[source as keyof typeof reads]);
      const board = await readBoard(db, { scope: { repositoryId: repository.id }, window: 'default', include: [], limit: 'all' });
      results.push({ rows: await storedContributions(db, repository.id), board: board.data });
    }
    expect(results[0]?.rows.map(({ subject, username, source }) => [subject, username, source])).toEqual([
      ['push:2', 'bob', 3],
      ['sha1', 'ada', 1],
      ['5', 'ada', 1],
      ['8', 'ada', 2],
    ]);
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test('ranges of covered days are joined, replaced and never overlap', async () => {
    const { db } = database;
    const repository = await newRepository(db);
    const cover = (since: string, until: string, state: 'complete' | 'degraded', note: string | null = null): Promise<unknown> =>
      scrape(db, repository, {
        source: 'github',
        type: 'REFRESH',
        window,
        covered: [{ kind: 'COMMIT', since, until, state, note }],
        batches: [[]],
      });
    await cover('2026-01-01', '2026-01-31', 'complete');
    await cover('2026-02-01', '2026-03-31', 'complete');
    await cover('2026-02-10', '2026-02-11', 'degraded', 'two days failed');
    const { rows } = await db.pool.query(`SELECT during::text, state, note FROM covered_range WHERE repository_id = $1 ORDER BY during`, [
      repository.id,
    ]);
    expect(rows).toEqual([
      { during: '[2026-01-01,2026-02-10)', state: 'complete', note: null },
      { during: '[2026-02-10,2026-02-12)', state: 'degraded', note: 'two days failed' },
      { during: '[2026-02-12,2026-04-01)', state: 'complete', note: null },
    ]);
  });
});

const emptyBatch = { contributions: [], pullRequests: [], cursor: {}, done: true };

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
