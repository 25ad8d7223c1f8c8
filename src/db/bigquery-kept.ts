import { addDays, type Day } from '../domain/window.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** Days of a repository, both included. */
export interface RepositoryDays {
  readonly githubId: number;
  /** `owner/name`. */
  readonly name: string;
  readonly since: Day;
  readonly until: Day;
}

const ASKED = `unnest($2::bigint[], $3::text[], $4::date[], $5::date[]) AS asked (github_id, name, since, until)`;

function columnsOf(days: readonly RepositoryDays[]): readonly unknown[][] {
  return [
    days.map(({ githubId }) => githubId),
    days.map(({ name }) => name),
    days.map(({ since }) => since),
    days.map(({ until }) => until),
  ];
}

/** Of the days asked for, those that a table of our own does not hold yet, as runs of days. */
export async function daysToKeep(
  db: Database | Queryable,
  ownTable: string,
  asked: readonly RepositoryDays[],
): Promise<readonly RepositoryDays[]> {
  const { rows } = await queryable(db).query<{ githubId: number; name: string; since: Day; end: Day }>(
    `SELECT missing.github_id AS "githubId", missing.name, lower(missing.days) AS since, upper(missing.days) AS end
     FROM (SELECT asked.github_id, asked.name,
             unnest(datemultirange(daterange(asked.since, asked.until, '[]')) - coalesce(k.days, '{}'::datemultirange)) AS days
           FROM ${ASKED} LEFT JOIN bigquery_kept k ON (k.own_table, k.github_id) = ($1, asked.github_id)
           WHERE asked.since <= asked.until) AS missing
     ORDER BY 1, 3`,
    [ownTable, ...columnsOf(asked)],
  );
  return rows.map(({ end, ...run }) => ({ ...run, until: addDays(end, -1) }));
}

/** Of repositories those of which a table of our own holds all the days asked for, by GitHub's id. `ownTable`: `project.dataset.table`, whenever it was made. */
export async function repositoriesKept(
  db: Database | Queryable,
  ownTable: string,
  asked: readonly RepositoryDays[],
): Promise<ReadonlySet<number>> {
  const { rows } = await queryable(db).query<{ githubId: number }>(
    `SELECT asked.github_id AS "githubId" FROM ${ASKED} JOIN bigquery_kept k USING (github_id)
     WHERE split_part(k.own_table, '@', 1) = $1 AND asked.since <= asked.until AND k.days @> daterange(asked.since, asked.until, '[]')`,
    [ownTable, ...columnsOf(asked)],
  );
  return new Set(rows.map(({ githubId }) => githubId));
}

/** Writes down days that a table of our own holds now. */
export async function keepDays(db: Database | Queryable, ownTable: string, kept: readonly RepositoryDays[]): Promise<void> {
  await queryable(db).query(
    `INSERT INTO bigquery_kept AS k (own_table, github_id, days)
     SELECT $1, asked.github_id, range_agg(daterange(asked.since, asked.until, '[]')) FROM ${ASKED} GROUP BY asked.github_id ORDER BY asked.github_id
     ON CONFLICT (own_table, github_id) DO UPDATE SET days = k.days + excluded.days`,
    [ownTable, ...columnsOf(kept)],
  );
}

/** Forgets what other tables of this name held, which are no more. `ownTable` is written `project.dataset.table@made`. */
export async function forgetOlderTables(db: Database | Queryable, ownTable: string): Promise<void> {
  await queryable(db).query(`DELETE FROM bigquery_kept WHERE split_part(own_table, '@', 1) = split_part($1, '@', 1) AND own_table <> $1`, [
    ownTable,
  ]);
}
