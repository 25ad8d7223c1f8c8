/** Repositories and what is in them, as GraphQL shows it. Fields that are not here answer null, or an error where null is not allowed. */
import { actorNode, GitActorNode, intOf, listing, userNode } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { GithubError } from './connections.ts';
import type { Connection, PageArguments } from './connections.ts';
import { nodeIdOf, readNodeId } from './data-set.ts';
import type {
  FakeCommit,
  FakeCommitComment,
  FakeIssue,
  FakeIssueComment,
  FakePullRequest,
  FakeRelease,
  FakeRepository,
  FakeReview,
  FakeReviewComment,
  IssueEvent,
} from './data-set.ts';

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

/** Things of one repository that belong to a pull request or an issue, by its number. */
function byNumber<T extends { readonly number: number }>(
  view: View,
  repository: FakeRepository,
  what: string,
  items: Map<number, T>,
): Map<number, T[]> {
  return view.data.derived(`${what} by number ${repository.id}`, () => {
    const grouped = new Map<number, T[]>();
    for (const item of items.values()) {
      const group = grouped.get(item.number);
      if (group === undefined) grouped.set(item.number, [item]);
      else group.push(item);
    }
    return grouped;
  });
}

/** What all objects inside a repository have. */
class InRepository {
  readonly view: View;
  readonly owner_: FakeRepository;

  constructor(view: View, repository: FakeRepository) {
    this.view = view;
    this.owner_ = repository;
  }

