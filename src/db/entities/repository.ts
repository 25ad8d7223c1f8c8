import { defineEntity, p } from '@mikro-orm/core';
import { REPOSITORY_STATUSES } from '../../domain/job-status.ts';
import { moment, oneOf } from './columns.ts';

/** A repository that is or was scraped; its name is what it was last called. */
export const Repository = defineEntity({
  name: 'Repository',
  tableName: 'repository',
  uniques: [
    {
      name: 'repository_name_unique',
      expression: 'create unique index repository_name_unique on repository (lower(owner), lower(name))',
    },
  ],
  checks: [oneOf('repository', 'status', REPOSITORY_STATUSES)],
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    githubId: p.bigint('number').nullable().unique('repository_github_id_unique'),
    nodeId: p.text().nullable(),
    owner: p.text(),
    name: p.text(),
    description: p.text().nullable(),
    stars: p.integer().nullable(),
    forks: p.integer().nullable(),
    defaultBranch: p.text().nullable(),
    headOid: p.text().nullable(),
    isPrivate: p.boolean().default(false),
    isSample: p.boolean().default(false),
    status: p.text().$type<(typeof REPOSITORY_STATUSES)[number]>().default('PENDING'),
    /** Counts the changes of the repository's rollup: a board made of this version needs no ranking. */
    rollupVersion: p.bigint('number').defaultRaw('0'),
    lastScrapedAt: moment().nullable(),
    lastFullAt: moment().nullable(),
    createdAt: moment().defaultRaw('now()'),
  },
});

/** The key column of a table that belongs to a repository and goes with it. */
export const repositoryKey = () =>
  p.manyToOne(Repository).mapToPk().primary().fieldName('repository_id').deleteRule('cascade').updateRule('no action').index(false);

/** A name a repository had before, in lower case. */
export const RepositoryAlias = defineEntity({
  name: 'RepositoryAlias',
  tableName: 'repository_alias',
  indexes: [{ name: 'repository_alias_repository_id_index', properties: ['repositoryId'] }],
  properties: {
    ownerLc: p.text().primary(),
    nameLc: p.text().primary(),
    repositoryId: repositoryKey,
    until: moment().defaultRaw('now()'),
  },
});

/** Where the next refresh of one stream of a source goes on. */
export const SyncCursor = defineEntity({
  name: 'SyncCursor',
  tableName: 'sync_cursor',
  properties: {
    repositoryId: repositoryKey,
    source: p.smallint().primary(),
    stream: p.text().primary(),
    watermark: p.json<unknown>().nullable(),
    etag: p.text().nullable(),
  },
});
