import { z } from 'zod';
import { SOURCE_NAMES } from '../../domain/contribution.ts';
import { JOB_TYPES, REPOSITORY_STATUSES } from '../../domain/job-status.ts';
import { endpoint } from './endpoint.ts';
import { jobResource } from './jobs.ts';
import { cursor, day, flag, limit, name, owner, q, REAL_SOURCES, repositoryParams, sinceDay } from './parameters.ts';

const moment = z.iso.datetime();
const page = { next_cursor: z.string().nullable(), total: z.int() };

const repositoryFields = {
  owner: z.string(),
  name: z.string(),
  full_name: z.string(),
  github_id: z.number().nullable(),
  description: z.string().nullable(),
  stars: z.int().nullable(),
  forks: z.int().nullable(),
  default_branch: z.string().nullable(),
  is_sample: z.boolean(),
  status: z.enum(REPOSITORY_STATUSES),
  last_scraped_at: moment.nullable(),
  last_full_at: moment.nullable(),
  created_at: moment,
  links: z.strictObject({ self: z.string(), leaderboard: z.string(), coverage: z.string(), jobs: z.string() }),
};

/** A repository as every answer shows it. */
const repositoryResource = z.strictObject(repositoryFields);
export type RepositoryResource = z.infer<typeof repositoryResource>;

/** Whether a board can be trusted: true, false, or null where no total is known to compare with. */
export const coverageSummary = z.strictObject({ complete: z.boolean().nullable(), note: z.string() });

const addedRepository = z.strictObject({ ...repositoryFields, job: jobResource.nullable() });

export const addRepository = endpoint({
  method: 'post',
  path: '/api/v1/repositories',
  access: 'write',
  summary: 'Add a repository; with "scrape": true its first scrape is queued too',
  body: z
    .strictObject({
      owner: owner.optional(),
      name: name.optional(),
      url: z.string().max(400).optional().describe('https://github.com/owner/name, instead of owner and name'),
      scrape: z.boolean().default(false),
    })
    .refine((body) => (body.url === undefined) !== (body.owner === undefined && body.name === undefined), {
      error: 'give either owner and name, or url',
    })
    .refine((body) => body.url !== undefined || body.owner === undefined || body.name !== undefined, {
      path: ['name'],
      error: 'is missing',
    })
    .refine((body) => body.url !== undefined || body.name === undefined || body.owner !== undefined, {
      path: ['owner'],
      error: 'is missing',
    }),
  answers: {
    200: { description: 'It was known already', body: addedRepository },
    201: { description: 'It was added; Location names it', body: addedRepository },
  },
  problems: [
    'github_repository_not_found',
    'repository_private',
    'repository_blocked',
    'repository_conflict',
    'repository_is_another',
    'no_source_configured',
    'scrape_already_running',
    'repository_is_sample',
  ],
});

export const listRepositories = endpoint({
  method: 'get',
  path: '/api/v1/repositories',
  access: 'public',
  summary: 'List repositories',
  query: z.strictObject({
    status: z.enum(REPOSITORY_STATUSES).optional(),
    q,
    sort: z.enum(['name', '-last_scraped_at', '-stars', '-created_at']).default('name'),
    limit,
    cursor,
  }),
  answers: {
    200: {
      description: 'A page of repositories',
      body: z.strictObject({
        data: z.array(
          z.strictObject({ ...repositoryFields, people: z.int().nullable().describe('People on its board; null before the first') }),
        ),
        ...page,
      }),
    },
  },
});

export const getRepository = endpoint({
  method: 'get',
  path: '/api/v1/repositories/{owner}/{name}',
  access: 'public',
  summary: 'A repository, its last job and how complete its data is',
  params: repositoryParams,
  answers: {
    200: {
      description: 'The repository',
      body: z.strictObject({
        ...repositoryFields,
        last_job: jobResource.nullable().describe('null: none yet, or read without a key'),
        coverage: coverageSummary,
      }),
    },
    308: { description: 'It has another name now; Location has it' },
  },
});

