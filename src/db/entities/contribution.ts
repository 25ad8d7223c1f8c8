import { defineEntity, p } from '@mikro-orm/core';
import { day, key, moment } from './columns.ts';
import { GithubUser } from './person.ts';
import { repositoryKey } from './repository.ts';

const account = (column: string) => () =>
  p.manyToOne(GithubUser).mapToPk().fieldName(column).nullable().deleteRule('set null').updateRule('no action').index(false);

/** Facts of a pull request; who is credited with its merge and whose review is a self-review follow from them. */
export const PullRequest = defineEntity({
  name: 'PullRequest',
  tableName: 'pull_request',
  indexes: [{ name: 'pull_request_author_id_index', properties: ['authorId'] }],
  properties: {
    repositoryId: repositoryKey,
    number: p.integer().primary(),
    authorId: account('author_id'),
    createdAt: moment().nullable(),
    mergedAt: moment().nullable(),
    baseRef: p.text().nullable(),
    source: p.smallint(),
  },
});

/** One contribution as its source told it: natural key, no texts. */
export const ContributionEvent = defineEntity({
  name: 'ContributionEvent',
  tableName: 'contribution_event',
  indexes: [
    { name: 'contribution_event_occurred_at_index', properties: ['repositoryId', 'occurredAt'] },
    {
      name: 'contribution_event_user_id_index',
      expression: 'create index contribution_event_user_id_index on contribution_event (user_id, occurred_at desc)',
    },
    { name: 'contribution_event_number_index', properties: ['repositoryId', 'kind', 'number'] },
  ],
  properties: {
    repositoryId: repositoryKey,
    kind: p.smallint().primary(),
    source: p.smallint(),
    isEstimate: p.boolean(),
    number: p.integer().nullable(),
    userId: account('user_id'),
    occurredAt: moment(),
    quantity: p.integer().nullable(),
    linesAdded: p.integer().nullable(),
    linesDeleted: p.integer().nullable(),
    subject: key().primary(),
    actorLogin: key().nullable(),
    sourceEvent: p.text().nullable(),
  },
});

/** What a person did in a repository on a UTC day, by kind: after attribution, self-review and one-credit rules. */
export const ContributionDay = defineEntity({
  name: 'ContributionDay',
  tableName: 'contribution_day',
  indexes: [{ name: 'contribution_day_person_index', properties: ['personId', 'day'] }],
  properties: {
    // Derived, written in bulk: no foreign keys. What deletes a repository or a person deletes its days.
    repositoryId: p.bigint('number').primary().autoincrement(false),
    day: day().primary(),
    kind: p.smallint().primary(),
    personId: p.bigint('number').primary().autoincrement(false),
    /** The sum of what is known; null: every row of the day is unknown. */
    quantity: p.integer().nullable(),
    /** Rows whose quantity is unknown. */
    unknown: p.integer(),
    /** Merged pull requests whose lines are unknown. */
    linesUnknown: p.integer(),
    linesAdded: p.bigint('number').nullable(),
    linesDeleted: p.bigint('number').nullable(),
    firstAt: moment(),
    lastAt: moment(),
  },
});
