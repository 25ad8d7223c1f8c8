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
  readonly params: Readonly<Record<string, string | readonly (string | number | object)[]>>;
  readonly types: Readonly<Record<string, string | readonly (string | Readonly<Record<string, string>>)[]>>;
}

/** The table of our own that keeps rows in the form of `ExtractRow`, clustered by repository. */
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
      id: githubId ?? 0,
      key,
      since,
      until,
    })),
  );
  return {
    params: { targets: keyed, ids: targets.flatMap(({ githubId }) => githubId ?? []) },
    types: { targets: [{ slot: 'INT64', id: 'INT64', key: 'STRING', since: 'STRING', until: 'STRING' }], ids: ['INT64'] },
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
  SELECT target.slot, target.id AS repository_key, keyed.* FROM keyed JOIN UNNEST(@targets) AS target ON keyed.key = target.key
  WHERE DATE(keyed.created_at) BETWEEN CAST(target.since AS DATE) AND CAST(target.until AS DATE)
),
taken AS (
  SELECT slot, repository_key, ${BARE_FIELDS.map((field) => `CAST(${field} AS STRING) AS ${field}`).join(', ')}, created_at,
    ${leaves.join(',\n    ')}
  FROM mine
)`;
}

/** What is read of our own table. */
export interface Kept {
  readonly table: OwnTable;
  /** Those whose id is known, and their days in it. */
  readonly targets: readonly ExtractTarget[];
}

function nameOf({ project, dataset, table }: OwnTable): string {
  if (!/^[\w.:-]+$/.test(project) || !/^\w+$/.test(dataset) || !/^\w+$/.test(table)) throw new RangeError('not the name of a table');
  return `\`${project}.${dataset}.${table}\``;
}

/** The rows that targets want of our own table; the first and the last day let BigQuery leave out the partitions between which they are not. */
function stored({ table }: Kept): string {
  return `stored AS (
  SELECT target.slot, ${FIELDS.map((field) => `own.${field}`).join(', ')}
  FROM ${nameOf(table)} AS own JOIN UNNEST(@kept) AS target ON own.repository_key = target.id
  WHERE own.repository_key IN UNNEST(@kept_ids) AND own.day BETWEEN CAST(@kept_since AS DATE) AND CAST(@kept_until AS DATE)
    AND own.day BETWEEN CAST(target.since AS DATE) AND CAST(target.until AS DATE)
)`;
}

function keptParameters({ targets }: Kept): Pick<BigQuerySql, 'params' | 'types'> {
  const known = targets.flatMap(({ githubId, since, until, slot }, index) =>
    githubId === null ? [] : [{ slot: slot ?? index, id: githubId, since, until }],
  );
  return {
    params: {
      kept: known,
      kept_ids: known.map(({ id }) => id),
      kept_since: known.map(({ since }) => since).toSorted()[0] ?? '',
      kept_until:
        known
          .map(({ until }) => until)
          .toSorted()
          .at(-1) ?? '',
    },
    types: {
      kept: [{ slot: 'INT64', id: 'INT64', since: 'STRING', until: 'STRING' }],
      kept_ids: ['INT64'],
      kept_since: 'STRING',
      kept_until: 'STRING',
    },
  };
}

/** The columns of our own table. */
export const OWN_COLUMNS: readonly { readonly name: string; readonly type: string }[] = [
  { name: 'repository_key', type: 'INT64' },
  { name: 'day', type: 'DATE' },
  ...FIELDS.map((name) => ({ name, type: name === 'created_at' ? 'TIMESTAMP' : 'STRING' })),
];

/** Adds the rows that targets, all of a known id, have in tables to our own table. */
export function fillSql(targets: readonly ExtractTarget[], tables: readonly TableName[], own: OwnTable): BigQuerySql {
  const query = `INSERT INTO ${nameOf(own)} (${OWN_COLUMNS.map(({ name }) => name).join(', ')})
WITH ${taken(tables)}
SELECT repository_key, DATE(created_at), ${FIELDS.join(', ')} FROM taken`;
  return { query, ...parametersOf(targets) };
}

/**
 * One query for all targets: the rows of each, in the order of its slot, those of one pull request or issue together, those without a number by
 * what they are of. `slot_rows` is how many its slot has in all, `slot_last` the second and the repository id of its latest row.
 */
export function extractSql(targets: readonly ExtractTarget[], tables: readonly TableName[], kept: Kept | null = null): BigQuerySql {
  const columns = ['slot', ...FIELDS].join(', ');
  const parts = [
    ...(tables.length > 0 ? [[taken(tables), `SELECT ${columns} FROM taken`] as const] : []),
    ...(kept === null ? [] : [[stored(kept), `SELECT ${columns} FROM stored`] as const]),
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
  const [archive, own] = [tables.length > 0 ? parametersOf(targets) : null, kept === null ? null : keptParameters(kept)];
  return { query, params: { ...archive?.params, ...own?.params }, types: { ...archive?.types, ...own?.types } };
}