  get repository(): RepositoryNode {
    return new RepositoryNode(this.view, this.owner_);
  }
  path(rest: string): string {
    return `/${this.view.data.fullNameOf(this.owner_)}${rest}`;
  }
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

const createdKey = (item: { readonly createdAt: string; readonly id: number }): readonly [string, number] => [item.createdAt, item.id];

/** Moments compare as text only in one form: UTC, whole seconds. */
export function momentOf(text: string): string {
  return `${new Date(text).toISOString().slice(0, 19)}Z`;
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

type HistoryArguments = PageArguments & {
  readonly since?: string | null;
  readonly until?: string | null;
  readonly author?: { readonly id?: string | null; readonly emails?: readonly string[] | null } | null;
};

export class CommitNode extends InRepository {
  readonly __typename = 'Commit';
  readonly commit: FakeCommit;

  constructor(view: View, repository: FakeRepository, commit: FakeCommit) {
    super(view, repository);
    this.commit = commit;
  }

  get id(): string {
    return nodeIdOf('C', this.owner_.id, this.commit.oid);
  }
  get oid(): string {
    return this.commit.oid;
  }
  get abbreviatedOid(): string {
    return this.commit.oid.slice(0, 7);
  }
  get messageHeadline(): string {
    return `Change ${this.commit.oid.slice(0, 7)}`;
  }
  get message(): string {
    const trailers = this.commit.coAuthors.map((one) => `Co-authored-by: ${one.name} <${one.email}>`);
    return trailers.length === 0 ? this.messageHeadline : `${this.messageHeadline}\n\n${trailers.join('\n')}`;
  }
  get committedDate(): string {
    return this.commit.committedAt;
  }
  get authoredDate(): string {
    return this.commit.authoredAt;
  }
  get authoredByCommitter(): boolean {
    return this.commit.author.email === this.commit.committer.email;
  }
  get committedViaWeb(): boolean {
    return this.commit.committer.email === 'noreply@github.com';
  }
  get additions(): number {
    return this.commit.additions;
  }
  get deletions(): number {
    return this.commit.deletions;
  }
  get changedFiles(): number {
    return this.commit.changedFiles;
  }
  get changedFilesIfAvailable(): number {
    return this.commit.changedFiles;
  }
  get resourcePath(): string {
    return this.path(`/commit/${this.commit.oid}`);
  }
  get url(): string {
    return `${this.view.webUrl}${this.resourcePath}`;
  }
  get author(): GitActorNode {
    return new GitActorNode(this.view, this.commit.author, this.commit.authoredAt);
  }
  get committer(): GitActorNode {
    return new GitActorNode(this.view, this.commit.committer, this.commit.committedAt);
  }
  authors(page: PageArguments): Connection {
    const { author, coAuthors, authoredAt, oid } = this.commit;
    const everybody = [author, ...coAuthors].map((signature, index) => ({ signature, index }));
    const list = {
      identity: `authors ${oid}`,
      items: everybody,
      keyOf: (one: { index: number }) => [one.index, 0] as const,
      descending: false,
    };
    return this.view.cursors.page(list, page, (one) => new GitActorNode(this.view, one.signature, authoredAt));
  }
  parents(page: PageArguments): Connection {
    const parents = this.commit.parents.map((oid, index) => ({ oid, index }));
    const list = {
      identity: `parents ${this.commit.oid}`,
      items: parents,
      keyOf: (one: { index: number }) => [one.index, 0] as const,
      descending: false,
    };
    return this.view.cursors.page(list, page, (one) => {
      const commit = this.owner_.commits.get(one.oid);
      return commit === undefined ? null : new CommitNode(this.view, this.owner_, commit);
    });
  }
  associatedPullRequests(page: PageArguments): Connection {
    const found = this.commit.pullRequests.flatMap(({ repositoryId, number }) => {
      const repository = this.view.data.repositories.get(repositoryId);
      const pull = repository?.pullRequests.get(number);
      return repository === undefined || pull === undefined ? [] : [{ repository, pull }];
    });
    const list = {
      identity: `associated ${this.commit.oid}`,
      items: found,
      keyOf: (one: { pull: FakePullRequest }) => [one.pull.createdAt, one.pull.id] as const,
      descending: false,
    };
    return this.view.cursors.page(list, page, (one) => new PullRequestNode(this.view, one.repository, one.pull));
  }
  history(wanted: HistoryArguments): Connection {
    const { data } = this.view;
    const { oid } = this.commit;
    const since = typeof wanted.since === 'string' ? momentOf(wanted.since) : '';
    const until = typeof wanted.until === 'string' ? momentOf(wanted.until) : '9';
    const emails = wanted.author?.emails?.map((email) => email.toLowerCase());
    const authorId = typeof wanted.author?.id === 'string' ? Number(readNodeId(wanted.author.id)?.parts[0]) : null;
    const listed = data.derived(`history ${this.owner_.id} ${oid} ${since} ${until} ${authorId ?? ''} ${emails?.join() ?? ''}`, () =>
      data
        .history(this.owner_, oid)
        .filter(
          (one) =>
            one.committedAt >= since &&
            one.committedAt <= until &&
            (authorId === null || data.accountOf(one.author)?.id === authorId) &&
            (emails?.includes(one.author.email.toLowerCase()) ?? true),
        ),
    );
    return this.view.cursors.historyPage(oid, listed, wanted, (one) => new CommitNode(this.view, this.owner_, one));
  }
}

/** OPEN, MERGED or CLOSED. */
function stateOf(pull: FakePullRequest): 'OPEN' | 'MERGED' | 'CLOSED' {
  if (pull.mergedAt !== null) return 'MERGED';
  return pull.closedAt === null ? 'OPEN' : 'CLOSED';
}

export class PullRequestNode extends InRepository {
  readonly __typename = 'PullRequest';
  readonly pull: FakePullRequest;

  constructor(view: View, repository: FakeRepository, pull: FakePullRequest) {
    super(view, repository);
    this.pull = pull;
  }

  get id(): string {
    return nodeIdOf('PR', this.owner_.id, this.pull.number);
  }
  get databaseId(): number | null {
    return intOf(this.pull.id);
  }
  get fullDatabaseId(): string {
    return String(this.pull.id);
  }
  get number(): number {
    return this.pull.number;
  }
  get title(): string {
    return `Pull request ${this.pull.number}`;
  }
  get state(): string {
    return stateOf(this.pull);
  }
  get isDraft(): boolean {
    return this.pull.isDraft;
  }
  get isCrossRepository(): boolean {
    return this.pull.isCrossRepository;
  }
  get baseRefName(): string {
    return this.pull.baseRefName;
  }
  get headRefName(): string {
    return `change-${this.pull.number}`;
  }
  get headRefOid(): string {
    return this.pull.headRefOid;
  }
  get baseRepository(): RepositoryNode {
    return this.repository;
  }
  get createdAt(): string {
    return this.pull.createdAt;
  }
  get publishedAt(): string {
    return this.pull.createdAt;
  }
  get updatedAt(): string {
    return this.pull.updatedAt;
  }
  get closedAt(): string | null {
    return this.pull.closedAt;
  }
  get closed(): boolean {
    return this.pull.closedAt !== null;
  }
  get merged(): boolean {
    return this.pull.mergedAt !== null;
  }
  get mergedAt(): string | null {
    return this.pull.mergedAt;
  }
  get additions(): number {
    return this.pull.additions;
  }
  get deletions(): number {
    return this.pull.deletions;
  }
  get changedFiles(): number {
    return this.pull.changedFiles;
  }
  get locked(): boolean {
    return false;
  }
  get authorAssociation(): string {
    return 'CONTRIBUTOR';
  }
  get author(): unknown {
    return actorNode(this.view, this.pull.authorId);
  }
  get mergedBy(): unknown {
    return actorNode(this.view, this.pull.mergedById);
  }
  get mergeCommit(): CommitNode | null {
    const commit = this.pull.mergeCommitOid === null ? undefined : this.owner_.commits.get(this.pull.mergeCommitOid);
    return commit === undefined ? null : new CommitNode(this.view, this.owner_, commit);
  }
  get resourcePath(): string {
    return this.path(`/pull/${this.pull.number}`);
  }
  get url(): string {
    return `${this.view.webUrl}${this.resourcePath}`;
  }
  get permalink(): string {
    return this.url;
  }
  comments(page: PageArguments): Connection {
    return commentsOf(this.view, this.owner_, this.pull.number, page);
  }
  reviews(wanted: PageArguments & { readonly states?: readonly string[] | null; readonly author?: string | null }): Connection {
    const shown =
      wanted.states === undefined || wanted.states === null
        ? this.pull.reviews
        : this.pull.reviews.filter((one) => wanted.states?.includes(one.state));
    const list = {
      identity: `reviews ${this.owner_.id} ${this.pull.number} ${wanted.states?.join() ?? ''}`,
      items: shown,
      keyOf: (one: FakeReview) => [one.id, 0] as const,
      descending: false,
    };
    return this.view.cursors.page(list, wanted, (one) => new ReviewNode(this.view, this.owner_, this.pull, one));
  }
  reviewThreads(page: PageArguments): Connection {
    const opening = (byNumber(this.view, this.owner_, 'review comments', this.owner_.reviewComments).get(this.pull.number) ?? []).filter(
      (one) => one.inReplyToId === null,
    );
    const list = { identity: `threads ${this.owner_.id} ${this.pull.number}`, items: opening, keyOf: createdKey, descending: false };
    return this.view.cursors.page(list, page, (one) => ({
      __typename: 'PullRequestReviewThread',
      id: nodeIdOf('PRRT', this.owner_.id, one.id),
      isResolved: false,
      isOutdated: false,
      isCollapsed: false,
      path: 'file',
      comments: (inner: PageArguments) => this.#threadComments(one, inner),
    }));
  }
  #threadComments(opening: FakeReviewComment, page: PageArguments): Connection {
    const inThread = (byNumber(this.view, this.owner_, 'review comments', this.owner_.reviewComments).get(this.pull.number) ?? []).filter(
      (one) => one.id === opening.id || one.inReplyToId === opening.id,
    );
    const list = { identity: `thread ${this.owner_.id} ${opening.id}`, items: inThread, keyOf: createdKey, descending: false };
    return this.view.cursors.page(list, page, (one) => new ReviewCommentNode(this.view, this.owner_, one));
  }
  commits(page: PageArguments): Connection {
    const { number } = this.pull;
    const ownCommits = this.view.data.derived(`commits of pull requests ${this.owner_.id}`, () => {
      const grouped = new Map<number, FakeCommit[]>();
      for (const commit of this.owner_.commits.values()) {
        for (const belonging of commit.pullRequests) {
          if (belonging.repositoryId !== this.owner_.id) continue;
          const group = grouped.get(belonging.number);
          if (group === undefined) grouped.set(belonging.number, [commit]);
          else group.push(commit);
        }
      }
      return grouped;
    });
    const items = (ownCommits.get(number) ?? []).map((commit, index) => ({ commit, index }));
    const list = {
      identity: `commits ${this.owner_.id} ${number}`,
      items,
      keyOf: (one: { index: number }) => [one.index, 0] as const,
      descending: false,
    };
    return this.view.cursors.page(list, page, (one) => ({
      __typename: 'PullRequestCommit',
      id: nodeIdOf('PRC', this.owner_.id, number, one.commit.oid),
      pullRequest: this,
      commit: new CommitNode(this.view, this.owner_, one.commit),
    }));
  }
}

class ReviewNode extends InRepository {
  readonly __typename = 'PullRequestReview';
  readonly pull: FakePullRequest;
  readonly review: FakeReview;

