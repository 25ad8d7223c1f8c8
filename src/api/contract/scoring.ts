import { z } from 'zod';
import { CAPPABLE, MAX_DAILY_CAP, MAX_WEIGHT, POINT_DECIMALS, SCORED_NAMES, type Cappable, type Scored } from '../../domain/scoring.ts';
import { JOB_STATUSES } from '../../domain/job-status.ts';
import { endpoint } from './endpoint.ts';
import { cursor, limit, repositoryName, shown } from './parameters.ts';

/** 0 to 10,000 points with at most four decimals. */
const points = z
  .number(`must be a number from 0 to ${MAX_WEIGHT}`)
  .min(0, 'must be at least 0')
  .max(MAX_WEIGHT, `must be at most ${MAX_WEIGHT}`)
  // Not multipleOf: in binary 3 x 0.0001 is none of 0.0001.
  .refine((value) => Math.abs(value - Number(value.toFixed(POINT_DECIMALS))) <= 2 ** -51 * Math.max(1, value), {
    message: `must have at most ${POINT_DECIMALS} decimals`,
    when: ({ value }) => typeof value === 'number' && value >= 0 && value <= MAX_WEIGHT,
  })
  .meta(shown({ type: 'number', minimum: 0, maximum: MAX_WEIGHT, multipleOf: 10 ** -POINT_DECIMALS }));

const shape = <Name extends string, S extends z.ZodType>(names: readonly Name[], schema: S): Record<Name, S> =>
  Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, S>;

const dailyCap = z
  .int(`must be a whole number from 1 to ${MAX_DAILY_CAP}`)
  .min(1, 'must be at least 1; leave the kind out for no cap')
  .max(MAX_DAILY_CAP, `must be at most ${MAX_DAILY_CAP}`);

const weights = z
  .strictObject(shape<Scored, typeof points>(SCORED_NAMES, points))
  .describe('Points of one of each, 0 to 10,000, at most four decimals');

const options = z.strictObject({
  coauthor_credit: z.boolean('must be true or false').describe('A co-authored commit earns what a commit earns'),
  daily_caps: z
    .strictObject(shape<Cappable, z.ZodOptional<typeof dailyCap>>(CAPPABLE, dailyCap.optional()))
    .describe('The most that counts of a kind per person, repository and UTC day; a kind that is left out has no cap'),
  concave_lines: z.boolean('must be true or false').describe('Lines earn cap x (1 - exp(-points / cap)) instead of stopping at the cap'),
});

/** The rules of a scoring version (decisions 30). */
const rules = z.strictObject({ weights, line_bonus_cap: points.describe('The most points of lines per person and repository'), options });
export type ScoringRulesResource = z.infer<typeof rules>;

/** Rules as they are sent: without options all of them are off. */
const givenRules = rules.extend({ options: options.partial().optional() });
export type GivenRules = z.infer<typeof givenRules>;

const note = z.string().max(500, 'must be at most 500 characters').optional().describe('Why; it stands in the history');

const scoring = rules.extend({
  version: z.int(),
  created_at: z.iso.datetime(),
  created_by: z.string().nullable().describe('The name of a key, or local; laurels: the version it came with'),
  note: z.string().nullable(),
});
export type ScoringResource = z.infer<typeof scoring>;

/** What saving answers: boards follow with the job. */
const savedScoring = scoring.extend({
  rescore: z
    .strictObject({ id: z.uuid(), status: z.enum(JOB_STATUSES), url: z.string() })
    .nullable()
    .describe('The job that has all boards follow; null: these are the rules in force, nothing is to be done'),
});

export const getScoring = endpoint({
  method: 'get',
  path: '/api/v1/config/scoring',
  access: 'public',
  summary: 'The scoring that was saved last; its ETag is what a change needs as If-Match',
  answers: { 200: { description: 'The newest scoring version', body: scoring }, 304: { description: 'It is as the ETag says' } },
});

