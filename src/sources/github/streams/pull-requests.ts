import type { Contribution, PullRequestFact } from '../../../domain/contribution.ts';
import type { Gap } from '../../../domain/coverage.ts';
import type { AmendedRow, SliceCursor } from '../../contribution-source.ts';
import type { Ask } from '../client.ts';
import type { Freshness } from '../heartbeat.ts';
import { inLanes, type Step } from '../lanes.ts';
import { pageOfFittingSize, PageSize } from '../page-size.ts';
import { COMMITS_OF_PULL_REQUESTS, PULL_REQUEST_OUTLINE, PULL_REQUESTS } from '../queries.ts';
import {
  boundsOf,
  createdSince,
  isUnchanged,
  nothingNew,
  union,
  watermarkOf,
  type Reading,
  type Stream,
  type StreamBatch,
} from '../reading.ts';
import { GithubUnavailable, RowUnavailable } from '../trouble.ts';
import {
  factOf,
  furtherReviews,
  ownRows,
  reviewRows,
  type Outline,
  type PageInfo,
  type PullRequestNode,
  type ReviewNode,
} from './pull-request-rows.ts';

interface List<Node> {
  readonly totalCount?: number;
  readonly pageInfo: PageInfo;
  readonly nodes: readonly (Node | null)[];
}

/** From the newest update down to before `until`. `rows` counts what was listed, for errors. */
interface Lane {
  readonly after: string | null;
  readonly until: string;
  readonly rows: number;
}

interface Cursor {
  readonly v: 1;
  readonly repository: string;
  readonly startedAt: string;
  readonly lanes: readonly Lane[];
  readonly size: number;
  readonly pages: number;
  /** Once the list's end is reached its beginning is read again: what changed meanwhile has moved there. */
  readonly isClosing: boolean;
  readonly gaps: readonly Gap[];
  readonly freshness: Freshness;
  /** Nothing stored is taken as known: what is not listed is gone. */
  readonly isWhole: boolean;
  /** In a refresh: those made since the last one. */
  readonly created: readonly number[];
}

interface Page {
  readonly contributions: readonly Contribution[];
  readonly pullRequests: readonly PullRequestFact[];
  readonly amended: readonly AmendedRow[];
  readonly created: readonly number[];
  readonly requests: number;
  readonly gap: Gap | null;
}

/** More pull requests that can't be read than these are no odd ones out: GitHub is not well. */
const MOST_GAPS = 20;
const COVERS = ['PR_OPENED', 'PR_MERGED', 'PR_REVIEWED'] as const;

/**
 * Pull requests with their reviews, the latest updated first, down to the window's first day or the last read: whatever happens
 * to one updates it.
 */
export const pullRequests: Stream = {
  name: 'pull-requests',
  covers: COVERS,
  forgets: [],
  async *read(reading, given) {
    const { now, since } = reading;
    if (given === null && since !== null && isUnchanged(since['freshness'] as Freshness, now.pullRequests, since)) {
      yield nothingNew(reading, since);
      return;
    }
    let cursor = given === null ? start(reading) : (given as unknown as Cursor);
    for (;;) {
      const size = new PageSize(reading.pageSize.pullRequests, cursor.size);
      const steps = inLanes<Lane, Page>({
        lanes: cursor.lanes,
        width: 1,
        signal: reading.signal,
        step: (lane, signal) => stepOf({ ...reading, signal }, lane, size),
      });
      for await (const { page, left } of steps) {
        const gaps = page.gap === null ? cursor.gaps : [...cursor.gaps, page.gap];
        if (gaps.length > MOST_GAPS) throw new GithubUnavailable('pull requests', `${gaps.length} of them, even one by one`);
        cursor = {
          ...cursor,
          lanes: left,
          size: size.current,
          pages: cursor.pages + 1,
          gaps,
          created: union(cursor.created, page.created),
        };
        if (left.length === 0 && !cursor.isClosing && cursor.pages > 1) {
          cursor = { ...cursor, isClosing: true, lanes: [{ after: null, until: cursor.startedAt, rows: 0 }] };
        } else if (left.length === 0 && isShort(reading, cursor)) {
          cursor = start(reading, true);
        }
        const done = cursor.lanes.length === 0;
        const { contributions, pullRequests, amended, requests } = page;
        yield {
          contributions,
          pullRequests,
          amended,
          cursor: cursor as unknown as SliceCursor,
          requests,
          done,
          ...(done ? endOf(reading, cursor) : {}),
        };
      }
      if (cursor.lanes.length === 0) return;
    }
  },
};

