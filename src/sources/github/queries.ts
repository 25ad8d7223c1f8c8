import { ACTOR_FIELDS } from './accounts.ts';

/*
 * Everything that is asked of GitHub's GraphQL API: only fields that are read, no titles, texts or messages. A connection below
 * another counts once for each row above it (100 requests = 1 point), which is what the comments on cost mean.
 * Repositories are found by node id, which survives renames and transfers.
 */

const REPOSITORY_FIELDS = `id databaseId nameWithOwner description isPrivate stargazerCount forkCount createdAt
  defaultBranchRef { name target { oid ... on Commit { history { totalCount } } } }
  pullRequests(first: 1, orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount nodes { number updatedAt } }
  issues(first: 1, orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount nodes { number updatedAt } }
  releases(first: 10, orderBy: { field: CREATED_AT, direction: DESC }) { totalCount nodes { databaseId publishedAt isDraft } }`;

/** What the repository is called now and whether anything changed: 1 point. */
export const HEARTBEAT_BY_NAME = `query Heartbeat($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name, followRenames: true) { ${REPOSITORY_FIELDS} }
}`;

export const HEARTBEAT_BY_ID = `query HeartbeatById($id: ID!) {
  node(id: $id) { __typename ... on Repository { ${REPOSITORY_FIELDS} } }
}`;

const COMMIT_FIELDS = `oid committedDate additions deletions
  parents { totalCount }
  author { email user { databaseId login } }
  authors(first: 10) { totalCount nodes { email user { databaseId login } } }
  associatedPullRequests(first: 5) { totalCount nodes { merged repository { databaseId } } }`;

/** 100 commits: 2 points. */
export const COMMITS = `query Commits($id: ID!, $oid: GitObjectID!, $since: GitTimestamp!, $until: GitTimestamp!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on Repository {
      object(oid: $oid) {
        ... on Commit {
          history(first: $first, after: $after, since: $since, until: $until) {
            totalCount
            pageInfo { hasNextPage endCursor }
            nodes { ${COMMIT_FIELDS} }
          }
        }
      }
    }
  }
}`;

/** Commits by their ids, at most 100: 2 points. The ids are part of the text: they must be hexadecimal. */
export function commitsByOid(oids: readonly string[]): string {
  if (oids.some((oid) => !/^[0-9a-f]{40,64}$/.test(oid))) throw new RangeError('A commit id is hexadecimal');
  return `query CommitsByOid($id: ID!) {
  node(id: $id) {
    ... on Repository {
${oids.map((oid, index) => `      c${index}: object(oid: "${oid}") { ... on Commit { ...Facts } }`).join('\n')}
    }
  }
}
fragment Facts on Commit { ${COMMIT_FIELDS} }`;
}

/** All authors of a commit with more than ten: 1 point. */
export const COMMIT_AUTHORS = `query CommitAuthors($id: ID!, $oid: GitObjectID!, $after: String) {
  node(id: $id) {
    ... on Repository {
      object(oid: $oid) {
        ... on Commit { authors(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { email user { databaseId login } } } }
      }
    }
  }
}`;

/** All pull requests of a commit with more than five: 1 point. */
export const COMMIT_PULL_REQUESTS = `query CommitPullRequests($id: ID!, $oid: GitObjectID!, $after: String) {
  node(id: $id) {
    ... on Repository {
      object(oid: $oid) {
        ... on Commit { associatedPullRequests(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { merged repository { databaseId } } } }
      }
    }
  }
}`;

const REVIEW_FIELDS = `id fullDatabaseId submittedAt author { ${ACTOR_FIELDS} }`;
const REVIEW_STATES = '[APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED]';

/** 50 pull requests with up to 40 reviews each: 1 point. */
export const PULL_REQUESTS = `query PullRequests($id: ID!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on Repository {
      pullRequests(first: $first, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          id number createdAt updatedAt merged mergedAt additions deletions baseRefName
          author { ${ACTOR_FIELDS} }
          reviews(first: 40, states: ${REVIEW_STATES}) { pageInfo { hasNextPage endCursor } nodes { ${REVIEW_FIELDS} } }
        }
      }
    }
  }
}`;

/** One pull request without what is computed on demand, when its full page can't be had. */
export const PULL_REQUEST_OUTLINE = `query PullRequestOutline($id: ID!, $after: String) {
  node(id: $id) {
    ... on Repository {
      pullRequests(first: 1, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) {
        pageInfo { hasNextPage endCursor }
        nodes { id number createdAt updatedAt merged mergedAt baseRefName author { ${ACTOR_FIELDS} } }
      }
    }
  }
}`;

/** Further reviews of one pull request: 1 point a hundred. */
export const REVIEWS = `query Reviews($id: ID!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on PullRequest {
      reviews(first: $first, after: $after, states: ${REVIEW_STATES}) { pageInfo { hasNextPage endCursor } nodes { ${REVIEW_FIELDS} } }
    }
  }
}`;

/** The commits of up to ten pull requests, 100 each: 1 point. */
export const COMMITS_OF_PULL_REQUESTS = `query CommitsOfPullRequests($ids: [ID!]!, $after: String) {
  nodes(ids: $ids) {
    ... on PullRequest { id commits(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { commit { oid } } } }
  }
}`;

/** 100 issues with the last time each was closed: 1 point. */
export const ISSUES = `query Issues($id: ID!, $since: DateTime!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on Repository {
      issues(first: $first, after: $after, filterBy: { since: $since }, orderBy: { field: UPDATED_AT, direction: ASC }) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          number state createdAt updatedAt closedAt
          author { ${ACTOR_FIELDS} }
          timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) { nodes { ... on ClosedEvent { createdAt actor { ${ACTOR_FIELDS} } } } }
        }
      }
    }
  }
}`;

/** 100 releases: 1 point. */
export const RELEASES = `query Releases($id: ID!, $after: String, $first: Int!) {
  node(id: $id) {
    ... on Repository {
      releases(first: $first, after: $after, orderBy: { field: CREATED_AT, direction: DESC }) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { databaseId isDraft createdAt publishedAt author { databaseId login } }
      }
    }
  }
}`;

/** Counts by search, any number in one query: `name` to what is searched. A point for each hundred. */
export function searchCounts(searches: ReadonlyMap<string, string>): { query: string; variables: Record<string, string> } {
  const names = [...searches.keys()];
  return {
    query: `query Counts(${names.map((name) => `$${name}: String!`).join(', ')}) {
${names.map((name) => `  ${name}: search(type: ISSUE, query: $${name}, first: 1) { issueCount }`).join('\n')}
}`,
    variables: Object.fromEntries(searches),
  };
}

/** Commits by month: `name` to `[since, until]`. A point for each hundred. */
export function historyCounts(months: ReadonlyMap<string, readonly [since: string, until: string]>): {
  query: string;
  variables: Record<string, string>;
} {
  const names = [...months.keys()];
  const parameters = names.map((name) => `$${name}Since: GitTimestamp!, $${name}Until: GitTimestamp!`).join(', ');
  const counts = names
    .map((name) => `${name}: history(first: 1, since: $${name}Since, until: $${name}Until) { totalCount }`)
    .join('\n          ');
  return {
    query: `query CommitCounts($id: ID!, $oid: GitObjectID!, ${parameters}) {
  node(id: $id) {
    ... on Repository {
      object(oid: $oid) {
        ... on Commit {
          ${counts}
        }
      }
    }
  }
}`,
    variables: Object.fromEntries(
      [...months].flatMap(([name, [since, until]]) => [
        [`${name}Since`, since],
        [`${name}Until`, until],
      ]),
    ),
  };
}
