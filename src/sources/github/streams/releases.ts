import type { Contribution } from '../../../domain/contribution.ts';
import type { Heartbeat } from '../heartbeat.ts';
import type { Step } from '../lanes.ts';
import { pageOfFittingSize, PageSize } from '../page-size.ts';
import { RELEASES } from '../queries.ts';
import { readLanes, type LanePage } from '../read-lanes.ts';
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

interface Page extends LanePage {
  readonly drafts: CountsByMonth;
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
    const from: Cursor =
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
    yield* readLanes<Lane, Page, Cursor>(reading, from, {
      step: (asked, lane) => stepOf(asked, lane, size),
      after: (cursor, page) => ({ ...cursor, drafts: addCounts(cursor.drafts, page.drafts) }),
      end: ({ startedAt, latest, drafts }) => ({
        replaced: ['RELEASE'],
        excluded: monthTotals('RELEASE', drafts),
        watermark: watermarkOf(reading, startedAt, { latest, drafts }),
      }),
    });
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
  return { page: () => ({ rows: { contributions }, drafts: countByMonth(drafts), requests }), next };
}
