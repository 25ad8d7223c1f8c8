import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { finishQuery, reserveQuery } from '../../src/db/bigquery-ledger.ts';
import { createScrapeJob } from '../../src/db/jobs.ts';
import { findRepository } from '../../src/db/repositories.ts';
import { addedRepository, planningSource, startTestApi, type TestApi } from './running-api.ts';

const TIB = 1024 ** 4;
const BUDGET = 10_000_000_000_000;
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

async function enter(jobId: string, bytes: number, scrapes: readonly string[] = []): Promise<void> {
  await reserveQuery(api.db, {
    jobId,
    batch: '0193a000-0000-7000-8000-00000000000a',
    scrapes,
    purpose: 'extract',
    tables: ['day.20260101', 'day.20260102'],
    ownTable: null,
    askedOn: '2026-01-03',
    bytes,
    limits: { monthlyBytes: BUDGET, maxBytesBilled: null },
  });
}

describe('GET /config/bigquery/usage', () => {
  test('says of a month without queries that nothing is used', async () => {
    const { status, body } = await api.call('getBigQueryUsage');
    expect(status).toBe(200);
    expect(body).toMatchObject({ configured: true, budget_bytes: BUDGET, used_bytes: 0, left_bytes: BUDGET, price_usd: 0, queries: [] });
    expect((await api.call('getBigQueryUsage', { query: { month: '2020-02' } })).body).toMatchObject({ month: '2020-02', queries: [] });
  });

  test('lists every query with its bytes, price, repositories, scrapes and who asked', async () => {
    const params = await addedRepository(api, 'octo', 'priced');
    const repository = await findRepository(api.db, params);
    if (repository === null) throw new Error('the repository is gone');
    const job = await createScrapeJob(api.db, {
      repository,
      type: 'FULL',
      sources: ['bigquery'],
      window: { since: '2026-01-01', until: '2026-01-02' },
      requestedBy: 'schedule',
    });
    await enter('laurels_one', 2 * TIB, [job.id]);
    await finishQuery(api.db, 'laurels_one', { state: 'DONE', bytesBilled: TIB });
    await enter('laurels_two', TIB / 2);
    const { body } = await api.call('getBigQueryUsage');
    expect(body).toMatchObject({
      used_bytes: 1.5 * TIB,
      left_bytes: BUDGET - 1.5 * TIB,
      bytes_estimated: 2.5 * TIB,
      bytes_billed: TIB,
      price_usd: 9.38,
    });
    expect(body.queries).toMatchObject([
      { job_id: 'laurels_two', state: 'RESERVED', bytes_billed: null, price_usd: 3.13, repositories: [], finished_at: null },
      {
        job_id: 'laurels_one',
        purpose: 'extract',
        state: 'DONE',
        bytes_estimated: 2 * TIB,
        bytes_billed: TIB,
        price_usd: 6.25,
        tables: 2,
        repositories: ['octo/priced'],
        jobs: [job.id],
        asked_by: ['schedule'],
        error: null,
      },
    ]);
  });

  test.each(['2026', '2026-13', 'January'])('refuses %s as a month', async (month) => {
    const { status, body } = await api.call('getBigQueryUsage', { query: { month } });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_input' });
  });
});

test('a plan says what BigQuery would bill', async () => {
  const source = planningSource('bigquery');
  api.sources = [
    { ...source, plan: async (target) => ({ ...(await source.plan(target)), note: 'BigQuery: …', cost: { bytes: TIB, usd: 6.25 } }) },
  ];
  const params = await addedRepository(api, 'octo', 'planned');
  const { body } = await api.call('scrapeRepository', { params, query: { dry_run: 'true' } });
  expect(body.sources).toMatchObject([{ source: 'bigquery', bytes: TIB, price_usd: 6.25 }]);
});
