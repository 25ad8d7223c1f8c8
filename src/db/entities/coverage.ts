import { defineEntity, p } from '@mikro-orm/core';
import { day, moment, oneOf } from './columns.ts';
import { repositoryKey } from './repository.ts';

/** Days of a kind that a source has read. `complete` gives it authority over weaker sources. */
export const CoveredRange = defineEntity({
  name: 'CoveredRange',
  tableName: 'covered_range',
  checks: [
    oneOf('covered_range', 'state', ['complete', 'degraded', 'missing']),
    // No day twice. The ORM reads exclusion constraints as checks.
    {
      name: 'covered_range_once',
      expression: 'EXCLUDE USING gist (repository_id WITH =, source WITH =, kind WITH =, during WITH &&)',
    },
  ],
  properties: {
    repositoryId: repositoryKey,
    source: p.smallint().primary(),
    kind: p.smallint().primary(),
    during: p.string().columnType('daterange').primary(),
    state: p.text(),
    note: p.text().nullable(),
    jobId: p.uuid().nullable(),
  },
});

/** What is stored of a kind in a month, against GitHub's own total where it has one. */
export const RepositoryCoverage = defineEntity({
  name: 'RepositoryCoverage',
  tableName: 'repository_coverage',
  properties: {
    repositoryId: repositoryKey,
    kind: p.smallint().primary(),
    month: day().primary(),
    stored: p.bigint('number'),
    unattributed: p.bigint('number'),
    excluded: p.bigint('number').defaultRaw('0'),
    githubTotal: p.bigint('number').nullable(),
    checkedAt: moment().nullable(),
  },
});
