import type { Contribution, ContributionKind } from '../../../domain/contribution.ts';
import { accountOfRest, type RestUser } from '../accounts.ts';
import type { Ask } from '../client.ts';
import type { Step } from '../lanes.ts';
import { readLanes, type LanePage } from '../read-lanes.ts';
import { boundsOf, contribution, isIn, isUnchanged, nothingNew, watermarkOf, type Reading, type Stream } from '../reading.ts';
import { earlier, splitTime } from '../time-lanes.ts';
import { GithubUnavailable } from '../trouble.ts';

interface RestComment {
  readonly id: number;
  readonly user: RestUser | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly issue_url?: string;
  readonly pull_request_url?: string;
}

/** Comments updated from `since` to before `until` (null: to the end). `page` counts only while all of them are of one second. */
interface Lane {
  readonly since: string;
  readonly until: string | null;
  readonly page: number;
  readonly isFirst: boolean;
}

/** The first page of a refresh: asked again as it was, it costs nothing while nothing changed. */
interface FirstPage {
  readonly since: string;
  readonly etag: string;
}

interface Cursor {
  readonly v: 1;
  readonly repository: string;
  readonly startedAt: string;
  readonly lanes: readonly Lane[];
  readonly wasSplit: boolean;
  readonly isClosing: boolean;
  readonly isWhole: boolean;
  readonly first: FirstPage | null;
}

interface Page extends LanePage {
  readonly first: FirstPage | null;
}

/** From so many pages on, several parts of the time are read at once. */
const PAGES_TO_SPLIT = 4;
const PER_PAGE = 100;

interface CommentList {
  readonly name: string;
  readonly path: 'issues/comments' | 'pulls/comments';
  readonly kind: ContributionKind;
  readonly covers: readonly ContributionKind[];
  subjectOf(id: number): string;
}

/** Comments on issues and pull requests. */
export const issueComments = streamOf({
  name: 'issue-comments',
  path: 'issues/comments',
  kind: 'COMMENT',
  covers: ['COMMENT'],
  subjectOf: (id) => `issue:${id}`,
});

/** Comments on lines of pull requests. */
export const reviewComments = streamOf({
  name: 'review-comments',
  path: 'pulls/comments',
  kind: 'PR_REVIEW_COMMENT',
  covers: ['PR_REVIEW_COMMENT'],
  subjectOf: String,
});

/** A list of comments of the whole repository, the longest untouched first, from the window's first day or the last read on. */
function streamOf(list: CommentList): Stream {
  return {
    name: list.name,
    covers: list.covers,
    forgets: [],
    async *read(reading, given) {
      const { now, since, target } = reading;
      const parents = { pullRequests: now.pullRequests, issues: now.issues };
      if (given === null && since !== null) {
        // A comment updates what it is written on: nothing updated, nothing written.
        const before = since['parents'] as typeof parents;
        if (isUnchanged(before.pullRequests, now.pullRequests, since) && isUnchanged(before.issues, now.issues, since)) {
          yield nothingNew(reading, since);
          return;
        }
        if (await isFirstPageUnchanged(reading, list, (since['first'] as FirstPage | undefined) ?? null)) {
          yield nothingNew(reading, { ...since, parents }, { requests: 1 });
          return;
        }
      }
      const from: Cursor =
        given === null
          ? {
              v: 1,
              repository: now.repository.nodeId,
              startedAt: now.at.toISOString(),
              lanes: [{ since: since === null ? boundsOf(target.window).from : String(since['at']), until: null, page: 1, isFirst: true }],
              wasSplit: false,
              isClosing: false,
              isWhole: since === null,
              first: null,
            }
          : (given as unknown as Cursor);
      yield* readLanes<Lane, Page, Cursor>(reading, from, {
        step: (asked, lane) => stepOf(asked, list, lane),
        after: (cursor, page) => {
          const read = { ...cursor, wasSplit: cursor.wasSplit || cursor.lanes.length > 1, first: page.first ?? cursor.first };
          if (read.lanes.length > 0 || !read.wasSplit || read.isClosing) return read;
          // What was updated while its part was still to be read has moved behind the last part.
          return { ...read, isClosing: true, lanes: [{ since: earlier(read.startedAt, 1), until: null, page: 1, isFirst: false }] };
        },
        end: ({ startedAt, isWhole, first }) => ({
          watermark: watermarkOf(reading, startedAt, { parents, first: isWhole ? null : first }),
        }),
      });
    },
  };
}

async function isFirstPageUnchanged(
  { now, github, signal }: Reading,
  { name, path }: CommentList,
  first: FirstPage | null | undefined,
): Promise<boolean> {
  if (first === null || first === undefined) return false;
  const ask = { signal, what: `${name} since ${first.since}`, etag: first.etag };
  const answer = await github.rest(`/repos/${now.repository.owner}/${now.repository.name}/${path}`, queryOf(first.since, 1), ask);
  return answer.notModified;
}

function queryOf(since: string, page: number): Record<string, string | number> {
  return { since, sort: 'updated', direction: 'asc', per_page: PER_PAGE, page };
}

async function stepOf(reading: Reading, list: CommentList, lane: Lane): Promise<Step<Lane, Page>> {
  const { now, github, signal, target, width } = reading;
  const { owner, name } = now.repository;
  const ask: Ask = { signal, what: `${list.name} since ${lane.since}${lane.page === 1 ? '' : `, page ${lane.page}`}` };
  const answer = await github.rest<readonly RestComment[]>(`/repos/${owner}/${name}/${list.path}`, queryOf(lane.since, lane.page), ask);
  const rows = answer.data ?? [];
  if (!Array.isArray(rows)) throw new GithubUnavailable(ask.what, 'the answer is no list');
  const contributionsOf = (): Contribution[] =>
    rows
      // What was updated later is the next part's.
      .filter(({ created_at: at, updated_at: updated }) => isIn(target.window, at) && (lane.until === null || updated < lane.until))
      .map(({ id, user, created_at: at, issue_url: issue, pull_request_url: pull }) => {
        const number = /\/(\d+)$/.exec(issue ?? pull ?? '')?.[1];
        return contribution(list.kind, list.subjectOf(id), accountOfRest(user), at, number === undefined ? {} : { number: Number(number) });
      });
  const first = lane.isFirst && answer.etag !== null ? { since: lane.since, etag: answer.etag } : null;
  const page = (): Page => ({ rows: { contributions: contributionsOf() }, requests: 1, first });

  const last = rows.at(-1);
  if (last === undefined || !answer.hasNext || (lane.until !== null && last.updated_at >= lane.until)) return { page, next: null };
  // On from the time, not by page numbers: a comment edited meanwhile moves to the end, and every later one up a place. A second
  // back, because GitHub does not say whether `since` itself is included.
  const since = earlier(last.updated_at, 1);
  const isFurther = since > lane.since;
  const next: Lane = { ...lane, since: isFurther ? since : lane.since, page: isFurther ? 1 : lane.page + 1, isFirst: false };
  if (!lane.isFirst || answer.lastPage < PAGES_TO_SPLIT) return { page, next };
  const [own, ...others] = splitTime(last.updated_at, now.at.toISOString(), width);
  const opened = others.map(({ since: from, until }): Lane => ({ since: earlier(from, 1), until, page: 1, isFirst: false }));
  return { page, next: { ...next, until: own?.until ?? null }, opened };
}
