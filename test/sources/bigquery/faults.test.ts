import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../../src/domain/errors.ts';
import { BigQueryExtractor, type ExtractPlan } from '../../../src/sources/bigquery/extractor.ts';
import { readingOf } from '../../../src/sources/bigquery/tables.ts';
import { BigQueryWait, QueryLost, TableMissing, troubleOf } from '../../../src/sources/bigquery/trouble.ts';
import type { Batch, Extract } from '../../../src/sources/contribution-source.ts';
import * as faults from '../../fakes/bigquery/faults.ts';
import { hasEmulator } from '../../fakes/bigquery/python.ts';
import { startFakeBigQuery, type FakeBigQuery } from '../../fakes/bigquery/server.ts';
import { accessTo, batchesOf, targetOf, type Access } from './extracting.ts';

const describeWithEmulator = (await hasEmulator()) ? describe : describe.skip;
const GIB = 1024 ** 3;
const TODAY = '2026-03-05';
const NAME = 'octo/one';
const TARGET = { githubId: 7_001, name: NAME, since: '2026-03-01', until: TODAY };
const TABLES = ['day.20260301', 'day.20260302', 'day.20260303', 'day.20260304'];
const MINUTE_MS = 60_000;

/** Four days of comments: five by each of four people, a day each. */
const EVENTS = Array.from({ length: 20 }, (_, index) => ({
  id: String(50_000_000_000 + index),
  type: 'IssueCommentEvent',
  created_at: `2026-03-0${1 + (index % 4)}T10:00:00Z`,
  repo: { id: TARGET.githubId, name: NAME },
  actor: { id: 600 + (index % 4), login: `person-${index % 4}` },
  payload: { action: 'created', issue: { number: 1 + (index % 7) }, comment: { id: 9_000 + index } },
}));
const SUBJECTS = EVENTS.map(({ payload }) => `issue:${payload.comment.id}`).toSorted();

