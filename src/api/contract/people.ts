import { z } from 'zod';
import { ACCOUNT_KINDS } from '../../domain/account-kind.ts';
import { endpoint } from './endpoint.ts';
import { cursor, limit, username } from './parameters.ts';

const params = z.strictObject({ username });

/** Somebody, in few words. */
const contributorReference = z.strictObject({ github_id: z.int(), username: z.string() });

/** Words that somebody gives for a decision. */
const reason = z
  .string()
  .trim()
  .min(1, 'must say why')
  .max(500, 'must be at most 500 characters')
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff]*$/u, 'must not contain control characters');

/** Who somebody is: kind, the rule or person that said so, and the accounts that are counted together. */
const identity = z.strictObject({
  contributor: contributorReference,
  kind: z.enum(ACCOUNT_KINDS),
  kind_rule: z.string().nullable().describe('The rule that found a bot or agent, `override` where a person has said so; null: no rule did'),
  kind_overridden: z.boolean(),
  accounts: z.array(contributorReference).describe('Counted as one; the one that stands for the person first'),
});
export type IdentityResource = z.infer<typeof identity>;

const kindState = z.strictObject({ kind: z.enum(ACCOUNT_KINDS), rule: z.string().nullable(), overridden: z.boolean() });
const belongings = z.array(z.strictObject({ account: contributorReference.nullable(), counted_for: contributorReference.nullable() }));

/** One decision about who is who; null in place of somebody who is no longer shown. */
const identityChange = z.strictObject({
  id: z.int(),
  at: z.iso.datetime(),
  action: z.enum(['merge', 'split', 'kind']),
  by: z.string(),
  reason: z.string().nullable(),
  before: z.union([kindState, belongings]),
  after: z.union([kindState, belongings]),
});
export type IdentityChangeResource = z.infer<typeof identityChange>;

const suggestion = z.strictObject({
  reason: z.enum(['rename', 'email']),
  evidence: z.string(),
  contributors: z.array(
    z.strictObject({
      ...contributorReference.shape,
      display_name: z.string().nullable(),
      kind: z.enum(ACCOUNT_KINDS),
    }),
  ),
  links: z.strictObject({ merge: z.string() }),
});
export type SuggestionResource = z.infer<typeof suggestion>;

const pageOf = <T extends z.ZodType>(row: T) => z.strictObject({ data: z.array(row), next_cursor: z.string().nullable(), total: z.int() });

export const setContributorKind = endpoint({
  method: 'put',
  path: '/api/v1/contributors/{username}/kind',
  access: 'admin',
  summary: 'Say that somebody is a human, a bot or an agent; boards follow at once',
  params,
  body: z.strictObject({ kind: z.enum(ACCOUNT_KINDS), reason }),
  answers: { 200: { description: 'Who they are now', body: identity } },
  problems: ['boards_busy'],
});

export const getContributorIdentities = endpoint({
  method: 'get',
  path: '/api/v1/contributors/{username}/identities',
  access: 'read',
  summary: 'Accounts that are counted as one person, and what was decided about them, newest first',
  params,
  query: z.strictObject({ limit, cursor }),
  answers: {
    200: { description: 'Who they are', body: z.strictObject({ ...identity.shape, changes: pageOf(identityChange) }) },
  },
});

export const mergeContributors = endpoint({
  method: 'post',
  path: '/api/v1/contributors/{username}/merge',
  access: 'admin',
  summary: "Count other people's accounts for this person; split takes it back",
  params,
  body: z.strictObject({
    accounts: z.array(username).min(1, 'must name somebody').max(20, 'must be at most 20'),
    reason: reason.optional(),
  }),
  answers: { 200: { description: 'The person with all accounts', body: identity } },
  problems: ['boards_busy'],
});

export const splitContributor = endpoint({
  method: 'post',
  path: '/api/v1/contributors/{username}/split',
  access: 'admin',
  summary: 'Make accounts that were merged into this person people of their own again; without accounts all of them',
  params,
  body: z.strictObject({ accounts: z.array(username).max(20, 'must be at most 20').optional(), reason: reason.optional() }).optional(),
  answers: { 200: { description: 'The person with the accounts that stay', body: identity } },
  problems: ['boards_busy'],
});

export const listIdentitySuggestions = endpoint({
  method: 'get',
  path: '/api/v1/identities/suggestions',
  access: 'read',
  summary: 'Pairs of people who may be one: seen under one login, or with the same verified e-mail; never by name',
  query: z.strictObject({ limit, cursor }),
  answers: { 200: { description: 'A page of suggestions', body: pageOf(suggestion) } },
});

export const hideContributor = endpoint({
  method: 'put',
  path: '/api/v1/contributors/{username}/opt-out',
  access: 'admin',
  summary: 'Show somebody nowhere any more: boards, search, exports, badges, pages. Can be taken back',
  params,
  answers: { 204: { description: 'They are hidden; `id:<GitHub id>` also hides somebody who was never seen here' } },
  problems: ['boards_busy', 'opt_out_key_differs'],
});

export const showContributor = endpoint({
  method: 'delete',
  path: '/api/v1/contributors/{username}/opt-out',
  access: 'admin',
  summary: 'Take an opt-out back',
  params,
  answers: { 204: { description: 'They are shown' } },
  problems: ['boards_busy', 'opt_out_key_differs'],
});

export const eraseContributor = endpoint({
  method: 'delete',
  path: '/api/v1/contributors/{username}',
  access: 'admin',
  summary: 'Forget somebody for good: what they did stays, without them. Can not be taken back',
  params,
  answers: { 204: { description: 'They are forgotten, and later scrapes do not bring them back' } },
  problems: ['boards_busy', 'opt_out_key_differs'],
});
