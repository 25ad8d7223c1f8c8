import type { GithubClient } from './client.ts';
import type { Quota } from './credential.ts';
import type { Heartbeat } from './heartbeat.ts';
import { searchCounts } from './queries.ts';
import { boundsOf } from './reading.ts';
import type { Estimate, ScrapeTarget } from '../contribution-source.ts';

/** What there is to read, as far as GitHub tells beforehand. */
interface Extent {
  readonly commits: number;
  readonly pullRequests: number;
  readonly pullRequestsOpened: number;
  readonly pullRequestsMerged: number;
  readonly issues: number;
  readonly issuesOpened: number;
  readonly issuesClosed: number;
  readonly issueComments: number;
  readonly reviewComments: number;
  readonly releases: number;
  readonly months: number;
}

/** Seconds GitHub takes for a page: rough, from its own users' reports (reference/sources.md 3.3). */
const SECONDS = { commits: 1, pullRequests: 3, issues: 1.5, rest: 0.4 } as const;
/** Reviews for each pull request, of which GitHub gives no count beforehand; a part of pull requests has a tail page. */
const REVIEWS_PER_PULL_REQUEST = 1.5;
const TAIL_SHARE = 0.02;

/** Counts what a full scrape would read: 2 points and 2 REST requests. */
export async function measureExtent(client: GithubClient, target: ScrapeTarget, now: Heartbeat, signal: AbortSignal): Promise<Extent> {
  const { owner, name } = now.repository;
  const github = client.about(now.repository);
  const { since, until } = target.window;
  const inWindow = `${since}..${until}`;
  const repository = `repo:${owner}/${name}`;
  const { query, variables } = searchCounts(
    new Map([
      ['pullRequests', `${repository} is:pr updated:>=${since}`],
      ['pullRequestsOpened', `${repository} is:pr created:${inWindow}`],
      ['pullRequestsMerged', `${repository} is:pr is:merged merged:${inWindow}`],
      ['issues', `${repository} is:issue updated:>=${since}`],
      ['issuesOpened', `${repository} is:issue created:${inWindow}`],
      ['issuesClosed', `${repository} is:issue is:closed closed:${inWindow}`],
    ]),
  );
  const ask = { signal, what: 'the size of the repository' };
  // A list of one a page: the number of its last page is the number of its rows.
  const listed = async (path: string): Promise<number> => {
    const answer = await github.rest<readonly unknown[]>(
      `/repos/${owner}/${name}/${path}`,
      { since: boundsOf(target.window).from, per_page: 1 },
      ask,
    );
    return answer.hasNext ? answer.lastPage : (answer.data?.length ?? 0);
  };
  const [found, commits, issueComments, reviewComments] = await Promise.all([
    github.graphql<Record<string, { readonly issueCount: number }>>(query, variables, ask),
    countCommits(client, target, now, signal),
    listed('issues/comments'),
    listed('pulls/comments'),
  ]);
  const count = (key: string): number => found.data[key]?.issueCount ?? 0;
  return {
    commits,
    pullRequests: count('pullRequests'),
    pullRequestsOpened: count('pullRequestsOpened'),
    pullRequestsMerged: count('pullRequestsMerged'),
    issues: count('issues'),
    issuesOpened: count('issuesOpened'),
    issuesClosed: count('issuesClosed'),
    issueComments,
    reviewComments,
    releases: now.releases.total,
    months: (Date.parse(until) - Date.parse(since > now.repository.createdOn ? since : now.repository.createdOn)) / (30 * 86_400_000) + 1,
  };
}

async function countCommits(
  client: GithubClient,
  target: ScrapeTarget,
  { repository, head }: Heartbeat,
  signal: AbortSignal,
): Promise<number> {
  if (head === null) return 0;
  const { from, to } = boundsOf(target.window);
  const query = `query CommitCount($id: ID!, $oid: GitObjectID!, $since: GitTimestamp!, $until: GitTimestamp!) {
  node(id: $id) { ... on Repository { object(oid: $oid) { ... on Commit { history(first: 1, since: $since, until: $until) { totalCount } } } } }
}`;
  const { data } = await client
    .about(repository)
    .graphql<{ node: { object: { history: { totalCount: number } } | null } | null }>(
      query,
      { id: repository.nodeId, oid: head.oid, since: from, until: to },
      { signal, what: 'the number of commits' },
    );
  return data.node?.object?.history.totalCount ?? 0;
}

/** Rows a full scrape will bring, roughly. */
export function contributionsIn(extent: Extent): number {
  const { commits, pullRequestsOpened, pullRequestsMerged, issuesOpened, issuesClosed, issueComments, reviewComments, releases } = extent;
  const reviews = Math.round(pullRequestsOpened * REVIEWS_PER_PULL_REQUEST);
  return (
    commits + pullRequestsOpened + pullRequestsMerged + reviews + issuesOpened + issuesClosed + issueComments + reviewComments + releases
  );
}

/** Requests, points and time of a full scrape: the counts, then the lists side by side, `width` requests of one in flight where it allows. */
export function estimateFull(extent: Extent, width: number, quotas: { graphql: Quota | null; core: Quota | null }): Estimate {
  const pages = {
    commits: Math.ceil(extent.commits / 100),
    pullRequests: Math.ceil(extent.pullRequests / 50),
    tails: Math.ceil(extent.pullRequests * TAIL_SHARE),
    issues: Math.ceil(extent.issues / 100),
    comments: Math.ceil(extent.issueComments / 100) + Math.ceil(extent.reviewComments / 100) + 1,
    releases: Math.ceil(extent.releases / 100),
    totals: 2 * Math.ceil(extent.months / 6),
  };
  // Two nested connections make a page of commits two points.
  const points = 2 * pages.commits + pages.pullRequests + pages.tails + pages.issues + pages.releases + pages.totals + 1;
  const lists = [
    (pages.commits * SECONDS.commits) / width,
    pages.pullRequests * SECONDS.pullRequests,
    (pages.issues * SECONDS.issues) / width,
    (pages.comments * SECONDS.rest) / width,
  ];
  const reading = pages.totals + Math.max(...lists);
  const waiting = Math.max(pauseFor(points, quotas.graphql), pauseFor(pages.comments, quotas.core));
  return {
    pages: Object.values(pages).reduce((sum, count) => sum + count, 1),
    points,
    restRequests: pages.comments,
    minutes: Math.ceil((reading + waiting) / 60),
    pauseMinutes: Math.ceil(waiting / 60),
  };
}

/** Seconds to wait for limits to fill again while using so much. */
function pauseFor(needed: number, quota: Quota | null): number {
  if (quota === null || needed <= quota.remaining) return 0;
  const untilReset = quota.resetAt === null ? 3600 : Math.max(0, (quota.resetAt.getTime() - Date.now()) / 1000);
  return untilReset + Math.floor((needed - quota.remaining - 1) / Math.max(1, quota.limit)) * 3600;
}

/** One line for a person. */
export function describeEstimate({ pages, points, restRequests, minutes }: Estimate, quota: Quota | null): string {
  const left = quota === null ? '' : ` (${quota.remaining} of ${quota.limit} points are left)`;
  return `GitHub: about ${pages} pages, ${points} GraphQL points and ${restRequests} REST requests, ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}${left}`;
}
