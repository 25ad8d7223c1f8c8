import { defineEntity, p } from '@mikro-orm/core';
import { day, moment } from './columns.ts';

/** Which version of a board readers see. Scope: a repository's id, 0 = all repositories. */
export const Board = defineEntity({
  name: 'Board',
  tableName: 'board',
  properties: {
    scope: p.bigint('number').primary().autoincrement(false),
    version: p.bigint('number'),
    previousVersion: p.bigint('number').nullable(),
    scoringVersion: p.integer(),
    previousScoringVersion: p.integer().nullable(),
    identityVersion: p.bigint('number'),
    windowSince: day(),
    windowUntil: day(),
    /** Of everything the board is made of: the same inputs need no ranking. */
    fingerprint: p.blob(),
    asOf: moment(),
    people: p.integer(),
    /** The day whose snapshot rank changes compare with; null: there is none. */
    comparedTo: day().nullable(),
  },
});

const counts = {
  totalScore: p.decimal('number').columnType('numeric(24,4)').nullable(),
  commitCount: p.integer().nullable(),
  prOpenedCount: p.integer().nullable(),
  prMergedCount: p.integer().nullable(),
  prReviewedCount: p.integer().nullable(),
  prReviewCommentsCount: p.integer().nullable(),
  issuesOpenedCount: p.integer().nullable(),
  issuesClosedCount: p.integer().nullable(),
  commentsCount: p.integer().nullable(),
  releasesCount: p.integer().nullable(),
  linesAdded: p.bigint('number').nullable(),
  linesDeleted: p.bigint('number').nullable(),
  /** Bit k: rows of the kind with code k (11, 12: lines added, deleted) are unknown; the count is then null or the sum of the rest. */
  unknownKinds: p.integer().nullable(),
  firstContributionAt: moment().nullable(),
  lastContributionAt: moment().nullable(),
};

/** A repository's board; one partition per scoring version. Rank and position (order among equals by login) are of humans only. */
export const RepositoryLeaderboard = defineEntity({
  name: 'RepositoryLeaderboard',
  tableName: 'repository_leaderboard',
  partitionBy: {
    type: 'list',
    expression: 'scoringVersion',
    partitions: [{ name: 'repository_leaderboard_1', values: 'in (1)' }],
  },
  indexes: [{ name: 'repository_leaderboard_position_index', properties: ['repositoryId', 'version', 'position'] }],
  properties: {
    personId: p.bigint('number').primary().autoincrement(false),
    repositoryId: p.bigint('number').primary().autoincrement(false),
    version: p.bigint('number').primary().autoincrement(false),
    scoringVersion: p.integer().primary().autoincrement(false),
    rank: p.integer().nullable(),
    position: p.integer().nullable(),
    ...counts,
    /** The person's place among all of this board by login: a new score orders equals by it. */
    loginOrder: p.integer().nullable(),
  },
});

/** The board of all repositories; one partition per version. */
export const GlobalLeaderboard = defineEntity({
  name: 'GlobalLeaderboard',
  tableName: 'global_leaderboard',
  partitionBy: { type: 'list', expression: 'version', partitions: [{ name: 'global_leaderboard_0', values: `in ('0')` }] },
  indexes: [{ name: 'global_leaderboard_position_index', properties: ['version', 'position'] }],
  properties: {
    personId: p.bigint('number').primary().autoincrement(false),
    version: p.bigint('number').primary().autoincrement(false),
    rank: p.integer().nullable(),
    position: p.integer().nullable(),
    ...counts,
    repositoriesContributed: p.integer().nullable(),
  },
});

/** The ranks of a board on a day; one partition per month. */
export const LeaderboardSnapshot = defineEntity({
  name: 'LeaderboardSnapshot',
  tableName: 'leaderboard_snapshot',
  partitionBy: {
    type: 'range',
    expression: 'day',
    partitions: [{ name: 'leaderboard_snapshot_2026_11', values: `from ('2026-11-01') to ('2026-12-01')` }],
  },
  indexes: [{ name: 'leaderboard_snapshot_day_index', properties: ['scope', 'day'] }],
  properties: {
    scope: p.bigint('number').primary().autoincrement(false),
    personId: p.bigint('number').primary().autoincrement(false),
    day: day().primary(),
    rank: p.integer(),
    totalScore: p.decimal('number').columnType('numeric(24,4)'),
  },
});
