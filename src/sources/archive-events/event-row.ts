import { createHash } from 'node:crypto';

/**
 * What a row of the mirror is about. The numbers are stored in Parquet files and never change.
 * `SEEN`: tells a pull request's author or merge, no contribution. `CLOSED_UNFLAGGED`: a pull request was closed, merged or not.
 */
export const ROW = {
  SEEN: 0,
  PUSH: 1,
  PR_OPENED: 2,
  PR_MERGED: 3,
  PR_REVIEWED: 4,
  PR_REVIEW_COMMENT: 5,
  ISSUE_OPENED: 6,
  ISSUE_CLOSED: 7,
  ISSUE_COMMENT: 8,
  RELEASE: 9,
  COMMIT_COMMENT: 10,
  CLOSED_UNFLAGGED: 11,
} as const;
export type RowKind = (typeof ROW)[keyof typeof ROW];

/** Columns of a row between reading and storing, with their SQL types; `kind` null: an event that is no contribution, counted only. */
export const ROW_COLUMNS = {
  repository: 'BIGINT',
  name: 'VARCHAR',
  by_name: 'BOOLEAN',
  kind: 'TINYINT',
  at: 'TIMESTAMP',
  id: 'BIGINT',
  number: 'INTEGER',
  actor_id: 'BIGINT',
  actor_login: 'VARCHAR',
  actor_type: 'VARCHAR',
  quantity: 'INTEGER',
  author_id: 'BIGINT',
  author_login: 'VARCHAR',
  author_type: 'VARCHAR',
  created: 'TIMESTAMP',
  merged: 'TIMESTAMP',
  added: 'INTEGER',
  deleted: 'INTEGER',
  base_ref: 'VARCHAR',
  event: 'BIGINT',
  is_pr: 'BOOLEAN',
  is_merge: 'BOOLEAN',
} as const;

/** One event as the mirror keeps it. Times are `YYYY-MM-DDTHH:MM:SSZ`. No titles, no texts, no e-mails. */
export type EventRow = { readonly [C in keyof typeof ROW_COLUMNS]?: string | number | boolean | null };

/** A line that can't be counted; the reason is kept, the line is not. */
export class BadLine extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, what: string): Fields | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw new BadLine(`${what} is not an object`);
  return value as Fields;
}

const LARGEST_INTEGER = 2_147_483_647;

function wholeOf(value: unknown, what: string, most = Number.MAX_SAFE_INTEGER): number | null {
  if (value === null || value === undefined) return null;
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || Math.abs(number) > most)
    throw new BadLine(`${what} is not a whole number`);
  return number;
}

function textOf(value: unknown, what: string): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') throw new BadLine(`${what} is not a text`);
  return value.replaceAll('\0', '');
}

function flagOf(value: unknown, what: string): boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'boolean') throw new BadLine(`${what} is not true or false`);
  return value;
}

/** Any offset becomes UTC: the timeline era wrote `2012-06-14T15:01:42-07:00` and `2012/03/11 01:02:03 -0700`. */
function timeOf(value: unknown, what: string): string | null {
  if (value === null || value === undefined || value === '') return null;
  const hasZone = typeof value === 'string' && /(?:Z|UTC|[+-]\d{2}:?\d{2})$/.test(value);
  const moment = typeof value === 'string' ? Date.parse(hasZone ? value : `${value}Z`) : Number.NaN;
  if (Number.isNaN(moment)) throw new BadLine(`${what} is not a time`);
  return `${new Date(moment).toISOString().slice(0, 19)}Z`;
}

const HASH_BITS = 52;

/** A stable negative number for what has no id of its own: it can't meet GitHub's ids, which are positive. */
function stableNumber(text: string): number {
  return -(Number(createHash('sha256').update(text).digest().readBigUInt64BE() >> BigInt(64 - HASH_BITS)) + 1);
}

/** The mirror's key of a repository that its rows know by name only (before 2015). */
export function nameKey(name: string): number {
  return stableNumber(name.toLowerCase());
}

interface Who {
  readonly id: number | null;
  readonly login: string | null;
  readonly type: string | null;
}
const NOBODY: Who = { id: null, login: null, type: null };

