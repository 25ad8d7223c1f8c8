import type { Contribution } from '../../../domain/contribution.ts';
import type { RemovedRow, SliceCursor } from '../../contribution-source.ts';
import { accountOf, type Actor } from '../accounts.ts';
import type { Freshness } from '../heartbeat.ts';
import { inLanes, type Step } from '../lanes.ts';
import { pageOfFittingSize, PageSize } from '../page-size.ts';
import { ISSUES } from '../queries.ts';
import {
  boundsOf,
  contribution,
  createdSince,
  isIn,
  isUnchanged,
  nothingNew,
  union,
  watermarkOf,
  type Reading,
  type Stream,
} from '../reading.ts';
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

interface Cursor {
  readonly v: 1;
  readonly repository: string;
  readonly startedAt: string;
  readonly lanes: readonly Lane[];
  readonly size: number;
  readonly wasSplit: boolean;
  readonly isClosing: boolean;
  readonly freshness: Freshness;
  readonly isWhole: boolean;
  /** In a refresh: those made since the last one. */
  readonly created: readonly number[];
}

interface Page {
  readonly contributions: readonly Contribution[];
  readonly removed: readonly RemovedRow[];
  readonly created: readonly number[];
  readonly requests: number;
}

/** From so many pages on, several parts of the time are read at once. */
const PAGES_TO_SPLIT = 4;
const COVERS = ['ISSUE_OPENED', 'ISSUE_CLOSED'] as const;

/** Issues with who closed each last, the longest untouched first, from the window's first day or the last read on. */
export const issues: Stream = {
  name: 'issues',
  covers: COVERS,
  forgets: [],
  async *read(reading, given) {
    const { now, since } = reading;
    if (given === null && since !== null && isUnchanged(since['freshness'] as Freshness, now.issues, since)) {
      yield nothingNew(reading, since);
      return;
    }
    let cursor = given === null ? start(reading) : (given as unknown as Cursor);
    for (;;) {
      const size = new PageSize(reading.pageSize.others, cursor.size);
      const steps = inLanes<Lane, Page>({
        lanes: cursor.lanes,
        width: reading.width,
        signal: reading.signal,
        step: (lane, signal) => stepOf({ ...reading, signal }, lane, size),
      });
      for await (const { page, left } of steps) {
        cursor = {
          ...cursor,
          lanes: left,
          size: size.current,
          wasSplit: cursor.wasSplit || left.length > 1,
          created: union(cursor.created, page.created),
        };
        if (left.length === 0 && cursor.wasSplit && !cursor.isClosing) {
          // What was updated while its part was still to be read has moved behind the last part.
          cursor = { ...cursor, isClosing: true, lanes: [{ since: cursor.startedAt, until: null, after: null, isFirst: false }] };
        } else if (left.length === 0 && isShort(reading, cursor)) {
          cursor = start(reading, true);
        }
        const done = cursor.lanes.length === 0;
        yield {
          contributions: page.contributions,
          pullRequests: [],
          removed: page.removed,
          requests: page.requests,
          cursor: cursor as unknown as SliceCursor,
          done,
          ...(done ? { watermark: watermarkOf(reading, cursor.startedAt, { freshness: cursor.freshness }) } : {}),
          ...(done && cursor.isWhole ? { replaced: COVERS } : {}),
        };
      }
      if (cursor.lanes.length === 0) return;
    }
  },
};

function start({ now, since, target, pageSize }: Reading, mustBeWhole = false): Cursor {
  const before = since?.['freshness'] as Freshness | undefined;
  // Fewer than there were: deleted or transferred ones are found by reading all.
  const isWhole = mustBeWhole || since === null || before === undefined || now.issues.total < before.total;
  return {
    v: 1,
    repository: now.repository.nodeId,
    startedAt: now.at.toISOString(),
    lanes: [{ since: isWhole ? boundsOf(target.window).from : String(since['at']), until: null, after: null, isFirst: true }],
    size: pageSize.others,
    wasSplit: false,
    isClosing: false,
    freshness: now.issues,
    isWhole,
    created: [],
  };
}

/** Whether there are fewer than there were and came: some are gone, and only the whole list shows which. */
function isShort({ since }: Reading, { isWhole, freshness, created }: Cursor): boolean {
  const before = since?.['freshness'] as Freshness | undefined;
  return !isWhole && before !== undefined && freshness.total < before.total + created.length;
}

async function stepOf(reading: Reading, lane: Lane, size: PageSize): Promise<Step<Lane, Page>> {
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
  const page = (): Page => ({ ...rowsOf(reading, nodes), created: createdSince(reading, nodes), requests });
  const last = nodes.at(-1);
  if (last === undefined || !list.pageInfo.hasNextPage || (lane.until !== null && last.updatedAt >= lane.until))
    return { page, next: null };
  const next: Lane = { ...lane, after: list.pageInfo.endCursor, isFirst: false };
  if (!lane.isFirst || list.totalCount < PAGES_TO_SPLIT * size.current) return { page, next };
  const parts = splitTime(last.updatedAt, now.at.toISOString(), width);
  const [own, ...others] = parts.map(({ since, until }): Lane => ({ since, until, after: null, isFirst: false }));
  return { page, next: { ...next, until: own?.until ?? null }, opened: others };
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
