import { z } from 'zod';
import { CAPPABLE, LINES } from '../../domain/scoring.ts';
import { WINDOW_PRESETS } from '../../domain/window.ts';
import { endpoint } from './endpoint.ts';
import { day, repositoryName, sinceDay, username } from './parameters.ts';

const count = z.number().nullable().describe('null: not known, which earns nothing');

const line = z.strictObject({
  kind: z.enum(CAPPABLE),
  description: z.string(),
  count,
  counted: count.describe('What of it counts: less than count where a daily cap cut it'),
  daily_cap: z.int().nullable(),
  points_each: z.number(),
  points: z.number().describe('counted x points_each'),
  is_incomplete: z.boolean().describe('count is the sum of the known part'),
  links: z.strictObject({
    contributions: z.string().describe('These contributions, in this API'),
    github: z.array(z.string()).describe('The same on GitHub, where its search knows it; one for each account'),
  }),
});

const lineOfCode = z.strictObject({
  kind: z.enum(LINES),
  count,
  points_each: z.number(),
  points: z.number().describe('Before the cap'),
  is_incomplete: z.boolean(),
});

const receipt = z.strictObject({
  contributor: z.strictObject({ github_id: z.number(), username: z.string(), display_name: z.string().nullable() }),
  repository: z.string().nullable().describe('null: all repositories'),
  window: z.strictObject({ since: z.string(), until: z.string() }),
  scoring_version: z.int(),
  total_score: z.number().describe('The points of all lines and of the line bonus'),
  lines: z.array(line).describe('What was done; kinds without any are left out'),
  line_bonus: z.strictObject({
    lines: z.array(lineOfCode),
    points_before_cap: z.number(),
    cap: z.number().describe('Per repository'),
    concave: z.boolean().describe('cap x (1 - exp(-points / cap)) in place of the cap'),
    points: z.number(),
  }),
  repositories: z
    .array(
      z.strictObject({
        repository: z.string(),
        total_score: z.number(),
        line_bonus: z.number(),
        links: z.strictObject({ score: z.string(), leaderboard: z.string() }),
      }),
    )
    .describe('Whose scores add up to the total, best first'),
  board: z
    .strictObject({
      total_score: z.number(),
      rank: z.int().nullable().describe('null: not ranked, as bots and agents are'),
      is_current: z.boolean().describe('false: something was published since the global board was made; it follows by itself'),
    })
    .nullable()
    .describe('What the stored board says; null for other windows, and for who is not on it'),
});
export type ReceiptResource = z.infer<typeof receipt>;

export const getContributorScore = endpoint({
  method: 'get',
  path: '/api/v1/contributors/{username}/score',
  access: 'public',
  summary: "The receipt of a person's score: what counted, times what it is worth, with links to it",
  params: z.strictObject({ username }),
  query: z.strictObject({
    repository: repositoryName.optional().describe('owner/name; by default all repositories together'),
    window: z.enum(WINDOW_PRESETS).optional().describe('By default 2y; or give since and until'),
    since: sinceDay.optional(),
    until: day.optional(),
  }),
  answers: { 200: { description: 'The receipt', body: receipt } },
  problems: ['repository_not_found'],
});