function whoOf(value: unknown, what: string): Who | null {
  const fields = fieldsOf(value, what);
  if (fields === null) return null;
  const who = {
    id: wholeOf(fields['id'], `${what}.id`),
    login: textOf(fields['login'], `${what}.login`),
    type: textOf(fields['type'], `${what}.type`),
  };
  return who.id === null && who.login === null ? null : who;
}

/** The number in `…/issues/12#…`, `…/pull/12…`, `…/pulls/12`. */
function numberIn(url: unknown): number | null {
  const found = typeof url === 'string' ? /\/(?:issues|pulls?)\/(\d{1,9})(?:[#/?]|$)/.exec(url) : null;
  return found === null ? null : Number(found[1]);
}

/** An object's own id; the timeline era gives a bare number where later eras give the object. */
function objectOf(value: unknown, what: string): { readonly fields: Fields | null; readonly id: number | null } {
  if (typeof value === 'number') return { fields: null, id: wholeOf(value, what) };
  const fields = fieldsOf(value, what);
  return { fields, id: fields === null ? null : wholeOf(fields['id'], `${what}.id`) };
}

/** Commits a timeline push brought, where it lists all of them; else unknown. */
function distinctShas(payload: Fields): number | null {
  const [shas, size] = [payload['shas'], payload['size']];
  if (!Array.isArray(shas) || shas.length !== size) return null;
  const flags = shas.map((sha: unknown) => (Array.isArray(sha) ? (sha[4] as unknown) : undefined));
  return flags.every((flag) => typeof flag === 'boolean') ? flags.filter(Boolean).length : null;
}

const isFirst = (action: string | null): boolean => action === null || action === 'created' || action === 'submitted';

function required(value: number | null, what: string): number {
  if (value === null) throw new BadLine(`it has no ${what}`);
  return value;
}

interface Described {
  readonly kind: RowKind;
  readonly id?: number | null;
  readonly number?: number | null;
  readonly quantity?: number | null;
  /** The account the payload names, for an actor that is missing. */
  readonly user?: Who | null;
  /** The pull request's author, where the row tells. */
  readonly author?: Who | null;
  readonly closed?: string | null;
  readonly created?: string | null;
  readonly merged?: string | null;
  readonly added?: number | null;
  readonly deleted?: number | null;
  readonly baseRef?: string | null;
}

/** What a row that carries a pull request tells of it, whatever it is about. */
function pullRequestOf(payload: Fields): Omit<Described, 'kind'> {
  const pr = fieldsOf(payload['pull_request'], 'pull_request');
  if (pr === null) return { number: wholeOf(payload['number'], 'number', LARGEST_INTEGER) };
  return {
    number: wholeOf(pr['number'], 'pull_request.number', LARGEST_INTEGER) ?? wholeOf(payload['number'], 'number', LARGEST_INTEGER),
    author: whoOf(pr['user'], 'pull_request.user'),
    created: timeOf(pr['created_at'], 'pull_request.created_at'),
    merged: timeOf(pr['merged_at'], 'pull_request.merged_at'),
    added: wholeOf(pr['additions'], 'pull_request.additions', LARGEST_INTEGER),
    deleted: wholeOf(pr['deletions'], 'pull_request.deletions', LARGEST_INTEGER),
    baseRef: textOf(fieldsOf(pr['base'], 'pull_request.base')?.['ref'], 'pull_request.base.ref'),
  };
}

function describePullRequest(payload: Fields, action: string | null): Described {
  const merged = flagOf(fieldsOf(payload['pull_request'], 'pull_request')?.['merged'], 'pull_request.merged');
  const told = pullRequestOf(payload);
  required(told.number ?? null, 'pull request number');
  if (action === 'opened') return { ...told, kind: ROW.PR_OPENED };
  if (action === 'merged' || (action === 'closed' && merged === true)) return { ...told, kind: ROW.PR_MERGED };
  return { ...told, kind: action === 'closed' && merged === null ? ROW.CLOSED_UNFLAGGED : ROW.SEEN };
}

function describeIssue(payload: Fields, action: string | null): Described | null {
  if (action !== 'opened' && action !== 'closed') return null;
  const { fields } = objectOf(payload['issue'], 'issue');
  const number = wholeOf(fields?.['number'] ?? payload['number'], 'issue.number', LARGEST_INTEGER);
  return {
    kind: action === 'opened' ? ROW.ISSUE_OPENED : ROW.ISSUE_CLOSED,
    number: required(number, 'issue number'),
    user: action === 'opened' ? whoOf(fields?.['user'], 'issue.user') : null,
    closed: action === 'closed' ? timeOf(fields?.['closed_at'], 'issue.closed_at') : null,
  };
}

function describeComment(event: Fields, payload: Fields, action: string | null): Described {
  const comment = objectOf(payload['comment'], 'comment');
  const issue = objectOf(payload['issue'], 'issue').fields;
  const pr = fieldsOf(issue?.['pull_request'], 'issue.pull_request');
  const number = wholeOf(issue?.['number'], 'issue.number', LARGEST_INTEGER) ?? numberIn(event['url']);
  const told = {
    number,
    author: pr === null ? null : whoOf(issue?.['user'], 'issue.user'),
    created: pr === null ? null : timeOf(issue?.['created_at'], 'issue.created_at'),
    merged: pr === null ? null : timeOf(pr['merged_at'], 'issue.pull_request.merged_at'),
  };
  if (!isFirst(action)) return { ...told, kind: ROW.SEEN };
  const id = comment.id ?? wholeOf(payload['comment_id'], 'comment_id');
  return { ...told, kind: ROW.ISSUE_COMMENT, id: required(id, 'comment id'), user: whoOf(comment.fields?.['user'], 'comment.user') };
}

function describe(type: string, event: Fields, payload: Fields): Described | null {
  const action = textOf(payload['action'], 'action');
  switch (type) {
    case 'PushEvent': {
      const id =
        wholeOf(payload['push_id'], 'push_id') ??
        // In UTC: BigQuery keeps no other, and both must name the same push alike.
        stableNumber(JSON.stringify([payload['ref'] ?? null, payload['head'] ?? null, timeOf(event['created_at'], 'created_at')]));
      return { kind: ROW.PUSH, id, quantity: wholeOf(payload['distinct_size'], 'distinct_size', LARGEST_INTEGER) ?? distinctShas(payload) };
    }
    case 'PullRequestEvent':
      return describePullRequest(payload, action);
    case 'PullRequestReviewEvent': {
      const review = fieldsOf(payload['review'], 'review');
      const told = pullRequestOf(payload);
      if (!isFirst(action)) return { ...told, kind: ROW.SEEN };
      required(told.number ?? null, 'pull request number');
      const id = required(wholeOf(review?.['id'], 'review.id'), 'review id');
      return { ...told, kind: ROW.PR_REVIEWED, id, user: whoOf(review?.['user'], 'review.user') };
    }
    case 'PullRequestReviewCommentEvent': {
      const told = pullRequestOf(payload);
      if (!isFirst(action)) return { ...told, kind: ROW.SEEN };
      const comment = objectOf(payload['comment'], 'comment');
      const id = required(comment.id ?? wholeOf(payload['comment_id'], 'comment_id'), 'comment id');
      const number = told.number ?? numberIn(comment.fields?.['pull_request_url']) ?? numberIn(event['url']);
      return { ...told, number, kind: ROW.PR_REVIEW_COMMENT, id, user: whoOf(comment.fields?.['user'], 'comment.user') };
    }
    case 'IssuesEvent':
      return describeIssue(payload, action);
    case 'IssueCommentEvent':
      return describeComment(event, payload, action);
    case 'CommitCommentEvent': {
      if (!isFirst(action)) return null;
      const comment = objectOf(payload['comment'], 'comment');
      const id = required(comment.id ?? wholeOf(payload['comment_id'], 'comment_id'), 'comment id');
      return { kind: ROW.COMMIT_COMMENT, id, user: whoOf(comment.fields?.['user'], 'comment.user') };
    }
    case 'ReleaseEvent': {
      const release = fieldsOf(payload['release'], 'release');
      if (action !== 'published') return null;
      const id = required(wholeOf(release?.['id'], 'release.id'), 'release id');
      return { kind: ROW.RELEASE, id, user: whoOf(release?.['author'], 'release.author') };
    }
    default:
      return null;
  }
}

/** Types whose rows can be contributions; for the others only the line and the repository's name count. */
const CONTRIBUTION_TYPES: ReadonlySet<string> = new Set([
  'PushEvent',
  'PullRequestEvent',
  'PullRequestReviewEvent',
  'PullRequestReviewCommentEvent',
  'IssuesEvent',
  'IssueCommentEvent',
  'CommitCommentEvent',
  'ReleaseEvent',
]);

interface Where {
  readonly id: number | null;
  readonly name: string | null;
}

function whereOf(event: Fields): Where {
  const repo = fieldsOf(event['repo'], 'repo');
  if (repo !== null) return { id: wholeOf(repo['id'], 'repo.id'), name: textOf(repo['name'], 'repo.name') };
  const repository = fieldsOf(event['repository'], 'repository');
  if (repository === null) return { id: null, name: null };
  const [owner, name] = [textOf(repository['owner'], 'repository.owner'), textOf(repository['name'], 'repository.name')];
  return { id: wholeOf(repository['id'], 'repository.id'), name: owner === null || name === null ? null : `${owner}/${name}` };
}

/**
 * Reads one event of any era, by the fields it has, never by its date. event-sql.ts does the same in SQL for whole files of regular
 * events; a test holds the two together.
 * @throws BadLine with the reason when it can't be counted.
 */
export function rowOf(event: unknown): EventRow {
  const fields = fieldsOf(event, 'the line');
  const type = textOf(fields?.['type'], 'type');
  if (fields === null || type === null) throw new BadLine('it is no event');
  const isPr = type === 'PullRequestEvent';
  if (!CONTRIBUTION_TYPES.has(type)) {
    const where = typeof fields['repo'] === 'object' ? whereOf(fields) : { id: null, name: null };
    return { is_pr: false, is_merge: false, at: timeOf(fields['created_at'], 'created_at'), repository: where.id, name: where.name };
  }
  const at = timeOf(fields['created_at'], 'created_at');
  if (at === null) throw new BadLine('it has no time');
  const where = whereOf(fields);
  const payload = fieldsOf(fields['payload'], 'payload') ?? {};
  const isMerge = isPr && payload['action'] === 'merged';
  const described = describe(type, fields, payload);
  const common = { at, is_pr: isPr, is_merge: isMerge, name: where.name, repository: where.id };
  if (described === null) return common;
  const key = where.id ?? (where.name === null ? null : nameKey(where.name));
  if (key === null) throw new BadLine('it names no repository');

  // A string actor is the timeline era's: its accounts have no ids, and the few that the payload tells would split a person in two.
  const isTimeline = typeof fields['actor'] === 'string';
  const login = isTimeline ? textOf(fields['actor'], 'actor') : null;
  const actor = isTimeline
    ? { id: null, login: login === '' ? null : login, type: null }
    : (whoOf(fields['actor'], 'actor') ?? described.user ?? NOBODY);
  const author = described.author ?? NOBODY;
  const tells = (described.number ?? null) !== null && (author.login !== null || (described.merged ?? null) !== null);
  if (described.kind === ROW.SEEN && !tells) return common;
  return {
    ...common,
    repository: key,
    by_name: where.id === null,
    kind: described.kind,
    at: described.closed !== undefined && described.closed !== null && described.closed > at ? described.closed : at,
    id: described.id ?? described.number ?? null,
    number: described.number ?? null,
    actor_id: actor.id,
    actor_login: actor.login,
    actor_type: actor.type,
    quantity: described.quantity ?? null,
    author_id: isTimeline ? null : author.id,
    author_login: author.login,
    author_type: isTimeline ? null : author.type,
    created: described.created ?? null,
    merged: described.merged ?? null,
    added: described.added ?? null,
    deleted: described.deleted ?? null,
    base_ref: described.baseRef ?? null,
    event: typeof fields['id'] === 'string' && /^\d{1,15}$/.test(fields['id']) ? Number(fields['id']) : null,
  };
}
