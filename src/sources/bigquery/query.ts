import type { Day } from '../../domain/window.ts';
import { DISTINCT_SHAS, LEAVES, ROW_FIELDS, TYPES } from './columns.ts';
import { ARCHIVE_PROJECT, isOfTimeline, isTableName, type TableName } from './tables.ts';

/** What one repository wants of a query that it shares with others. */
export interface ExtractTarget {
  /** GitHub's id; null: not known yet, rows are matched by the name. */
  readonly githubId: number | null;
  /** `owner/name`. */
  readonly name: string;
  readonly since: Day;
  readonly until: Day;
  /** Its place in the result; by default its place among the targets. */
  readonly slot?: number;
}

/** SQL and its parameters; every id, name and date is a parameter, never text. */
export interface BigQuerySql {
  readonly query: string;
  readonly params: Readonly<Record<string, readonly (string | number | object)[]>>;
  readonly types: Readonly<Record<string, readonly (string | Readonly<Record<string, string>>)[]>>;
}

/** A table of our own that holds rows in the form of `ExtractRow` (slim.ts). */
export interface OwnTable {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

const FIELDS = [...ROW_FIELDS, ...Object.keys(LEAVES)];
const BARE_FIELDS = ROW_FIELDS.filter((field) => field !== 'created_at');

/** The rows of one archive table, as they are there: only columns that are named are billed. */
function rowsOf(table: TableName): string {
  if (!isTableName(table)) throw new RangeError(`${table} is not a table of the archive`);
  // The timeline era's `name` lacks the owner, which only the address has.
  const name = isOfTimeline(table) ? `IF(STRPOS(repo.name, '/') > 0, repo.name, REGEXP_EXTRACT(repo.url, r'([^/]+/[^/]+)$'))` : 'repo.name';
  const shas = isOfTimeline(table) ? DISTINCT_SHAS : 'CAST(NULL AS STRING)';
  return `SELECT type, id AS event_id, created_at, repo.id AS repository_id, ${name} AS repository_name, actor.id AS actor_id, actor.login AS actor_login, payload, ${shas} AS distinct_shas FROM \`${ARCHIVE_PROJECT}.${table}\``;
}

/** The number a pull request or an issue has; rows of one number come together. */
const NUMBER = `SAFE_CAST(CASE
    WHEN type IN ('PullRequestEvent', 'PullRequestReviewEvent') THEN COALESCE(pr_number, number)
    WHEN type = 'PullRequestReviewCommentEvent' THEN COALESCE(pr_number, number, REGEXP_EXTRACT(comment_pr_url, r'/pulls/([0-9]+)$'))
    WHEN type = 'IssuesEvent' THEN COALESCE(issue_number, number)
    WHEN type = 'IssueCommentEvent' THEN issue_number END AS INT64)`;

/** Copies of one event: the same type, id and day (ids repeat over days), and the same things told. Rows before 2015 have no id. */
const IS_FIRST_COPY = `(event_id IS NULL OR ROW_NUMBER() OVER (
    PARTITION BY slot, type, event_id, DATE(created_at), action, number, pr_number, issue_number, object_id, push_id, actor_id ORDER BY created_at) = 1)`;

/**
 * What a row is matched by: its repository's id where a target has that, else its name: marked where the row has an id, as such a row is only for
 * targets whose id is not known yet. One key, so that the join is one of equals.
 */
const KEY = `IF(repository_id IS NULL, LOWER(repository_name), IF(repository_id IN UNNEST(@ids), CAST(repository_id AS STRING), CONCAT('?', LOWER(repository_name))))`;

function parametersOf(targets: readonly ExtractTarget[]): Pick<BigQuerySql, 'params' | 'types'> {
  const keyed = targets.flatMap(({ githubId, name, since, until, slot }, index) =>
    [githubId === null ? `?${name.toLowerCase()}` : String(githubId), name.toLowerCase()].map((key) => ({
      slot: slot ?? index,
      key,
      since,
      until,
    })),
  );
  return {
    params: { targets: keyed, ids: targets.flatMap(({ githubId }) => githubId ?? []) },
    types: { targets: [{ slot: 'INT64', key: 'STRING', since: 'STRING', until: 'STRING' }], ids: ['INT64'] },
  };
}

/** The rows of the archive that targets want, taken apart, each with the slot of its target. */
function taken(tables: readonly TableName[]): string {
  const leaves = Object.entries(LEAVES).map(([name, expression]) => `${expression} AS ${name}`);
  return `event AS (
  ${tables.map(rowsOf).join('\n  UNION ALL ')}
),
keyed AS (
  SELECT *, ${KEY} AS key FROM event WHERE type IN (${TYPES.map((type) => `'${type}'`).join(', ')})
),
mine AS (
  SELECT target.slot, keyed.* FROM keyed JOIN UNNEST(@targets) AS target ON keyed.key = target.key
  WHERE DATE(keyed.created_at) BETWEEN CAST(target.since AS DATE) AND CAST(target.until AS DATE)
),
taken AS (
  SELECT slot, ${BARE_FIELDS.map((field) => `CAST(${field} AS STRING) AS ${field}`).join(', ')}, created_at,
    ${leaves.join(',\n    ')}
  FROM mine
)`;
}

/** The rows that targets want of our own table. */
function stored({ project, dataset, table }: OwnTable): string {
  if (![project, dataset, table].every((part) => /^[\w-]+(?:[.:][\w-]+)?$/.test(part))) throw new RangeError('not the name of a table');
  return `stored AS (
  SELECT target.slot, ${FIELDS.map((field) => `own.${field}`).join(', ')}
  FROM \`${project}.${dataset}.${table}\` AS own JOIN UNNEST(@targets) AS target ON CAST(own.repository_key AS STRING) = target.key
  WHERE own.repository_key IN UNNEST(@ids) AND own.day BETWEEN CAST(target.since AS DATE) AND CAST(target.until AS DATE)
)`;
}

/**
 * One query for all targets: the rows of each, in the order of its slot, those of one pull request or issue together, those without a number by
 * what they are of. `slot_rows` is how many its slot has in all, `slot_last` the second and the repository id of its latest row.
 */
export function extractSql(targets: readonly ExtractTarget[], tables: readonly TableName[], own: OwnTable | null = null): BigQuerySql {
  const columns = ['slot', ...FIELDS].join(', ');
  const parts = [
    ...(tables.length > 0 ? [[taken(tables), `SELECT ${columns} FROM taken`] as const] : []),
    ...(own === null ? [] : [[stored(own), `SELECT ${columns} FROM stored`] as const]),
  ];
  const query = `WITH ${parts.map(([definition]) => definition).join(',\n')},
once AS (
  SELECT * FROM (${parts.map(([, select]) => select).join(' UNION ALL ')}) WHERE TRUE QUALIFY ${IS_FIRST_COPY}
),
placed AS (
  SELECT ${BARE_FIELDS.join(', ')}, FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%SZ', created_at) AS created_at, ${Object.keys(LEAVES).join(', ')},
    slot, COUNT(*) OVER (PARTITION BY slot) AS slot_rows,
    MAX(IF(repository_id IS NULL, NULL, CONCAT(CAST(UNIX_SECONDS(created_at) AS STRING), ':', repository_id))) OVER (PARTITION BY slot) AS slot_last,
    ${NUMBER} AS place
  FROM once
)
SELECT slot, slot_rows, slot_last, ${FIELDS.join(', ')}
FROM placed
ORDER BY slot, place IS NULL, place, type, push_id, object_id, head, ref, created_at, event_id`;
  return { query, ...parametersOf(targets) };
}