  constructor(view: View, repository: FakeRepository, pull: FakePullRequest, review: FakeReview) {
    super(view, repository);
    this.pull = pull;
    this.review = review;
  }

  get id(): string {
    return nodeIdOf('PRR', this.owner_.id, this.pull.number, this.review.id);
  }
  get databaseId(): number | null {
    return intOf(this.review.id);
  }
  get fullDatabaseId(): string {
    return String(this.review.id);
  }
  get state(): string {
    return this.review.state;
  }
  get submittedAt(): string | null {
    return this.review.submittedAt;
  }
  get createdAt(): string {
    return this.review.submittedAt ?? this.pull.createdAt;
  }
  get updatedAt(): string {
    return this.createdAt;
  }
  get author(): unknown {
    return actorNode(this.view, this.review.authorId);
  }
  get authorAssociation(): string {
    return 'CONTRIBUTOR';
  }
  get body(): string {
    return '';
  }
  get pullRequest(): PullRequestNode {
    return new PullRequestNode(this.view, this.owner_, this.pull);
  }
  get resourcePath(): string {
    return this.path(`/pull/${this.pull.number}#pullrequestreview-${this.review.id}`);
  }
  get url(): string {
    return `${this.view.webUrl}${this.resourcePath}`;
  }
  comments(page: PageArguments): Connection {
    const inPull = byNumber(this.view, this.owner_, 'review comments', this.owner_.reviewComments).get(this.pull.number) ?? [];
    const list = {
      identity: `review comments ${this.owner_.id} ${this.review.id}`,
      items: inPull.filter((one) => one.reviewId === this.review.id),
      keyOf: createdKey,
      descending: false,
    };
    return this.view.cursors.page(list, page, (one) => new ReviewCommentNode(this.view, this.owner_, one));
  }
}

/** A comment of any kind: on an issue, on a pull request, on its lines, on a commit. */
class CommentNode<
  T extends { readonly id: number; readonly authorId: number | null; readonly createdAt: string; readonly updatedAt: string },
> extends InRepository {
  readonly comment: T;

  constructor(view: View, repository: FakeRepository, comment: T) {
    super(view, repository);
    this.comment = comment;
  }

  get databaseId(): number | null {
    return intOf(this.comment.id);
  }
  get fullDatabaseId(): string {
    return String(this.comment.id);
  }
  get author(): unknown {
    return actorNode(this.view, this.comment.authorId);
  }
  get authorAssociation(): string {
    return 'CONTRIBUTOR';
  }
  get body(): string {
    return `Comment ${this.comment.id}`;
  }
  get createdAt(): string {
    return this.comment.createdAt;
  }
  get publishedAt(): string {
    return this.comment.createdAt;
  }
  get updatedAt(): string {
    return this.comment.updatedAt;
  }
}

class IssueCommentNode extends CommentNode<FakeIssueComment> {
  readonly __typename = 'IssueComment';

