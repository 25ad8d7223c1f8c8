/** Pull requests with their reviews, threads and commits, as GraphQL shows them. */
import { actorNode, intOf } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { commentsOf, ReviewCommentNode } from './graphql-comments.ts';
import { byNumber, createdKey, InRepository } from './graphql-in-repository.ts';
import type { Connection, PageArguments } from './connections.ts';
import { nodeIdOf } from './data-set.ts';
import type { FakeCommit, FakePullRequest, FakeRepository, FakeReview, FakeReviewComment } from './data-set.ts';

/** OPEN, MERGED or CLOSED. */
export function stateOf(pull: FakePullRequest): 'OPEN' | 'MERGED' | 'CLOSED' {
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
  get baseRepository(): object {
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
  get mergeCommit(): object | null {
    const commit = this.pull.mergeCommitOid === null ? undefined : this.owner_.commits.get(this.pull.mergeCommitOid);
    return commit === undefined ? null : this.view.nodes.commit(this.owner_, commit);
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
      commit: this.view.nodes.commit(this.owner_, one.commit),
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
