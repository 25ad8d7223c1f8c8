import type { SliceCursor } from '../../contribution-source.ts';
import type { Ask } from '../client.ts';
import type { Step } from '../lanes.ts';
import { pageOfFittingSize, PageSize } from '../page-size.ts';
import { COMMITS, commitsByOid } from '../queries.ts';
import { readLanes, type LanePage } from '../read-lanes.ts';
import {
  addCounts,
  boundsOf,
  isIn,
  monthTotals,
  nothingNew,
  watermarkOf,
  type CountsByMonth,
  type Reading,
  type Stream,
  type StreamBatch,
} from '../reading.ts';
import { CursorRefused, GithubUnavailable, PageTooLarge } from '../trouble.ts';
import { asUtc, rowsOf, wholeNodes, type CommitNode } from './commit-rows.ts';

interface History {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly (CommitNode | null)[];
}

/** A part of the history: from `at` to before `end` (null: not known yet). `after` is set where GitHub's cursors are opaque. */
interface HistoryLane {
  readonly at: number;
  readonly end: number | null;
  readonly after: string | null;
}

/** A page of the commits that were put on the branch since the last read. */
interface CompareLane {
  readonly page: number;
}

interface Cursor {
  readonly v: 1;
  readonly repository: string;
  readonly startedAt: string;
  readonly head: string;
  /** Where the branch stood at the last read; null: the whole history of the window is read. */
  readonly base: string | null;
  readonly lanes: readonly (HistoryLane | CompareLane)[];
  readonly size: number;
  readonly read: number;
  readonly total: number | null;
  /** Merge commits, by month. */
  readonly excluded: CountsByMonth;
}

interface Page extends LanePage {
  readonly merges: CountsByMonth;
  readonly read: number;
  readonly total: number | null;
}

/** The longest lane: 25 pages. */
const LANE_COMMITS = 2_500;
/** More new commits than this are read as a whole: a comparison takes two requests a hundred. */
const MOST_NEW_COMMITS = 5_000;

/** GitHub has no way from the last head to this one: somebody pushed by force, or the old commits are gone. */
class NoWayFromBase extends Error {}

/**
 * Commits on the default branch, without merge commits; the head is pinned as reading begins. A refresh asks which commits were
 * put on the branch since the last head: a commit's own date says nothing about when it landed.
 */
export const commits: Stream = {
  name: 'commits',
  covers: ['COMMIT', 'COMMIT_COAUTHOR'],
  forgets: ['COMMIT', 'COMMIT_COAUTHOR'],
  async *read(reading, given) {
    const { now, since } = reading;
    const cursor = cursorFrom(reading, given);
    if (cursor === null) {
      // An empty repository has no commits, and none that were.
      yield nothingNew(reading, { head: null, excluded: {} }, { replaced: ['COMMIT', 'COMMIT_COAUTHOR'] });
      return;
    }
    if (given === null && since !== null && since['head'] === now.head?.oid) {
      yield nothingNew(reading, since, { excluded: monthTotals('COMMIT', since['excluded'] as CountsByMonth) });
      return;
    }
    if (cursor.base !== null) {
      try {
        yield* readFrom(reading, cursor);
        return;
      } catch (error) {
        if (!(error instanceof NoWayFromBase)) throw error;
        reading.log.info('the branch was rewritten: its commits are read again', { reason: error.message });
        yield* readFrom(reading, start(reading, null), true);
        return;
      }
    }
    yield* readFrom(reading, cursor);
  },
};

function cursorFrom(reading: Reading, given: SliceCursor | null): Cursor | null {
  if (given !== null) return given as unknown as Cursor;
  if (reading.now.head === null) return null;
  const base = reading.since?.['head'];
  return start(reading, typeof base === 'string' ? base : null);
}

function start({ now, pageSize }: Reading, base: string | null): Cursor {
  return {
    v: 1,
    repository: now.repository.nodeId,
    startedAt: now.at.toISOString(),
    head: now.head?.oid ?? '',
    base,
    lanes: [base === null ? { at: 0, end: null, after: null } : { page: 1 }],
    size: pageSize.commits,
    read: 0,
    total: null,
    excluded: {},
  };
}

async function* readFrom(reading: Reading, from: Cursor, isAgain = false): AsyncGenerator<StreamBatch> {
  const size = new PageSize(reading.pageSize.commits, from.size);
  const batches = readLanes<HistoryLane | CompareLane, Page, Cursor>(reading, from, {
    step: (asked, lane) => ('page' in lane ? stepOfComparison(asked, from, lane) : stepOfHistory(asked, from, lane, size)),
    after: (cursor, page) => ({
      ...cursor,
      size: size.current,
      read: cursor.read + page.read,
      total: page.total ?? cursor.total,
      excluded: addCounts(cursor.excluded, page.merges),
    }),
    end: (cursor) => endOf(reading, cursor),
  });
  let restarted = isAgain;
  for await (const batch of batches) {
    yield restarted ? { ...batch, restarted: ['COMMIT', 'COMMIT_COAUTHOR'] } : batch;
    restarted = false;
  }
}

