/**
 * What a fake GitHub knows: accounts and repositories in memory. Everything is plain and may be changed by a test at any time;
 * after a change by hand call `touch()` (the functions of changes.ts do), so that sorted lists and cached answers are made anew.
 */

/** A moment as GitHub writes it: `2026-03-01T12:00:00Z`. */
export type Moment = string;

/** GitHub's placeholder for deleted accounts in the REST API. */
export const GHOST_ID = 10_137;

export interface FakeAccount {
  readonly id: number;
  login: string;
  readonly type: 'User' | 'Bot' | 'Mannequin' | 'Organization';
  name: string | null;
  /** Addresses whose commits GitHub links to the account. `id+login@users.noreply.github.com` is linked without being listed. */
  emails: string[];
  readonly createdAt: Moment;
  readonly profile: {
    readonly company?: string;
    readonly location?: string;
    readonly bio?: string;
    readonly websiteUrl?: string;
    readonly twitterUsername?: string;
    readonly email?: string;
    readonly pronouns?: string;
    readonly isHireable?: boolean;
    readonly followers?: number;
    readonly socialAccounts?: readonly { readonly provider: string; readonly displayName: string; readonly url: string }[];
  };
}

/** Who a commit says made it. GitHub finds the account by the address. */
export interface Signature {
  readonly name: string;
  readonly email: string;
  /** GitHub did not link this address although it could have (seen for old commits): `user` is null. */
  readonly notLinked?: boolean;
}

export interface FakeCommit {
  readonly oid: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  /** From `Co-authored-by` lines, the author himself not among them. */
  readonly coAuthors: readonly Signature[];
  readonly committer: Signature;
  readonly authoredAt: Moment;
  readonly committedAt: Moment;
  readonly additions: number;
  readonly deletions: number;
  readonly changedFiles: number;
  /** The pull requests that brought it, in GitHub's order (oldest first), of this repository or of another. */
  pullRequests: readonly { readonly repositoryId: number; readonly number: number }[];
}

export type ReviewState = 'PENDING' | 'COMMENTED' | 'APPROVED' | 'CHANGES_REQUESTED' | 'DISMISSED';

export interface FakeReview {
  readonly id: number;
  authorId: number | null;
  state: ReviewState;
  /** Null while pending. */
  submittedAt: Moment | null;
}

export interface FakePullRequest {
  readonly id: number;
  readonly number: number;
  authorId: number | null;
  createdAt: Moment;
  updatedAt: Moment;
  closedAt: Moment | null;
  mergedAt: Moment | null;
  mergedById: number | null;
  mergeCommitOid: string | null;
  additions: number;
  deletions: number;
  changedFiles: number;
  baseRefName: string;
  headRefOid: string;
  isDraft: boolean;
  isCrossRepository: boolean;
  reviews: FakeReview[];
}

export interface IssueEvent {
  readonly id: number;
  readonly type: 'closed' | 'reopened';
  readonly actorId: number | null;
  readonly at: Moment;
  readonly closer: { readonly pullRequest: number } | { readonly commit: string } | null;
}

export interface FakeIssue {
  readonly id: number;
  readonly number: number;
  authorId: number | null;
  createdAt: Moment;
  updatedAt: Moment;
  /** Null while open. */
  closedAt: Moment | null;
  stateReason: 'COMPLETED' | 'NOT_PLANNED' | 'REOPENED' | 'DUPLICATE' | null;
  /** Oldest first. */
  events: IssueEvent[];
}

/** A comment on an issue or a pull request. */
export interface FakeIssueComment {
  readonly id: number;
  readonly number: number;
  authorId: number | null;
  readonly createdAt: Moment;
  updatedAt: Moment;
}

/** A comment on a line of a pull request. */
export interface FakeReviewComment extends FakeIssueComment {
  readonly reviewId: number;
  readonly inReplyToId: number | null;
}

export interface FakeCommitComment {
  readonly id: number;
  readonly oid: string;
  authorId: number | null;
  readonly createdAt: Moment;
  updatedAt: Moment;
}

export interface FakeRelease {
  readonly id: number;
  readonly tagName: string;
  authorId: number | null;
  isDraft: boolean;
  readonly isPrerelease: boolean;
  readonly createdAt: Moment;
  /** Null while a draft. */
  publishedAt: Moment | null;
}

