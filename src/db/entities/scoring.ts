import { defineEntity, p } from '@mikro-orm/core';
import { moment } from './columns.ts';

/** A set of weights; it never changes, a change is a new version. */
export const ScoringVersion = defineEntity({
  name: 'ScoringVersion',
  tableName: 'scoring_version',
  checks: [{ name: 'scoring_version_line_bonus_cap_check', expression: 'line_bonus_cap >= 0 and line_bonus_cap <= 10000' }],
  properties: {
    version: p.integer().primary().autoincrement(false),
    lineBonusCap: p.decimal('string').columnType('numeric(12,4)'),
    options: p.json<Record<string, unknown>>().defaultRaw(`'{}'`),
    createdAt: moment().defaultRaw('now()'),
    createdBy: p.text().nullable(),
    note: p.text().nullable(),
  },
});

/** The points of one kind, or of a line. */
export const ScoringWeight = defineEntity({
  name: 'ScoringWeight',
  tableName: 'scoring_weight',
  checks: [{ name: 'scoring_weight_base_points_check', expression: 'base_points >= 0 and base_points <= 10000' }],
  properties: {
    version: () =>
      p.manyToOne(ScoringVersion).mapToPk().primary().fieldName('version').deleteRule('cascade').updateRule('no action').index(false),
    eventType: p.text().primary(),
    basePoints: p.decimal('string').columnType('numeric(12,4)'),
    description: p.text(),
  },
});
