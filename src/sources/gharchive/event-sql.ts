import { literalList } from './duckdb.ts';
import { ROW, ROW_COLUMNS } from '../archive-events/event-row.ts';

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
    review STRUCT(id BIGINT), "comment" STRUCT(id BIGINT), "release" STRUCT(id BIGINT),
    issue STRUCT("number" INTEGER, "user" ${USER}, created_at TIMESTAMP, closed_at TIMESTAMP, pull_request STRUCT(merged_at TIMESTAMP)))'
}`;

/** 32 MiB a line; GH Archive itself drops rows over 2 MB. Longer ones go the slow way. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** The number a scratch file is named by: `12.ndjson`. */
const FILE_NUMBER = 'CAST(parse_filename(filename, true) AS INTEGER)';

const PR_TYPES = `('PullRequestEvent', 'PullRequestReviewEvent', 'PullRequestReviewCommentEvent')`;
const ON_PR = `type = 'IssueCommentEvent' AND on_pr`;
const IS_FIRST = `("action" IS NULL OR "action" IN ('created', 'submitted'))`;

/** What is taken out of an event, as plain columns: a CASE over the payload itself would copy all of it for every branch. */
const LEAVES = `type, id AS event, created_at, repo.id AS repository, repo.name AS name, actor.id AS own_id, actor.login AS own_login,
  payload."action" AS "action", payload.push_id AS push_id, payload.distinct_size AS distinct_size, payload."number" AS "number",
  payload.pull_request."number" AS pr_number, payload.pull_request."user".id AS pr_user_id, payload.pull_request."user".login AS pr_user_login,
  payload.pull_request."user"."type" AS pr_user_type, payload.pull_request.merged AS pr_merged, payload.pull_request.merged_at AS pr_merged_at,
  payload.pull_request.created_at AS pr_created_at, payload.pull_request.additions AS additions, payload.pull_request.deletions AS deletions,
  payload.pull_request.base."ref" AS base_ref,
  payload.review.id AS review_id, payload."comment".id AS comment_id, payload."release".id AS release_id,
  payload.issue."number" AS issue_number, payload.issue."user".id AS issue_user_id, payload.issue."user".login AS issue_user_login,
  payload.issue."user"."type" AS issue_user_type, payload.issue.created_at AS issue_created_at, payload.issue.closed_at AS issue_closed_at,
  payload.issue.pull_request IS NOT NULL AS on_pr, payload.issue.pull_request.merged_at AS issue_merged_at`;

const NUMBER = `CASE WHEN type IN ${PR_TYPES} THEN coalesce(pr_number, "number")
  WHEN type = 'IssuesEvent' THEN coalesce(issue_number, "number")
  WHEN type = 'IssueCommentEvent' THEN issue_number END`;

/** Whether a row that is no contribution tells who opened a pull request, or that it was merged. */
const TELLS = `((type IN ${PR_TYPES} AND coalesce(pr_number, "number") IS NOT NULL AND (pr_user_login IS NOT NULL OR pr_merged_at IS NOT NULL))
  OR (${ON_PR} AND issue_number IS NOT NULL AND (issue_user_login IS NOT NULL OR issue_merged_at IS NOT NULL)))`;
const SEEN = `CASE WHEN ${TELLS} THEN ${ROW.SEEN} END`;

/** -1: it is no event. */
const KIND = `CASE type
  WHEN 'PushEvent' THEN ${ROW.PUSH}
  WHEN 'PullRequestEvent' THEN CASE
    WHEN "action" = 'opened' THEN ${ROW.PR_OPENED}
    WHEN "action" = 'merged' OR ("action" = 'closed' AND pr_merged) THEN ${ROW.PR_MERGED}
    WHEN "action" = 'closed' AND pr_merged IS NULL THEN ${ROW.CLOSED_UNFLAGGED}
    ELSE ${SEEN} END
  WHEN 'PullRequestReviewEvent' THEN CASE WHEN ${IS_FIRST} THEN ${ROW.PR_REVIEWED} ELSE ${SEEN} END
  WHEN 'PullRequestReviewCommentEvent' THEN CASE WHEN ${IS_FIRST} THEN ${ROW.PR_REVIEW_COMMENT} ELSE ${SEEN} END
  WHEN 'IssuesEvent' THEN CASE "action" WHEN 'opened' THEN ${ROW.ISSUE_OPENED} WHEN 'closed' THEN ${ROW.ISSUE_CLOSED} END
  WHEN 'IssueCommentEvent' THEN CASE WHEN ${IS_FIRST} THEN ${ROW.ISSUE_COMMENT} ELSE ${SEEN} END
  WHEN 'CommitCommentEvent' THEN CASE WHEN ${IS_FIRST} THEN ${ROW.COMMIT_COMMENT} END
  WHEN 'ReleaseEvent' THEN CASE WHEN "action" = 'published' THEN ${ROW.RELEASE} END
  ELSE CASE WHEN type IS NULL THEN -1 END
END`;

type AccountField = 'id' | 'login' | 'type';

const author = (field: AccountField): string =>
  `CASE WHEN type IN ${PR_TYPES} THEN pr_user_${field} WHEN ${ON_PR} THEN issue_user_${field} END`;

/**
 * Reads whole plain files of events into the stage: the fast way, for events of a regular shape. It fails as a whole on the first line
 * that is none, and \`fileFigures\` counts what it can't have read rightly; such files are read line by line (event-row.ts).
 */
export function readEvents(paths: readonly string[]): string {
  return `INSERT INTO ${STAGE}
SELECT file, repository, name, false, kind,
  CASE WHEN kind = ${ROW.ISSUE_CLOSED} THEN greatest(created_at, issue_closed_at) ELSE created_at END,
  CASE WHEN kind = ${ROW.PUSH} THEN push_id
    WHEN kind = ${ROW.PR_REVIEWED} THEN review_id
    WHEN kind IN (${ROW.PR_REVIEW_COMMENT}, ${ROW.ISSUE_COMMENT}, ${ROW.COMMIT_COMMENT}) THEN comment_id
    WHEN kind = ${ROW.RELEASE} THEN release_id ELSE of_number END,
  of_number,
  own_id, own_login, NULL, distinct_size, ${author('id')}, ${author('login')}, ${author('type')},
  CASE WHEN type IN ${PR_TYPES} THEN pr_created_at WHEN ${ON_PR} THEN issue_created_at END,
  CASE WHEN type IN ${PR_TYPES} THEN pr_merged_at WHEN ${ON_PR} THEN issue_merged_at END,
  additions, deletions, base_ref,
  CASE WHEN event BETWEEN 0 AND 999999999999999 THEN event END,
  coalesce(type = 'PullRequestEvent', false), coalesce(type = 'PullRequestEvent' AND "action" = 'merged', false)
FROM (
  SELECT *, ${KIND} AS kind, ${NUMBER} AS of_number
  FROM (
    SELECT ${FILE_NUMBER} AS file, ${LEAVES}
    FROM read_json(${literalList(paths)}, format = 'newline_delimited', filename = true, maximum_object_size = ${MAX_LINE_BYTES},
      timestampformat = '%Y-%m-%dT%H:%M:%SZ', columns = ${EVENT_COLUMNS})
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

/** Rows that the fast way can't have read rightly: a shape of another era, an actor to be found in the payload, a NUL, or an object where a text belongs. */
const IRREGULAR = `kind IS NOT NULL AND (kind = -1 OR repository IS NULL OR "at" IS NULL OR id IS NULL OR (actor_id IS NULL AND actor_login IS NULL)
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
