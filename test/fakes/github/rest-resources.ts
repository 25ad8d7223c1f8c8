/** Accounts, repositories, comments and releases as the REST API shows them: the fields a contribution reader may look at. */
import { GHOST_ID, nodeIdOf } from './data-set.ts';
import type {
  DataSet,
  FakeAccount,
  FakeCommitComment,
  FakeIssueComment,
  FakePush,
  FakeRelease,
  FakeRepository,
  FakeReviewComment,
} from './data-set.ts';

/** Where the API and the web pages are: the fake's own address. */
export interface Addresses {
  readonly restUrl: string;
  readonly webUrl: string;
}

export type Json = Record<string, unknown>;

export class RestResources {
  readonly #data: DataSet;
  readonly #at: Addresses;

  constructor(data: DataSet, at: Addresses) {
    this.#data = data;
    this.#at = at;
  }

  simpleUser(account: FakeAccount): Json {
    const { restUrl, webUrl } = this.#at;
    const url = `${restUrl}/users/${encodeURIComponent(account.login)}`;
    return {
      login: account.login,
      id: account.id,
      node_id: nodeIdOf('U', account.id),
      avatar_url: `https://avatars.githubusercontent.com/u/${account.id}?v=4`,
      gravatar_id: '',
      url,
      html_url: account.type === 'Bot' ? `${webUrl}/apps/${account.login.replace(/\[bot\]$/, '')}` : `${webUrl}/${account.login}`,
      followers_url: `${url}/followers`,
      following_url: `${url}/following{/other_user}`,
      gists_url: `${url}/gists{/gist_id}`,
      starred_url: `${url}/starred{/owner}{/repo}`,
      subscriptions_url: `${url}/subscriptions`,
      organizations_url: `${url}/orgs`,
      repos_url: `${url}/repos`,
      events_url: `${url}/events{/privacy}`,
      received_events_url: `${url}/received_events`,
      type: account.type,
      site_admin: false,
    };
  }

  fullUser(account: FakeAccount): Json {
    const { profile } = account;
    return {
      ...this.simpleUser(account),
      name: account.name,
      company: profile.company ?? null,
      blog: profile.websiteUrl ?? '',
      location: profile.location ?? null,
      email: profile.email ?? null,
      hireable: profile.isHireable ?? null,
      bio: profile.bio ?? null,
      twitter_username: profile.twitterUsername ?? null,
      public_repos: 0,
      public_gists: 0,
      followers: profile.followers ?? 0,
      following: 0,
      created_at: account.createdAt,
      updated_at: account.createdAt,
    };
  }

