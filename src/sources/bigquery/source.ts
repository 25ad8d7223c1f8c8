import { CONTRIBUTION_KINDS, type Contribution, type PullRequestFact } from '../../domain/contribution.ts';
import { priceOf } from '../../domain/bytes.ts';
import type { Gap } from '../../domain/coverage.ts';
import { addDays, dayOf, type Day } from '../../domain/window.ts';
import { inFoldOrder } from '../archive-events/archive-row.ts';
import { BadLine } from '../archive-events/event-row.ts';
import { Fold, type ArchiveRow, type FoldLacks } from '../archive-events/fold.ts';
import type { Batch, ContributionSource, Extract, ScrapeTarget, SliceCursor, SourcePlan } from '../contribution-source.ts';
import { foldableOf, type ExtractRow } from './columns.ts';
import { describeCost } from './cost.ts';
import { billedFor, type BigQueryExtractor } from './extractor.ts';
import type { ExtractTarget } from './query.ts';
import { lastCovered, readingOf } from './tables.ts';
import { BigQueryWait } from './trouble.ts';

/** The only slice: a repository's range of result pages. */
export const SLICE = 'extract';
const PAGE_ROWS = 10_000;
const BATCH_SIZE = 5_000;
/** Rows of a day may come late: a refresh reads the last days that it had read again. */
const OVERLAP_DAYS = 2;
/**
 * Since this day merges are rows of their own (the first whole one, by what others measured in the archive): a `closed` without a flag is no merge in
 * a table of it. Only the wording of a gap hangs on it, no contribution.
 */
const MERGES_ARE_ROWS_SINCE: Day = '2025-12-03';
const FILES_WITH_MERGES = { has: (day: number): boolean => day >= Date.parse(MERGES_ARE_ROWS_SINCE) / 86_400_000 };

/** Where a refresh goes on from: the days that were read before, both included. */
interface Watermark {
  readonly v: 1;
  readonly since: Day;
  readonly through: Day;
}

function watermarkOf(previous: ScrapeTarget['previous']): Watermark | null {
  const mark = previous?.[SLICE];
  return mark?.['v'] === 1 && typeof mark['since'] === 'string' && typeof mark['through'] === 'string'
    ? (mark as unknown as Watermark)
    : null;
}

/**
 * The days a scrape asks of BigQuery: the whole window, of a refresh the days since the last one that was read, with the last few again for
 * rows that came late.
 */
export function daysToExtract({
  type,
  window,
  previous,
}: Pick<ScrapeTarget, 'type' | 'window' | 'previous'>): Pick<ExtractTarget, 'since' | 'until'> {
  const mark = type === 'REFRESH' ? watermarkOf(previous) : null;
  if (mark === null || mark.since > window.since || mark.through < window.since) return window;
  const from = addDays(mark.through, 1 - OVERLAP_DAYS);
  return { since: from < window.since ? window.since : from > window.until ? window.until : from, until: window.until };
}

interface Place {
  /** The row of the result that is read next; it begins a run. */
  readonly row: number;
  readonly lacks: FoldLacks;
  readonly badRows: number;
  readonly badReason: string | null;
}

function placeOf(cursor: SliceCursor | null, { query, firstRow }: Extract): Place {
  if (cursor?.['query'] === query && typeof cursor['row'] === 'number') return cursor as unknown as Place;
  return { row: firstRow, lacks: {}, badRows: 0, badReason: null };
}

const SLICES = [{ source: 'bigquery' as const, slice: SLICE }];

/**
 * GH Archive in BigQuery. `plan` without an extract is an estimate: a dry run, which costs nothing. The rows themselves come from a query that many
 * repositories share (collect-bigquery.ts); `read` reads the target's part of its result, `target.extract`, page by page.
 */
