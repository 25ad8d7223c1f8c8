import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { coverageOf } from '../../src/db/coverage.ts';
import type { Database } from '../../src/db/database.ts';
import { jobById } from '../../src/db/jobs.ts';
import { publishJob } from '../../src/db/publish.ts';
import type { StoredRepository } from '../../src/db/repositories.ts';
import { planSlices, sliceState, stageBatch } from '../../src/db/staging.ts';
import { watermarksOf } from '../../src/db/sync-cursors.ts';
import { KIND_CODES, type Contribution } from '../../src/domain/contribution.ts';
import type { Batch } from '../../src/sources/contribution-source.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, stagedJob, storedContributions, type Read } from './publishing.ts';

let database: TestDatabase;
let db: Database;
let repository: StoredRepository;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
});
beforeEach(async () => {
  repository = await newRepository(db);
});
afterAll(() => database.drop());

const WINDOW = { since: '2026-01-01', until: '2026-03-31' };
const ada = account(1);
const at = (month: string): string => `${month}-10T12:00:00Z`;
const opened = (number: number, month = '2026-02'): Contribution => did('PR_OPENED', number, ada, at(month));
const commit = (sha: string): Contribution => did('COMMIT', sha, ada, at('2026-02'), { linesAdded: 10, linesDeleted: 1 });

const full = (contributions: readonly Contribution[], last: Partial<Batch> = {}): Promise<{ complete: boolean | null; jobId: string }> =>
  scrape(db, repository, { window: WINDOW, batches: [contributions], last });
const refresh = (read: Partial<Read> & { last?: Partial<Batch> }): Promise<{ complete: boolean | null; jobId: string; changed: boolean }> =>
  scrape(db, repository, { type: 'REFRESH', window: WINDOW, batches: [[]], ...read });
const keys = async (): Promise<readonly string[]> =>
  (await storedContributions(db, repository.id)).map(({ kind, subject }) => `${String(kind)} ${String(subject)}`);
const key = ({ kind, subject }: Contribution): string => `${KIND_CODES[kind]} ${subject}`;

describe('a refresh', () => {
  test('leaves what it did not see, and adds what it did', async () => {
    await full([opened(1), opened(2)]);
    await refresh({ batches: [[opened(3)]] });
    expect(await keys()).toEqual([1, 2, 3].map((number) => key(opened(number))));
  });

  test('deletes what its source says is gone', async () => {
    await full([did('ISSUE_CLOSED', 7, ada, at('2026-02')), opened(7)]);
    const { changed } = await refresh({ last: { removed: [{ kind: 'ISSUE_CLOSED', subject: '7' }] } });
    expect(changed).toBe(true);
    expect(await keys()).toEqual([key(opened(7))]);
  });

  test('keeps a row that was told again after it was said to be gone', async () => {
    const closed = did('ISSUE_CLOSED', 7, ada, at('2026-02'));
    const job = await stagedJob(db, repository, { type: 'REFRESH', window: WINDOW, batches: [[closed]] });
    const slice = { source: 'github', slice: 'again' } as const;
    await planSlices(db, job.id, [slice]);
    const removed = [{ kind: 'ISSUE_CLOSED', subject: '7' }] as const;
    await stageBatch(db, job.id, slice, { contributions: [], pullRequests: [], cursor: {}, done: false, removed });
    await stageBatch(db, job.id, slice, { contributions: [closed], pullRequests: [], cursor: {}, done: true });
    await publishJob(db, job.id);
    expect(await keys()).toEqual([key(closed)]);
  });

  test('takes away a row that it staged itself before its source said it is gone', async () => {
    await refresh({
      batches: [[did('ISSUE_CLOSED', 7, ada, at('2026-02'))], []],
      last: { removed: [{ kind: 'ISSUE_CLOSED', subject: '7' }] },
    });
    expect(await keys()).toEqual([]);
  });

  test('amends the lines of stored and of staged commits, and makes no row of its own', async () => {
    await full([commit('aaa'), commit('bbb')]);
    const amended = ['aaa', 'ccc', 'ddd'].map((subject) => ({ kind: 'COMMIT', subject, linesAdded: 0, linesDeleted: 0 }) as const);
    await refresh({ batches: [[commit('ccc')]], last: { amended } });
    const rows = await storedContributions(db, repository.id);
    expect(rows.map(({ subject, lines_added, lines_deleted }) => [subject, lines_added, lines_deleted])).toEqual([
      ['aaa', 0, 0],
      ['bbb', 10, 1],
      ['ccc', 0, 0],
    ]);
  });

  test('deletes what it did not see of a kind it read as a whole, inside its window only', async () => {
    await scrape(db, repository, {
      window: { since: '2025-11-01', until: '2026-03-31' },
      batches: [[opened(1, '2025-12'), opened(2), opened(3), commit('aaa')]],
    });
    await refresh({ batches: [[opened(3)]], last: { replaced: ['PR_OPENED'] } });
    expect(await keys()).toEqual([key(commit('aaa')), key(opened(1)), key(opened(3))]);
  });

  test('of a kind with a gap deletes nothing', async () => {
    await full([opened(1), opened(2)]);
    const covered = [{ kind: 'PR_OPENED', ...WINDOW, state: 'degraded', note: 'number 2 can not be read' }] as const;
    await scrape(db, repository, {
      window: WINDOW,
      batches: [[opened(1)]],
      covered,
      gaps: [{ kind: 'PR_OPENED', month: null, reason: 'number 2' }],
    });
    expect(await keys()).toEqual([key(opened(1)), key(opened(2))]);
  });

  test('changes rows of its own source only', async () => {
    await scrape(db, repository, { source: 'gharchive', window: WINDOW, batches: [[opened(1)]] });
    const covered = [{ kind: 'COMMIT', ...WINDOW, state: 'complete', note: null }] as const;
    await refresh({ covered, last: { removed: [{ kind: 'PR_OPENED', subject: '1' }] } });
    expect(await keys()).toEqual([key(opened(1))]);
  });
});

