import type { ContributionKind } from '../../../domain/contribution.ts';
import { addDays, type Day } from '../../../domain/window.ts';
import type { MonthTotal, SliceCursor } from '../../contribution-source.ts';
import type { Ask } from '../client.ts';
import type { Heartbeat } from '../heartbeat.ts';
import type { Step } from '../lanes.ts';
import { historyCounts, searchCounts } from '../queries.ts';
import { readLanes, type LanePage } from '../read-lanes.ts';
import { boundsOf, isUnchanged, nothingNew, watermarkOf, type Reading, type Stream } from '../reading.ts';
import { GithubUnavailable, PageTooLarge } from '../trouble.ts';

/** What GitHub's search counts of a kind: the terms beside the repository and the field whose date decides the month. */
const SEARCHED: readonly { readonly kind: ContributionKind; readonly terms: string; readonly date: string }[] = [
  { kind: 'PR_OPENED', terms: 'is:pr', date: 'created' },
  { kind: 'PR_MERGED', terms: 'is:pr is:merged', date: 'merged' },
  { kind: 'ISSUE_OPENED', terms: 'is:issue', date: 'created' },
  { kind: 'ISSUE_CLOSED', terms: 'is:issue is:closed', date: 'closed' },
];

/** Months counted by one request: with each kind of {@link SEARCHED} a search. GitHub gives a query ten seconds. */
const MONTHS_AT_ONCE = 6;
/** A refresh counts these again; what changes in older months a full scrape finds. */
const MONTHS_OF_REFRESH = 2;

interface Cursor {
  readonly v: 1;
  readonly repository: string;
  readonly startedAt: string;
  readonly head: string | null;
  readonly lanes: readonly Lane[];
  readonly totals: readonly MonthTotal[];
}

/** Months (`YYYY-MM`) still to count. */
interface Lane {
  readonly months: readonly string[];
}

interface Page extends LanePage {
  readonly totals: readonly MonthTotal[];
}

/**
 * GitHub's own counts by month and kind: what the stored rows are measured against. Counted before the rows are read, so that
 * what happens meanwhile can only make them more.
 */
export const totals: Stream = {
  name: 'totals',
  covers: [],
  forgets: [],
  async *read(reading, given) {
    const { now, since, target } = reading;
    const measured = { head: now.head?.oid ?? null, pullRequests: now.pullRequests, issues: now.issues };
    if (given === null && since !== null && isMeasured(since['measured'] as typeof measured, now, since)) {
      yield nothingNew(reading, since);
      return;
    }
    const months = monthsOf(laterOf(target.window.since, now.repository.createdOn), target.window.until);
    const wanted = since === null ? months : months.slice(-MONTHS_OF_REFRESH);
    const from: Cursor =
      given === null
        ? {
            v: 1,
            repository: now.repository.nodeId,
            startedAt: now.at.toISOString(),
            head: now.head?.oid ?? null,
            lanes: chunksOf(wanted, MONTHS_AT_ONCE).map((some) => ({ months: some })),
            totals: [],
          }
        : (given as unknown as Cursor);
    yield* readLanes<Lane, Page, Cursor>(reading, from, {
      step: (asked, lane) => stepOf(asked, from.head, lane),
      after: (cursor, page) => ({ ...cursor, totals: [...cursor.totals, ...page.totals] }),
      end: ({ startedAt, totals: counted }) => ({ watermark: watermarkOf(reading, startedAt, { measured }), totals: counted }),
    });
  },
};

function isMeasured(
  before: Pick<Heartbeat, 'pullRequests' | 'issues'> & { readonly head: string | null },
  now: Heartbeat,
  since: SliceCursor,
): boolean {
  return (
    before.head === (now.head?.oid ?? null) &&
    isUnchanged(before.pullRequests, now.pullRequests, since) &&
    isUnchanged(before.issues, now.issues, since)
  );
}

async function stepOf(reading: Reading, head: string | null, { months }: Lane): Promise<Step<Lane, Page>> {
  const { now, github, signal, target } = reading;
  const { owner, name, nodeId } = now.repository;
  const ask = { signal, what: `totals of ${months[0]} and on`, mayShrink: months.length > 1 };
  const window = boundsOf(target.window);
  const keyed = months.map((month) => ({
    month,
    key: month.replace('-', '_'),
    ...daysOf(month, target.window.since, target.window.until),
  }));

  const searches = new Map(
    keyed.flatMap(({ key, since, until }) =>
      SEARCHED.map(({ kind, terms, date }): [string, string] => [
        `${kind}_${key}`,
        `repo:${owner}/${name} ${terms} ${date}:${since}..${until}`,
      ]),
    ),
  );
  try {
    const { query, variables } = searchCounts(searches);
    const { data: found } = await github.graphql<Record<string, { readonly issueCount: number }>>(query, variables, ask);
    const counted = keyed.flatMap(({ month, key }) =>
      SEARCHED.map(({ kind }): MonthTotal => ({ kind, month, count: known(found[`${kind}_${key}`]?.issueCount, ask) })),
    );
    if (head === null) return { page: () => ({ rows: {}, totals: counted, requests: 1 }), next: null };

    const history = historyCounts(
      new Map(
        keyed.map(({ key, since, until }): [string, [string, string]] => [
          `m${key}`,
          [since <= window.from.slice(0, 10) ? window.from : `${since}T00:00:00Z`, `${until}T23:59:59Z`],
        ]),
      ),
    );
    const { data } = await github.graphql<{ node: { object: Record<string, { readonly totalCount: number }> | null } | null }>(
      history.query,
      { ...history.variables, id: nodeId, oid: head },
      ask,
    );
    const commits = keyed.map(({ month, key }): MonthTotal => ({
      kind: 'COMMIT',
      month,
      count: known(data.node?.object?.[`m${key}`]?.totalCount, ask),
    }));
    return { page: () => ({ rows: {}, totals: [...counted, ...commits], requests: 2 }), next: null };
  } catch (error) {
    if (!(error instanceof PageTooLarge)) throw error;
    const half = Math.ceil(months.length / 2);
    return {
      page: () => ({ rows: {}, totals: [], requests: 1 }),
      next: { months: months.slice(0, half) },
      opened: [{ months: months.slice(half) }],
    };
  }
}

function known(count: number | undefined, { what }: Ask): number {
  if (count === undefined) throw new GithubUnavailable(what, 'a count is missing');
  return count;
}

function laterOf(one: Day, other: Day): Day {
  return one > other ? one : other;
}

/** The days of a month that lie between two days. */
function daysOf(month: string, since: Day, until: Day): { readonly since: Day; readonly until: Day } {
  const first = `${month}-01`;
  const last = addDays(`${nextMonth(month)}-01`, -1);
  return { since: laterOf(first, since), until: last < until ? last : until };
}

function nextMonth(month: string): string {
  return addDays(`${month}-28`, 4).slice(0, 7);
}

function monthsOf(since: Day, until: Day): string[] {
  const months: string[] = [];
  for (let month = since.slice(0, 7); month <= until.slice(0, 7); month = nextMonth(month)) months.push(month);
  return months;
}

function chunksOf<T>(rows: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) => rows.slice(index * size, (index + 1) * size));
}
