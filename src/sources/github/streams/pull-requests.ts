import type { AmendedRow } from '../../contribution-source.ts';
import type { Ask } from '../client.ts';
import type { Step } from '../lanes.ts';
import { listByUpdate, type UpdatedPage } from '../list-by-update.ts';
import { pageOfFittingSize, type PageSize } from '../page-size.ts';
import { COMMITS_OF_PULL_REQUESTS, PULL_REQUEST_OUTLINE, PULL_REQUESTS } from '../queries.ts';
import { createdSince, type Reading, type Stream } from '../reading.ts';
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

/** Pull requests with their reviews, the latest updated first. */
export const pullRequests: Stream = listByUpdate<Lane>({
  name: 'pull-requests',
  covers: ['PR_OPENED', 'PR_MERGED', 'PR_REVIEWED'],
  freshnessOf: (now) => now.pullRequests,
  mostRows: (pageSize) => pageSize.pullRequests,
  laneSince: (moment) => ({ after: null, until: moment, rows: 0 }),
  // It moves to the beginning of the list, which is read first.
  mayHaveMoved: ({ pages }) => pages > 1,
  step: stepOf,
});

async function stepOf(reading: Reading, lane: Lane, size: PageSize): Promise<Step<Lane, UpdatedPage>> {
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
): UpdatedPage {
  const contributions = nodes.flatMap((node, index) => [
    ...ownRows(reading, node, { linesAdded: node.additions, linesDeleted: node.deletions }),
    ...reviewRows(reading, node, [...(node.reviews?.nodes ?? []), ...(tails[index] ?? [])], what),
  ]);
  const rows = { contributions, pullRequests: nodes.map(factOf), amended };
  return { rows, created: createdSince(reading, nodes), requests: listed + requests };
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
async function outlineStep(reading: Reading, lane: Lane, ask: Ask): Promise<Step<Lane, UpdatedPage>> {
  const { now, github } = reading;
  const variables = { id: now.repository.nodeId, after: lane.after };
  const { data } = await github.graphql<{ node: { pullRequests: List<Outline> } | null }>(PULL_REQUEST_OUTLINE, variables, ask);
  const list = data.node?.pullRequests;
  const node = list?.nodes[0];
  if (list === undefined || !node) throw new GithubUnavailable(ask.what, 'there is no outline either');
  const reason = `GitHub could not give lines and reviews of pull request ${node.number}`;
  return {
    page: () => ({
      rows: { contributions: ownRows(reading, node, {}), pullRequests: [factOf(node)] },
      created: createdSince(reading, [node]),
      requests: 1,
      gap: { kind: 'PR_REVIEWED', month: null, reason },
    }),
    next: nextOf(lane, list, [node]),
  };
}

function nextOf(lane: Lane, list: List<unknown>, nodes: readonly Outline[]): Lane | null {
  const last = nodes.at(-1);
  if (last === undefined || !list.pageInfo.hasNextPage || last.updatedAt < lane.until) return null;
  return { ...lane, after: list.pageInfo.endCursor, rows: lane.rows + nodes.length };
}