export function createBigQuerySource(o: {
  readonly extractor: BigQueryExtractor;
  readonly pricePerTib: number;
  readonly maximumBytesBilled: number;
  /** The UTC day it is; for tests. */
  readonly today?: () => Day;
}): ContributionSource {
  const { extractor, pricePerTib, maximumBytesBilled, today = () => dayOf(new Date()) } = o;

  const pagesOf = async function* ({ query, firstRow, rows }: Extract, from: number, signal: AbortSignal) {
    for (let row = from; row < firstRow + rows;) {
      signal.throwIfAborted();
      const page = await extractor.client.page(query, row, Math.min(PAGE_ROWS, firstRow + rows - row));
      if (page.rows.length === 0) throw new Error(`BigQuery ended the result of ${query} at row ${row} of ${firstRow + rows}`);
      yield { first: row, rows: page.rows as unknown as readonly ExtractRow[] };
      row += page.rows.length;
    }
  };

  return {
    name: 'bigquery',

    async plan(target): Promise<SourcePlan> {
      const { extract } = target;
      const common = { slices: SLICES, unit: 'rows' };
      if (extract?.refused !== undefined) return { ...common, githubId: null, total: 0, note: `BigQuery: ${extract.refused}` };
      if (extract !== undefined) {
        const note = `BigQuery: ${extract.rows} rows of ${extract.since} to ${extract.until}`;
        return { ...common, githubId: extract.githubId, total: extract.rows, note };
      }
      const plan = await extractor.plan([extractTargetOf(target)], today());
      const bytes = billedFor(plan);
      const note = describeCost({ bytes, tables: plan.tables.length, pricePerTib, maximumBytesBilled });
      return { ...common, githubId: target.githubId, total: null, note, cost: { bytes, usd: priceOf(bytes, pricePerTib) } };
    },

    async *read(target, _slice, cursor, signal): AsyncGenerator<Batch> {
      const { extract } = target;
      if (extract === undefined) throw new TypeError('A repository is read from the result of a query, and there is none');
      if (extract.refused !== undefined) {
        yield { contributions: [], pullRequests: [], cursor: {}, done: true, coverage: { covered: [], gaps: [gap(extract.refused)] } };
        return;
      }
      const start = placeOf(cursor, extract);
      const fold = new Fold(target.window, FILES_WITH_MERGES, start.lacks);
      let { badRows, badReason } = start;
      let contributions: Contribution[] = [];
      let pullRequests: PullRequestFact[] = [];
      let run: ArchiveRow[] = [];
      let runBegan = start.row;
      let badInRun = 0;
      let requests = 0;
      const place = (row: number): SliceCursor => ({ query: extract.query, row, lacks: fold.lacks(), badRows, badReason });
      const foldRun = (): void => {
        if (run.length === 0) return;
        const folded = fold.fold(run.toSorted(inFoldOrder));
        contributions.push(...folded.contributions);
        if (folded.pullRequest !== null) pullRequests.push(folded.pullRequest);
        run = [];
        badRows += badInRun;
        badInRun = 0;
      };
      const take = (row: ExtractRow, at: number): void => {
        let made: ArchiveRow | null;
        try {
          // Before the id was known rows were matched by name: those of another repository that bore it once are left out.
          const isOther = row.repository_id !== null && extract.githubId !== null && Number(row.repository_id) !== extract.githubId;
          made = isOther ? null : foldableOf(row);
        } catch (error) {
          if (!(error instanceof BadLine)) throw error;
          // Those of a run that is not folded yet are counted with it: after an interruption they are read again.
          if (run.length === 0) badRows += 1;
          else badInRun += 1;
          badReason ??= error.message;
          return;
        }
        if (made === null) return;
        const last = run[0];
        const isSame =
          last === undefined ||
          (made.number === null ? last.number === null && last.kind === made.kind && last.id === made.id : last.number === made.number);
        if (!isSame) foldRun();
        if (run.length === 0) runBegan = at;
        run.push(made);
      };

      try {
        for await (const { first, rows } of pagesOf(extract, start.row, signal)) {
          requests += 1;
          rows.forEach((row, index) => take(row, first + index));
          if (contributions.length + pullRequests.length < BATCH_SIZE) continue;
          yield { contributions, pullRequests, cursor: place(run.length === 0 ? first + rows.length : runBegan), done: false, requests };
          [contributions, pullRequests, requests] = [[], [], 0];
        }
      } catch (error) {
        if (!(error instanceof BigQueryWait)) throw error;
        // The run that was under way is read again; the rows before it are kept.
        yield { contributions, pullRequests, cursor: place(runBegan), done: false, resumeAt: error.until, requests };
        return;
      }
      foldRun();
      const reading = readingOf(extract, extract.tables, extract.askedOn, extract.kept);
      const unreadable: readonly Gap[] = badRows === 0 ? [] : [gap(`${badRows} rows could not be read, the first: ${badReason}`)];
      const gaps = [...reading.gaps, ...unreadable, ...fold.gaps()];
      const isWhole = extract.since <= target.window.since;
      const through = lastCovered(reading, extract.askedOn);
      const since = isWhole ? extract.since : (watermarkOf(target.previous)?.since ?? extract.since);
      yield {
        contributions,
        pullRequests,
        cursor: place(extract.firstRow + extract.rows),
        done: true,
        requests,
        coverage: { covered: reading.covered, gaps },
        ...(isWhole ? { replaced: CONTRIBUTION_KINDS } : {}),
        ...(through === null ? {} : { watermark: { v: 1, since, through } satisfies Watermark }),
      };
    },
  };
}

function gap(reason: string): Gap {
  return { kind: null, month: null, reason };
}

/** What a scrape asks of a shared query. */
export function extractTargetOf(target: Pick<ScrapeTarget, 'owner' | 'name' | 'githubId' | 'type' | 'window' | 'previous'>): ExtractTarget {
  return { githubId: target.githubId, name: `${target.owner}/${target.name}`, ...daysToExtract(target) };
}
