import { defineEntity, p } from '@mikro-orm/core';
import { ACCOUNT_KINDS, type AccountKind } from '../../domain/account-kind.ts';
import { key, moment, oneOf } from './columns.ts';

/** A GitHub account, known by its numeric id; `username` is the login it was last seen under. `person_id`: whom boards count it for. */
export const GithubUser = defineEntity({
  name: 'GithubUser',
  tableName: 'github_user',
  indexes: [
    { name: 'github_user_username_index', expression: 'create index github_user_username_index on github_user (lower(username))' },
    { name: 'github_user_person_id_index', properties: ['personId'] },
    {
      name: 'github_user_not_human_index',
      expression: `create index github_user_not_human_index on github_user (id) where kind <> 'human'`,
    },
  ],
  checks: [oneOf('github_user', 'kind', ACCOUNT_KINDS)],
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    githubId: p.bigint('number').unique('github_user_github_id_unique'),
    nodeId: p.text().nullable(),
    username: p.text(),
    displayName: p.text().nullable(),
    avatarUrl: p.text().nullable(),
    profileUrl: p.text().nullable(),
    company: p.text().nullable(),
    location: p.text().nullable(),
    accountType: p.text().nullable(),
    kind: p.text().$type<AccountKind>().default('human'),
    kindRule: p.text().nullable(),
    kindOverridden: p.boolean().default(false),
    personId: () => p.manyToOne(GithubUser).mapToPk().fieldName('person_id').deleteRule('no action').updateRule('no action').index(false),
    isSample: p.boolean().default(false),
  },
});

/** The key column of a table that belongs to an account and goes with it. */
const userKey = () =>
  p.manyToOne(GithubUser).mapToPk().primary().fieldName('user_id').deleteRule('cascade').updateRule('no action').index(false);

/** A login an account was seen under, in lower case: old links and renames are followed by it. */
export const UserAlias = defineEntity({
  name: 'UserAlias',
  tableName: 'user_alias',
  indexes: [{ name: 'user_alias_user_id_index', properties: ['userId'] }],
  properties: { loginLc: key().primary(), userId: userKey, firstSeen: moment(), lastSeen: moment() },
});

/** What enrichment found of a person, each field with its source. */
export const ContributorEnrichment = defineEntity({
  name: 'ContributorEnrichment',
  tableName: 'contributor_enrichment',
  checks: [oneOf('contributor_enrichment', 'enrichment_status', ['PENDING', 'RUNNING', 'COMPLETED', 'PARTIAL', 'FAILED'])],
  properties: {
    userId: userKey,
    twitterUsername: p.text().nullable(),
    linkedinUrl: p.text().nullable(),
    personalWebsite: p.text().nullable(),
    personalEmail: p.text().nullable(),
    enrichmentStatus: p.text().default('PENDING'),
    enrichmentSources: p.json<Record<string, { source: string; at: string }>>().defaultRaw(`'{}'`),
    sourceStates: p.json<Record<string, { state: string; at: string }>>().defaultRaw(`'{}'`),
    lastEnrichedAt: moment().nullable(),
    error: p.text().nullable(),
  },
});
