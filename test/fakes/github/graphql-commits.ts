/** Commits, as GraphQL shows them. */
import { GitActorNode } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { InRepository } from './graphql-in-repository.ts';
import type { Connection, PageArguments } from './connections.ts';
import { momentOf, nodeIdOf, readNodeId } from './data-set.ts';
import type { FakeCommit, FakePullRequest, FakeRepository } from './data-set.ts';

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
    return this.view.cursors.page(list, page, (one) => this.view.nodes.pullRequest(one.repository, one.pull));
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
