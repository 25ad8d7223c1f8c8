import { z } from 'zod';
import { ACCOUNT_KINDS } from '../../domain/account-kind.ts';
import { CONTRIBUTION_KINDS, SOURCE_NAMES } from '../../domain/contribution.ts';
import { SCORED_KINDS, type ScoredKind } from '../../domain/scoring.ts';
import { WINDOW_PRESETS } from '../../domain/window.ts';
import { endpoint } from './endpoint.ts';
import { contributor, figures, windowQuery, windowShown } from './leaderboards.ts';
import { cursor, day, limit, q, repositoryList, sinceDay, username, wordList } from './parameters.ts';

const moment = z.iso.datetime();
const params = z.strictObject({ username });
const repository = repositoryList(1, 1)
  .transform(([only]) => only as { owner: string; name: string })
  .optional()
  .describe('owner/name');

/** A repository as lists about people name it. */
export const repositoryReference = z.strictObject({
  owner: z.string(),
  name: z.string(),
  full_name: z.string(),
  is_sample: z.boolean(),
});

const rank = z.int().nullable().describe('null: not ranked, as bots and agents are');
const of = z.int().describe('People who are ranked there');
const standing = z.strictObject({ repository: repositoryReference, rank, of, ...figures.shape });
const streak = z.strictObject({ days: z.int(), since: day, until: day }).nullable();

const enrichment = z.strictObject({
  status: z.enum(['PENDING', 'RUNNING', 'COMPLETED', 'PARTIAL', 'FAILED']),
  twitter_username: z.string().nullable(),
  linkedin_url: z.string().nullable(),
  personal_website: z.string().nullable(),
  personal_email: z
    .string()
    .nullable()
    .optional()
    .describe('Only for callers with a key, or on this machine; stored only where ENRICH_EMAILS is on'),
  sources: z.record(z.string(), z.strictObject({ source: z.string(), at: z.string() })).describe('Where each field comes from'),
  last_enriched_at: moment.nullable(),
  error: z.string().nullable(),
});

/** A person as their page shows them. */
const profile = z.strictObject({
  ...contributor.shape,
  kind_rule: z.string().nullable(),
  kind_overridden: z.boolean(),
  is_sample: z.boolean(),
  profile_url: z.string().nullable(),
  company: z.string().nullable(),
  location: z.string().nullable(),
  accounts: z.array(z.strictObject({ github_id: z.number(), username: z.string() })).describe('Counted as one; the standing one first'),
  previous_usernames: z.array(z.string()).readonly(),
  window: windowShown.describe('Of ranks, totals and streaks'),
  as_of: moment.nullable(),
  scoring_version: z.int().nullable(),
  totals: z
    .strictObject({ ...figures.shape, repositories_contributed: z.int() })
    .nullable()
    .describe('null: nothing in this window'),
  ranks: z.strictObject({
    global: z.strictObject({ rank, of, total_score: z.number() }).nullable(),
    repositories: z
      .array(z.strictObject({ repository: repositoryReference, rank, of, total_score: z.number() }))
      .describe('The ten with the highest score; the rest under links.repositories'),
  }),
  streaks: z.strictObject({ current: streak, longest: streak }).describe('Days in a row with contributions'),
  enrichment: enrichment.nullable(),
  links: z.strictObject({
    self: z.string(),
    activity: z.string(),
    repositories: z.string(),
    series: z.string(),
    ranks: z.string(),
    score: z.string(),
    avatar: z.string(),
  }),
});
export type ProfileResource = z.infer<typeof profile>;

export const getContributor = endpoint({
  method: 'get',
  path: '/api/v1/contributors/{username}',
  access: 'public',
  summary: 'A person: profile, ranks, totals, streaks, what enrichment found; an old login leads to who has it now',
  params,
  answers: { 200: { description: 'The person', body: profile } },
});

const activity = z.strictObject({
  kind: z.enum(CONTRIBUTION_KINDS),
  repository: repositoryReference,
  occurred_at: moment,
  number: z.int().nullable().describe('Of the pull request or issue'),
  url: z.string().nullable().describe('null: what is stored does not say where, or it is sample data'),
  quantity: z.number().nullable().describe('Commits of a push; null: not known'),
  lines_added: z.number().nullable(),
  lines_deleted: z.number().nullable(),
  is_estimate: z.boolean(),
  source: z.enum(SOURCE_NAMES),
});
export type ActivityResource = z.infer<typeof activity>;

