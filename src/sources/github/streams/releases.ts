import type { Contribution } from '../../../domain/contribution.ts';
import type { SliceCursor } from '../../contribution-source.ts';
import type { Heartbeat } from '../heartbeat.ts';
import { inLanes, type Step } from '../lanes.ts';
import { pageOfFittingSize, PageSize } from '../page-size.ts';
import { RELEASES } from '../queries.ts';
import {
  addCounts,
  contribution,
  countByMonth,
  isIn,
  monthTotals,
  nothingNew,
  watermarkOf,
  type CountsByMonth,
  type Reading,
  type Stream,
} from '../reading.ts';
import { GithubUnavailable } from '../trouble.ts';

interface ReleaseNode {
  readonly databaseId: number | null;
  readonly isDraft: boolean;
  readonly createdAt: string;
  readonly publishedAt: string | null;
  readonly author: { readonly databaseId: number | null; readonly login: string } | null;
}

interface List {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly (ReleaseNode | null)[];
}

interface Lane {
  readonly after: string | null;
}

interface Cursor {
  readonly v: 1;
  readonly repository: string;
  readonly startedAt: string;
  readonly lanes: readonly Lane[];
  readonly latest: Heartbeat['releases'];
  /** Drafts, by the month they were made. */
  readonly drafts: CountsByMonth;
}

interface Page {
  readonly contributions: readonly Contribution[];
  readonly drafts: CountsByMonth;
  readonly requests: number;
}

/** Releases, drafts left out. Few enough to be read whole whenever one of the latest changed: a draft is published at any age. */
export const releases: Stream = {
  name: 'releases',
  covers: ['RELEASE'],
  forgets: [],
  async *read(reading, given) {
    const { now, since } = reading;
    if (given === null && since !== null && (since['latest'] as Heartbeat['releases']).latest === now.releases.latest) {
      if ((since['latest'] as Heartbeat['releases']).total === now.releases.total) {
        yield nothingNew(reading, since, { excluded: monthTotals('RELEASE', since['drafts'] as CountsByMonth) });
        return;
      }
    }
    let cursor: Cursor =
      given === null
        ? {
            v: 1,
            repository: now.repository.nodeId,
            startedAt: now.at.toISOString(),
            lanes: [{ after: null }],
            latest: now.releases,
            drafts: {},
          }
        : (given as unknown as Cursor);
    const size = new PageSize(reading.pageSize.others);
    const steps = inLanes<Lane, Page>({
      lanes: cursor.lanes,
      width: 1,
      signal: reading.signal,
      step: (lane, signal) => stepOf({ ...reading, signal }, lane, size),
    });
    for await (const { page, left } of steps) {
      cursor = { ...cursor, lanes: left, drafts: addCounts(cursor.drafts, page.drafts) };
      const done = left.length === 0;
      yield {
        contributions: page.contributions,
        pullRequests: [],
        requests: page.requests,
        cursor: cursor as unknown as SliceCursor,
        done,
        ...(done
          ? {
              replaced: ['RELEASE'] as const,
              excluded: monthTotals('RELEASE', cursor.drafts),
              watermark: watermarkOf(reading, cursor.startedAt, { latest: cursor.latest, drafts: cursor.drafts }),
            }
          : {}),
      };
    }
  },
};

async function stepOf({ now, github, signal, target, patience }: Reading, lane: Lane, size: PageSize): Promise<Step<Lane, Page>> {
  const ask = { signal, what: 'releases', mayShrink: true };
  let requests = 0;
  const list = await pageOfFittingSize(
    size,
    async (first) => {
      requests += 1;
      const variables = { id: now.repository.nodeId, after: lane.after, first };
      const { data } = await github.graphql<{ node: { releases: List } | null }>(RELEASES, variables, ask);
      if (data.node === null) throw new GithubUnavailable(ask.what, 'the repository is gone from the answer');
      return data.node.releases;
    },
    { patience, signal, what: ask.what },
  );
  const contributions: Contribution[] = [];
  const drafts: string[] = [];
  for (const node of list.nodes) {
    if (node === null) throw new GithubUnavailable(ask.what, 'a release is missing');
    const { databaseId, isDraft, createdAt, publishedAt, author } = node;
    if (isDraft || publishedAt === null) {
      if (isIn(target.window, createdAt)) drafts.push(createdAt);
    } else if (isIn(target.window, publishedAt)) {
      const actor =
        author === null
          ? null
          : { githubId: author.databaseId, login: author.login, type: author.login.endsWith('[bot]') ? 'Bot' : 'User' };
      contributions.push(contribution('RELEASE', String(databaseId), actor, publishedAt));
    }
  }
  const next = list.pageInfo.hasNextPage ? { after: list.pageInfo.endCursor } : null;
  return { page: () => ({ contributions, drafts: countByMonth(drafts), requests }), next };
}
