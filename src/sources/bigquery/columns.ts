import { BadLine, rowOf } from '../archive-events/event-row.ts';
import { archiveRowOf } from '../archive-events/archive-row.ts';
import type { ArchiveRow } from '../archive-events/fold.ts';

/** Types whose rows can be contributions. */
export const TYPES = [
  'PushEvent',
  'PullRequestEvent',
  'PullRequestReviewEvent',
  'PullRequestReviewCommentEvent',
  'IssuesEvent',
  'IssueCommentEvent',
  'CommitCommentEvent',
  'ReleaseEvent',
] as const;

const at = (path: string): string => `JSON_VALUE(payload, '$.${path}')`;
const ofPush = (expression: string): string => `IF(type = 'PushEvent', ${expression}, NULL)`;
const unnamedPush = (path: string): string => ofPush(`IF(${at('push_id')} IS NULL, ${at(path)}, NULL)`);
const first = (...paths: readonly string[]): string => `COALESCE(${paths.map(at).join(', ')})`;

/**
 * The commits a push of the timeline era (to 2014) brought, where it lists all of them: entries are [sha, e-mail, message, name, is new]. They
 * are counted where they are: e-mails and messages never leave BigQuery.
 */
export const DISTINCT_SHAS = `(
    SELECT IF(COUNT(*) = SAFE_CAST(${at('size')} AS INT64) AND COUNTIF(JSON_VALUE(sha, '$[4]') IN ('true', 'false')) = COUNT(*),
      CAST(COUNTIF(JSON_VALUE(sha, '$[4]') = 'true') AS STRING), NULL)
    FROM UNNEST(JSON_QUERY_ARRAY(payload, '$.shas')) AS sha)`;

/** What is taken out of a payload: texts all of them, as JSON_VALUE gives them; a field that is absent is null. */
export const LEAVES = {
  action: at('action'),
  number: at('number'),
  push_id: ofPush(at('push_id')),
  ref: unnamedPush('ref'),
  head: unnamedPush('head'),
  distinct_size: ofPush(`COALESCE(${at('distinct_size')}, distinct_shas)`),
  pr_number: at('pull_request.number'),
  pr_user_id: at('pull_request.user.id'),
  pr_user_login: at('pull_request.user.login'),
  pr_user_type: at('pull_request.user.type'),
  pr_merged: at('pull_request.merged'),
  pr_merged_at: at('pull_request.merged_at'),
  pr_created_at: at('pull_request.created_at'),
  pr_additions: at('pull_request.additions'),
  pr_deletions: at('pull_request.deletions'),
  pr_base_ref: at('pull_request.base.ref'),
  object_id: first('review.id', 'comment.id', 'comment', 'comment_id', 'release.id'),
  who_id: first('review.user.id', 'comment.user.id', 'release.author.id'),
  who_login: first('review.user.login', 'comment.user.login', 'release.author.login'),
  who_type: first('review.user.type', 'comment.user.type', 'release.author.type'),
  comment_pr_url: at('comment.pull_request_url'),
  issue_number: at('issue.number'),
  issue_user_id: at('issue.user.id'),
  issue_user_login: at('issue.user.login'),
  issue_user_type: at('issue.user.type'),
  issue_created_at: at('issue.created_at'),
  issue_closed_at: at('issue.closed_at'),
  issue_on_pr: `IF(COALESCE(JSON_QUERY(payload, '$.issue.pull_request'), 'null') = 'null', NULL, 'true')`,
  issue_merged_at: at('issue.pull_request.merged_at'),
} as const;

/** What is read of a row besides its payload: texts, but for the moment. */
export const ROW_FIELDS = ['type', 'event_id', 'created_at', 'repository_id', 'repository_name', 'actor_id', 'actor_login'] as const;

/** A row of an extract: texts and nulls. `created_at` is `YYYY-MM-DDTHH:MM:SSZ`. */
export type ExtractRow = { readonly [C in (typeof ROW_FIELDS)[number] | keyof typeof LEAVES]: string | null };

const some = (fields: Record<string, unknown>): Record<string, unknown> | null =>
  Object.values(fields).every((value) => value === null || value === undefined) ? null : fields;

const userOf = (id: string | null, login: string | null, type: string | null): Record<string, unknown> | null => some({ id, login, type });

/** `true` and `false` as JSON_VALUE writes them. */
function flagOf(text: string | null): unknown {
  return text === 'true' ? true : text === 'false' ? false : text;
}

/** The event a row was taken from, with the fields that are read of it. */
function eventOf(row: ExtractRow): Record<string, unknown> {
  const { type } = row;
  const who = userOf(row.who_id, row.who_login, row.who_type);
  const object = { id: row.object_id, user: who };
  // Rows of the timeline era have neither ids of their own nor of their actors; rowOf knows them by the actor that is a text.
  const isTimeline = row.event_id === null && row.actor_id === null;
  return {
    type,
    id: row.event_id,
    created_at: row.created_at,
    repo: { id: row.repository_id, name: row.repository_name },
    actor: isTimeline ? (row.actor_login ?? '') : userOf(row.actor_id, row.actor_login, null),
    payload: {
      action: row.action,
      number: row.number,
      push_id: row.push_id,
      ref: row.ref ?? undefined,
      head: row.head ?? undefined,
      distinct_size: row.distinct_size,
      pull_request: some({
        number: row.pr_number,
        user: userOf(row.pr_user_id, row.pr_user_login, row.pr_user_type),
        merged: flagOf(row.pr_merged),
        merged_at: row.pr_merged_at,
        created_at: row.pr_created_at,
        additions: row.pr_additions,
        deletions: row.pr_deletions,
        base: some({ ref: row.pr_base_ref }),
      }),
      issue: some({
        number: row.issue_number,
        user: userOf(row.issue_user_id, row.issue_user_login, row.issue_user_type),
        created_at: row.issue_created_at,
        closed_at: row.issue_closed_at,
        pull_request: row.issue_on_pr === null ? null : { merged_at: row.issue_merged_at },
      }),
      ...(type === 'PullRequestReviewEvent' ? { review: object } : {}),
      ...(type === 'ReleaseEvent' ? { release: { id: row.object_id, author: who } } : {}),
      ...(type?.endsWith('CommentEvent') === true ? { comment: { ...object, pull_request_url: row.comment_pr_url } } : {}),
    },
  };
}

const DAY_MS = 86_400_000;

/**
 * A row as Fold takes it; null when it is no contribution and tells of none. Its file is its day, counted from 1970.
 * @throws BadLine with the reason when it can't be counted.
 */
export function foldableOf(row: ExtractRow): ArchiveRow | null {
  if (row.created_at === null) throw new BadLine('it has no time');
  return archiveRowOf(rowOf(eventOf(row)), Math.floor(Date.parse(row.created_at) / DAY_MS));
}
