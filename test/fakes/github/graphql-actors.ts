/** Accounts as GraphQL shows them. graphql-js reads the getters of these objects by field name and calls their methods with the arguments. */
import { compareKeys } from './connections.ts';
import type { Connection, Cursors, Listing, PageArguments } from './connections.ts';
import { nodeIdOf } from './data-set.ts';
import type { DataSet, FakeAccount, FakeCommit, FakeIssue, FakePullRequest, FakeRepository, Signature } from './data-set.ts';

/** What every object needs to answer: the data, the cursors, the address of the web pages, which is the fake's own, and the other objects. */
export interface View {
  readonly data: DataSet;
  readonly cursors: Cursors;
  readonly webUrl: string;
  readonly nodes: Nodes;
}

/** Objects that others lead to, and that lead back to them. */
interface Nodes {
  repository(repository: FakeRepository): object;
  commit(repository: FakeRepository, commit: FakeCommit): object;
  pullRequest(repository: FakeRepository, pull: FakePullRequest): object;
  issue(repository: FakeRepository, issue: FakeIssue): object;
}

const INT_MAX = 2 ** 31 - 1;

/** GitHub's `databaseId` is a 32-bit Int: larger ids are null there, `fullDatabaseId` has them. */
export function intOf(id: number): number | null {
  return id > INT_MAX ? null : id;
}

/** A sorted list, made once per version of the data. */
export function listing<T>(
  view: View,
  identity: string,
  items: () => Iterable<T>,
  keyOf: (item: T) => readonly [string | number, number],
  descending: boolean,
): Listing<T> {
  return view.data.derived(`listing ${identity} ${descending}`, () => ({
    identity: `${identity} ${descending ? 'DESC' : 'ASC'}`,
    items: [...items()].sort((a, b) => compareKeys(keyOf(a), keyOf(b)) * (descending ? -1 : 1)),
    keyOf,
    descending,
  }));
}

class ActorNode {
  readonly view: View;
  readonly account: FakeAccount;

  constructor(view: View, account: FakeAccount) {
    this.view = view;
    this.account = account;
  }

  get __typename(): string {
    return this.account.type;
  }
  get id(): string {
    return nodeIdOf('U', this.account.id);
  }
  get databaseId(): number | null {
    return intOf(this.account.id);
  }
  /** An app's login has no `[bot]` in GraphQL where it is a Bot; REST and commits show it with the suffix. */
  get login(): string {
    return this.account.type === 'Bot' ? this.account.login.replace(/\[bot\]$/, '') : this.account.login;
  }
  get name(): string | null {
    return this.account.name;
  }
  get resourcePath(): string {
    return this.account.type === 'Bot' ? `/apps/${this.login}` : `/${this.account.login}`;
  }
  get url(): string {
    return `${this.view.webUrl}${this.resourcePath}`;
  }
  get avatarUrl(): string {
    return `https://avatars.githubusercontent.com/u/${this.account.id}?v=4`;
  }
  get createdAt(): string {
    return this.account.createdAt;
  }
  get updatedAt(): string {
    return this.account.createdAt;
  }
  get company(): string | null {
    return this.account.profile.company ?? null;
  }
  get location(): string | null {
    return this.account.profile.location ?? null;
  }
  get bio(): string | null {
    return this.account.profile.bio ?? null;
  }
  get description(): string | null {
    return this.account.profile.bio ?? null;
  }
  get websiteUrl(): string | null {
    return this.account.profile.websiteUrl ?? null;
  }
  get twitterUsername(): string | null {
    return this.account.profile.twitterUsername ?? null;
  }
  get email(): string {
    return this.account.profile.email ?? '';
  }
  get pronouns(): string | null {
    return this.account.profile.pronouns ?? null;
  }
  get isHireable(): boolean {
    return this.account.profile.isHireable ?? false;
  }
  get followers(): { totalCount: number } {
    return { totalCount: this.account.profile.followers ?? 0 };
  }
  socialAccounts(page: PageArguments): Connection {
    const accounts = (this.account.profile.socialAccounts ?? []).map((account, index) => ({ ...account, index }));
    const list = listing(
      this.view,
      `social ${this.account.id}`,
      () => accounts,
      (item) => [item.index, 0],
      false,
    );
    return this.view.cursors.page(list, page, (item) => item);
  }
}

/** A commit's account: always shown as a User, also where it is an app (then with its `[bot]` suffix). */
class LinkedUserNode extends ActorNode {
  override get __typename(): string {
    return 'User';
  }
  override get login(): string {
    return this.account.login;
  }
}

/** The account with this id as an Actor; null when it is deleted. */
export function actorNode(view: View, id: number | null): ActorNode | null {
  const account = view.data.account(id);
  return account === null ? null : new ActorNode(view, account);
}

/** The account with this id where the schema has a User; null when it is deleted. */
export function userNode(view: View, id: number | null): ActorNode | null {
  const account = view.data.account(id);
  return account === null ? null : new LinkedUserNode(view, account);
}

/** Author, co-author or committer of a commit. */
export class GitActorNode {
  readonly view: View;
  readonly signature: Signature;
  readonly date: string;

  constructor(view: View, signature: Signature, date: string) {
    this.view = view;
    this.signature = signature;
    this.date = date;
  }

  get name(): string {
    return this.signature.name;
  }
  get email(): string {
    return this.signature.email;
  }
  get avatarUrl(): string {
    return `https://avatars.githubusercontent.com/u/${this.view.data.accountOf(this.signature)?.id ?? 0}?v=4`;
  }
  get user(): ActorNode | null {
    const account = this.view.data.accountOf(this.signature);
    return account === null ? null : new LinkedUserNode(this.view, account);
  }
}