  get id(): string {
    return nodeIdOf('IC', this.owner_.id, this.comment.id);
  }
  get issue(): IssueNode | null {
    const issue = this.owner_.issues.get(this.comment.number);
    return issue === undefined ? null : new IssueNode(this.view, this.owner_, issue);
  }
  get pullRequest(): PullRequestNode | null {
    const pull = this.owner_.pullRequests.get(this.comment.number);
    return pull === undefined ? null : new PullRequestNode(this.view, this.owner_, pull);
  }
  get url(): string {
    const kind = this.owner_.pullRequests.has(this.comment.number) ? 'pull' : 'issues';
    return `${this.view.webUrl}${this.path(`/${kind}/${this.comment.number}#issuecomment-${this.comment.id}`)}`;
  }
}

class ReviewCommentNode extends CommentNode<FakeReviewComment> {
  readonly __typename = 'PullRequestReviewComment';

  get id(): string {
    return nodeIdOf('PRRC', this.owner_.id, this.comment.id);
  }
  get pullRequest(): PullRequestNode | null {
    const pull = this.owner_.pullRequests.get(this.comment.number);
    return pull === undefined ? null : new PullRequestNode(this.view, this.owner_, pull);
  }
  get url(): string {
    return `${this.view.webUrl}${this.path(`/pull/${this.comment.number}#discussion_r${this.comment.id}`)}`;
  }
}

class CommitCommentNode extends CommentNode<FakeCommitComment> {
  readonly __typename = 'CommitComment';

