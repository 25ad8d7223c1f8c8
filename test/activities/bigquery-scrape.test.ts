import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { BigQueryAccess } from '../../src/activities/bigquery-queries.ts';
import { monthUsage } from '../../src/db/bigquery-ledger.ts';
import { databaseToday } from '../../src/db/database.ts';
import { readJobLog } from '../../src/db/job-log.ts';
import { requestCancel, type StoredJob } from '../../src/db/jobs.ts';
import { addRepository, learnRepository } from '../../src/db/repositories.ts';
import { addDays } from '../../src/domain/window.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import {
  accessDenied,
  cutAnswer,
  jobCancelled,
  jobFails,
  lostAnswer,
  lostRequest,
  quotaExceeded,
  type Fault,
  type Matcher,
} from '../fakes/bigquery/faults.ts';
import { hasEmulator } from '../fakes/bigquery/python.ts';
import { startFakeBigQuery, type FakeBigQuery } from '../fakes/bigquery/server.ts';
import { readExposition } from '../metrics/exposition.ts';
import { accessTo } from '../sources/bigquery/extracting.ts';
import { until } from '../temporal/test-namespace.ts';
import { createScriptedSource } from './scripted-source.ts';
import { startStack, type RunningStack } from './running-stack.ts';

const describeWithEmulator = (await hasEmulator()) ? describe : describe.skip;
const GIB = 1024 ** 3;