export const deleteRepository = endpoint({
  method: 'delete',
  path: '/api/v1/repositories/{owner}/{name}',
  access: 'admin',
  summary: 'Remove a repository and all that was collected of it; its jobs keep the name',
  params: repositoryParams,
  answers: { 204: { description: 'Removed' }, 308: { description: 'It has another name now; Location has it' } },
});

const sources = z.array(z.enum(REAL_SOURCES)).min(1).optional().describe('Only these; by default all that are configured');
const scrapeQuery = z.strictObject({ dry_run: flag.describe('true: answer what would be done, and do nothing') });

/** What a scrape would do, source by source. */
const scrapePlan = z.strictObject({
  dry_run: z.literal(true),
  repository: z.string(),
  type: z.enum(JOB_TYPES),
  window: z.strictObject({ since: day, until: day }),
  sources: z.array(
    z.strictObject({
      source: z.enum(SOURCE_NAMES),
      slices: z.int().describe('Parts that are read, and resumed, one by one'),
      total: z.number().nullable().describe('What is to be read, in `unit`; null: not known before'),
      unit: z.string(),
      note: z.string(),
      estimate: z
        .strictObject({
          pages: z.int().describe('Requests in all'),
          points: z.int().describe('GraphQL points'),
          rest_requests: z.int().describe('REST requests that count against the limit'),
          minutes: z.number().describe('Waits for limits included'),
        })
        .nullable()
        .describe('What it costs; null: the source can not tell, or it costs nothing'),
      bytes: z.number().optional().describe('What BigQuery would bill; absent where reading is free'),
      price_usd: z.number().optional().describe('Of `bytes`, by the configured price'),
    }),
  ),
});
export type ScrapePlan = z.infer<typeof scrapePlan>;

const scrapeAnswers = {
  200: { description: 'dry_run: the plan', body: scrapePlan },
  202: { description: 'The job was accepted; Location names it', body: jobResource },
  308: { description: 'The repository has another name now; Location has it' },
} as const;

/** What stands in the way of a scrape; the plan asks the source, and what it answers is told. */
const scrapeProblems = [
  'scrape_already_running',
  'no_source_configured',
  'repository_is_sample',
  'repository_not_found',
  'github_repository_not_found',
  'github_access_denied',
  'bad_credentials',
  'app_not_installed',
  'repository_private',
  'repository_blocked',
  'unavailable_for_legal_reasons',
  'repository_is_another',
  'plan_unavailable',
] as const;

export const scrapeRepository = endpoint({
  method: 'post',
  path: '/api/v1/repositories/{owner}/{name}/scrape',
  access: 'write',
  summary: 'Read a repository as a whole; 409 names the job while one is unfinished',
  params: repositoryParams,
  query: scrapeQuery,
  body: z.strictObject({ sources, since: sinceDay.optional(), until: day.optional() }).optional(),
  answers: scrapeAnswers,
  problems: scrapeProblems,
});

export const refreshRepository = endpoint({
  method: 'post',
  path: '/api/v1/repositories/{owner}/{name}/refresh',
  access: 'write',
  summary: 'Read what is new since the last scrape; 409 names the job while one is unfinished',
  params: repositoryParams,
  query: scrapeQuery,
  body: z.strictObject({ sources }).optional(),
  answers: scrapeAnswers,
  problems: scrapeProblems,
});

export const getCoverage = endpoint({
  method: 'get',
  path: '/api/v1/repositories/{owner}/{name}/coverage',
  access: 'public',
  summary: 'Per month and kind: what is stored, what GitHub says there is, what is missing',
  params: repositoryParams,
  answers: {
    200: {
      description: 'The coverage',
      body: z.strictObject({
        data: z
          .array(
            z.strictObject({
              month: z.string(),
              kind: z.string(),
              stored: z.number(),
              unattributed: z.number(),
              excluded: z.number(),
              github_total: z.number().nullable(),
              sources: z.array(z.string()).readonly(),
              days_complete: z.number(),
              days: z.number(),
              gaps: z.array(z.string()).readonly(),
              checked_at: z.string().nullable(),
            }),
          )
          .readonly(),
        ...coverageSummary.shape,
      }),
    },
    308: { description: 'The repository has another name now; Location has it' },
  },
});