  get id(): string {
    return nodeIdOf('CC', this.owner_.id, this.comment.id);
  }
  get commit(): CommitNode | null {
    const commit = this.owner_.commits.get(this.comment.oid);
    return commit === undefined ? null : new CommitNode(this.view, this.owner_, commit);
  }
  get url(): string {
    return `${this.view.webUrl}${this.path(`/commit/${this.comment.oid}#commitcomment-${this.comment.id}`)}`;
  }
}

function commentsOf(view: View, repository: FakeRepository, number: number, page: PageArguments): Connection {
  const items = byNumber(view, repository, 'comments', repository.issueComments).get(number) ?? [];
  const list = { identity: `comments ${repository.id} ${number}`, items, keyOf: createdKey, descending: false };
  return view.cursors.page(list, page, (one) => new IssueCommentNode(view, repository, one));
}

export class IssueNode extends InRepository {
  readonly __typename = 'Issue';
  readonly facts: FakeIssue;

  constructor(view: View, repository: FakeRepository, facts: FakeIssue) {
    super(view, repository);
    this.facts = facts;
  }

  get id(): string {
    return nodeIdOf('I', this.owner_.id, this.facts.number);
  }
  get databaseId(): number | null {
    return intOf(this.facts.id);
  }
  get fullDatabaseId(): string {
    return String(this.facts.id);
  }
  get number(): number {
    return this.facts.number;
  }
  get title(): string {
    return `Issue ${this.facts.number}`;
  }
  get state(): string {
    return this.facts.closedAt === null ? 'OPEN' : 'CLOSED';
  }
  get closed(): boolean {
    return this.facts.closedAt !== null;
  }
  get stateReason(): string | null {
    return this.facts.stateReason;
  }
  get createdAt(): string {
    return this.facts.createdAt;
  }
  get publishedAt(): string {
    return this.facts.createdAt;
  }
  get updatedAt(): string {
    return this.facts.updatedAt;
  }
  get closedAt(): string | null {
    return this.facts.closedAt;
  }
  get locked(): boolean {
    return false;
  }
  get authorAssociation(): string {
    return 'CONTRIBUTOR';
  }
  get author(): unknown {
    return actorNode(this.view, this.facts.authorId);
  }
  get resourcePath(): string {
    return this.path(`/issues/${this.facts.number}`);
  }
  get url(): string {
    return `${this.view.webUrl}${this.resourcePath}`;
  }
  comments(page: PageArguments): Connection {
    return commentsOf(this.view, this.owner_, this.facts.number, page);
  }
  timelineItems(wanted: PageArguments & { readonly itemTypes?: readonly string[] | null; readonly since?: string | null }): Connection {
    const shown = this.facts.events.filter(
      (event) => wanted.itemTypes?.includes(event.type === 'closed' ? 'CLOSED_EVENT' : 'REOPENED_EVENT') ?? true,
    );
    const list = {
      identity: `timeline ${this.owner_.id} ${this.facts.number} ${wanted.itemTypes?.join() ?? ''}`,
      items: shown,
      keyOf: (event: IssueEvent) => [event.at, event.id] as const,
      descending: false,
    };
    const page = this.view.cursors.page(list, wanted, (event) => new IssueEventNode(this.view, this.owner_, this, event));
    return Object.assign(page, { filteredCount: shown.length, updatedAt: this.facts.updatedAt });
  }
}

class IssueEventNode extends InRepository {
  readonly closable: IssueNode;
  readonly event: IssueEvent;

