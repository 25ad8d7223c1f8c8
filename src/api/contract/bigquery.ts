import { z } from 'zod';
import { endpoint } from './endpoint.ts';

const bytes = (what: string) => z.number().describe(what);

/** One query, as the ledger has it. */
const query = z.strictObject({
  job_id: z.string().describe("BigQuery's job id"),
  purpose: z.enum(['extract', 'fill']).describe('extract: rows for scrapes; fill: rows kept in BIGQUERY_DATASET'),
  state: z.enum(['RESERVED', 'RUNNING', 'DONE', 'FAILED']),
  bytes_estimated: bytes('By the dry run, entered before the query was run'),
  bytes_billed: z.number().nullable().describe('null: not known (yet)'),
  price_usd: z.number().describe('Of what was billed; while that is not known of the estimate'),
  tables: z.int().describe('How many it read'),
  repositories: z.array(z.string()).readonly(),
  jobs: z.array(z.string()).readonly().describe('The scrapes it serves'),
  asked_by: z.array(z.string()).readonly(),
  error: z.string().nullable(),
  created_at: z.string(),
  finished_at: z.string().nullable(),
});

export const getBigQueryUsage = endpoint({
  method: 'get',
  path: '/api/v1/config/bigquery/usage',
  access: 'admin',
  summary: 'What BigQuery was asked in a month, and what it cost',
  query: z.strictObject({
    month: z
      .string()
      .regex(/^2\d{3}-(?:0[1-9]|1[0-2])$/, 'must be a month like 2026-01')
      .optional()
      .describe('Calendar month in UTC; by default the running one'),
  }),
  answers: {
    200: {
      description: 'The queries, newest first, and their sums',
      body: z.strictObject({
        month: z.string(),
        configured: z.boolean().describe('Whether BigQuery is used here: BIGQUERY_PROJECT and BIGQUERY_MONTHLY_BYTES are set'),
        budget_bytes: z.number().nullable(),
        used_bytes: bytes('What the budget has lost: bills, and estimates of what is not billed yet'),
        left_bytes: z.number().nullable(),
        bytes_estimated: z.number(),
        bytes_billed: z.number(),
        price_per_tib_usd: z.number(),
        price_usd: z.number().describe('Of used_bytes; the first TiB of a month, which Google gives away, is not taken off'),
        queries: z.array(query).readonly(),
      }),
    },
  },
});
