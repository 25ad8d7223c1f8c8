/** Everything in the data by what it is or by its node id. */
import { actorNode } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { CommitNode } from './graphql-commits.ts';
import { IssueNode } from './graphql-issues.ts';
import { PullRequestNode } from './graphql-pull-requests.ts';
import { ReleaseNode } from './graphql-releases.ts';
import { RepositoryNode } from './graphql-repository.ts';
import { GithubError } from './connections.ts';
import { readNodeId } from './data-set.ts';
import type { FakeRepository } from './data-set.ts';

/** What every object needs to answer. */
export function viewOf(facts: Omit<View, 'nodes'>): View {
  const view: View = {
    ...facts,
    nodes: {
      repository: (repository) => new RepositoryNode(view, repository),
      commit: (repository, commit) => new CommitNode(view, repository, commit),
      pullRequest: (repository, pull) => new PullRequestNode(view, repository, pull),
      issue: (repository, issue) => new IssueNode(view, repository, issue),
    },
  };
  return view;
}

/** What a node id stands for. @throws GithubError NOT_FOUND where it stands for nothing (any more). */
export function nodeOf(view: View, id: string): unknown {
  const read = readNodeId(id);
  const repository = view.data.repositories.get(Number(read?.parts[0]));
  const found =
    read === null
      ? null
      : read.prefix === 'U'
        ? actorNode(view, Number(read.parts[0]))
        : inRepository(view, repository, read.prefix, read.parts[1]);
  if (found === null) throw new GithubError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
  return found;
}

function inRepository(view: View, repository: FakeRepository | undefined, prefix: string, part: string | undefined): unknown {
  if (repository === undefined) return null;
  const pull = repository.pullRequests.get(Number(part));
  const issue = repository.issues.get(Number(part));
  const commit = repository.commits.get(part ?? '');
  const release = repository.releases.get(Number(part));
  switch (prefix) {
    case 'R':
      return view.nodes.repository(repository);
    case 'PR':
      return pull === undefined ? null : view.nodes.pullRequest(repository, pull);
    case 'I':
      return issue === undefined ? null : view.nodes.issue(repository, issue);
    case 'C':
      return commit === undefined ? null : view.nodes.commit(repository, commit);
    case 'RE':
      return release === undefined ? null : new ReleaseNode(view, repository, release);
    default:
      return null;
  }
}
