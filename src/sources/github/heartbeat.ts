import { dayOf } from '../../domain/window.ts';
import type { Ask, Conversation, GithubClient } from './client.ts';
import { HEARTBEAT_BY_ID, HEARTBEAT_BY_NAME } from './queries.ts';
import type { ScrapeTarget, RepositoryState } from '../contribution-source.ts';
import { GithubUnavailable, repositoryNotFound, repositoryPrivate } from './trouble.ts';

/** What a repository shows of itself at one moment: enough to tell whether anything changed since another. */
export interface Heartbeat {
  /** GitHub's clock. */
  readonly at: Date;
  readonly repository: RepositoryState;
  /** Of the default branch; null while it is empty. */
  readonly head: { readonly oid: string; readonly commits: number } | null;
  readonly pullRequests: Freshness;
  readonly issues: Freshness;
  readonly releases: { readonly total: number; readonly latest: string };
}

/** How many there are and when one last changed. */
export interface Freshness {
  readonly total: number;
  readonly updatedAt: string | null;
}

interface RawList {
  readonly totalCount: number;
  readonly nodes: readonly { readonly updatedAt: string }[];
}

interface RawRepository {
  readonly id: string;
  readonly databaseId: number;
  readonly nameWithOwner: string;
  readonly description: string | null;
  readonly isPrivate: boolean;
  readonly stargazerCount: number;
  readonly forkCount: number;
  readonly createdAt: string;
  readonly defaultBranchRef: {
    readonly name: string;
    readonly target: { readonly oid: string; readonly history?: { readonly totalCount: number } } | null;
  } | null;
  readonly pullRequests: RawList;
  readonly issues: RawList;
  readonly releases: {
    readonly totalCount: number;
    readonly nodes: readonly { databaseId: number; publishedAt: string | null; isDraft: boolean }[];
  };
}

/**
 * Asks how a repository stands: 1 point. It is found by its node id, else by its name as long as that still means the same
 * repository, else by its number.
 * @throws AppError repository_not_found, repository_private.
 */
export async function takeHeartbeat(
  client: GithubClient,
  target: Pick<ScrapeTarget, 'owner' | 'name' | 'githubId' | 'nodeId'>,
  o: { readonly allowPrivate: boolean; readonly signal: AbortSignal },
): Promise<Heartbeat> {
  const github = client.about(target);
  const ask: Ask = { signal: o.signal, what: 'the repository' };
  const byId = async (id: string): Promise<{ raw: RawRepository | null; at: Date }> => {
    const { data, at } = await github.graphql<{ node: RawRepository | null }>(HEARTBEAT_BY_ID, { id }, ask);
    return { raw: data.node, at };
  };
  const byName = async (): Promise<{ raw: RawRepository | null; at: Date }> => {
    const { data, at } = await github.graphql<{ repository: RawRepository | null }>(
      HEARTBEAT_BY_NAME,
      { owner: target.owner, name: target.name },
      ask,
    );
    return { raw: data.repository, at };
  };

  let answer = typeof target.nodeId === 'string' ? await byId(target.nodeId) : await byName();
  if (target.githubId !== null && answer.raw !== null && answer.raw.databaseId !== target.githubId) {
    const nodeId = await nodeIdOf(github, target.githubId, ask);
    if (nodeId === null) throw repositoryNotFound(target);
    answer = await byId(nodeId);
  }
  if (answer.raw === null) throw repositoryNotFound(target);
  const heartbeat = readHeartbeat(answer.raw, answer.at);
  if (heartbeat.repository.isPrivate && !o.allowPrivate) throw repositoryPrivate(target);
  return heartbeat;
}

/** Another repository has the name now: the number finds ours. */
async function nodeIdOf(github: Conversation, githubId: number, ask: Ask): Promise<string | null> {
  const { data } = await github.rest<{ node_id: string }>(`/repositories/${githubId}`, {}, { ...ask, mayMiss: true });
  return data?.node_id ?? null;
}

function readHeartbeat(raw: RawRepository, at: Date): Heartbeat {
  const [owner, name] = raw.nameWithOwner.split('/');
  if (owner === undefined || name === undefined) throw new GithubUnavailable('the repository', `its name is "${raw.nameWithOwner}"`);
  const branch = raw.defaultBranchRef;
  const target = branch?.target ?? null;
  const freshness = ({ totalCount, nodes }: RawList): Freshness => ({ total: totalCount, updatedAt: nodes[0]?.updatedAt ?? null });
  return {
    at,
    repository: {
      owner,
      name,
      githubId: raw.databaseId,
      nodeId: raw.id,
      description: raw.description,
      stars: raw.stargazerCount,
      forks: raw.forkCount,
      isPrivate: raw.isPrivate,
      createdOn: dayOf(new Date(raw.createdAt)),
      defaultBranch: branch?.name ?? null,
    },
    head: target === null ? null : { oid: target.oid, commits: target.history?.totalCount ?? 0 },
    pullRequests: freshness(raw.pullRequests),
    issues: freshness(raw.issues),
    releases: {
      total: raw.releases.totalCount,
      latest: raw.releases.nodes
        .map(({ databaseId, publishedAt, isDraft }) => `${databaseId}${isDraft ? '?' : ''}@${publishedAt}`)
        .join(' '),
    },
  };
}