function endOf(reading: Reading, { head, base, startedAt, read, total, excluded }: Cursor): Partial<StreamBatch> {
  const before = base === null ? {} : (reading.since?.['excluded'] as CountsByMonth | undefined);
  const merges = addCounts(before ?? {}, excluded);
  const missing = (total ?? read) - read;
  return {
    watermark: watermarkOf(reading, startedAt, { head, excluded: merges }),
    excluded: monthTotals('COMMIT', merges),
    ...(base === null ? { replaced: ['COMMIT', 'COMMIT_COAUTHOR'] as const } : {}),
    ...(missing === 0 ? {} : { gaps: [{ kind: 'COMMIT', month: null, reason: `GitHub counts ${total} commits and listed ${read}` }] }),
  };
}

async function stepOfHistory(
  reading: Reading,
  { head }: Cursor,
  lane: HistoryLane,
  size: PageSize,
): Promise<Step<HistoryLane | CompareLane, Page>> {
  const { target, now, github, signal, patience } = reading;
  const bounds = boundsOf(target.window);
  const after = lane.after ?? (lane.at === 0 ? null : `${head} ${lane.at - 1}`);
  const ask = { signal, what: `commits ${lane.at + 1} and on`, mayShrink: true };
  let requests = 0;
  const history = await pageOfFittingSize(
    size,
    async (most) => {
      requests += 1;
      const first = lane.end === null ? most : Math.min(most, lane.end - lane.at);
      const variables = { id: now.repository.nodeId, oid: head, since: bounds.from, until: bounds.to, after, first };
      const { data } = await github.graphql<{ node: { object: { history: History } | null } | null }>(COMMITS, variables, ask);
      if (!data.node?.object) throw new CursorRefused(`commit ${head} is gone`);
      return data.node.object.history;
    },
    { patience, signal, what: ask.what },
  );
  const nodes = wholeNodes(history.nodes, ask.what);
  const page = async (): Promise<Page> => {
    const { contributions, merges, requests: more } = await rowsOf(reading, nodes);
    return { rows: { contributions }, merges, read: nodes.length, total: history.totalCount, requests: requests + more };
  };
  const at = lane.at + nodes.length;

  if (lane.end !== null) {
    if (nodes.length === 0) throw new GithubUnavailable(ask.what, 'the page is empty');
    return { page, next: at >= lane.end ? null : { at, end: lane.end, after: null } };
  }
  if (!history.pageInfo.hasNextPage) return { page, next: null };
  // GitHub's cursors here are the head and an offset; then the rest can be read from several places at once.
  if (history.pageInfo.endCursor !== `${head} ${at - 1}`) return { page, next: { at, end: null, after: history.pageInfo.endCursor } };
  const opened: HistoryLane[] = [];
  const length = Math.min(LANE_COMMITS, Math.ceil((history.totalCount - at) / reading.width / 100) * 100);
  for (let begin = at; begin < history.totalCount; begin += length) {
    opened.push({ at: begin, end: Math.min(begin + length, history.totalCount), after: null });
  }
  return { page, next: null, opened };
}

interface Comparison {
  readonly status: 'ahead' | 'behind' | 'diverged' | 'identical';
  readonly total_commits: number;
  readonly commits: readonly {
    readonly sha: string;
    readonly parents: readonly unknown[];
    readonly commit: { readonly committer: { readonly date?: string } | null };
  }[];
}

async function stepOfComparison(
  reading: Reading,
  { head, base }: Cursor,
  { page }: CompareLane,
): Promise<Step<HistoryLane | CompareLane, Page>> {
  const { target, now, github, signal } = reading;
  const { owner, name, nodeId } = now.repository;
  const ask: Ask = { signal, what: `new commits, page ${page}` };
  const path = `/repos/${owner}/${name}/compare/${base}...${head}`;
  const { data: comparison } = await github.rest<Comparison>(path, { per_page: 100, page }, { ...ask, mayMiss: true });
  if (comparison === null) throw new NoWayFromBase('the last known commit is gone');
  if (comparison.status !== 'ahead' && comparison.status !== 'identical') throw new NoWayFromBase(`the branch is ${comparison.status}`);
  if (comparison.total_commits > MOST_NEW_COMMITS) throw new NoWayFromBase(`${comparison.total_commits} commits are new`);

  const inside = comparison.commits.filter(
    ({ commit }) => commit.committer?.date === undefined || isIn(target.window, asUtc(commit.committer.date)),
  );
  let requests = 1;
  const factsOf = async (oids: readonly string[]): Promise<(CommitNode | null)[]> => {
    if (oids.length === 0) return [];
    requests += 1;
    try {
      const shrinkable = { ...ask, mayShrink: oids.length > 1 };
      const { data } = await github.graphql<{ node: Record<string, CommitNode | null> | null }>(
        commitsByOid(oids),
        { id: nodeId },
        shrinkable,
      );
      return oids.map((_, index) => data.node?.[`c${index}`] ?? null);
    } catch (error) {
      if (!(error instanceof PageTooLarge)) throw error;
      const half = Math.ceil(oids.length / 2);
      return [...(await factsOf(oids.slice(0, half))), ...(await factsOf(oids.slice(half)))];
    }
  };
  const nodes = wholeNodes(await factsOf(inside.map(({ sha }) => sha)), ask.what);
  const pages = Math.ceil(comparison.total_commits / 100);
  const opened = page === 1 ? Array.from({ length: Math.max(0, pages - 1) }, (_, index) => ({ page: index + 2 })) : [];
  return {
    page: async () => {
      const { contributions, merges, requests: more } = await rowsOf(reading, nodes);
      const [read, total] = [comparison.commits.length, comparison.total_commits];
      return { rows: { contributions }, merges, read, total, requests: requests + more };
    },
    next: null,
    opened,
  };
}
