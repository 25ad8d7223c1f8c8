/** A repository and its default branch, as GraphQL shows them. */
import { actorNode, intOf, listing } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { CommitCommentNode } from './graphql-comments.ts';
import { CommitNode } from './graphql-commits.ts';
import { createdKey, InRepository } from './graphql-in-repository.ts';
import { IssueNode } from './graphql-issues.ts';
import { PullRequestNode, stateOf } from './graphql-pull-requests.ts';
import { ReleaseNode } from './graphql-releases.ts';
import { GithubError } from './connections.ts';
import type { Connection, PageArguments } from './connections.ts';
import { momentOf, nodeIdOf } from './data-set.ts';
import type { FakeIssue, FakePullRequest, FakeRelease, FakeRepository } from './data-set.ts';

type OrderArguments = PageArguments & { readonly orderBy?: { readonly field: string; readonly direction: 'ASC' | 'DESC' } | null };

/** The order a connection was asked for. GitHub lists by creation, oldest first, when it is not told. */
function orderOf<T extends { readonly createdAt: string; readonly updatedAt: string }>(
  orderBy: OrderArguments['orderBy'],
  id: (item: T) => number,
): { name: string; keyOf: (item: T) => readonly [string, number]; descending: boolean } {
  const byUpdate = orderBy?.field === 'UPDATED_AT';
  return {
    name: byUpdate ? 'UPDATED_AT' : 'CREATED_AT',
    keyOf: byUpdate ? (item) => [item.updatedAt, id(item)] : (item) => [item.createdAt, id(item)],
    descending: orderBy?.direction === 'DESC',
  };
}

export class RepositoryNode {
  readonly __typename = 'Repository';
  readonly view: View;
  readonly facts: FakeRepository;

  constructor(view: View, facts: FakeRepository) {
    this.view = view;
    this.facts = facts;
  }