export const putScoring = endpoint({
  method: 'put',
  path: '/api/v1/config/scoring',
  access: 'admin',
  summary: 'Save another scoring (with If-Match) and have all boards follow at once; nothing is saved when a field is wrong',
  body: givenRules.extend({ note }),
  answers: { 200: { description: 'The newest version; Location has the job that has the boards follow', body: savedScoring } },
  problems: ['precondition_required', 'scoring_changed'],
});

export const restoreScoring = endpoint({
  method: 'post',
  path: '/api/v1/config/scoring/{version}/restore',
  access: 'admin',
  summary: 'Save the rules of an earlier version as a new one; If-Match is honoured',
  params: z.strictObject({
    version: z
      .string()
      .regex(/^[1-9]\d{0,8}$/, 'must be the number of a version')
      .transform(Number)
      .meta(shown({ type: 'integer', minimum: 1, maximum: 999_999_999 })),
  }),
  body: z.strictObject({ note }).optional(),
  answers: { 200: { description: 'The newest version; Location has the job that has the boards follow', body: savedScoring } },
  problems: ['scoring_not_found', 'scoring_changed'],
});

const change = z.strictObject({
  pointer: z.string().describe('As in the body of PUT: /weights/COMMIT, /line_bonus_cap, /options/daily_caps/COMMENT'),
  before: z.union([z.number(), z.boolean()]).nullable(),
  after: z.union([z.number(), z.boolean()]).nullable(),
});
export type ScoringChangeResource = z.infer<typeof change>;

export const listScorings = endpoint({
  method: 'get',
  path: '/api/v1/config/scoring/history',
  access: 'public',
  summary: 'All versions of the scoring, newest first: who, when, why, and what changed',
  query: z.strictObject({ limit, cursor }),
  answers: {
    200: {
      description: 'A page of versions',
      body: z.strictObject({
        data: z.array(
          scoring.extend({
            in_force: z.boolean().describe('Boards are made with it'),
            changes: z.array(change).describe('Against the version before; empty for the first'),
          }),
        ),
        next_cursor: z.string().nullable(),
        total: z.int(),
      }),
    },
  },
});

const place = z.strictObject({ rank: z.int(), score: z.number() });
const moved = z.strictObject({
  github_id: z.number(),
  username: z.string(),
  before: place.nullable().describe('null: not on the board'),
  after: place.nullable(),
  rank_change: z.int().nullable().describe('Places gained; lost, when negative'),
  score_change: z.number().nullable(),
});
export type MovedResource = z.infer<typeof moved>;

export const previewScoring = endpoint({
  method: 'post',
  path: '/api/v1/config/scoring/preview',
  access: 'admin',
  summary: 'Who would move, and by how much, with another scoring; writes nothing',
  query: z.strictObject({ repository: repositoryName.optional().describe('owner/name; by default the global board') }),
  body: givenRules,
  answers: {
    200: {
      description: 'Before and after',
      body: z.strictObject({
        repository: z.string().nullable(),
        scoring_version: z.int().describe('What it is compared with: the scoring of the board'),
        window: z.strictObject({ since: z.string(), until: z.string() }).nullable().describe('null: there is no board yet'),
        people: z.int().describe('Ranked people before and after'),
        changes: z.array(change),
        order: z.strictObject({
          unchanged_ranks: z.int(),
          unchanged_share: z.number().nullable().describe('0 to 1; null without people'),
          rank_correlation: z
            .number()
            .nullable()
            .describe("Spearman's rho: 1 the same order, -1 the reverse; null where ranks do not vary"),
        }),
        top_before: z.array(moved).describe('The first 50 of now, best first'),
        top_after: z.array(moved).describe('The first 50 of then, best first'),
        biggest_movers: z.array(moved).describe('Up to 50 whose rank changes most'),
      }),
    },
  },
  problems: ['repository_not_found'],
});
