import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery, type Query } from '@google-cloud/bigquery';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { PassThroughClient } from 'google-auth-library';
import * as faults from './bigquery/faults.ts';
import { hasEmulator } from './bigquery/python.ts';
import { startFakeBigQuery, type FakeBigQuery } from './bigquery/server.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/gharchive');
const RUST = 724712;
const MIB = 1024 ** 2;
const DAY = '`githubarchive.day.20150101`';
const IDS = { params: { ids: [RUST] }, types: { ids: ['INT64'] } };

const describeWithEmulator = (await hasEmulator()) ? describe : describe.skip;

test('where there is no Python BigQuery tests are skipped loudly, with CI=true they fail', async () => {
  const said: string[] = [];
  const o = { cacheDir: join(tmpdir(), 'laurels-no-such-cache'), say: (line: string) => said.push(line) };
  expect(await hasEmulator({ ...o, environment: { PATH: '/nowhere' } })).toBe(false);
  expect(said).toEqual([expect.stringMatching(/^BigQuery tests are SKIPPED\..* no Python .* apt-get install python3-venv/)]);
  await expect(hasEmulator({ ...o, environment: { PATH: '/nowhere', CI: 'true' } })).rejects.toThrow(/can't be installed: no Python/);
});

describeWithEmulator('the fake BigQuery', () => {
  let fake: FakeBigQuery;
  let bigquery: BigQuery;
  let count = 0;
  const newId = (): string => `job_${(count += 1)}`;

  beforeAll(async () => {
    fake = await startFakeBigQuery({
      files: ['2012-06-14-15.json.gz', '2015-01-01-0.json.gz', '2015-01-01-1.json.gz', 'traps.ndjson'].map((name) => join(FIXTURES, name)),
      without: ['day.20260116'],
      bytesOf: (table) => (table.startsWith('day.2015') ? 200 * MIB : MIB),
    });
    bigquery = clientOf(fake, 0);
  }, 120_000);
  afterAll(async () => await fake.stop());
  afterEach(async () => {
    fake.faults.clear();
    fake.mostRowsAPage = Infinity;
    await fake.release();
  });

  async function rowsOf(query: Query): Promise<Record<string, unknown>[]> {
    const [job] = await bigquery.createQueryJob(query);
    const [rows] = await job.getQueryResults();
    return rows as Record<string, unknown>[];
  }
  const metadataOf = async (id: string): Promise<Metadata> => (await bigquery.job(id, { location: 'US' }).getMetadata())[0] as Metadata;

  describe('runs GoogleSQL over the tables of GH Archive', () => {
    test('it lists the days that there are, in pages', async () => {
      const [tables] = await bigquery.dataset('day', { projectId: 'githubarchive' }).getTables({ maxResults: 3 });
      const names = tables.map(({ id }) => id);
      expect(names).toEqual(expect.arrayContaining(['20120614', '20150101', '20260105']));
      expect(names).not.toContain('20260116');
      expect(fake.requests.filter(({ kind }) => kind === 'tables').length).toBe(Math.ceil(names.length / 3));
    });

    test('a row has the columns that BigQuery has', async () => {
      const [row] = await rowsOf({
        query: `SELECT * FROM ${DAY} WHERE repo.id IN UNNEST(@ids) AND type = 'PushEvent' ORDER BY id`,
        ...IDS,
      });
      expect(row).toMatchObject({
        type: 'PushEvent',
        public: true,
        id: expect.stringMatching(/^\d+$/),
        repo: { id: RUST, name: 'rust-lang/rust' },
        actor: { id: expect.any(Number), login: 'bors' },
        created_at: { value: expect.stringMatching(/^2015-01-01T/) },
      });
      expect(JSON.parse(row?.['payload'] as string)).toHaveProperty('distinct_size');
    });

    test('a row of the timeline era names its owner in the address only, and nobody by id', async () => {
      const [row] = await rowsOf({ query: "SELECT * FROM `githubarchive.day.20120614` WHERE repo.name = 'Services.bundle'" });
      expect(row).toMatchObject({
        id: null,
        repo: { id: null, name: 'Services.bundle', url: 'https://github.com/plexinc-plugins/Services.bundle' },
        actor: { id: null, login: 'mikedm139' },
        created_at: { value: '2012-06-14T22:01:42.000Z' },
      });
    });

    test('many tables at once, JSON, arrays of structs as parameters, QUALIFY and ORDER BY', async () => {
      const rows = await rowsOf({
        query: `SELECT target.slot, repository, type, COUNT(*) AS events FROM (
            SELECT type, id, repo.id AS repository, created_at, payload FROM ${DAY}
            UNION ALL SELECT type, id, repo.id, created_at, payload FROM \`githubarchive.day.20120614\`
            QUALIFY ROW_NUMBER() OVER (PARTITION BY type, id ORDER BY created_at) = 1
          ) AS event JOIN UNNEST(@targets) AS target ON event.repository = target.id
          WHERE DATE(created_at) BETWEEN CAST(target.since AS DATE) AND CAST(target.until AS DATE)
            AND (JSON_VALUE(payload, '$.action') = 'created' OR type = 'PushEvent')
          GROUP BY 1, 2, 3 ORDER BY type`,
        params: { targets: [{ slot: 7, id: RUST, since: '2015-01-01', until: '2015-01-31' }] },
        types: { targets: [{ slot: 'INT64', id: 'INT64', since: 'STRING', until: 'STRING' }] },
      });
      expect(rows.map(({ slot, repository }) => [slot, repository])).toEqual(rows.map(() => [7, RUST]));
      expect(rows.map(({ type }) => type)).toEqual(['IssueCommentEvent', 'PullRequestReviewCommentEvent', 'PushEvent']);
    });

    test('late rows come to the day they are of, and a day can go', async () => {
      const late = {
        type: 'WatchEvent',
        id: '1',
        repo: { id: 5, name: 'a/b' },
        actor: { id: 6, login: 'c' },
        created_at: '2026-02-01T23:59:59Z',
      };
      const query = 'SELECT COUNT(*) AS n FROM `githubarchive.day.20260201`';
      await fake.add({ events: [late, { ...late, id: '2' }] });
      expect(await rowsOf({ query })).toEqual([{ n: 2 }]);
      await fake.add({ events: [{ ...late, id: '3' }] });
      expect(await rowsOf({ query })).toEqual([{ n: 3 }]);
      await fake.drop('day.20260201');
      await expect(rowsOf({ query })).rejects.toMatchObject({ errors: [{ reason: 'notFound' }] });
    });

    test('a table of our own, partitioned and clustered, that grows', async () => {
      await bigquery.createDataset('own', { location: 'US' });
      await expect(bigquery.createDataset('own')).rejects.toMatchObject({ code: 409, errors: [{ reason: 'duplicate' }] });
      await rowsOf({
        query:
          'CREATE TABLE `laurels-test.own.event` (repository_key INT64 NOT NULL, day DATE, type STRING) PARTITION BY day CLUSTER BY repository_key',
      });
      const before = fake.bytesBilled;
      await rowsOf({
        query: `INSERT INTO \`laurels-test.own.event\` (repository_key, day, type)
          SELECT repo.id, DATE(created_at), type FROM ${DAY} WHERE repo.id IN UNNEST(@ids)`,
        ...IDS,
      });
      expect(fake.bytesBilled - before).toBe(200 * MIB);
      const own = await rowsOf({ query: 'SELECT repository_key, COUNT(*) AS n FROM `laurels-test.own.event` GROUP BY 1' });
      expect(own).toEqual([{ repository_key: RUST, n: (await fake.rows(`SELECT 1 FROM ${DAY} WHERE repo.id = ${RUST}`)).length }]);
      const [metadata] = await bigquery.dataset('own').table('event').getMetadata();
      expect(metadata).toMatchObject({ timePartitioning: { type: 'DAY', field: 'day' } });
      expect(await bigquery.dataset('own').table('none').exists()).toEqual([false]);
      await expect(bigquery.dataset('none').getTables()).rejects.toMatchObject({ code: 404 });
    });
  });

  describe('bills as BigQuery does', () => {
    const query = `SELECT id FROM ${DAY} ORDER BY id`;

    test('a dry run tells the bytes and costs nothing', async () => {
      const before = fake.bytesBilled;
      const [job] = await bigquery.createQueryJob({ query, dryRun: true });
      expect(job.metadata).toMatchObject({ statistics: { totalBytesProcessed: String(200 * MIB) } });
      expect(fake.bytesBilled).toBe(before);
      expect(fake.jobs.filter(({ isDryRun }) => isDryRun)).toHaveLength(1);
    });

    test('a query is billed once: its id can be used once only, and its result be read again and again', async () => {
      const [id, before, executed] = [newId(), fake.bytesBilled, fake.executions];
      const [job] = await bigquery.createQueryJob({ query, jobId: id, labels: { app: 'laurels' } });
      expect(job.metadata).toMatchObject({ status: { state: 'RUNNING' } });
      await expect(bigquery.createQueryJob({ query, jobId: id })).rejects.toMatchObject({
        code: 409,
        errors: [{ reason: 'duplicate', message: `Already Exists: Job laurels-test:US.${id}` }],
      });
      const [first] = await job.getQueryResults();
      const [second] = await bigquery.job(id, { location: 'US' }).getQueryResults();
      expect(second).toEqual(first);
      expect(await metadataOf(id)).toMatchObject({
        status: { state: 'DONE' },
        configuration: { labels: { app: 'laurels' } },
        statistics: { query: { totalBytesBilled: String(200 * MIB), cacheHit: false } },
      });
      expect(fake.bytesBilled - before).toBe(200 * MIB);
      expect(fake.executions - executed).toBe(1);
    });

    test('a small table is billed as 10 MiB', async () => {
      const before = fake.bytesBilled;
      await rowsOf({ query: 'SELECT 1 FROM `githubarchive.day.20120614` LIMIT 1' });
      expect(fake.bytesBilled - before).toBe(10 * MIB);
    });

    test('over the cap nothing is read and nothing billed', async () => {
      const [id, before, executed] = [newId(), fake.bytesBilled, fake.executions];
      await expect(bigquery.createQueryJob({ query, jobId: id, maximumBytesBilled: String(100 * MIB) })).rejects.toMatchObject({
        errors: [
          {
            reason: 'bytesBilledLimitExceeded',
            message: `Query exceeded limit for bytes billed: ${100 * MIB}. ${200 * MIB} or higher required.`,
          },
        ],
      });
      expect(await metadataOf(id)).toMatchObject({
        status: { state: 'DONE', errorResult: { reason: 'bytesBilledLimitExceeded' } },
        statistics: { query: { totalBytesBilled: '0' } },
      });
      expect([fake.bytesBilled, fake.executions]).toEqual([before, executed]);
    });

    test('a table that is not there: refused in a dry run, a failed job otherwise', async () => {
      const gone = { query: 'SELECT 1 FROM `githubarchive.day.20160101`' };
      const message = 'Not found: Table githubarchive:day.20160101 was not found in location US';
      await expect(bigquery.createQueryJob({ ...gone, dryRun: true })).rejects.toMatchObject({
        code: 404,
        errors: [{ reason: 'notFound', message }],
      });
      const id = newId();
      await expect(bigquery.createQueryJob({ ...gone, jobId: id })).rejects.toMatchObject({ errors: [{ reason: 'notFound', message }] });
      expect(await metadataOf(id)).toMatchObject({ status: { errorResult: { reason: 'notFound', message } } });
      await expect(bigquery.job(id, { location: 'US' }).getQueryResults()).rejects.toMatchObject({ code: 404 });
    });

    test('SQL that is wrong is said to be', async () => {
      await expect(bigquery.createQueryJob({ query: 'SELEC 1', dryRun: true })).rejects.toMatchObject({
        code: 400,
        errors: [{ reason: 'invalidQuery' }],
      });
      await expect(bigquery.createQueryJob({ query: 'SELEC 1' })).rejects.toMatchObject({ errors: [{ reason: 'invalidQuery' }] });
    });

    test('a job is found in its own location only', async () => {
      const id = newId();
      await bigquery.createQueryJob({ query, jobId: id });
      await expect(bigquery.job(id, { location: 'EU' }).getMetadata()).rejects.toMatchObject({ code: 404 });
      await expect(bigquery.job('never_made', { location: 'US' }).getMetadata()).rejects.toMatchObject({ code: 404 });
    });
  });

  describe('gives results in pages', () => {
    test('by index and by token; a page may be shorter than was asked for', async () => {
      const id = newId();
      await bigquery.createQueryJob({ query: `SELECT id FROM ${DAY} ORDER BY id`, jobId: id });
      const job = bigquery.job(id, { location: 'US' });
      const [all] = (await job.getQueryResults()) as unknown as [{ id: string }[]];
      const page = (await job.getQueryResults({ startIndex: '5', maxResults: 3, autoPaginate: false })) as unknown as [
        unknown[],
        { pageToken: string },
        object,
      ];
      expect(page[0]).toEqual(all.slice(5, 8));
      expect(page[2]).toMatchObject({ totalRows: String(all.length), jobComplete: true });
      const next = await job.getQueryResults({ ...page[1], maxResults: 3, autoPaginate: false });
      expect(next[0]).toEqual(all.slice(8, 11));
      fake.mostRowsAPage = 2;
      const short = await job.getQueryResults({ startIndex: '5', maxResults: 300, autoPaginate: false });
      expect(short[0]).toEqual(all.slice(5, 7));
    });
  });

  describe('lets a job run on', () => {
    const query = `SELECT 1 FROM ${DAY}`;

    test('until it is released', async () => {
      const id = newId();
      fake.hold();
      await bigquery.createQueryJob({ query, jobId: id });
      expect(await metadataOf(id)).toMatchObject({ status: { state: 'RUNNING' } });
      await expect(bigquery.createQueryJob({ query, jobId: id })).rejects.toMatchObject({ code: 409 });
      await fake.release();
      expect(await metadataOf(id)).toMatchObject({ status: { state: 'DONE' } });
    });

    test('until it is cancelled, by us or from outside', async () => {
      fake.hold();
      const [ours, theirs, before] = [newId(), newId(), fake.bytesBilled];
      await bigquery.createQueryJob({ query, jobId: ours });
      await bigquery.job(ours, { location: 'US' }).cancel();
      await bigquery.createQueryJob({ query, jobId: theirs });
      fake.cancelFromOutside(theirs, { bytesBilled: 5 });
      await fake.release();
      for (const id of [ours, theirs])
        expect(await metadataOf(id)).toMatchObject({ status: { state: 'DONE', errorResult: { reason: 'stopped' } } });
      await expect(bigquery.job(theirs, { location: 'US' }).getQueryResults()).rejects.toMatchObject({ code: 499 });
      expect(fake.bytesBilled - before).toBe(5);
    });
  });

  describe('fails on demand', () => {
    const query = `SELECT id FROM ${DAY}`;

    test.each([
      ['quotaExceeded', 403, faults.quotaExceeded()],
      ['rateLimitExceeded', 403, faults.rateLimitExceeded()],
      ['accessDenied', 403, faults.accessDenied()],
      ['notFound', 404, faults.notFound('Dataset githubarchive:day')],
      ['internalError', 500, faults.internalError()],
      ['backendError', 503, faults.backendError()],
    ] as const)('%s: the query is not taken', async (reason, code, fault) => {
      const [id, before] = [newId(), fake.bytesBilled];
      fake.faults.add({ kind: 'insert', times: 1 }, fault);
      await expect(bigquery.createQueryJob({ query, jobId: id })).rejects.toMatchObject({ code, errors: [{ reason }] });
      await expect(metadataOf(id)).rejects.toMatchObject({ code: 404 });
      expect(fake.bytesBilled).toBe(before);
    });

    test('the job fails later', async () => {
      const [id, before] = [newId(), fake.bytesBilled];
      fake.faults.add({ kind: 'insert', jobId: id }, faults.jobFails({ reason: 'backendError', message: 'Try again.' }));
      fake.faults.add({ kind: 'insert' }, faults.jobCancelled());
      await bigquery.createQueryJob({ query, jobId: id });
      expect(await metadataOf(id)).toMatchObject({
        status: { state: 'DONE', errorResult: { reason: 'backendError', message: 'Try again.' } },
      });
      const other = newId();
      await bigquery.createQueryJob({ query, jobId: other });
      expect(await metadataOf(other)).toMatchObject({ status: { errorResult: { reason: 'stopped' } } });
      expect(fake.bytesBilled).toBe(before);
    });

    test('the answer is lost, the query runs: it is there under its id, billed once', async () => {
      const [id, before] = [newId(), fake.bytesBilled];
      const lost = fake.faults.add({ kind: 'insert', times: 1 }, faults.lostAnswer());
      await expect(bigquery.createQueryJob({ query, jobId: id })).rejects.toThrow(/socket hang up|ECONNRESET/);
      expect(lost.hits).toBe(1);
      expect(await metadataOf(id)).toMatchObject({ status: { state: 'DONE' } });
      await expect(bigquery.createQueryJob({ query, jobId: id })).rejects.toMatchObject({ code: 409 });
      expect(fake.bytesBilled - before).toBe(200 * MIB);
    });

    test('the request is lost: no query runs', async () => {
      const id = newId();
      fake.faults.add({ kind: 'insert', nth: 1 }, faults.lostRequest());
      await expect(bigquery.createQueryJob({ query, jobId: id })).rejects.toThrow(/socket hang up|ECONNRESET/);
      await expect(metadataOf(id)).rejects.toMatchObject({ code: 404 });
      await bigquery.createQueryJob({ query, jobId: id });
      expect(await metadataOf(id)).toMatchObject({ status: { state: 'DONE' } });
    });

    test('the connection breaks in the second page; a page token runs out; both can be read again', async () => {
      const id = newId();
      await bigquery.createQueryJob({ query, jobId: id });
      const job = bigquery.job(id, { location: 'US' });
      const page = (startIndex: number) => job.getQueryResults({ startIndex: String(startIndex), maxResults: 10, autoPaginate: false });
      fake.faults.add({ kind: 'results', nth: 2 }, faults.cutAnswer());
      fake.faults.add({ kind: 'results', nth: 3 }, faults.expiredPage());
      await page(0);
      await expect(page(10)).rejects.toThrow('Invalid response body');
      await expect(page(10)).rejects.toMatchObject({ code: 400 });
      expect((await page(10))[0]).toHaveLength(10);
    });

    test('the client repeats what failed where it may, and no query is billed twice by that', async () => {
      const [id, before] = [newId(), fake.bytesBilled];
      const patient = clientOf(fake, 2);
      const fault = fake.faults.add({ kind: 'job', times: 1 }, faults.backendError());
      await patient.createQueryJob({ query, jobId: id });
      const [metadata] = await patient.job(id, { location: 'US' }).getMetadata();
      expect(metadata).toMatchObject({ status: { state: 'DONE' } });
      expect(fault.hits).toBe(1);
      expect(fake.bytesBilled - before).toBe(200 * MIB);
    });

    test('no answer comes', async () => {
      fake.faults.add({ kind: 'job', times: 1 }, faults.silence());
      // The client library takes no time-out (node-fetch 3 has none), so its callers bring their own.
      const asked = fetch(`${fake.url}/bigquery/v2/projects/${fake.project}/jobs/any`, { signal: AbortSignal.timeout(200) });
      await expect(asked).rejects.toThrow(/timeout/);
      expect(fake.requests.at(-1)).toMatchObject({ kind: 'job', status: 0, fault: 'silence' });
    });
  });
});

interface Metadata {
  readonly status: { readonly state: string; readonly errorResult?: { readonly reason: string; readonly message: string } };
  readonly statistics: { readonly query?: { readonly totalBytesBilled?: string } };
}

function clientOf(fake: FakeBigQuery, retries: number): BigQuery {
  return new BigQuery({
    projectId: fake.project,
    location: 'US',
    apiEndpoint: fake.url,
    authClient: new PassThroughClient(),
    retryOptions: { autoRetry: retries > 0, maxRetries: retries },
  });
}