/** An entry of the repository's activity. */
export interface FakePush {
  readonly id: number;
  readonly type: 'push' | 'force_push' | 'pr_merge' | 'branch_creation';
  readonly before: string;
  readonly after: string;
  readonly ref: string;
  readonly actorId: number | null;
  readonly at: Moment;
}

export interface FakeRepository {
  readonly id: number;
  ownerId: number;
  name: string;
  /** `owner/name` it had before: GitHub redirects them until another repository takes the name. */
  oldNames: string[];
  description: string | null;
  stars: number;
  forks: number;
  isPrivate: boolean;
  isArchived: boolean;
  isFork: boolean;
  parentId: number | null;
  readonly createdAt: Moment;
  updatedAt: Moment;
  pushedAt: Moment | null;
  defaultBranch: string;
  /** The oid of the default branch's head; null while the repository is empty. */
  head: string | null;
  readonly commits: Map<string, FakeCommit>;
  readonly pullRequests: Map<number, FakePullRequest>;
  readonly issues: Map<number, FakeIssue>;
  readonly issueComments: Map<number, FakeIssueComment>;
  readonly reviewComments: Map<number, FakeReviewComment>;
  readonly commitComments: Map<number, FakeCommitComment>;
  readonly releases: Map<number, FakeRelease>;
  readonly pushes: FakePush[];
}

/** Letters of a node id, by what it is the id of. */
const NODE_PREFIXES = ['R', 'U', 'PR', 'PRR', 'PRRC', 'PRRT', 'I', 'IC', 'RE', 'C', 'CC', 'REF', 'CE', 'RO', 'LI', 'PRC'] as const;
export type NodePrefix = (typeof NODE_PREFIXES)[number];

/** An opaque node id; `parts` are the numbers (or oid) that find the thing again. */
export function nodeIdOf(prefix: NodePrefix, ...parts: readonly (number | string)[]): string {
  if (prefix === 'U') return userNodeIdOf(Number(parts[0]));
  return `${prefix}_${Buffer.from(parts.join(':')).toString('base64url')}`;
}

