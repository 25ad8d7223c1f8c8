import { defineEntity, p } from '@mikro-orm/core';
import { day, moment, oneOf } from './columns.ts';
import { ScrapeJob } from './job.ts';

/** The ledger: every query, its row made before it is run. */
export const BigQueryQuery = defineEntity({
  name: 'BigQueryQuery',
  tableName: 'bigquery_query',
  indexes: [{ name: 'bigquery_query_created_at_index', properties: ['createdAt'] }],
  checks: [
    oneOf('bigquery_query', 'purpose', ['extract', 'fill']),
    oneOf('bigquery_query', 'state', ['RESERVED', 'RUNNING', 'DONE', 'FAILED']),
  ],
  properties: {
    jobId: p.text().primary(),
    purpose: p.text(),
    scrapeJobs: p.array().columnType('uuid[]'),
    repositories: p.array().columnType('text[]'),
    askedBy: p.array().columnType('text[]'),
    tables: p.array().columnType('text[]'),
    /** The table of our own that it read, or filled. */
    ownTable: p.text().nullable(),
    /** The UTC day of the query, which was not over. */
    askedOn: day(),
    bytesEstimated: p.bigint('number'),
    bytesCap: p.bigint('number'),
    bytesBilled: p.bigint('number').nullable(),
    state: p.text().default('RESERVED'),
    error: p.text().nullable(),
    createdAt: moment().defaultRaw('now()'),
    finishedAt: moment().nullable(),
  },
});

/** What a scrape asked of BigQuery, and where the rows are. */
export const BigQueryExtract = defineEntity({
  name: 'BigQueryExtract',
  tableName: 'bigquery_extract',
  indexes: [{ name: 'bigquery_extract_batch_index', properties: ['batch'] }],
  checks: [oneOf('bigquery_extract', 'state', ['WAITING', 'BATCHED', 'READY', 'FAILED'])],
  properties: {
    jobId: () => p.manyToOne(ScrapeJob).mapToPk().primary().fieldName('job_id').deleteRule('cascade').updateRule('no action').index(false),
    batch: p.uuid().nullable(),
    query: p.text().nullable(),
    slot: p.integer().nullable(),
    githubId: p.bigint('number').nullable(),
    name: p.text(),
    since: day(),
    until: day(),
    firstRow: p.bigint('number').nullable(),
    rows: p.bigint('number').nullable(),
    state: p.text().default('WAITING'),
    errorCode: p.text().nullable(),
    errorMessage: p.text().nullable(),
    createdAt: moment().defaultRaw('now()'),
    settledAt: moment().nullable(),
  },
});

/** The days of a repository that a table of our own in BigQuery holds. */
export const BigQueryKept = defineEntity({
  name: 'BigQueryKept',
  tableName: 'bigquery_kept',
  properties: {
    /** `project.dataset.table` */
    ownTable: p.text().primary(),
    githubId: p.bigint('number').primary(),
    days: p.string().columnType('datemultirange'),
  },
});
