/** Releases, as GraphQL shows them. */
import { intOf, userNode } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { InRepository } from './graphql-in-repository.ts';
import { nodeIdOf } from './data-set.ts';
import type { FakeRelease, FakeRepository } from './data-set.ts';

export class ReleaseNode extends InRepository {
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
