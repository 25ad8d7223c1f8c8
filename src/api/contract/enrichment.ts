import { z } from 'zod';
import { ENRICHMENT_SOURCES, ENRICHMENT_STATUSES, SOURCE_STATES } from '../../domain/enrichment.ts';
import { endpoint } from './endpoint.ts';
import { jobResource } from './jobs.ts';
import { username } from './parameters.ts';

const moment = z.iso.datetime();
const url = z.url({ protocol: /^https?$/ }).nullable();

/** What is known of a person beyond contributions. An e-mail address is stored where that is switched on, and never part of an answer. */
const enrichmentResource = z.strictObject({
  status: z.enum(ENRICHMENT_STATUSES),
  twitter_username: z.string().nullable(),
  linkedin_url: url,
  personal_website: url,
  enrichment_sources: z
    .record(z.string(), z.strictObject({ source: z.enum(ENRICHMENT_SOURCES), at: moment }))
    .describe('Where each field comes from, and when that was asked'),
  states: z.record(z.string(), z.strictObject({ state: z.enum(SOURCE_STATES), at: moment })).describe('How asking each source ended'),
  last_enriched_at: moment.nullable(),
  error: z.string().nullable(),
});
export type EnrichmentResource = z.infer<typeof enrichmentResource>;

export const getContributorEnrichment = endpoint({
  method: 'get',
  path: '/api/v1/contributors/{username}/enrichment',
  access: 'public',
  summary: 'What is known of somebody beyond contributions, and where it comes from',
  params: z.strictObject({ username }),
  answers: { 200: { description: 'What is known; PENDING: nobody was asked yet', body: enrichmentResource } },
});

export const enrichContributor = endpoint({
  method: 'post',
  path: '/api/v1/contributors/{username}/enrich',
  access: 'write',
  summary: "Ask GitHub, and what else is switched on, for somebody's public profile",
  params: z.strictObject({ username }),
  body: z.strictObject({}).optional(),
  answers: { 202: { description: 'The job; Location has it. 409 while one is under way', body: jobResource } },
  problems: ['enrichment_already_running', 'no_source_configured', 'contributor_is_sample'],
});

export const enrichContributors = endpoint({
  method: 'post',
  path: '/api/v1/contributors/enrich',
  access: 'write',
  summary: 'The same for the first of the global board, as far as they were not asked for lately',
  body: z.strictObject({
    top: z.int('must be a whole number').min(1, 'must be at least 1').max(1000, 'must be at most 1000').default(100),
    stale_after_days: z.int('must be a whole number').min(0, 'must be at least 0').max(3650, 'must be at most 3650').default(30),
  }),
  answers: { 202: { description: 'The job; Location has it. 409 while one is under way', body: jobResource } },
  problems: ['enrichment_already_running', 'no_source_configured'],
});
