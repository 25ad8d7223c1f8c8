import type { SliceCursor } from '../contribution-source.ts';
import { inLanes, type Step } from './lanes.ts';
import type { Reading, StreamBatch } from './reading.ts';

/** What a page of a stream brings, beside what the stream itself has to know of it. */
export interface LanePage {
  readonly rows: Partial<Pick<StreamBatch, 'contributions' | 'pullRequests' | 'removed' | 'amended'>>;
  readonly requests: number;
}

/** How a stream reads its lanes. */
export interface LaneReading<Lane, Page extends LanePage, Cursor extends { readonly lanes: readonly Lane[] }> {
  step(reading: Reading, lane: Lane): Promise<Step<Lane, Page>>;
  /** The cursor once a page is stored. Lanes it gives a cursor that has none left are read as well. */
  after(cursor: Cursor, page: Page): Cursor;
  /** What the last batch says besides. */
  end(cursor: Cursor): Partial<StreamBatch>;
}

/** Reads the lanes of a cursor to their ends, a batch a page; a cursor without any is at its end already. */
export async function* readLanes<Lane, Page extends LanePage, Cursor extends { readonly lanes: readonly Lane[] }>(
  reading: Reading,
  from: Cursor,
  { step, after, end }: LaneReading<Lane, Page, Cursor>,
): AsyncGenerator<StreamBatch> {
  let cursor = from;
  const batchOf = ({ rows, requests }: LanePage): StreamBatch => {
    const done = cursor.lanes.length === 0;
    const place = { cursor: cursor as unknown as SliceCursor, done };
    return { contributions: [], pullRequests: [], ...rows, requests, ...place, ...(done ? end(cursor) : {}) };
  };
  if (cursor.lanes.length === 0) yield batchOf({ rows: {}, requests: 0 });
  while (cursor.lanes.length > 0) {
    const pages = inLanes<Lane, Page>({
      lanes: cursor.lanes,
      width: reading.width,
      signal: reading.signal,
      step: (lane, signal) => step({ ...reading, signal }, lane),
    });
    for await (const { page, left } of pages) {
      cursor = after({ ...cursor, lanes: left }, page);
      yield batchOf(page);
    }
  }
}
