import type { Contribution } from '../../../domain/contribution.ts';
import type { GitActor } from '../accounts.ts';
import type { Ask } from '../client.ts';
import { COMMIT_AUTHORS, COMMIT_PULL_REQUESTS } from '../queries.ts';
import { contribution, countByMonth, isIn, type CountsByMonth, type Reading } from '../reading.ts';
import { GithubUnavailable } from '../trouble.ts';

/** A commit as GitHub's history gives it. */
export interface CommitNode {
  readonly oid: string;
  readonly committedDate: string;
  readonly additions: number;
  readonly deletions: number;
  readonly parents: { readonly totalCount: number };
  readonly author: GitActor | null;
  readonly authors: { readonly totalCount: number; readonly nodes: readonly (GitActor | null)[] };
  readonly associatedPullRequests: { readonly totalCount: number; readonly nodes: readonly AssociatedPullRequest[] } | null;
}

interface AssociatedPullRequest {
  readonly merged: boolean;
  readonly repository: { readonly databaseId: number };
}

/** GitHub answers in UTC; a server of its own may answer with an offset. */
export function asUtc(moment: string): string {
  return moment.endsWith('Z') ? moment : new Date(moment).toISOString();
}

/** Only whole commits. @throws GithubUnavailable when one is missing or has no line counts: that is a failed page. */
export function wholeNodes(nodes: readonly (CommitNode | null)[], what: string): CommitNode[] {
  return nodes.map((node) => {
    if (node === null || typeof node.additions !== 'number' || typeof node.deletions !== 'number') {
      throw new GithubUnavailable(what, 'a commit is missing or has no line counts');
    }
    return node;
  });
}

/** The rows of commits: one each, and one for each co-author; merge commits are counted and left out. */
export async function rowsOf(
  reading: Reading,
  nodes: readonly CommitNode[],
): Promise<{ contributions: Contribution[]; merges: CountsByMonth; requests: number }> {
  const inside = nodes.filter(({ committedDate }) => isIn(reading.target.window, asUtc(committedDate)));
  const contributions: Contribution[] = [];
  let requests = 0;
  for (const node of inside) {
    if (node.parents.totalCount > 1) continue;
    let isOfPullRequest = node.associatedPullRequests?.nodes.some((pull) => isMergedHere(reading, pull)) ?? false;
    let authors = node.authors.nodes;
    // Hardly any: the others are not waited for.
    if (node.authors.totalCount > authors.length || (!isOfPullRequest && hasMorePullRequests(node))) {
      const rest = await restOf(reading, node, isOfPullRequest);
      ({ isOfPullRequest, authors } = rest);
      requests += rest.asked;
    }
    const author = reading.commitAccountOf(node.author);
    const at = asUtc(node.committedDate);
    const lines = isOfPullRequest ? { linesAdded: 0, linesDeleted: 0 } : { linesAdded: node.additions, linesDeleted: node.deletions };
    contributions.push(contribution('COMMIT', node.oid, author, at, lines));
    const credited = new Set([author?.githubId ?? null, null]);
    for (const other of authors) {
      const coAuthor = reading.commitAccountOf(other);
      if (coAuthor === null || credited.has(coAuthor.githubId)) continue;
      credited.add(coAuthor.githubId);
      contributions.push(contribution('COMMIT_COAUTHOR', `${node.oid}:${coAuthor.githubId}`, coAuthor, at));
    }
  }
  const merges = countByMonth(inside.filter(({ parents }) => parents.totalCount > 1).map(({ committedDate }) => asUtc(committedDate)));
  return { contributions, merges, requests };
}

function isMergedHere({ now }: Reading, { merged, repository }: AssociatedPullRequest): boolean {
  return merged && repository.databaseId === now.repository.githubId;
}

function hasMorePullRequests({ associatedPullRequests: pulls }: CommitNode): boolean {
  return pulls !== null && pulls.totalCount > pulls.nodes.length;
}

/** What does not fit in a commit's own row: more than ten authors, more than five pull requests. */
async function restOf(
  reading: Reading,
  node: CommitNode,
  isKnownOfPullRequest: boolean,
): Promise<{ isOfPullRequest: boolean; authors: readonly (GitActor | null)[]; asked: number }> {
  const { now, github, signal } = reading;
  const id = now.repository.nodeId;
  const ask: Ask = { signal, what: `commit ${node.oid}` };
  let asked = 0;

  let isOfPullRequest = isKnownOfPullRequest;
  if (!isOfPullRequest && hasMorePullRequests(node)) {
    const all = await allPages<AssociatedPullRequest>('associatedPullRequests', COMMIT_PULL_REQUESTS);
    isOfPullRequest = all.some((pull) => isMergedHere(reading, pull));
  }
  const authors =
    node.authors.totalCount > node.authors.nodes.length ? await allPages<GitActor | null>('authors', COMMIT_AUTHORS) : node.authors.nodes;
  return { isOfPullRequest, authors, asked };

  async function allPages<T>(connection: string, query: string): Promise<T[]> {
    type List = { readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }; readonly nodes: readonly T[] };
    const rows: T[] = [];
    for (let after: string | null = null; ;) {
      asked += 1;
      const { data }: { data: { node: { object: Record<string, List> | null } | null } } = await github.graphql(
        query,
        { id, oid: node.oid, after },
        ask,
      );
      const list: List | undefined = data.node?.object?.[connection];
      if (list === undefined) throw new GithubUnavailable(ask.what, `it has no ${connection}`);
      rows.push(...list.nodes);
      if (!list.pageInfo.hasNextPage) return rows;
      after = list.pageInfo.endCursor;
    }
  }
}