export const getContributorActivity = endpoint({
  method: 'get',
  path: '/api/v1/contributors/{username}/activity',
  access: 'public',
  summary: 'What a person did, newest first, each with its link',
  params,
  query: z.strictObject({
    kind: wordList(CONTRIBUTION_KINDS).optional().describe('Only these kinds; by default those that boards count'),
    repository,
    since: sinceDay.optional(),
    until: day.optional(),
    limit,
    cursor,
  }),
  answers: {
    200: {
      description: 'A page of contributions',
      body: z.strictObject({ data: z.array(activity), next_cursor: z.string().nullable() }),
    },
  },
  problems: ['repository_not_found'],
});

export const getContributorRepositories = endpoint({
  method: 'get',
  path: '/api/v1/contributors/{username}/repositories',
  access: 'public',
  summary: 'What a person did in each repository: score, rank, counts; the highest score first',
  params,
  query: z.strictObject({ limit, cursor }),
  answers: {
    200: {
      description: 'A page of repositories',
      body: z.strictObject({ data: z.array(standing), next_cursor: z.string().nullable(), total: z.int() }),
    },
  },
  problems: ['board_changed'],
});

const kindCounts = z.strictObject(
  Object.fromEntries(SCORED_KINDS.map((kind) => [kind, z.number().nullable()])) as Record<ScoredKind, z.ZodNullable<z.ZodNumber>>,
);

/** A point of a series: a day, or a week from Monday on. */
export const seriesPoint = z.strictObject({ since: day, total: z.number().describe('The sum of what is known'), counts: kindCounts });
export const interval = z.enum(['day', 'week']).default('week');

export const getContributorSeries = endpoint({
  method: 'get',
  path: '/api/v1/contributors/{username}/series',
  access: 'public',
  summary: 'What a person did per day or week, empty ones too: for heatmaps and charts',
  params,
  query: z.strictObject({
    interval,
    ...windowQuery,
    window: z.enum(WINDOW_PRESETS).optional().describe('By default 1y; or give since and until'),
    repository,
  }),
  answers: {
    200: {
      description: 'The series',
      body: z.strictObject({ interval: z.enum(['day', 'week']), window: windowShown, data: z.array(seriesPoint).readonly() }),
    },
  },
  problems: ['repository_not_found'],
});

export const getContributorRanks = endpoint({
  method: 'get',
  path: '/api/v1/contributors/{username}/ranks',
  access: 'public',
  summary: 'The ranks a person had on a board, day by day, as far as they were kept',
  params,
  query: z.strictObject({ ...windowQuery, repository: repository.describe('owner/name; by default the board of all repositories') }),
  answers: {
    200: {
      description: 'The ranks, oldest first',
      body: z.strictObject({
        window: windowShown,
        data: z.array(z.strictObject({ day, rank: z.int(), total_score: z.number() })).readonly(),
      }),
    },
  },
  problems: ['repository_not_found'],
});

/** Somebody in a list, with what they are on the board of all repositories. */
export const listedContributor = z.strictObject({
  ...contributor.shape,
  kind_rule: z.string().nullable().describe('What said that they are no human'),
  kind_overridden: z.boolean(),
  rank: rank.describe('On the board of all repositories'),
  total_score: z.number().nullable().describe('null: on no board'),
  repositories_contributed: z.int().nullable(),
  links: z.strictObject({ self: z.string() }),
});
export type ListedContributorResource = z.infer<typeof listedContributor>;

export const listContributors = endpoint({
  method: 'get',
  path: '/api/v1/contributors',
  access: 'public',
  summary: 'People in the order of their logins; kind=bot,agent shows whom boards leave out, and why',
  query: z.strictObject({ kind: wordList(ACCOUNT_KINDS).optional().describe('Only these'), q, limit, cursor }),
  answers: {
    200: {
      description: 'A page of people',
      body: z.strictObject({ data: z.array(listedContributor), next_cursor: z.string().nullable(), total: z.int() }),
    },
  },
});