/** Accounts have the ids that GitHub gives them: msgpack of [0, number]. */
function userNodeIdOf(id: number): string {
  const bytes = Buffer.from([0x92, 0, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64BE(BigInt(id), 3);
  if (id > 0xffff_ffff) return `U_${bytes.toString('base64url')}`;
  const short = Buffer.from([0x92, 0, 0xce, 0, 0, 0, 0]);
  short.writeUInt32BE(id, 3);
  return `U_${short.toString('base64url')}`;
}

function userIdIn(rest: string): number | null {
  const bytes = Buffer.from(rest, 'base64url');
  if (bytes.length === 7 && bytes.readUIntBE(0, 3) === 0x9200ce) return bytes.readUInt32BE(3);
  return bytes.length === 11 && bytes.readUIntBE(0, 3) === 0x9200cf ? Number(bytes.readBigUInt64BE(3)) : null;
}

/** What a node id is of, or null when it is none of ours. */
export function readNodeId(id: string): { prefix: NodePrefix; parts: string[] } | null {
  const [prefix, rest] = id.split('_', 2);
  const known = NODE_PREFIXES.find((candidate) => candidate === prefix);
  if (known === undefined || rest === undefined) return null;
  if (known === 'U') {
    const number = userIdIn(id.slice(2));
    return number === null ? null : { prefix: known, parts: [String(number)] };
  }
  return { prefix: known, parts: Buffer.from(rest, 'base64url').toString().split(':') };
}

export class DataSet {
  readonly accounts = new Map<number, FakeAccount>();
  readonly repositories = new Map<number, FakeRepository>();
  #version = 0;
  readonly #derived = new Map<string, unknown>();

  /** Grows with every change: what was computed from an older version no longer holds. */
  get version(): number {
    return this.#version;
  }

  /** Say that something was changed. */
  touch(): void {
    this.#version += 1;
    this.#derived.clear();
  }

  /** A value computed once per version: sorted lists, histories, indexes. */
  derived<T>(key: string, compute: () => T): T {
    const known = this.#derived.get(key);
    if (known !== undefined) return known as T;
    const value = compute();
    this.#derived.set(key, value);
    return value;
  }

  addAccount(account: Pick<FakeAccount, 'id' | 'login'> & Partial<FakeAccount>): FakeAccount {
    const whole: FakeAccount = { type: 'User', name: null, emails: [], createdAt: '2012-01-01T00:00:00Z', profile: {}, ...account };
    this.accounts.set(whole.id, whole);
    this.touch();
    return whole;
  }

  addRepository(repository: Pick<FakeRepository, 'id' | 'ownerId' | 'name'> & Partial<FakeRepository>): FakeRepository {
    const whole: FakeRepository = {
      oldNames: [],
      description: null,
      stars: 0,
      forks: 0,
      isPrivate: false,
      isArchived: false,
      isFork: false,
      parentId: null,
      createdAt: '2015-01-01T00:00:00Z',
      updatedAt: '2015-01-01T00:00:00Z',
      pushedAt: null,
      defaultBranch: 'main',
      head: null,
      commits: new Map(),
      pullRequests: new Map(),
      issues: new Map(),
      issueComments: new Map(),
      reviewComments: new Map(),
      commitComments: new Map(),
      releases: new Map(),
      pushes: [],
      ...repository,
    };
    this.repositories.set(whole.id, whole);
    this.touch();
    return whole;
  }

  /** The account, or null when there is none of this id (any more): its author is then null on GitHub. */
  account(id: number | null): FakeAccount | null {
    return id === null ? null : (this.accounts.get(id) ?? null);
  }

  accountByLogin(login: string): FakeAccount | null {
    const byLogin = this.derived('accounts by login', () => new Map([...this.accounts.values()].map((a) => [a.login.toLowerCase(), a])));
    return byLogin.get(login.toLowerCase()) ?? null;
  }

  /** The account GitHub links to a commit's address. */
  accountOf(signature: Signature): FakeAccount | null {
    if (signature.notLinked === true) return null;
    const email = signature.email.toLowerCase();
    const byEmail = this.derived(
      'accounts by e-mail',
      () => new Map([...this.accounts.values()].flatMap((a) => a.emails.map((address) => [address.toLowerCase(), a] as const))),
    );
    const numbered = /^(\d+)\+[^@]+@users\.noreply\.github\.com$/.exec(email);
    return numbered === null ? (byEmail.get(email) ?? null) : this.account(Number(numbered[1]));
  }

  ownerOf(repository: FakeRepository): FakeAccount {
    const owner = this.accounts.get(repository.ownerId);
    if (owner === undefined) throw new Error(`Repository ${repository.name} belongs to ${repository.ownerId}, who is not in the data set`);
    return owner;
  }

  fullNameOf(repository: FakeRepository): string {
    return `${this.ownerOf(repository).login}/${repository.name}`;
  }

  /** By name as GitHub finds it: who has the name now, else who had it. `moved` says that it was an old name. */
  findRepository(owner: string, name: string): { readonly repository: FakeRepository; readonly moved: boolean } | null {
    const wanted = `${owner}/${name}`.toLowerCase();
    for (const repository of this.repositories.values()) {
      if (this.fullNameOf(repository).toLowerCase() === wanted) return { repository, moved: false };
    }
    for (const repository of this.repositories.values()) {
      if (repository.oldNames.some((old) => old.toLowerCase() === wanted)) return { repository, moved: true };
    }
    return null;
  }

  /** The only repository of a data set that has one. */
  get onlyRepository(): FakeRepository {
    const [only] = this.repositories.values();
    if (only === undefined || this.repositories.size !== 1) throw new Error('The data set has not exactly one repository');
    return only;
  }

  /** The commits reachable from `head`, in git's order: of those whose children were all listed, the latest committed first. */
  history(repository: FakeRepository, head: string): readonly FakeCommit[] {
    return this.derived(`history ${repository.id} ${head}`, () => {
      const seen = new Set<string>();
      const listed: FakeCommit[] = [];
      const frontier: FakeCommit[] = [];
      const reach = (oid: string): void => {
        const commit = seen.has(oid) ? undefined : repository.commits.get(oid);
        if (commit === undefined) return;
        seen.add(oid);
        let at = frontier.length;
        while (at > 0 && (frontier[at - 1] as FakeCommit).committedAt > commit.committedAt) at -= 1;
        frontier.splice(at, 0, commit);
      };
      reach(head);
      for (let next = frontier.pop(); next !== undefined; next = frontier.pop()) {
        listed.push(next);
        next.parents.forEach(reach);
      }
      return listed;
    });
  }
}

/** Moments compare as text only in one form: UTC, whole seconds. */
export function momentOf(text: string): string {
  return `${new Date(text).toISOString().slice(0, 19)}Z`;
}