describeWithEmulator('a scrape of BigQuery', () => {
  let stack: RunningStack;
  let bigquery: FakeBigQuery;
  let today: string;
  let lastNumber = 0;
  const metrics = createMetrics({ ofProcess: false });
  const ID = { one: 7_001, two: 7_002 } as const;
  const PEOPLE = { ada: 501, ben: 502, cleo: 503, zoe: 504, maintainer: 505 } as const;
  type Person = keyof typeof PEOPLE;

  /** An event of a repository, `ago` days before today. */
  const event = (name: keyof typeof ID, type: string, ago: number, actor: Person, payload: object) => {
    lastNumber += 1;
    return {
      id: String(40_000_000_000 + lastNumber),
      type,
      created_at: `${addDays(today, -ago)}T10:00:00Z`,
      repo: { id: ID[name], name: `octo/${name}` },
      actor: { id: PEOPLE[actor], login: actor },
      public: true,
      payload,
    };
  };
  const opened = (name: keyof typeof ID, ago: number, number: number, actor: Person) =>
    event(name, 'PullRequestEvent', ago, actor, {
      action: 'opened',
      number,
      pull_request: { number, user: { id: PEOPLE[actor], login: actor } },
    });
  const merged = (name: keyof typeof ID, ago: number, number: number) =>
    event(name, 'PullRequestEvent', ago, 'maintainer', { action: 'merged', number, pull_request: { number } });
  const reviewed = (name: keyof typeof ID, ago: number, number: number, actor: Person, id: number) =>
    event(name, 'PullRequestReviewEvent', ago, actor, { action: 'created', review: { id }, pull_request: { number } });
  const commented = (name: keyof typeof ID, ago: number, number: number, actor: Person, id: number) =>
    event(name, 'IssueCommentEvent', ago, actor, { action: 'created', comment: { id }, issue: { number } });

  beforeAll(async () => {
    stack = await startStack();
    today = await databaseToday(stack.database.db);
    // Two repositories over the last ten days.
    const days = Array.from({ length: 10 }, (_, ago) => commented('two', ago, 90, 'zoe', 9_000 + ago));
    bigquery = await startFakeBigQuery({
      events: [...days, opened('one', 8, 1, 'ada'), reviewed('one', 7, 1, 'cleo', 81), merged('one', 6, 1), opened('two', 5, 2, 'ada')],
      bytesOf: GIB,
    });
  }, 120_000);
  afterEach(async () => {
    await bigquery.restore();
    await stack.database.db.pool.query('DELETE FROM bigquery_query');
    await stack.database.db.pool.query('DELETE FROM repository');
    await stack.database.db.pool.query(`DELETE FROM scrape_job`);
  });
  afterAll(async () => {
    await bigquery.stop();
    await stack.close();
  });
  const access = (more: Partial<BigQueryAccess> = {}): BigQueryAccess => ({
    extractor: accessTo(bigquery).extractor,
    monthlyBytes: 1000 * GIB,
    maxBytesBilled: null,
    batchWaitSeconds: 0.2,
    ownTable: null,
    ...more,
  });
  const lately = () => ({ since: addDays(today, -9), until: today });
  const ask = (name: keyof typeof ID, more: Parameters<RunningStack['scrape']>[1] = {}) =>
    stack.scrape(name, { sources: ['bigquery'], window: lately(), ...more });
  /** Its id is known, as it is where GitHub was asked or after a first scrape. */
  const know = async (name: keyof typeof ID): Promise<void> => {
    const { repository } = await addRepository(stack.database.db, { owner: 'octo', name }, null);
    await learnRepository(stack.database.db, repository.id, { githubId: ID[name] });
  };
  const withBigQuery = <T>(scenario: () => Promise<T>, more: Partial<BigQueryAccess> = {}) => {
    const bigQueryAccess = access(more);
    return stack.withWorkers([accessTo(bigquery).source], scenario, { bigquery: bigQueryAccess, metrics });
  };
  const ledger = () => monthUsage(stack.database.db);
  const bytesCounted = async (): Promise<number> =>
    readExposition((await metrics.exposition()).text).value('laurels_bigquery_billed_bytes_total') ?? 0;
  /** Contributions stored of a repository: kind, subject, account, day. */
  const stored = async (job: StoredJob) => {
    const { rows } = await stack.database.db.pool.query<{ row: string }>(
      `SELECT concat_ws(' ', e.kind, e.subject, u.username, to_char(e.occurred_at, 'YYYY-MM-DD')) AS row
       FROM contribution_event e LEFT JOIN github_user u ON u.id = e.user_id WHERE e.repository_id = $1 ORDER BY 1`,
      [job.repositoryId],
    );
    return rows.map(({ row }) => row);
  };
  const messages = async (job: StoredJob) =>
    (await readJobLog(stack.database.db, { jobId: job.id, limit: 100 })).map(({ message }) => message);

  test('A129: shares one query with all that wait, those that have not started included, and each has its own rows', async () => {
    const before = await bytesCounted();
    await withBigQuery(async () => {
      // Only one may run at once: the other waits for its turn, and its rows are queried with the first one's.
      const one = await ask('one', { limit: 1 });
      const two = await ask('two', { limit: 1 });
      expect(await stack.finished(one)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 3, errorMessage: null });
      expect(await stack.finished(two)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 11 });
      expect(await stored(one)).toEqual([
        `2 1 ada ${addDays(today, -8)}`,
        `3 1 ada ${addDays(today, -6)}`,
        `4 1:503 cleo ${addDays(today, -7)}`,
      ]);
      expect(await messages(one)).toContain('rows taken out of BigQuery');
    });
    expect(bigquery.inserts).toBe(1);
    expect(bigquery.bytesBilled).toBe(10 * GIB);
    const { queries, bytesBilled, bytesTaken } = await ledger();
    expect({ bytesBilled, bytesTaken }).toEqual({ bytesBilled: 10 * GIB, bytesTaken: 10 * GIB });
    expect((await bytesCounted()) - before).toBe(10 * GIB);
    expect(queries).toMatchObject([
      {
        state: 'DONE',
        repositories: ['octo/one', 'octo/two'],
        askedBy: ['test'],
        bytesEstimated: 10 * GIB,
        bytesBilled: 10 * GIB,
        error: null,
      },
    ]);
    const [query] = bigquery.jobs.filter(({ isDryRun }) => !isDryRun);
    expect(query).toMatchObject({ id: queries[0]?.jobId, maximumBytesBilled: 1000 * GIB, labels: { app: 'laurels' } });
    expect(query?.sql).not.toMatch(/octo|7001/);
  });

  test('says in its coverage which days BigQuery had no table of, and never that the running day is covered', async () => {
    await bigquery.drop(`day.${addDays(today, -4).replaceAll('-', '')}`);
    const job = await withBigQuery(async () => stack.finished(await ask('two')));
    expect(job).toMatchObject({ status: 'COMPLETED', complete: false, eventsProcessed: 10 });
    expect(job.incomplete.map(({ reason }) => reason).join()).toContain(`BigQuery has no table of 1 of`);
    const { rows } = await stack.database.db.pool.query(
      `SELECT lower(during)::text AS since, (upper(during) - 1)::text AS until, state FROM covered_range WHERE repository_id = $1 AND kind = 2 ORDER BY 1`,
      [job.repositoryId],
    );
    expect(rows).toEqual([
      { since: addDays(today, -9), until: addDays(today, -5), state: 'complete' },
      { since: addDays(today, -3), until: addDays(today, -1), state: 'complete' },
    ]);
  });

  test('is refreshed by the last days alone, and then has the rows of a scrape as a whole', async () => {
    const first = await withBigQuery(async () => stack.finished(await ask('one')));
    await bigquery.add({
      events: [
        reviewed('one', 0, 1, 'cleo', 82), // the one of a week ago counts
        opened('one', 1, 3, 'ben'), // came late
        merged('one', 0, 3),
        commented('one', 0, 1, 'ada', 77),
      ],
    });
    const before = bigquery.bytesBilled;
    const refresh = await withBigQuery(async () => stack.finished(await ask('one', { type: 'REFRESH' })));
    expect(refresh).toMatchObject({ status: 'COMPLETED', errorMessage: null });
    // The running day, and the two days before it again.
    expect(bigquery.bytesBilled - before).toBe(3 * GIB);
    const rows = await stored(first);
    expect(rows).toHaveLength(6);
    expect(rows).toContain(`4 1:503 cleo ${addDays(today, -7)}`);
    const again = await withBigQuery(async () => stack.finished(await ask('one')));
    expect(again.eventsProcessed).toBe(6);
    expect(await stored(again)).toEqual(rows);
    const { rows: covered } = await stack.database.db.pool.query(
      `SELECT lower(during)::text AS since, (upper(during) - 1)::text AS until FROM covered_range WHERE repository_id = $1 AND kind = 2`,
      [first.repositoryId],
    );
    expect(covered).toEqual([{ since: addDays(today, -9), until: addDays(today, -1) }]);
  });

  describe('is refused before anything is spent', () => {
    test('A130: when the month has too little left', async () => {
      await withBigQuery(
        async () => {
          const first = await stack.finished(await ask('one'));
          expect(first.status).toBe('COMPLETED');
          const second = await stack.finished(await ask('two'));
          expect(second).toMatchObject({ status: 'FAILED', errorCode: 'budget_exceeded' });
          expect(second.errorMessage).toContain('Nothing was run');
        },
        { monthlyBytes: 15 * GIB },
      );
      expect(bigquery.inserts).toBe(1);
      expect((await ledger()).bytesTaken).toBe(10 * GIB);
    });

    test('A130: when one query may not be so large; who wants less than the others is served', async () => {
      await withBigQuery(
        async () => {
          const [large, small] = [await ask('one'), await ask('two', { window: { since: addDays(today, -2), until: today } })];
          expect(await stack.finished(large)).toMatchObject({ status: 'FAILED', errorCode: 'bytes_over_cap' });
          expect(await stack.finished(small)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 3 });
        },
        { maxBytesBilled: 5 * GIB },
      );
      expect(bigquery.bytesBilled).toBe(3 * GIB);
      expect(bigquery.jobs.find(({ isDryRun }) => !isDryRun)?.maximumBytesBilled).toBe(5 * GIB);
    });

    test('when the account may not query', async () => {
      bigquery.faults.add({ kind: 'dryRun' }, accessDenied());
      const job = await withBigQuery(async () => stack.finished(await ask('one')));
      expect(job).toMatchObject({ status: 'FAILED', errorCode: 'bigquery_access_denied' });
      expect(bigquery.inserts).toBe(0);
      expect((await ledger()).queries).toEqual([]);
    });

    test('but goes on with its other sources', async () => {
      const job = await stack.withWorkers(
        [createScriptedSource({ slices: { pulls: 1 } }), accessTo(bigquery).source],
        async () => stack.finished(await ask('one', { sources: ['github', 'bigquery'] })),
        { bigquery: access({ monthlyBytes: GIB }) },
      );
      expect(job).toMatchObject({ status: 'COMPLETED', errorMessage: null });
      expect(await messages(job)).toContain('BigQuery refused, the other sources are read');
      expect(bigquery.inserts).toBe(0);
    });
  });

  describe('is billed once', () => {
    test.each<[string, Matcher, Fault]>([
      ['the answer to the query was lost', { kind: 'insert', nth: 1 }, lostAnswer()],
      ['the query itself was lost', { kind: 'insert', nth: 1 }, lostRequest()],
      ['its state could not be asked', { kind: 'job', nth: 1 }, lostRequest()],
      ['the connection broke while its result was read', { kind: 'results', nth: 3 }, cutAnswer()],
      [
        'the query failed in BigQuery for a reason of the moment',
        { kind: 'insert', nth: 1 },
        jobFails({ reason: 'backendError', message: 'Try again' }),
      ],
    ])('when %s', async (_what, matcher, fault) => {
      bigquery.faults.add(matcher, fault);
      const job = await withBigQuery(async () => stack.finished(await ask('two')));
      expect(job).toMatchObject({ status: 'COMPLETED', eventsProcessed: 11 });
      expect(bigquery.bytesBilled).toBe(10 * GIB);
      expect(bigquery.executions).toBe(1);
      expect((await ledger()).bytesTaken).toBe(10 * GIB);
    });

    test('when its worker stops while it runs, and another one finds it', async () => {
      bigquery.hold();
      const job = await withBigQuery(async () => {
        const asked = await ask('two');
        await until(() => bigquery.inserts === 1);
        return asked;
      });
      await withBigQuery(async () => {
        await until(() => bigquery.inserts === 2);
        await bigquery.release();
        expect(await stack.finished(job)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 11 });
      });
      expect(bigquery.bytesBilled).toBe(10 * GIB);
      expect((await ledger()).queries).toHaveLength(1);
    });

    test('when the scrape fails later and is tried again as a new one', async () => {
      bigquery.faults.add({ kind: 'results', when: ({ query }) => query.get('maxResults') !== '1' }, accessDenied());
      await withBigQuery(async () => {
        const failed = await stack.finished(await ask('two'));
        expect(failed).toMatchObject({ status: 'FAILED', errorCode: 'bigquery_access_denied' });
        bigquery.faults.clear();
        const again = await stack.finished(await ask('two', { retryOf: failed.id }));
        expect(again).toMatchObject({ status: 'COMPLETED', eventsProcessed: 11 });
      });
      expect(bigquery.inserts).toBe(1);
    });
  });

  describe('with a table of its own', () => {
    const ownTable = { project: 'laurels-test', dataset: 'mine', table: 'laurels_rows' };

    test('keeps what was read, and grows by the days that are over: a second scrape of the whole has the same rows', async () => {
      await know('one');
      const filled = async () =>
        (await ledger()).queries.map(({ purpose, tables, state }) => ({ purpose, tables: tables.length, state })).toReversed();
      await withBigQuery(
        async () => {
          const first = await stack.finished(await ask('one'));
          expect(first).toMatchObject({ status: 'COMPLETED', eventsProcessed: 3, errorMessage: null });
          const rows = await stored(first);
          // Seven settled days go into the table; the last three are read as they are.
          expect(await filled()).toEqual([
            { purpose: 'fill', tables: 7, state: 'DONE' },
            { purpose: 'extract', tables: 3, state: 'DONE' },
          ]);
          // As it was two days ago.
          const settled = addDays(today, -4);
          await bigquery.rows(`DELETE FROM \`laurels-test.mine.laurels_rows\` WHERE day >= '${settled}'`);
          await stack.database.db.pool.query(`UPDATE bigquery_kept SET days = days - datemultirange(daterange($1, NULL))`, [settled]);
          const second = await stack.finished(await ask('one'));
          expect(second).toMatchObject({ status: 'COMPLETED', eventsProcessed: 3 });
          expect(await stored(second)).toEqual(rows);
          expect((await filled()).slice(2)).toEqual([
            { purpose: 'fill', tables: 2, state: 'DONE' },
            { purpose: 'extract', tables: 3, state: 'DONE' },
          ]);
          const { rows: covered } = await stack.database.db.pool.query(
            `SELECT lower(during)::text AS since, (upper(during) - 1)::text AS until FROM covered_range WHERE repository_id = $1 AND kind = 2`,
            [first.repositoryId],
          );
          expect(covered).toEqual([{ since: addDays(today, -9), until: addDays(today, -1) }]);
        },
        { ownTable },
      );
    });

    test('gives a refresh the rows of a whole scrape, and fills the days that another repository lacks', async () => {
      await Promise.all([know('one'), know('two')]);
      await withBigQuery(
        async () => {
          const run = async (name: keyof typeof ID, type: 'FULL' | 'REFRESH') => stack.finished(await ask(name, { type }));
          await run('one', 'FULL');
          expect(await run('two', 'FULL')).toMatchObject({ status: 'COMPLETED', eventsProcessed: 11 });
          expect(await run('one', 'REFRESH')).toMatchObject({ status: 'COMPLETED', eventsProcessed: 3 });
        },
        { ownTable },
      );
      expect((await ledger()).queries.filter(({ purpose }) => purpose === 'fill')).toHaveLength(2);
      expect(bigquery.jobs.filter(({ isDryRun }) => !isDryRun).every(({ sql }) => !/octo|7001/.test(sql))).toBe(true);
    });

    test('costs a refresh nothing more: days that were read before their repository had an id are not read again to be kept', async () => {
      await withBigQuery(
        async () => {
          await stack.finished(await ask('two'));
          const before = bigquery.bytesBilled;
          expect(await stack.finished(await ask('two', { type: 'REFRESH' }))).toMatchObject({ status: 'COMPLETED', eventsProcessed: 3 });
          expect(bigquery.bytesBilled - before).toBe(3 * GIB);
        },
        { ownTable },
      );
    });

    test('is billed once for filling it, when the answer was lost', async () => {
      bigquery.faults.add({ kind: 'insert', nth: 1 }, lostAnswer());
      await know('two');
      const job = await withBigQuery(async () => stack.finished(await ask('two')), { ownTable });
      expect(job).toMatchObject({ status: 'COMPLETED', eventsProcessed: 11 });
      expect(bigquery.executions).toBe(2);
      expect(await bigquery.rows('SELECT COUNT(*) FROM `laurels-test.mine.laurels_rows`')).toEqual([['8']]);
    });
  });

  test('waits for a quota without spending an attempt, says so, and can be cancelled', async () => {
    bigquery.faults.add({ kind: 'insert' }, quotaExceeded());
    await withBigQuery(async () => {
      const job = await ask('one');
      await until(async () => (await stack.job(job)).waitingFor === 'quota of BigQuery');
      expect(await stack.job(job)).toMatchObject({ status: 'RUNNING', waitingUntil: expect.any(Date) });
      await requestCancel(stack.database.db, job.id);
      await stack.engine.cancelJob(job);
      expect(await stack.finished(job)).toMatchObject({ status: 'CANCELLED' });
      await stack.temporal.client.workflow.getHandle('bigquery:collector').terminate();
    });
    expect(bigquery.bytesBilled).toBe(0);
  });

  test('ends with the reason when somebody cancels its query in BigQuery, and what that was billed is known', async () => {
    bigquery.faults.add({ kind: 'insert' }, jobCancelled({ bytesBilled: 2 * GIB }));
    const job = await withBigQuery(async () => stack.finished(await ask('one')));
    expect(job).toMatchObject({ status: 'FAILED', errorCode: 'bigquery_job_cancelled' });
    expect(bigquery.inserts).toBe(1);
    expect(await ledger()).toMatchObject({ bytesTaken: 2 * GIB, queries: [{ state: 'FAILED', bytesBilled: 2 * GIB }] });
  });
});
