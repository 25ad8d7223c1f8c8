/** Issues and what happened to them, as GraphQL shows them. */
import { actorNode, intOf } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { commentsOf } from './graphql-comments.ts';
import { InRepository } from './graphql-in-repository.ts';
import type { Connection, PageArguments } from './connections.ts';
import { nodeIdOf } from './data-set.ts';
import type { FakeIssue, FakeRepository, IssueEvent } from './data-set.ts';

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
  get closer(): object | null {
    const { closer } = this.event;
    if (closer === null) return null;
    if ('commit' in closer) {
      const commit = this.owner_.commits.get(closer.commit);
      return commit === undefined ? null : this.view.nodes.commit(this.owner_, commit);
    }
    const pull = this.owner_.pullRequests.get(closer.pullRequest);
    return pull === undefined ? null : this.view.nodes.pullRequest(this.owner_, pull);
  }
  get url(): string {
    return `${this.closable.url}#event-${this.event.id}`;
  }
}