  get id(): string {
    return nodeIdOf('R', this.facts.id);
  }
  get databaseId(): number | null {
    return intOf(this.facts.id);
  }
  get name(): string {
    return this.facts.name;
  }
  get nameWithOwner(): string {
    return this.view.data.fullNameOf(this.facts);
  }
  get owner(): unknown {
    return actorNode(this.view, this.facts.ownerId);
  }
  get resourcePath(): string {
    return `/${this.nameWithOwner}`;
  }
  get url(): string {
    return `${this.view.webUrl}${this.resourcePath}`;
  }
  get description(): string | null {
    return this.facts.description;
  }
  get isArchived(): boolean {
    return this.facts.isArchived;
  }
  get isFork(): boolean {
    return this.facts.isFork;
  }
  get isPrivate(): boolean {
    return this.facts.isPrivate;
  }
  get visibility(): string {
    return this.facts.isPrivate ? 'PRIVATE' : 'PUBLIC';
  }
  get isMirror(): boolean {
    return false;
  }
  get isDisabled(): boolean {
    return false;
  }
  get isLocked(): boolean {
    return false;
  }
  get isTemplate(): boolean {
    return false;
  }
  get isEmpty(): boolean {
    return this.facts.head === null;
  }
  get hasIssuesEnabled(): boolean {
    return true;
  }
  get isInOrganization(): boolean {
    return this.view.data.ownerOf(this.facts).type === 'Organization';
  }
  get stargazerCount(): number {
    return this.facts.stars;
  }
  get forkCount(): number {
    return this.facts.forks;
  }
  get createdAt(): string {
    return this.facts.createdAt;
  }
  get updatedAt(): string {
    return this.facts.updatedAt;
  }
  get pushedAt(): string | null {
    return this.facts.pushedAt;
  }
  get mergeCommitAllowed(): boolean {
    return true;
  }
  get squashMergeAllowed(): boolean {
    return true;
  }
  get rebaseMergeAllowed(): boolean {
    return true;
  }
  get licenseInfo(): unknown {
    return {
      id: nodeIdOf('LI', 1),
      key: 'mit',
      name: 'MIT License',
      spdxId: 'MIT',
      body: '',
      featured: true,
      hidden: false,
      pseudoLicense: false,
    };
  }
  get parent(): RepositoryNode | null {
    const parent = this.facts.parentId === null ? undefined : this.view.data.repositories.get(this.facts.parentId);
    return parent === undefined ? null : new RepositoryNode(this.view, parent);
  }
  get defaultBranchRef(): RefNode | null {
    return this.facts.head === null ? null : new RefNode(this.view, this.facts);
  }
  ref(wanted: { readonly qualifiedName: string }): RefNode | null {
    const { defaultBranch } = this.facts;
    return [defaultBranch, `refs/heads/${defaultBranch}`].includes(wanted.qualifiedName) ? this.defaultBranchRef : null;
  }
  object(wanted: { readonly oid?: string | null; readonly expression?: string | null }): CommitNode | null {
    const { head, defaultBranch, commits } = this.facts;
    const named = wanted.expression === 'HEAD' || wanted.expression === defaultBranch ? head : wanted.expression;
    const commit = commits.get(wanted.oid ?? named ?? '');
    return commit === undefined ? null : new CommitNode(this.view, this.facts, commit);
  }
  pullRequest(wanted: { readonly number: number }): PullRequestNode {
    const pull = this.facts.pullRequests.get(wanted.number);
    if (pull === undefined) throw new GithubError('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${wanted.number}.`);
    return new PullRequestNode(this.view, this.facts, pull);
  }
  issue(wanted: { readonly number: number }): IssueNode {
    const issue = this.facts.issues.get(wanted.number);
    if (issue === undefined) throw new GithubError('NOT_FOUND', `Could not resolve to an Issue with the number of ${wanted.number}.`);
    return new IssueNode(this.view, this.facts, issue);
  }
  issueOrPullRequest(wanted: { readonly number: number }): IssueNode | PullRequestNode {
    return this.facts.pullRequests.has(wanted.number) ? this.pullRequest(wanted) : this.issue(wanted);
  }
  pullRequests(wanted: OrderArguments & { readonly states?: readonly string[] | null; readonly baseRefName?: string | null }): Connection {
    const order = orderOf<FakePullRequest>(wanted.orderBy, (pull) => pull.number);
    const fits = (pull: FakePullRequest): boolean =>
      (wanted.states?.includes(stateOf(pull)) ?? true) &&
      (typeof wanted.baseRefName !== 'string' || pull.baseRefName === wanted.baseRefName);
    const identity = `pullRequests ${this.facts.id} ${order.name} ${wanted.states?.join() ?? ''} ${wanted.baseRefName ?? ''}`;
    const list = listing(this.view, identity, () => [...this.facts.pullRequests.values()].filter(fits), order.keyOf, order.descending);
    return this.view.cursors.page(list, wanted, (pull) => new PullRequestNode(this.view, this.facts, pull));
  }
  issues(
    wanted: OrderArguments & {
      readonly states?: readonly string[] | null;
      readonly filterBy?: { readonly since?: string | null; readonly states?: readonly string[] | null } | null;
    },
  ): Connection {
    const order = orderOf<FakeIssue>(wanted.orderBy, (issue) => issue.number);
    const since = typeof wanted.filterBy?.since === 'string' ? momentOf(wanted.filterBy.since) : '';
    const states = wanted.filterBy?.states ?? wanted.states;
    const fits = (issue: FakeIssue): boolean =>
      issue.updatedAt >= since && (states?.includes(issue.closedAt === null ? 'OPEN' : 'CLOSED') ?? true);
    const identity = `issues ${this.facts.id} ${order.name} ${since} ${states?.join() ?? ''}`;
    const list = listing(this.view, identity, () => [...this.facts.issues.values()].filter(fits), order.keyOf, order.descending);
    return this.view.cursors.page(list, wanted, (issue) => new IssueNode(this.view, this.facts, issue));
  }
  releases(wanted: OrderArguments): Connection {
    const descending = wanted.orderBy?.direction !== 'ASC';
    const keyOf =
      wanted.orderBy?.field === 'NAME'
        ? (one: FakeRelease) => [one.tagName, one.id] as const
        : (one: FakeRelease) => [one.createdAt, one.id] as const;
    const identity = `releases ${this.facts.id} ${wanted.orderBy?.field ?? 'CREATED_AT'}`;
    const list = listing(this.view, identity, () => this.facts.releases.values(), keyOf, descending);
    return this.view.cursors.page(list, wanted, (release) => new ReleaseNode(this.view, this.facts, release));
  }
  release(wanted: { readonly tagName: string }): ReleaseNode | null {
    const release = [...this.facts.releases.values()].find((one) => one.tagName === wanted.tagName);
    return release === undefined ? null : new ReleaseNode(this.view, this.facts, release);
  }
  commitComments(page: PageArguments): Connection {
    const list = listing(this.view, `commitComments ${this.facts.id}`, () => this.facts.commitComments.values(), createdKey, false);
    return this.view.cursors.page(list, page, (comment) => new CommitCommentNode(this.view, this.facts, comment));
  }
}

export class RefNode extends InRepository {
  readonly __typename = 'Ref';
  readonly prefix = 'refs/heads/';

  get id(): string {
    return nodeIdOf('REF', this.owner_.id, this.owner_.defaultBranch);
  }
  get name(): string {
    return this.owner_.defaultBranch;
  }
  get target(): CommitNode | null {
    const commit = this.owner_.head === null ? undefined : this.owner_.commits.get(this.owner_.head);
    return commit === undefined ? null : new CommitNode(this.view, this.owner_, commit);
  }
}