describeWithEmulator('BigQuery in trouble', () => {
  let bigquery: FakeBigQuery;
  let access: Access;
  let plan: ExtractPlan;
  /** The bill and the queries that ran before a test. */
  let before: { readonly billed: number; readonly executions: number };

  beforeAll(async () => {
    bigquery = await startFakeBigQuery({ events: EVENTS, bytesOf: GIB });
    access = accessTo(bigquery);
    plan = await access.extractor.plan([TARGET], TODAY);
    note();
  }, 120_000);
  afterAll(async () => await bigquery.stop());
  afterEach(async () => {
    bigquery.faults.clear();
    bigquery.mostRowsAPage = Infinity;
    await bigquery.release();
    note();
  });

  const note = (): void => {
    before = { billed: bigquery.bytesBilled, executions: bigquery.executions };
  };
  const bill = () => ({ billed: bigquery.bytesBilled - before.billed, executions: bigquery.executions - before.executions });
  const ONCE = { billed: 4 * GIB, executions: 1 };
  const NOTHING = { billed: 0, executions: 0 };
  const newId = (): string => `test_${randomUUID()}`;
  const start = (id: string, o: { readonly from?: BigQueryExtractor; readonly maximumBytesBilled?: number } = {}) =>
    (o.from ?? access.extractor).start(id, {
      targets: [TARGET],
      tables: plan.tables,
      maximumBytesBilled: o.maximumBytesBilled ?? 5 * GIB,
      labels: { app: 'laurels' },
    });
  const extractOf = async (query: string): Promise<Extract> => {
    const [range] = await access.extractor.ranges(query);
    const { since, until, githubId } = TARGET;
    return { query, firstRow: range?.firstRow ?? 0, rows: range?.rows ?? 0, since, until, tables: plan.tables, askedOn: TODAY, githubId };
  };
  const subjectsOf = (batches: readonly Batch[]) =>
    batches.flatMap(({ contributions }) => contributions.map(({ subject }) => subject)).toSorted();
  const failureOf = async (id: string): Promise<Error> => {
    const state = await access.extractor.state(id);
    if (!state?.failure) throw new Error(`The query did not fail: ${JSON.stringify(state)}`);
    expect(state).toMatchObject({ isDone: true });
    return troubleOf(state.failure, `query ${id}`);
  };
  /** What a promise was rejected with. */
  const caught = async (promise: Promise<unknown>): Promise<Error> =>
    await promise.then(
      (value) => Promise.reject(new Error(`It went well: ${JSON.stringify(value)}`)),
      (error: Error) => error,
    );

  test('without any a query gives all rows and is billed once', async () => {
    expect(plan).toEqual({ tables: TABLES, bytes: 4 * GIB });
    const id = newId();
    expect(await start(id)).toBe('submitted');
    expect(await access.extractor.state(id)).toEqual({ isDone: true, bytesBilled: 4 * GIB, failure: null });
    expect(subjectsOf(await batchesOf(access, targetOf(NAME, await extractOf(id))))).toEqual(SUBJECTS);
    expect(bill()).toEqual(ONCE);
  });

  describe('a quota that is used up is a wait, not an error', () => {
    const waitAfter = async (step: () => Promise<unknown>, reason: string): Promise<number> => {
      const asked = Date.now();
      const error = await caught(step());
      expect(error).toBeInstanceOf(BigQueryWait);
      expect(error.message).toContain(reason);
      return Math.round(((error as BigQueryWait).until.getTime() - asked) / MINUTE_MS);
    };

    test('at every step', async () => {
      const id = newId();
      const steps = [
        ['dryRun', () => access.extractor.plan([TARGET], TODAY)],
        ['insert', () => start(id)],
        ['job', () => access.extractor.state(id)],
        ['results', () => access.extractor.ranges(id)],
      ] as const;
      for (const [kind, step] of steps) {
        bigquery.faults.add({ kind, times: 1 }, faults.quotaExceeded());
        expect(await waitAfter(step, 'quotaExceeded')).toBe(30);
        await step();
      }
      expect(bill()).toEqual(ONCE);
    });

    test('a short one where BigQuery is asked too often', async () => {
      bigquery.faults.add({ kind: 'insert' }, faults.rateLimitExceeded());
      expect(await waitAfter(() => start(newId()), 'rateLimitExceeded')).toBe(1);
      expect(bill()).toEqual(NOTHING);
    });

    test('while paging: what was read is kept, and it goes on from there', async () => {
      const id = newId();
      await start(id);
      const target = targetOf(NAME, await extractOf(id));
      bigquery.mostRowsAPage = 4;
      bigquery.faults.add({ kind: 'results', nth: 3 }, faults.quotaExceeded());
      const first = await batchesOf(access, target);
      expect(first.at(-1)).toMatchObject({ done: false, resumeAt: expect.any(Date) });
      const rest = await batchesOf(access, target, first.at(-1)!.cursor);
      expect(rest.at(-1)).toMatchObject({ done: true });
      expect(first.flatMap(({ contributions }) => contributions).length).toBeGreaterThan(0);
      expect(subjectsOf([...first, ...rest])).toEqual(SUBJECTS);
      expect(bill()).toEqual(ONCE);
    });
  });

  describe('is told in words, and nothing is billed', () => {
    test('an account without permission', async () => {
      const id = newId();
      bigquery.faults.add({ kind: 'insert' }, faults.accessDenied());
      const error = await caught(start(id));
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: 'bigquery_access_denied', message: expect.stringMatching(/BigQuery Job User/) });
      expect(await access.extractor.state(id)).toBeNull();
      expect(bill()).toEqual(NOTHING);
    });

    test('A130: more bytes than the cap', async () => {
      const id = newId();
      expect(await start(id, { maximumBytesBilled: 3 * GIB })).toBe('attached');
      expect(await failureOf(id)).toMatchObject({ code: 'bytes_over_cap', message: expect.stringMatching(/BIGQUERY_MAX_BYTES_BILLED/) });
      expect(bill()).toEqual(NOTHING);
    });

    test('a query that somebody cancelled, before it ran or while it did', async () => {
      const id = newId();
      bigquery.hold();
      await start(id);
      expect(await access.extractor.state(id)).toMatchObject({ isDone: false, failure: null });
      bigquery.cancelFromOutside(id);
      expect(await failureOf(id)).toMatchObject({ code: 'bigquery_job_cancelled' });
      // Asked for once more it stays cancelled: nobody who stopped a query wants it to run again.
      expect(await start(id)).toBe('attached');
      await bigquery.release();
      expect(bill()).toEqual(NOTHING);
      const other = newId();
      bigquery.faults.add({ kind: 'insert' }, faults.jobCancelled({ bytesBilled: GIB }));
      await start(other);
      expect(await access.extractor.state(other)).toMatchObject({ isDone: true, bytesBilled: GIB });
    });

    test('a result that BigQuery has thrown away', async () => {
      const id = newId();
      await start(id);
      bigquery.faults.add({ kind: 'results' }, faults.notFound(`Job laurels-test:US.${id}`));
      expect(await caught(access.extractor.ranges(id))).toMatchObject({ code: 'bigquery_not_found', message: expect.stringContaining(id) });
    });
  });

  describe('leaves out what is not there, and says so', () => {
    test('a table that goes after it was listed', async () => {
      bigquery.faults.add({ kind: 'dryRun', nth: 1 }, faults.notFound('Table githubarchive:day.20260302 was not found in location US'));
      const shorter = await access.extractor.plan([TARGET], TODAY);
      expect(shorter).toEqual({ tables: TABLES.filter((table) => table !== 'day.20260302'), bytes: 3 * GIB });
      const { covered, gaps } = readingOf(TARGET, shorter.tables, TODAY);
      expect(covered.map(({ since, until }) => [since, until])).toEqual([
        ['2026-03-01', '2026-03-01'],
        ['2026-03-03', '2026-03-04'],
      ]);
      expect(gaps).toEqual([{ kind: null, month: '2026-03', reason: expect.stringContaining('no table of 1 of 5 days: 2026-03-02') }]);
    });

    test('a table that goes after the dry run: the query fails, unbilled, and its name is known', async () => {
      const late = { ...EVENTS[0]!, created_at: '2026-02-28T10:00:00Z' };
      await bigquery.add({ events: [late] });
      const targets = [{ ...TARGET, since: '2026-02-28' }];
      const { tables } = await access.extractor.plan(targets, TODAY);
      await bigquery.drop('day.20260228');
      const id = newId();
      await access.extractor.start(id, { targets, tables, maximumBytesBilled: 10 * GIB, labels: {} });
      const error = await failureOf(id);
      expect(error).toBeInstanceOf(TableMissing);
      expect(error).toMatchObject({ table: 'day.20260228' });
      expect(bill()).toEqual(NOTHING);
    });

    test('a dataset', async () => {
      bigquery.faults.add({ kind: 'tables', path: /datasets\/day\// }, faults.notFound('Dataset githubarchive:day'));
      expect(await access.extractor.plan([TARGET], TODAY)).toEqual({ tables: [], bytes: 0 });
    });
  });

  describe('is waited out, and what is paid for is used', () => {
    test('the answer is lost, and the client asks again by itself', async () => {
      const id = newId();
      const patient = new BigQueryExtractor({ project: bigquery.project, apiEndpoint: bigquery.url, retries: 1 });
      bigquery.faults.add({ kind: 'insert', nth: 1 }, faults.lostAnswer());
      expect(await start(id, { from: patient })).toBe('attached');
      expect(bill()).toEqual(ONCE);
    });

    test('a request that is never answered ends by itself', async () => {
      const id = newId();
      const hurried = new BigQueryExtractor({ project: bigquery.project, apiEndpoint: bigquery.url, retries: 0, timeoutMs: 300 });
      for (const [kind, step] of [
        ['tables', () => hurried.plan([TARGET], TODAY)],
        ['dryRun', () => hurried.plan([TARGET], TODAY)],
        ['insert', () => start(id, { from: hurried })],
        ['job', () => hurried.state(id)],
        ['results', () => hurried.ranges(id)],
      ] as const) {
        bigquery.faults.add({ kind, times: 1 }, faults.silence());
        const error = await caught(step());
        expect(error).not.toBeInstanceOf(AppError);
        expect(error.message).toMatch(/did not answer/);
      }
      expect(await start(id)).toBe('attached');
      // It runs on meanwhile.
      while ((await access.extractor.state(id))?.isDone !== true) await delay(20);
      expect(bill()).toEqual(ONCE);
    });

    test('rows for our own table: the answers are lost, and no row is there twice', async () => {
      const own = { project: bigquery.project, dataset: 'laurels_own', table: 'extract' };
      const { client } = access.extractor;
      bigquery.faults.add({ kind: 'dataset', when: ({ method }) => method === 'POST', nth: 1 }, faults.lostAnswer());
      bigquery.faults.add({ kind: 'table', when: ({ method }) => method === 'POST', nth: 1 }, faults.lostAnswer());
      for (const _lost of ['dataset', 'table']) await caught(client.ensureOwnTable(own));
      // Made by the attempt whose answer was lost.
      expect(await client.ensureOwnTable(own)).toMatch(/^\d{13}$/);
      const id = newId();
      const fill = () =>
        access.extractor.startFill(id, own, { targets: [TARGET], tables: plan.tables, maximumBytesBilled: 5 * GIB, labels: {} });
      bigquery.faults.add({ kind: 'insert', nth: 1 }, faults.lostAnswer());
      await caught(fill());
      expect(await fill()).toBe('attached');
      expect(await access.extractor.state(id)).toEqual({ isDone: true, bytesBilled: 4 * GIB, failure: null });
      expect(await bigquery.rows('SELECT COUNT(*), COUNT(DISTINCT event_id) FROM `laurels-test.laurels_own.extract`')).toEqual([
        ['20', '20'],
      ]);
      expect(bill()).toEqual(ONCE);
    });

    test('the connection breaks in a page: nothing is taken for the end', async () => {
      const id = newId();
      await start(id);
      const target = targetOf(NAME, await extractOf(id));
      bigquery.mostRowsAPage = 3;
      bigquery.faults.add({ kind: 'results', nth: 4 }, faults.cutAnswer());
      expect(await caught(batchesOf(access, target))).not.toBeInstanceOf(AppError);
      expect(subjectsOf(await batchesOf(access, target))).toEqual(SUBJECTS);
      expect(bill()).toEqual(ONCE);
    });

    test('whatever fails, in whatever order: all rows come, and one query is billed', async () => {
      const passing = {
        lostRequest: faults.lostRequest(),
        lostAnswer: faults.lostAnswer(),
        cutAnswer: faults.cutAnswer(),
        backendError: faults.backendError(),
        internalError: faults.internalError(),
        rateLimit: faults.rateLimitExceeded(),
        jobFails: faults.jobFails({ reason: 'internalError', message: 'Try again.' }),
      };
      const trouble = fc.array(
        fc.record({
          kind: fc.constantFrom('insert' as const, 'job' as const, 'results' as const),
          nth: fc.integer({ min: 1, max: 4 }),
          fault: fc.constantFrom(...(Object.keys(passing) as (keyof typeof passing)[])),
        }),
        { minLength: 1, maxLength: 6 },
      );
      await fc.assert(
        fc.asyncProperty(trouble, fc.integer({ min: 2, max: 25 }), async (troubles, rowsAPage) => {
          note();
          bigquery.faults.clear();
          bigquery.mostRowsAPage = rowsAPage;
          for (const { kind, nth, fault } of troubles) bigquery.faults.add({ kind, nth }, passing[fault]);
          expect(await untilRead()).toEqual(SUBJECTS);
          expect(bill()).toEqual(ONCE);
        }),
        { numRuns: 8 },
      );
    }, 120_000);

    /** As the activities do it: again under the same id, under another one when BigQuery lost the query. */
    async function untilRead(): Promise<readonly string[]> {
      let id = newId();
      const read: Batch[] = [];
      for (let attempt = 0; attempt < 40; attempt += 1) {
        try {
          await start(id);
          const state = await access.extractor.state(id);
          if (state?.failure) throw troubleOf(state.failure, id);
          const batches = await batchesOf(access, targetOf(NAME, await extractOf(id)), read.at(-1)?.cursor ?? null);
          read.push(...batches);
          if (batches.at(-1)?.done === true) return subjectsOf(read);
        } catch (error) {
          if (error instanceof AppError) throw error;
          if (error instanceof QueryLost && error.message.includes('Try again.')) id = newId();
        }
      }
      throw new Error('Not done after 40 attempts');
    }
  });

  test('A129: no text of a user is in the SQL', async () => {
    const bad = `octo/x') OR TRUE; DROP TABLE \`laurels-test.own.event\`; --`;
    const targets = [{ githubId: null, name: bad, since: TARGET.since, until: TARGET.until }];
    const id = newId();
    await access.extractor.start(id, { targets, tables: plan.tables, maximumBytesBilled: 5 * GIB, labels: {} });
    expect(await access.extractor.state(id)).toMatchObject({ isDone: true, failure: null });
    expect(await access.extractor.ranges(id)).toEqual([]);
    expect(bigquery.jobs.find((job) => job.id === id)?.sql).not.toMatch(/octo|DROP/);
    const tables = ['day.20260301` WHERE FALSE UNION ALL SELECT * FROM `x.y.z'];
    expect(await caught(access.extractor.start(newId(), { targets, tables, maximumBytesBilled: 1, labels: {} }))).toBeInstanceOf(
      RangeError,
    );
  });
});
