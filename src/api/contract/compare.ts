import { z } from 'zod';
import { interval, repositoryReference, seriesPoint } from './contributors.ts';
import { endpoint } from './endpoint.ts';
import { contributor, figures, windowQuery, windowShown } from './leaderboards.ts';
import { repositoryList, usernameList } from './parameters.ts';

/** What can be compared at once. */
const FEWEST = 2;
const MOST = 5;

const place = z.strictObject({ repository: z.string().describe('owner/name'), rank: z.int().nullable(), total_score: z.number() });
const series = z.array(seriesPoint).readonly();

/** A repository beside others. */
const comparedRepository = z.strictObject({
  repository: repositoryReference,
  contributors: z.int().describe('People on its board'),
  totals: figures.nullable().describe('The sum over its people; null: nothing in this window'),
  top_three_share: z.number().nullable().describe('Share of the score that the first three have, 0 to 1'),
  top: z.array(z.strictObject({ rank: z.int(), contributor, total_score: z.number() })),
  series,
});

/** A person beside others. */
const comparedContributor = z.strictObject({
  contributor,
  rank: z.int().nullable().describe('On the board of all repositories in its own window'),
  totals: z
    .strictObject({ ...figures.shape, repositories_contributed: z.int() })
    .nullable()
    .describe('null: nothing in this window'),
  series,
});

const comparison = z.strictObject({
  window: windowShown,
  interval: z.enum(['day', 'week']),
  scoring_version: z.int(),
  as_of: z.string().nullable(),
  repositories: z.array(comparedRepository).optional(),
  contributors: z.array(comparedContributor).optional(),
  shared_contributors: z
    .strictObject({
      total: z.int(),
      data: z.array(z.strictObject({ contributor, total_score: z.number(), places: z.array(place) })),
    })
    .optional()
    .describe('Who is on at least two of the boards, the highest sum of scores first; a hundred at most'),
  shared_repositories: z
    .array(
      z.strictObject({
        repository: z.string().describe('owner/name'),
        places: z.array(z.strictObject({ username: z.string(), rank: z.int().nullable(), total_score: z.number() })),
      }),
    )
    .optional()
    .describe('Where at least two of the people contributed'),
});
export type ComparisonResource = z.infer<typeof comparison>;

export const compareBoards = endpoint({
  method: 'get',
  path: '/api/v1/leaderboard/compare',
  access: 'public',
  summary: 'Two to five repositories, or people, side by side: totals, series, and what they share',
  query: z.strictObject({
    repositories: repositoryList(FEWEST, MOST).optional().describe('owner/name, comma-separated; or give contributors'),
    contributors: usernameList(FEWEST, MOST).optional().describe('Logins, comma-separated; or give repositories'),
    ...windowQuery,
    interval,
  }),
  answers: { 200: { description: 'The comparison', body: comparison } },
  problems: ['repository_not_found', 'contributor_not_found', 'contributor_opted_out'],
});
