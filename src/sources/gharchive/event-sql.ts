import { literalList } from './duckdb.ts';
import { ROW, ROW_COLUMNS } from './event-row.ts';

/** Rows that are read but not yet in the mirror; `file` is the number of their archive file. */
export const STAGE = 'stage';

export const CREATE_STAGE = `CREATE TABLE ${STAGE} (file INTEGER, ${Object.entries(ROW_COLUMNS)
  .map(([name, type]) => `"${name}" ${type}`)
  .join(', ')})`;

const USER = 'STRUCT(id BIGINT, login VARCHAR, "type" VARCHAR)';

/** The fields that are read. Given by hand: an inferred union of all payloads explodes, and payload as JSON is 2.5 times slower. */
const EVENT_COLUMNS = `{
  id: 'BIGINT', type: 'VARCHAR', created_at: 'TIMESTAMP',
  actor: 'STRUCT(id BIGINT, login VARCHAR)',
  repo: 'STRUCT(id BIGINT, name VARCHAR)',
  payload: 'STRUCT(
    "action" VARCHAR, push_id BIGINT, distinct_size INTEGER, "number" INTEGER,
    pull_request STRUCT("number" INTEGER, "user" ${USER}, merged BOOLEAN, merged_at TIMESTAMP, created_at TIMESTAMP,
      additions INTEGER, deletions INTEGER, base STRUCT("ref" VARCHAR)),
    review STRUCT(id BIGINT, "user" ${USER}),
    "comment" STRUCT(id BIGINT, "user" ${USER}),
    issue STRUCT("number" INTEGER, "user" ${USER}, created_at TIMESTAMP, closed_at TIMESTAMP, pull_request STRUCT(merged_at TIMESTAMP)),
    "release" STRUCT(id BIGINT, author ${USER}))'
}`;

/** 32 MiB a line; GH Archive itself drops rows over 2 MB. Longer ones go the slow way. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** The number a scratch file is named by: `12.ndjson`. */
const FILE_NUMBER = 'CAST(parse_filename(filename, true) AS INTEGER)';

const PR_TYPES = `('PullRequestEvent', 'PullRequestReviewEvent', 'PullRequestReviewCommentEvent')`;
const IS_FIRST = `(p."action" IS NULL OR p."action" IN ('created', 'submitted'))`;

const KIND = `CASE type
  WHEN 'PushEvent' THEN ${ROW.PUSH}
  WHEN 'PullRequestEvent' THEN CASE
    WHEN p."action" = 'opened' THEN ${ROW.PR_OPENED}
    WHEN p."action" = 'merged' OR (p."action" = 'closed' AND p.pull_request.merged) THEN ${ROW.PR_MERGED}
    WHEN p."action" = 'closed' AND p.pull_request.merged IS NULL THEN ${ROW.CLOSED_UNFLAGGED}
    ELSE ${ROW.SEEN} END
  WHEN 'PullRequestReviewEvent' THEN CASE WHEN ${IS_FIRST} THEN ${ROW.PR_REVIEWED} ELSE ${ROW.SEEN} END
  WHEN 'PullRequestReviewCommentEvent' THEN CASE WHEN ${IS_FIRST} THEN ${ROW.PR_REVIEW_COMMENT} ELSE ${ROW.SEEN} END
  WHEN 'IssuesEvent' THEN CASE p."action" WHEN 'opened' THEN ${ROW.ISSUE_OPENED} WHEN 'closed' THEN ${ROW.ISSUE_CLOSED} END
  WHEN 'IssueCommentEvent' THEN CASE WHEN ${IS_FIRST} THEN ${ROW.ISSUE_COMMENT} ELSE ${ROW.SEEN} END
  WHEN 'CommitCommentEvent' THEN CASE WHEN ${IS_FIRST} THEN ${ROW.COMMIT_COMMENT} END
  WHEN 'ReleaseEvent' THEN CASE WHEN p."action" = 'published' THEN ${ROW.RELEASE} END
END`;

/** One of a row's accounts by the row's type; each field is a plain column read. */
const named = (field: 'id' | 'login' | '"type"'): string => `CASE
  WHEN kind IN (${ROW.PR_REVIEW_COMMENT}, ${ROW.ISSUE_COMMENT}, ${ROW.COMMIT_COMMENT}) THEN p."comment"."user".${field}
  WHEN kind = ${ROW.PR_REVIEWED} THEN p.review."user".${field}
  WHEN kind = ${ROW.ISSUE_OPENED} THEN p.issue."user".${field}
  WHEN kind = ${ROW.RELEASE} THEN p."release".author.${field} END`;

const author = (field: 'id' | 'login' | '"type"'): string => `CASE
  WHEN type IN ${PR_TYPES} THEN p.pull_request."user".${field}
  WHEN type = 'IssueCommentEvent' AND p.issue.pull_request IS NOT NULL THEN p.issue."user".${field} END`;

const actor = (field: 'id' | 'login'): string =>
  `CASE WHEN actor.id IS NULL AND actor.login IS NULL THEN ${named(field)} ELSE actor.${field} END`;

const TELLS = `((type IN ${PR_TYPES} AND coalesce(p.pull_request."number", p."number") IS NOT NULL
    AND (p.pull_request."user".login IS NOT NULL OR p.pull_request.merged_at IS NOT NULL))
  OR (type = 'IssueCommentEvent' AND p.issue.pull_request IS NOT NULL AND p.issue."number" IS NOT NULL
    AND (p.issue."user".login IS NOT NULL OR p.issue.pull_request.merged_at IS NOT NULL)))`;