function start({ now, since, target, pageSize }: Reading, mustBeWhole = false): Cursor {
  const before = since?.['freshness'] as Freshness | undefined;
  // Fewer than there were: some are gone, and only the whole list shows which.
  const isWhole = mustBeWhole || since === null || before === undefined || now.pullRequests.total < before.total;
  const until = isWhole ? boundsOf(target.window).from : String(since['at']);
  return {
    v: 1,
    repository: now.repository.nodeId,
    startedAt: now.at.toISOString(),
    lanes: [{ after: null, until, rows: 0 }],
    size: pageSize.pullRequests,
    pages: 0,
    isClosing: false,
    gaps: [],
    freshness: now.pullRequests,
    isWhole,
    created: [],
  };
}

/** Whether there are fewer than there were and came: some are gone, and only the whole list shows which. */
function isShort({ since }: Reading, { isWhole, freshness, created }: Cursor): boolean {
  const before = since?.['freshness'] as Freshness | undefined;
  return !isWhole && before !== undefined && freshness.total < before.total + created.length;
}

function endOf(reading: Reading, { startedAt, freshness, gaps, isWhole }: Cursor): Partial<StreamBatch> {
  return {
    watermark: watermarkOf(reading, startedAt, { freshness }),
    ...(isWhole && gaps.length === 0 ? { replaced: COVERS } : {}),
    ...(gaps.length === 0 ? {} : { gaps }),
  };
}

async function stepOf(reading: Reading, lane: Lane, size: PageSize): Promise<Step<Lane, Page>> {
  const { now, github, signal, patience } = reading;
  const ask = { signal, what: `pull requests ${lane.rows + 1} and on`, mayShrink: true };
  let requests = 0;
  let list: List<PullRequestNode>;
  try {
    list = await pageOfFittingSize(
      size,
      async (first) => {
        requests += 1;
        const variables = { id: now.repository.nodeId, after: lane.after, first };
        const { data } = await github.graphql<{ node: { pullRequests: List<PullRequestNode> } | null }>(PULL_REQUESTS, variables, ask);
        if (data.node === null) throw new GithubUnavailable(ask.what, 'the repository is gone from the answer');
        return data.node.pullRequests;
      },
      { patience, signal, what: ask.what },
    );
  } catch (error) {
    if (!(error instanceof RowUnavailable)) throw error;
    return outlineStep(reading, lane, { signal, what: ask.what });
  }
  const nodes = list.nodes.map((node) => {
    if (node === null || typeof node.additions !== 'number' || typeof node.deletions !== 'number' || node.reviews === null) {
      throw new GithubUnavailable(ask.what, 'a pull request is missing, or its reviews or line counts are');
    }
    return node;
  });
  // Before `until` nothing happened that counts.
  const wanted = nodes.filter(({ updatedAt }) => updatedAt >= lane.until);
  const rest = restOf(reading, wanted);
  // It is awaited with the page; until then a failure of it is nobody's.
  rest.catch(() => undefined);
  return { page: async () => pageOf(reading, wanted, await rest, requests, ask.what), next: nextOf(lane, list, nodes) };
}

/** What did not fit in a page of pull requests. */
interface Rest {
  /** Further reviews of each. */
  readonly tails: readonly (readonly (ReviewNode | null)[])[];
  readonly amended: readonly AmendedRow[];
  readonly requests: number;
}

