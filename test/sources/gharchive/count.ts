/**
 * An independent count of contributions in archive files: plain TypeScript over parsed events, no DuckDB and nothing of src/ but types.
 * It follows design/data.md the way ../shared/data/expected.py does, and also counts the timeline era.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

// oxlint-disable-next-line typescript/no-explicit-any
type Event = any;

/** What one account did: a number, or null when only unknown quantities are there. */
export interface Counted {
  readonly username: string;
  readonly [kind: string]: string | number | null;
}

/** What all rows of one repository come to. */
export interface Count {
  readonly contributions: number;
  readonly people: readonly Counted[];
}

/** The events of files; lines that are no JSON are left out. */
export function eventsOf(paths: readonly string[]): readonly Event[] {
  return paths.flatMap((path) => {
    const bytes = readFileSync(path);
    const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return text.split('\n').flatMap((line) => {
      try {
        return line.trim() === '' ? [] : [JSON.parse(line.replaceAll('\\u0000', ''))];
      } catch {
        return [];
      }
    });
  });
}

/** The repository an event is of: its id, or `owner/name` where it has none. */
export function repositoryOf(event: Event): number | string | null {
  if (typeof event?.repo?.id === 'number') return event.repo.id;
  const { owner, name } = event?.repository ?? {};
  return typeof owner === 'string' ? `${owner}/${name}`.toLowerCase() : null;
}

const idOf = (value: Event): number | undefined => (typeof value === 'number' ? value : value?.id);
const loginOf = (event: Event): string | null => (typeof event.actor === 'string' ? event.actor : (event.actor?.login ?? null)) || null;

/** Counts the events of one repository (by id, or by lower-case `owner/name`). */
export function countOf(events: readonly Event[], repository: number | string): Count {
  const mine = events
    .filter((event) => repositoryOf(event) === repository && typeof event.payload === 'object' && event.payload !== null)
    .toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
  const author = new Map<number, string>();
  for (const { type, payload: p, ...event } of mine) {
    const pr = p.pull_request;
    if (pr?.user) author.set(pr.number ?? p.number, pr.user.login);
    else if (type === 'PullRequestEvent' && p.action === 'opened' && !author.has(pr.number)) author.set(pr.number, loginOf(event) ?? '');
  }
  for (const { type, payload: p } of mine) {
    if (type === 'IssueCommentEvent' && p.issue?.pull_request && p.issue.user && !author.has(p.issue.number))
      author.set(p.issue.number, p.issue.user.login);
  }
  const rows = new Map<string, readonly [who: string | null, quantity: number | null, added: number | null, deleted: number | null]>();
  const first = (key: string, who: string | null): unknown => rows.has(key) || rows.set(key, [who, 1, null, null]);
  for (const { type, payload: p, ...event } of mine) {
    const who = loginOf(event);
    const number: number = p.pull_request?.number ?? p.issue?.number ?? p.number;
    const isNew = p.action === undefined || p.action === 'created' || p.action === 'submitted';
    if (type === 'PushEvent') {
      const key = p.push_id ?? JSON.stringify([p.ref, p.head, event.created_at]);
      const flags: Event[] = p.shas?.map((sha: Event) => sha[4]) ?? [];
      const listed =
        p.shas !== undefined && p.shas.length === p.size && flags.every((flag) => typeof flag === 'boolean')
          ? flags.filter(Boolean).length
          : null;
      const quantity = p.distinct_size ?? listed;
      if (quantity !== null || !rows.has(`COMMIT ${key}`)) rows.set(`COMMIT ${key}`, [who, quantity, null, null]);
    } else if (type === 'PullRequestEvent' && p.action === 'opened') first(`PR_OPENED ${number}`, author.get(number) ?? who);
    else if (type === 'PullRequestEvent' && (p.action === 'merged' || (p.action === 'closed' && p.pull_request.merged === true))) {
      const known = rows.get(`PR_MERGED ${number}`);
      if ((known?.[2] ?? null) === null) {
        rows.set(`PR_MERGED ${number}`, [
          author.get(number) ?? null,
          1,
          p.pull_request.additions ?? null,
          p.pull_request.deletions ?? null,
        ]);
      }
    } else if (type === 'PullRequestReviewEvent' && isNew && (who === null || author.get(number) !== who)) {
      first(`PR_REVIEWED ${number} ${who ?? `ghost ${p.review.id}`}`, who);
    } else if (type === 'PullRequestReviewCommentEvent' && isNew) first(`PR_REVIEW_COMMENT ${idOf(p.comment) ?? p.comment_id}`, who);
    else if (type === 'IssuesEvent' && p.action === 'opened') first(`ISSUE_OPENED ${number}`, who);
    else if (type === 'CommitCommentEvent') first(`COMMENT c${idOf(p.comment) ?? p.comment_id}`, who);
    else if (type === 'ReleaseEvent' && p.action === 'published') first(`RELEASE ${p.release.id}`, who);
    else if (type === 'IssueCommentEvent' && isNew) first(`COMMENT i${idOf(p.comment) ?? p.comment_id}`, who);
  }
  // Closed last: by the later of the event's time and the issue's own, for some events carry a stale one.
  const closes = mine.filter((event) => event.type === 'IssuesEvent' && event.payload.action === 'closed');
  const closedAt = (event: Event): number =>
    Math.max(Date.parse(event.created_at), Date.parse(event.payload.issue?.closed_at ?? event.created_at));
  for (const event of closes.toSorted((a, b) => closedAt(a) - closedAt(b))) {
    rows.set(`ISSUE_CLOSED ${event.payload.issue?.number ?? event.payload.number}`, [loginOf(event), 1, null, null]);
  }
  for (const { type, payload: p } of mine) {
    if (type !== 'IssueCommentEvent' || !p.issue?.pull_request?.merged_at) continue;
    first(`PR_MERGED ${p.issue.number}`, author.get(p.issue.number) ?? null);
  }
  const people = new Map<string, Record<string, string | number | null>>();
  for (const [key, [who, quantity, added, deleted]] of rows) {
    if (who === null) continue;
    const kind = key.slice(0, key.indexOf(' '));
    const person = people.get(who) ?? { username: who };
    people.set(who, person);
    person[kind] = quantity === null ? (person[kind] ?? null) : Number(person[kind] ?? 0) + quantity;
    if (added === null) continue;
    person['lines_added'] = Number(person['lines_added'] ?? 0) + added;
    person['lines_deleted'] = Number(person['lines_deleted'] ?? 0) + (deleted ?? 0);
  }
  return { contributions: rows.size, people: [...people.values()].map((person) => person as Counted).toSorted(byName) };
}

/** Orders people for comparison. */
export const byName = (a: Counted, b: Counted): number => (a.username < b.username ? -1 : 1);
