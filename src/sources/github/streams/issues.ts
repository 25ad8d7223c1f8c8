import type { Contribution } from '../../../domain/contribution.ts';
import type { RemovedRow } from '../../contribution-source.ts';
import { accountOf, type Actor } from '../accounts.ts';
import type { Step } from '../lanes.ts';
import { listByUpdate, type UpdatedPage } from '../list-by-update.ts';
import { pageOfFittingSize, type PageSize } from '../page-size.ts';
import { ISSUES } from '../queries.ts';
import { contribution, createdSince, isIn, type Reading, type Stream } from '../reading.ts';
import { splitTime } from '../time-lanes.ts';
import { GithubUnavailable } from '../trouble.ts';

interface IssueNode {
  readonly number: number;
  readonly state: 'OPEN' | 'CLOSED';
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | null;
  readonly author: Actor | null;
  readonly timelineItems: { readonly nodes: readonly ({ readonly createdAt?: string; readonly actor?: Actor | null } | null)[] };
}

interface List {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly (IssueNode | null)[];
}

/** Issues updated from `since` to before `until` (null: to the end), the longest untouched first. `isFirst`: may open more lanes. */
interface Lane {
  readonly since: string;
  readonly until: string | null;
  readonly after: string | null;
  readonly isFirst: boolean;
}

/** From so many pages on, several parts of the time are read at once. */
const PAGES_TO_SPLIT = 4;

/** Issues with who closed each last, the longest untouched first. */
export const issues: Stream = listByUpdate<Lane>({
  name: 'issues',
  covers: ['ISSUE_OPENED', 'ISSUE_CLOSED'],
  freshnessOf: (now) => now.issues,
  mostRows: ({ others }) => others,
  laneSince: (moment, maySplit) => ({ since: moment, until: null, after: null, isFirst: maySplit }),
  // It moves to the end of the list: behind the last part, if that was read already.
  mayHaveMoved: ({ wasSplit }) => wasSplit,
  step: stepOf,
});

async function stepOf(reading: Reading, lane: Lane, size: PageSize): Promise<Step<Lane, UpdatedPage>> {
  const { now, github, signal, patience, width } = reading;
  const ask = { signal, what: `issues updated since ${lane.since}`, mayShrink: true };
  let requests = 0;
  const list = await pageOfFittingSize(
    size,
    async (first) => {
      requests += 1;
      const variables = { id: now.repository.nodeId, since: lane.since, after: lane.after, first };
      const { data } = await github.graphql<{ node: { issues: List } | null }>(ISSUES, variables, ask);
      if (data.node === null) throw new GithubUnavailable(ask.what, 'the repository is gone from the answer');
      return data.node.issues;
    },
    { patience, signal, what: ask.what },
  );
  const nodes = list.nodes.map((node) => {
    if (node === null) throw new GithubUnavailable(ask.what, 'an issue is missing');
    return node;
  });
  // What was updated later is the next part's.
  const own = nodes.filter(({ updatedAt }) => lane.until === null || updatedAt < lane.until);
  const page = (): UpdatedPage => ({ rows: rowsOf(reading, own), created: createdSince(reading, own), requests });
  const last = nodes.at(-1);
  if (last === undefined || !list.pageInfo.hasNextPage || (lane.until !== null && last.updatedAt >= lane.until))
    return { page, next: null };
  const next: Lane = { ...lane, after: list.pageInfo.endCursor, isFirst: false };
  if (!lane.isFirst || list.totalCount < PAGES_TO_SPLIT * size.current) return { page, next };
  const parts = splitTime(last.updatedAt, now.at.toISOString(), width);
  const [first, ...others] = parts.map(({ since, until }): Lane => ({ since, until, after: null, isFirst: false }));
  return { page, next: { ...next, until: first?.until ?? null }, opened: others };
}

function rowsOf({ target, since }: Reading, nodes: readonly IssueNode[]): { contributions: Contribution[]; removed: RemovedRow[] } {
  const contributions: Contribution[] = [];
  const removed: RemovedRow[] = [];
  for (const { number, state, createdAt, closedAt, author, timelineItems } of nodes) {
    if (isIn(target.window, createdAt))
      contributions.push(contribution('ISSUE_OPENED', String(number), accountOf(author), createdAt, { number }));
    const closed = timelineItems.nodes[0];
    const at = closed?.createdAt ?? closedAt;
    if (state === 'CLOSED' && at !== null && isIn(target.window, at)) {
      contributions.push(contribution('ISSUE_CLOSED', String(number), accountOf(closed?.actor), at, { number }));
    } else if (since !== null) {
      removed.push({ kind: 'ISSUE_CLOSED', subject: String(number) });
    }
  }
  return { contributions, removed };
}
