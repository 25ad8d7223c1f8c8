import { CONTRIBUTION_KINDS, KIND_CODES, SOURCE_NAMES, SOURCES } from '../../domain/contribution.ts';
import type { Invariant } from './invariant.ts';
import { COUNTED, utcDay } from './recount.ts';

const { COMMIT } = KIND_CODES;

/** The strength of a source, by code. */
const STRENGTH = `(VALUES ${SOURCE_NAMES.map((name) => `(${SOURCES[name].code}, ${SOURCES[name].strength})`).join(', ')}) AS`;

const authority: Invariant = {
  name: 'source-authority',
  promise: 'On a day that a stronger source has read completely stands no contribution from a weaker one',
  unit: 'contributions beside a complete range',
  checked: `SELECT count(*) FROM contribution_event e WHERE EXISTS (SELECT FROM covered_range r WHERE r.repository_id = e.repository_id AND r.state = 'complete')`,
  violations: `
    SELECT e.repository_id, e.kind, e.source, r.source AS stronger_source, ${utcDay('e.occurred_at')} AS day, count(*) AS rows
    FROM contribution_event e JOIN ${STRENGTH} mine (source, strength) ON mine.source = e.source
    JOIN covered_range r ON r.repository_id = e.repository_id AND r.kind = e.kind AND r.state = 'complete'
    JOIN ${STRENGTH} theirs (source, strength) ON theirs.source = r.source
    WHERE theirs.strength > mine.strength AND r.during @> ${utcDay('e.occurred_at')} GROUP BY 1, 2, 3, 4, 5`,
};

const monthly: Invariant = {
  name: 'coverage-counts',
  promise: 'Coverage says of each month and kind what a recount finds, of known people and of nobody known',
  unit: 'months of kinds',
  checked: 'SELECT count(*) FROM repository_coverage',
  violations: `
    WITH ${COUNTED},
    recount AS (
      SELECT repository_id, kind, date_trunc('month', ${utcDay('occurred_at')})::date AS month,
        coalesce(sum(amount) FILTER (WHERE person_id IS NOT NULL), 0) AS stored, coalesce(sum(amount) FILTER (WHERE person_id IS NULL), 0) AS unattributed
      FROM (
        SELECT repository_id, kind, occurred_at, person_id, CASE WHEN kind = ${COMMIT} THEN coalesce(quantity, 1) ELSE 1 END AS amount FROM counted) AS c
      GROUP BY 1, 2, 3)
    SELECT repository_id, kind, month, to_jsonb(c) AS stored, to_jsonb(n) AS expected
    FROM (SELECT repository_id, kind, month, stored, unattributed FROM repository_coverage) AS c FULL JOIN recount n USING (repository_id, kind, month)
    WHERE (coalesce(c.stored, 0), coalesce(c.unattributed, 0)) <> (coalesce(n.stored, 0), coalesce(n.unattributed, 0))`,
};

const totals: Invariant = {
  name: 'coverage-totals',
  promise: 'Of a repository whose last scrape of GitHub says it is complete no month has fewer contributions than GitHub counts',
  unit: 'months of kinds with a total',
  checked: 'SELECT count(*) FROM repository_coverage WHERE github_total IS NOT NULL',
  violations: `
    WITH complete AS (
      SELECT r.id, j.window_since FROM repository r CROSS JOIN LATERAL (
        SELECT * FROM scrape_job j WHERE j.repository_id = r.id AND j.status = 'COMPLETED' AND 'github' = ANY(j.sources) ORDER BY j.completed_at DESC LIMIT 1) AS j
      WHERE j.complete),
    held AS (
      SELECT e.repository_id, e.kind, date_trunc('month', ${utcDay('e.occurred_at')})::date AS month, count(*) AS rows
      FROM contribution_event e WHERE e.source = ${SOURCES.github.code} GROUP BY 1, 2, 3)
    SELECT c.repository_id, c.kind, c.month, coalesce(h.rows, 0) AS stored, c.excluded, c.github_total
    FROM repository_coverage c JOIN complete ON complete.id = c.repository_id AND c.month >= complete.window_since
    LEFT JOIN held h ON (h.repository_id, h.kind, h.month) = (c.repository_id, c.kind, c.month)
    WHERE coalesce(h.rows, 0) + c.excluded < c.github_total`,
};

const known: Invariant = {
  name: 'known-codes',
  promise: 'Kinds and sources are those this version knows, a contribution has a subject, and no count is below zero',
  unit: 'contributions',
  checked: 'SELECT count(*) FROM contribution_event',
  violations: `
    SELECT repository_id, kind, source, count(*) AS rows FROM contribution_event
    WHERE kind NOT IN (${CONTRIBUTION_KINDS.map((kind) => KIND_CODES[kind]).join(', ')}) OR source NOT IN (${SOURCE_NAMES.map((name) => SOURCES[name].code).join(', ')})
      OR subject = '' OR quantity < 0 OR lines_added < 0 OR lines_deleted < 0
    GROUP BY 1, 2, 3
    UNION ALL SELECT repository_id, kind, source, count(*) FROM covered_range WHERE isempty(during) OR source NOT IN (${SOURCE_NAMES.map((name) => SOURCES[name].code).join(', ')})
    GROUP BY 1, 2, 3`,
};

/** What holds of which source is believed where, and of what is said about how much is known. */
export const coverageInvariants: readonly Invariant[] = [authority, monthly, totals, known];
