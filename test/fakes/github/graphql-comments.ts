/** Comments of every kind, as GraphQL shows them. */
import { actorNode, intOf } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { byNumber, createdKey, InRepository } from './graphql-in-repository.ts';
import type { Connection, PageArguments } from './connections.ts';
import { nodeIdOf } from './data-set.ts';
import type { FakeCommitComment, FakeIssueComment, FakeRepository, FakeReviewComment } from './data-set.ts';

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
  get issue(): object | null {
    const issue = this.owner_.issues.get(this.comment.number);
    return issue === undefined ? null : this.view.nodes.issue(this.owner_, issue);
  }
  get pullRequest(): object | null {
    const pull = this.owner_.pullRequests.get(this.comment.number);
    return pull === undefined ? null : this.view.nodes.pullRequest(this.owner_, pull);
  }
  get url(): string {
    const kind = this.owner_.pullRequests.has(this.comment.number) ? 'pull' : 'issues';
    return `${this.view.webUrl}${this.path(`/${kind}/${this.comment.number}#issuecomment-${this.comment.id}`)}`;
  }
}

export class ReviewCommentNode extends CommentNode<FakeReviewComment> {
  readonly __typename = 'PullRequestReviewComment';

  get id(): string {
    return nodeIdOf('PRRC', this.owner_.id, this.comment.id);
  }
  get pullRequest(): object | null {
    const pull = this.owner_.pullRequests.get(this.comment.number);
    return pull === undefined ? null : this.view.nodes.pullRequest(this.owner_, pull);
  }
  get url(): string {
    return `${this.view.webUrl}${this.path(`/pull/${this.comment.number}#discussion_r${this.comment.id}`)}`;
  }
}

export class CommitCommentNode extends CommentNode<FakeCommitComment> {
  readonly __typename = 'CommitComment';

  get id(): string {
    return nodeIdOf('CC', this.owner_.id, this.comment.id);
  }
  get commit(): object | null {
    const commit = this.owner_.commits.get(this.comment.oid);
    return commit === undefined ? null : this.view.nodes.commit(this.owner_, commit);
  }
  get url(): string {
    return `${this.view.webUrl}${this.path(`/commit/${this.comment.oid}#commitcomment-${this.comment.id}`)}`;
  }
}

/** The comments of an issue or a pull request. */
export function commentsOf(view: View, repository: FakeRepository, number: number, page: PageArguments): Connection {
  const items = byNumber(view, repository, 'comments', repository.issueComments).get(number) ?? [];
  const list = { identity: `comments ${repository.id} ${number}`, items, keyOf: createdKey, descending: false };
  return view.cursors.page(list, page, (one) => new IssueCommentNode(view, repository, one));
}
