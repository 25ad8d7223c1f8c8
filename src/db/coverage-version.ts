import { queryable, type Database, type Queryable } from './database.ts';

/**
 * Says that what boards tell of their coverage may be another from now on: what was kept of it counts no more. The last statement of
 * a transaction: others wait for the row.
 */
export async function noteCoverageChange(db: Database | Queryable): Promise<void> {
  await queryable(db).query(`UPDATE setting SET value = to_jsonb(value::text::bigint + 1) WHERE name = 'coverage_version'`);
}