/** Only a few have more than forty reviews; their rest is fetched side by side. */
async function restOf(reading: Reading, nodes: readonly PullRequestNode[]): Promise<Rest> {
  let requests = 0;
  const asked = (): unknown => (requests += 1);
  const [tails, amended] = await Promise.all([
    Promise.all(
      nodes.map(async ({ id, number, reviews }) => {
        if (reviews === null || !reviews.pageInfo.hasNextPage) return [];
        return furtherReviews(reading, id, reviews.pageInfo.endCursor, `reviews of pull request ${number}`, asked);
      }),
    ),
    takenLines(reading, nodes, asked),
  ]);
  return { tails, amended, requests };
}

function pageOf(
  reading: Reading,
  nodes: readonly PullRequestNode[],
  { tails, amended, requests }: Rest,
  listed: number,
  what: string,
): Page {
  const contributions = nodes.flatMap((node, index) => [
    ...ownRows(reading, node, { linesAdded: node.additions, linesDeleted: node.deletions }),
    ...reviewRows(reading, node, [...(node.reviews?.nodes ?? []), ...(tails[index] ?? [])], what),
  ]);
  const created = createdSince(reading, nodes);
  return { contributions, pullRequests: nodes.map(factOf), amended, created, requests: listed + requests, gap: null };
}

interface CommitList {
  readonly id: string;
  readonly commits: { readonly pageInfo: PageInfo; readonly nodes: readonly ({ readonly commit: { readonly oid: string } } | null)[] };
}

/** In a refresh: a pull request that was merged since the last read takes the lines of its commits, which may be stored with lines of their own. */
async function takenLines({ since, github, signal }: Reading, nodes: readonly Outline[], asked: () => unknown): Promise<AmendedRow[]> {
  if (since === null) return [];
  const merged = nodes.filter(({ mergedAt }) => mergedAt !== null && mergedAt >= String(since['at']));
  const amended: AmendedRow[] = [];
  const ask: Ask = { signal, what: 'commits of merged pull requests' };
  const read = async (ids: readonly string[], after: string | null): Promise<void> => {
    asked();
    const { data } = await github.graphql<{ nodes: readonly (CommitList | null)[] }>(COMMITS_OF_PULL_REQUESTS, { ids, after }, ask);
    for (const node of data.nodes) {
      if (node === null) throw new GithubUnavailable(ask.what, 'a pull request is missing');
      for (const one of node.commits.nodes) {
        if (one !== null) amended.push({ kind: 'COMMIT', subject: one.commit.oid, linesAdded: 0, linesDeleted: 0 });
      }
      if (node.commits.pageInfo.hasNextPage) await read([node.id], node.commits.pageInfo.endCursor);
    }
  };
  for (let at = 0; at < merged.length; at += 10) {
    await read(
      merged.slice(at, at + 10).map(({ id }) => id),
      null,
    );
  }
  return amended;
}

/** One pull request of which GitHub can't count the lines or list the reviews: it is stored without, and the gap is named. */
async function outlineStep(reading: Reading, lane: Lane, ask: Ask): Promise<Step<Lane, Page>> {
  const { now, github } = reading;
  const variables = { id: now.repository.nodeId, after: lane.after };
  const { data } = await github.graphql<{ node: { pullRequests: List<Outline> } | null }>(PULL_REQUEST_OUTLINE, variables, ask);
  const list = data.node?.pullRequests;
  const node = list?.nodes[0];
  if (list === undefined || !node) throw new GithubUnavailable(ask.what, 'there is no outline either');
  const gap: Gap = { kind: 'PR_REVIEWED', month: null, reason: `GitHub could not give lines and reviews of pull request ${node.number}` };
  return {
    page: () => ({
      contributions: ownRows(reading, node, {}),
      pullRequests: [factOf(node)],
      amended: [],
      created: createdSince(reading, [node]),
      requests: 1,
      gap,
    }),
    next: nextOf(lane, list, [node]),
  };
}

function nextOf(lane: Lane, list: List<unknown>, nodes: readonly Outline[]): Lane | null {
  const last = nodes.at(-1);
  if (last === undefined || !list.pageInfo.hasNextPage || last.updatedAt < lane.until) return null;
  return { ...lane, after: list.pageInfo.endCursor, rows: lane.rows + nodes.length };
}
