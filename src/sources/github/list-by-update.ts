import type { ContributionKind } from '../../domain/contribution.ts';
import type { Gap } from '../../domain/coverage.ts';
import type { Freshness, Heartbeat } from './heartbeat.ts';
import type { Step } from './lanes.ts';
import { PageSize } from './page-size.ts';
import { readLanes, type LanePage } from './read-lanes.ts';
import { boundsOf, isUnchanged, nothingNew, watermarkOf, type Reading, type Stream, type StreamBatch } from './reading.ts';
import { GithubUnavailable } from './trouble.ts';

/** A page of a list that is kept in the order of updates. */
export interface UpdatedPage extends LanePage {
  /** In a refresh: the numbers of those made since the last read. */
  readonly created: readonly number[];
  /** What of it could not be had. */
  readonly gap?: Gap;
}

/** A list that GitHub keeps in the order of updates: pull requests, issues. Whatever happens to one of them updates it. */
interface UpdatedList<Lane> {
  readonly name: string;
  readonly covers: readonly ContributionKind[];
  freshnessOf(now: Heartbeat): Freshness;
  /** Rows to ask for at once, at most. */
  mostRows(pageSize: Reading['pageSize']): number;
  /** Reads what was updated since a moment; where `maySplit`, by further lanes besides. */
  laneSince(moment: string, maySplit: boolean): Lane;
  /** Whether what was updated meanwhile may have moved to where was read already. */
  mayHaveMoved(read: { readonly pages: number; readonly wasSplit: boolean }): boolean;
  step(reading: Reading, lane: Lane, size: PageSize): Promise<Step<Lane, UpdatedPage>>;
}

interface Cursor<Lane> {
  readonly v: 1;
  readonly repository: string;
  readonly startedAt: string;
  readonly lanes: readonly Lane[];
  readonly size: number;
  readonly pages: number;
  /** Whether there was ever more than one lane. */
  readonly wasSplit: boolean;
  /** Once the list's end is reached, what changed since its beginning is read again. */
  readonly isClosing: boolean;
  readonly gaps: readonly Gap[];
  readonly freshness: Freshness;
  /** Nothing stored is taken as known: what is not listed is gone. */
  readonly isWhole: boolean;
  /** In a refresh: those made since the last one. */
  readonly created: readonly number[];
}

/** More rows that can't be read than these are no odd ones out: GitHub is not well. */
const MOST_GAPS = 20;
const NOTHING_READ = { pages: 0, wasSplit: false, isClosing: false, gaps: [], created: [] };

/** Such a list as a stream: from the window's first day or the last read on, and again where it changed while it was read. */
export function listByUpdate<Lane>({ name, covers, ...list }: UpdatedList<Lane>): Stream {
  const freshnessBefore = ({ since }: Reading): Freshness | undefined => since?.['freshness'] as Freshness | undefined;

  const start = (reading: Reading, mustBeWhole = false): Cursor<Lane> => {
    const { now, since, target, pageSize } = reading;
    const [before, freshness] = [freshnessBefore(reading), list.freshnessOf(now)];
    // Fewer than there were: some are deleted or transferred, and only the whole list shows which.
    const isWhole = mustBeWhole || since === null || before === undefined || freshness.total < before.total;
    return {
      ...NOTHING_READ,
      v: 1,
      repository: now.repository.nodeId,
      startedAt: now.at.toISOString(),
      lanes: [list.laneSince(isWhole ? boundsOf(target.window).from : String(since['at']), true)],
      size: list.mostRows(pageSize),
      freshness,
      isWhole,
    };
  };

  /** Whether there are fewer than there were and came: some are gone. */
  const isShort = (reading: Reading, { isWhole, freshness, created }: Cursor<Lane>): boolean => {
    const before = freshnessBefore(reading);
    return !isWhole && before !== undefined && freshness.total < before.total + created.length;
  };

  const after = (reading: Reading, cursor: Cursor<Lane>): Cursor<Lane> => {
    if (cursor.gaps.length > MOST_GAPS) throw new GithubUnavailable(name, `${cursor.gaps.length} of them, even one by one`);
    if (cursor.lanes.length > 0) return cursor;
    if (!cursor.isClosing && list.mayHaveMoved(cursor))
      return { ...cursor, isClosing: true, lanes: [list.laneSince(cursor.startedAt, false)] };
    return isShort(reading, cursor) ? start(reading, true) : cursor;
  };

  const end = (reading: Reading, { startedAt, freshness, gaps, isWhole }: Cursor<Lane>): Partial<StreamBatch> => ({
    watermark: watermarkOf(reading, startedAt, { freshness }),
    ...(isWhole && gaps.length === 0 ? { replaced: covers } : {}),
    ...(gaps.length === 0 ? {} : { gaps }),
  });

  return {
    name,
    covers,
    forgets: [],
    async *read(reading, given) {
      const { now, since, pageSize } = reading;
      if (given === null && since !== null && isUnchanged(freshnessBefore(reading), list.freshnessOf(now), since)) {
        yield nothingNew(reading, since);
        return;
      }
      const from = given === null ? start(reading) : { ...NOTHING_READ, ...(given as unknown as Cursor<Lane>) };
      const size = new PageSize(list.mostRows(pageSize), from.size);
      yield* readLanes<Lane, UpdatedPage, Cursor<Lane>>(reading, from, {
        step: (asked, lane) => list.step(asked, lane, size),
        after: (cursor, { created, gap }) =>
          after(reading, {
            ...cursor,
            size: size.current,
            pages: cursor.pages + 1,
            wasSplit: cursor.wasSplit || cursor.lanes.length > 1,
            gaps: gap === undefined ? cursor.gaps : [...cursor.gaps, gap],
            created: union(cursor.created, created),
          }),
        end: (cursor) => end(reading, cursor),
      });
    },
  };
}

function union(some: readonly number[], others: readonly number[]): readonly number[] {
  return others.length === 0 ? some : [...new Set([...some, ...others])];
}