  /** An author where GitHub shows null for a deleted account. */
  #user(id: number | null): Json | null {
    const account = this.#data.account(id);
    return account === null ? null : this.simpleUser(account);
  }

  /** An author where GitHub shows its `ghost` account for a deleted one. */
  #userOrGhost(id: number | null): Json {
    return (
      this.#user(id) ??
      this.simpleUser({
        id: GHOST_ID,
        login: 'ghost',
        type: 'User',
        name: null,
        emails: [],
        createdAt: '2008-05-13T06:14:25Z',
        profile: {},
      })
    );
  }

  repository(repository: FakeRepository): Json {
    const owner = this.#data.ownerOf(repository);
    const fullName = this.#data.fullNameOf(repository);
    return {
      id: repository.id,
      node_id: nodeIdOf('R', repository.id),
      name: repository.name,
      full_name: fullName,
      private: repository.isPrivate,
      visibility: repository.isPrivate ? 'private' : 'public',
      owner: this.simpleUser(owner),
      html_url: `${this.#at.webUrl}/${fullName}`,
      description: repository.description,
      fork: repository.isFork,
      url: `${this.#at.restUrl}/repos/${fullName}`,
      created_at: repository.createdAt,
      updated_at: repository.updatedAt,
      pushed_at: repository.pushedAt ?? repository.createdAt,
      homepage: null,
      size: repository.commits.size,
      stargazers_count: repository.stars,
      watchers_count: repository.stars,
      forks_count: repository.forks,
      forks: repository.forks,
      open_issues_count: 0,
      language: null,
      archived: repository.isArchived,
      disabled: false,
      has_issues: true,
      default_branch: repository.defaultBranch,
      license: { key: 'mit', name: 'MIT License', spdx_id: 'MIT', url: `${this.#at.restUrl}/licenses/mit`, node_id: nodeIdOf('LI', 1) },
      topics: [],
    };
  }

  issueComment(repository: FakeRepository, comment: FakeIssueComment): Json {
    const fullName = this.#data.fullNameOf(repository);
    const kind = repository.pullRequests.has(comment.number) ? 'pull' : 'issues';
    return {
      url: `${this.#at.restUrl}/repos/${fullName}/issues/comments/${comment.id}`,
      html_url: `${this.#at.webUrl}/${fullName}/${kind}/${comment.number}#issuecomment-${comment.id}`,
      issue_url: `${this.#at.restUrl}/repos/${fullName}/issues/${comment.number}`,
      id: comment.id,
      node_id: nodeIdOf('IC', repository.id, comment.id),
      user: this.#userOrGhost(comment.authorId),
      created_at: comment.createdAt,
      updated_at: comment.updatedAt,
      body: `Comment ${comment.id}`,
      author_association: 'CONTRIBUTOR',
      performed_via_github_app: null,
    };
  }

  reviewComment(repository: FakeRepository, comment: FakeReviewComment): Json {
    const fullName = this.#data.fullNameOf(repository);
    const url = `${this.#at.restUrl}/repos/${fullName}/pulls/comments/${comment.id}`;
    const htmlUrl = `${this.#at.webUrl}/${fullName}/pull/${comment.number}#discussion_r${comment.id}`;
    const pullUrl = `${this.#at.restUrl}/repos/${fullName}/pulls/${comment.number}`;
    const pull = repository.pullRequests.get(comment.number);
    return {
      url,
      pull_request_review_id: comment.reviewId,
      id: comment.id,
      node_id: nodeIdOf('PRRC', repository.id, comment.id),
      diff_hunk: '@@ -1 +1 @@',
      path: 'file',
      commit_id: pull?.headRefOid ?? '0'.repeat(40),
      original_commit_id: pull?.headRefOid ?? '0'.repeat(40),
      user: this.#user(comment.authorId),
      body: `Comment ${comment.id}`,
      created_at: comment.createdAt,
      updated_at: comment.updatedAt,
      html_url: htmlUrl,
      pull_request_url: pullUrl,
      author_association: 'CONTRIBUTOR',
      _links: { self: { href: url }, html: { href: htmlUrl }, pull_request: { href: pullUrl } },
      ...(comment.inReplyToId === null ? {} : { in_reply_to_id: comment.inReplyToId }),
    };
  }

  commitComment(repository: FakeRepository, comment: FakeCommitComment): Json {
    const fullName = this.#data.fullNameOf(repository);
    return {
      url: `${this.#at.restUrl}/repos/${fullName}/comments/${comment.id}`,
      html_url: `${this.#at.webUrl}/${fullName}/commit/${comment.oid}#commitcomment-${comment.id}`,
      id: comment.id,
      node_id: nodeIdOf('CC', repository.id, comment.id),
      user: this.#user(comment.authorId),
      position: null,
      line: null,
      path: null,
      commit_id: comment.oid,
      created_at: comment.createdAt,
      updated_at: comment.updatedAt,
      author_association: 'CONTRIBUTOR',
      body: `Comment ${comment.id}`,
    };
  }

  release(repository: FakeRepository, release: FakeRelease): Json {
    const fullName = this.#data.fullNameOf(repository);
    const url = `${this.#at.restUrl}/repos/${fullName}/releases/${release.id}`;
    return {
      url,
      assets_url: `${url}/assets`,
      upload_url: `${url}/assets{?name,label}`,
      html_url: `${this.#at.webUrl}/${fullName}/releases/tag/${release.tagName}`,
      id: release.id,
      author: this.#userOrGhost(release.authorId),
      node_id: nodeIdOf('RE', repository.id, release.id),
      tag_name: release.tagName,
      target_commitish: repository.defaultBranch,
      name: release.tagName,
      draft: release.isDraft,
      prerelease: release.isPrerelease,
      created_at: release.createdAt,
      published_at: release.publishedAt,
      assets: [],
      tarball_url: null,
      zipball_url: null,
      body: '',
    };
  }

  activity(repository: FakeRepository, push: FakePush): Json {
    return {
      id: push.id,
      node_id: nodeIdOf('REF', repository.id, `push${push.id}`),
      before: push.before,
      after: push.after,
      ref: push.ref,
      timestamp: push.at,
      activity_type: push.type,
      actor: this.#user(push.actorId),
    };
  }
}