/**
 * Reads whole plain files of events into the stage: the fast way, for events of a regular shape. It fails as a whole on the first line
 * that is none, and `irregularFiles` finds what it can't have read rightly; such files are read line by line (event-row.ts).
 */
export function readEvents(paths: readonly string[]): string {
  return `INSERT INTO ${STAGE}
SELECT file, repo.id, repo.name, false,
  kind,
  CASE WHEN kind = ${ROW.ISSUE_CLOSED} THEN greatest(created_at, p.issue.closed_at) ELSE created_at END,
  CASE WHEN kind = ${ROW.PUSH} THEN p.push_id
    WHEN kind = ${ROW.PR_REVIEWED} THEN p.review.id
    WHEN kind IN (${ROW.PR_REVIEW_COMMENT}, ${ROW.ISSUE_COMMENT}, ${ROW.COMMIT_COMMENT}) THEN p."comment".id
    WHEN kind = ${ROW.RELEASE} THEN p."release".id ELSE number END,
  number,
  ${actor('id')}, ${actor('login')}, CASE WHEN actor.id IS NULL OR actor.id = ${named('id')} THEN ${named('"type"')} END,
  p.distinct_size,
  ${author('id')}, ${author('login')}, ${author('"type"')},
  CASE WHEN type IN ${PR_TYPES} THEN p.pull_request.created_at WHEN type = 'IssueCommentEvent' AND p.issue.pull_request IS NOT NULL THEN p.issue.created_at END,
  CASE WHEN type IN ${PR_TYPES} THEN p.pull_request.merged_at WHEN type = 'IssueCommentEvent' THEN p.issue.pull_request.merged_at END,
  p.pull_request.additions, p.pull_request.deletions, p.pull_request.base."ref",
  CASE WHEN id BETWEEN 0 AND 999999999999999 THEN id END,
  coalesce(type = 'PullRequestEvent', false), coalesce(type = 'PullRequestEvent' AND p."action" = 'merged', false)
FROM (
  SELECT * REPLACE (CASE WHEN type IS NULL THEN -1 WHEN kind = ${ROW.SEEN} AND NOT ${TELLS} THEN NULL ELSE kind END AS kind)
  FROM (
    SELECT type, id, created_at, actor, repo, p, ${FILE_NUMBER} AS file, ${KIND} AS kind,
      CASE WHEN type IN ${PR_TYPES} THEN coalesce(p.pull_request."number", p."number")
        WHEN type = 'IssuesEvent' THEN coalesce(p.issue."number", p."number")
        WHEN type = 'IssueCommentEvent' THEN p.issue."number" END AS number
    FROM (
      SELECT * RENAME (payload AS p)
      FROM read_json(${literalList(paths)}, format = 'newline_delimited', filename = true, maximum_object_size = ${MAX_LINE_BYTES},
        timestampformat = '%Y-%m-%dT%H:%M:%SZ', columns = ${EVENT_COLUMNS})
    )
  )
)`;
}

/** Reads rows that event-row.ts wrote, one JSON object a line, into the stage. */
export function readRows(path: string): string {
  const columns = Object.entries(ROW_COLUMNS).map(([name, type]) => `"${name}": '${type}'`);
  const names = Object.keys(ROW_COLUMNS).map((name) => `"${name}"`);
  return `INSERT INTO ${STAGE} SELECT ${FILE_NUMBER}, ${names.join(', ')}
FROM read_json(${literalList([path])}, format = 'newline_delimited', filename = true, maximum_object_size = ${MAX_LINE_BYTES},
  timestampformat = '%Y-%m-%dT%H:%M:%SZ', columns = {${columns.join(', ')}})`;
}

/** Rows that the fast way can't have read rightly: a shape of another era, a NUL, or an object where a text belongs. */
const IRREGULAR = `kind IS NOT NULL AND (kind = -1 OR repository IS NULL OR "at" IS NULL OR id IS NULL
  OR (number IS NULL AND kind IN (${ROW.PR_REVIEWED}, ${ROW.PR_REVIEW_COMMENT}, ${ROW.ISSUE_COMMENT}))
  OR contains(concat(actor_login, author_login, name, base_ref), chr(0))
  OR starts_with(actor_login, '{') OR starts_with(actor_login, '[') OR starts_with(author_login, '{') OR starts_with(author_login, '['))`;

/** What the stage holds of each of the given files. */
export function fileFigures(numbers: readonly number[]): string {
  return `SELECT file::INTEGER AS file, count(*)::INTEGER AS events, count(kind)::INTEGER AS rows, count_if(is_pr)::INTEGER AS pull_requests,
  bool_or(is_merge) AS has_merges, count_if(${IRREGULAR})::INTEGER AS irregular
FROM ${STAGE} WHERE file IN (${numbers.join(', ')}) GROUP BY file`;
}

/** The UTC hour most rows of a file are of, where it is one whose rows know repositories by name only; no row otherwise. */
export function fileHour(number: number): string {
  return `SELECT strftime(mode(date_trunc('hour', "at")), '%Y-%m-%dT%H:00:00Z') AS hour FROM ${STAGE} WHERE file = ${number} AND by_name HAVING count(*) > 0`;
}

/** The UTC days that the stage holds rows of, for one file. */
export function fileDays(number: number): string {
  return `SELECT DISTINCT strftime("at", '%Y-%m-%d') AS day FROM ${STAGE} WHERE file = ${number} AND kind IS NOT NULL ORDER BY day`;
}