test('a slice that begins again takes back what it had staged of its kinds', async () => {
  const job = await stagedJob(db, repository, { window: WINDOW, batches: [[opened(1)]] });
  const slice = { source: 'github', slice: 'commits' } as const;
  await planSlices(db, job.id, [slice]);
  const batch = { pullRequests: [], cursor: {}, done: false };
  await stageBatch(db, job.id, slice, { ...batch, contributions: [commit('old')] });
  await stageBatch(db, job.id, slice, { ...batch, contributions: [commit('new')], restarted: ['COMMIT'], done: true });
  await publishJob(db, job.id);
  expect(await keys()).toEqual([key(commit('new')), key(opened(1))]);
});

test('where a slice ended is kept when its job is published, and not before', async () => {
  await full([], { watermark: { head: 'abc' } });
  expect(await watermarksOf(db, repository.id, 'github')).toEqual({ all: { head: 'abc' } });
  const job = await stagedJob(db, repository, { type: 'REFRESH', window: WINDOW, batches: [[]], last: { watermark: { head: 'def' } } });
  expect((await sliceState(db, job.id, { source: 'github', slice: 'all' }))?.done).toBe(true);
  expect(await watermarksOf(db, repository.id, 'github')).toEqual({ all: { head: 'abc' } });
  await publishJob(db, job.id);
  expect(await watermarksOf(db, repository.id, 'github')).toEqual({ all: { head: 'def' } });
  expect(await watermarksOf(db, repository.id, 'gharchive')).toEqual({});
});

describe("GitHub's own counts", () => {
  const totals = (count: number, month = '2026-02') => [{ kind: 'PR_OPENED', month, count }] as const;

  test('a month in which as much is stored as GitHub counts is complete', async () => {
    const { complete } = await full([opened(1), did('PR_OPENED', 2, null, at('2026-02'))], { totals: totals(2) });
    expect(complete).toBe(true);
    const { data } = await coverageOf(db, repository.id);
    expect(data.find(({ kind, month }) => kind === 'PR_OPENED' && month === '2026-02')).toMatchObject({
      stored: 1,
      unattributed: 1,
      excluded: 0,
      github_total: 2,
      checked_at: expect.any(Date),
    });
  });

  test('what is left out by rule counts, and is forgotten when it is no longer told', async () => {
    const told = {
      totals: [{ kind: 'COMMIT', month: '2026-02', count: 2 }],
      excluded: [{ kind: 'COMMIT', month: '2026-02', count: 1 }],
    } as const;
    const covered = [{ kind: 'COMMIT', ...WINDOW, state: 'complete', note: null }] as const;
    const read: Read = { window: WINDOW, covered, batches: [[commit('aaa')]], last: told };
    expect((await scrape(db, repository, read)).complete).toBe(true);
    const excluded = async () =>
      (await coverageOf(db, repository.id)).data.find(({ kind, month }) => kind === 'COMMIT' && month === '2026-02')?.excluded;
    expect(await excluded()).toBe(1);
    expect((await scrape(db, repository, { ...read, last: { ...told, excluded: [] } })).complete).toBe(false);
    expect(await excluded()).toBe(0);
  });

  test('a month in which less is stored is a gap with both figures', async () => {
    const { complete, jobId } = await full([opened(1)], { totals: totals(3) });
    expect(complete).toBe(false);
    expect((await jobById(db, jobId))?.incomplete).toEqual([
      { kind: 'PR_OPENED', month: '2026-02', reason: 'GitHub counts 3, 1 are stored' },
    ]);
  });

  test('a refresh that did not count a month again keeps its gap, one that read all of the kind does not', async () => {
    await full([opened(1)], { totals: totals(3) });
    expect((await refresh({ last: { totals: totals(0, '2026-03') } })).complete).toBe(false);
    expect((await refresh({})).complete).toBe(false);
    expect((await refresh({ batches: [[opened(1), opened(2)]], last: { replaced: ['PR_OPENED'] } })).complete).toBe(true);
  });

  test('a count is forgotten when a refresh takes rows of its month and does not count it again, and a gap that was known stays', async () => {
    await full([did('ISSUE_CLOSED', 7, ada, at('2026-01')), opened(1)], {
      totals: [{ kind: 'ISSUE_CLOSED', month: '2026-01', count: 1 }, ...totals(3)],
    });
    const counted = async () =>
      (await coverageOf(db, repository.id)).data.map(({ kind, month, github_total }) => [kind, month, github_total]);
    const withGap = ['PR_OPENED', '2026-02', 3];
    expect(await counted()).toEqual(expect.arrayContaining([['ISSUE_CLOSED', '2026-01', 1], withGap]));
    // Opened again: the month it was closed in is older than those that a refresh counts.
    const { jobId } = await refresh({ last: { removed: [{ kind: 'ISSUE_CLOSED', subject: '7' }], totals: totals(0, '2026-03') } });
    expect(await counted()).toEqual(expect.arrayContaining([['ISSUE_CLOSED', '2026-01', null], withGap]));
    expect((await jobById(db, jobId))?.incomplete).toMatchObject([{ kind: 'PR_OPENED', month: '2026-02' }]);
  });

  test('a refresh that counts the month again and finds it whole closes its gap', async () => {
    await full([opened(1)], { totals: totals(2) });
    expect((await refresh({ batches: [[opened(2)]], last: { totals: totals(2) } })).complete).toBe(true);
  });
});
