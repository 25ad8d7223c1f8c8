import { z } from 'zod';
import { ACCOUNT_KINDS } from '../../domain/account-kind.ts';
import { SCORED, SCORED_KINDS, SCORED_NAMES, type Scored } from '../../domain/scoring.ts';
import { WINDOW_PRESETS } from '../../domain/window.ts';
import { endpoint } from './endpoint.ts';
import {
  cursor,
  day,
  MOST_ROWS,
  q,
  repositoryList,
  repositoryParams,
  sinceDay,
  username,
  USUAL_ROWS,
  whole,
  wordList,
} from './parameters.ts';
import { coverageSummary } from './repositories.ts';

const COUNT_COLUMNS = SCORED_NAMES.map((scored) => SCORED[scored].column);
type CountColumn = (typeof COUNT_COLUMNS)[number];

/** What a board can be sorted by, best first; the rank stays what it is. */
export const BOARD_SORTS = ['total_score', ...COUNT_COLUMNS, 'last_contribution_at'] as const;
export type BoardSort = (typeof BOARD_SORTS)[number];

/** The scored name behind a sort, where there is one. */
export function scoredOf(sort: BoardSort): Scored | 'total_score' | 'last_contribution_at' {
  if (sort === 'total_score' || sort === 'last_contribution_at') return sort;
  return SCORED_NAMES.find((scored) => SCORED[scored].column === sort) ?? 'total_score';
}

const count = z.number().nullable().describe('null: not known, never 0');
const counts = z.strictObject(Object.fromEntries(COUNT_COLUMNS.map((column) => [column, count])) as Record<CountColumn, typeof count>);

/** The days a request asks for. */
export const windowQuery = {
  window: z.enum(WINDOW_PRESETS).optional().describe('By default 2y; or give since and until'),
  since: sinceDay.optional(),
  until: day.optional().describe('A UTC day; days after today are cut off'),
};
/** The days an answer is about. */
export const windowShown = z.strictObject({ since: z.string(), until: z.string() });

/** Somebody as lists name them. */
export const contributor = z.strictObject({
  github_id: z.number(),
  username: z.string(),
  display_name: z.string().nullable(),
  avatar_url: z.string().nullable(),
  kind: z.enum(ACCOUNT_KINDS),
});

/** What somebody did: score and counts. */
export const figures = z.strictObject({
  total_score: z.number(),
  ...counts.shape,
  incomplete_kinds: z.array(z.string()).readonly(),
  first_contribution_at: z.string().nullable(),
  last_contribution_at: z.string().nullable(),
});

/** A person's line on a board. */
const boardRow = z.strictObject({
  rank: z.int().nullable(),
  rank_change: z.union([z.int(), z.enum(['new', 'returned'])]).nullable(),
  contributor,
  ...figures.shape,
  repositories_contributed: z.int().optional(),
  sparkline: z
    .array(z.number().nullable())
    .readonly()
    .optional()
    .describe('With fields=sparkline: contributions in each of the twelve weeks up to the end of the window, oldest first'),
});
export type BoardRowResource = z.infer<typeof boardRow>;

/** A page of a board. */
const boardPage = z.strictObject({
  data: z.array(boardRow).readonly(),
  next_cursor: z.string().nullable(),
  total: z.int(),
  as_of: z.string().nullable(),
  window: windowShown,
  compared_to: z.string().nullable().describe('The day that rank_change compares with'),
  scoring_version: z.int(),
  coverage: coverageSummary,
});
export type BoardPage = z.infer<typeof boardPage>;

/** Repositories that one board is made of, at most. */
const MOST_REPOSITORIES = 50;

const boardQuery = z.strictObject({
  ...windowQuery,
  kinds: wordList(SCORED_KINDS).optional().describe('Only these kinds of contribution count'),
  include: wordList(['bots', 'agents']).optional().describe('Accounts that boards leave out otherwise'),
  q: q.describe('Part of a login or name; never changes a rank'),
  sort: z.enum(BOARD_SORTS).optional(),
  around: username.optional().describe('The page that has this login in its middle'),
  fields: wordList(['sparkline']).optional().describe('What rows show besides'),
  format: z.enum(['json', 'csv']).optional().describe('All pages as one file; `Accept: text/csv` asks for csv too'),
  limit: whole(MOST_ROWS).optional().describe(`Rows on a page, 1 to ${MOST_ROWS}, by default ${USUAL_ROWS}`),
  cursor,
});

const boardAnswers = {
  200: { description: 'A page of the board, or (format) all of it as JSON or CSV', body: boardPage, media: ['text/csv'] },
  304: { description: 'It is as the ETag says' },
} as const;

/** A board asked for by page, by repositories, or around somebody. */
const boardProblems = ['board_changed', 'repository_not_found', 'contributor_not_found', 'contributor_opted_out'] as const;

export const getGlobalBoard = endpoint({
  method: 'get',
  path: '/api/v1/leaderboard/global',
  access: 'public',
  summary: 'The board over all repositories, or over some',
  query: boardQuery.extend({
    repositories: repositoryList(1, MOST_REPOSITORIES)
      .optional()
      .describe('Only these, owner/name, comma-separated: ranked among themselves'),
  }),
  answers: boardAnswers,
  problems: boardProblems,
});

export const getRepositoryBoard = endpoint({
  method: 'get',
  path: '/api/v1/leaderboard/{owner}/{name}',
  access: 'public',
  summary: 'The board of a repository',
  params: repositoryParams,
  query: boardQuery,
  answers: { ...boardAnswers, 308: { description: 'The repository has another name now; Location has it' } },
  problems: boardProblems,
});

export const recalculateBoards = endpoint({
  method: 'post',
  path: '/api/v1/leaderboard/recalculate',
  access: 'write',
  summary: 'Have the global board recalculated; requests that come together share one run',
  body: z.strictObject({}).optional(),
  answers: { 202: { description: 'Requested', body: z.strictObject({ status: z.literal('requested') }) } },
});