  constructor(view: View, repository: FakeRepository, issue: IssueNode, event: IssueEvent) {
    super(view, repository);
    this.closable = issue;
    this.event = event;
  }

  get __typename(): string {
    return this.event.type === 'closed' ? 'ClosedEvent' : 'ReopenedEvent';
  }
  get id(): string {
    return nodeIdOf(this.event.type === 'closed' ? 'CE' : 'RO', this.owner_.id, this.event.id);
  }
  get createdAt(): string {
    return this.event.at;
  }
  get stateReason(): string | null {
    return this.event.type === 'closed' ? 'COMPLETED' : 'REOPENED';
  }
  get actor(): unknown {
    return actorNode(this.view, this.event.actorId);
  }
  get closer(): PullRequestNode | CommitNode | null {
    const { closer } = this.event;
    if (closer === null) return null;
    if ('commit' in closer) {
      const commit = this.owner_.commits.get(closer.commit);
      return commit === undefined ? null : new CommitNode(this.view, this.owner_, commit);
    }
    const pull = this.owner_.pullRequests.get(closer.pullRequest);
    return pull === undefined ? null : new PullRequestNode(this.view, this.owner_, pull);
  }
  get url(): string {
    return `${this.closable.url}#event-${this.event.id}`;
  }
}

class ReleaseNode extends InRepository {
  readonly __typename = 'Release';
  readonly release: FakeRelease;

  constructor(view: View, repository: FakeRepository, release: FakeRelease) {
    super(view, repository);
    this.release = release;
  }

  get id(): string {
    return nodeIdOf('RE', this.owner_.id, this.release.id);
  }
  get databaseId(): number | null {
    return intOf(this.release.id);
  }
  get tagName(): string {
    return this.release.tagName;
  }
  get name(): string {
    return this.release.tagName;
  }
  get isDraft(): boolean {
    return this.release.isDraft;
  }
  get isPrerelease(): boolean {
    return this.release.isPrerelease;
  }
  get createdAt(): string {
    return this.release.createdAt;
  }
  get updatedAt(): string {
    return this.release.publishedAt ?? this.release.createdAt;
  }
  get publishedAt(): string | null {
    return this.release.publishedAt;
  }
  get author(): unknown {
    return userNode(this.view, this.release.authorId);
  }
  get resourcePath(): string {
    return this.path(`/releases/tag/${this.release.tagName}`);
  }
  get url(): string {
    return `${this.view.webUrl}${this.resourcePath}`;
  }
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
      return new RepositoryNode(view, repository);
    case 'PR':
      return pull === undefined ? null : new PullRequestNode(view, repository, pull);
    case 'I':
      return issue === undefined ? null : new IssueNode(view, repository, issue);
    case 'C':
      return commit === undefined ? null : new CommitNode(view, repository, commit);
    case 'RE':
      return release === undefined ? null : new ReleaseNode(view, repository, release);
    default:
      return null;
  }
}
