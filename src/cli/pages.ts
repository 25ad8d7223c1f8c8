import { ApiRefused } from './api-client.ts';

/** A page of any list. */
interface Page {
  readonly data: readonly unknown[];
  readonly next_cursor: string | null;
}

/** What a page is asked for with. */
export interface PageQuery {
  readonly limit: string;
  readonly cursor: string | undefined;
}

/** The most rows that the API puts on a page. */
const MOST_ON_A_PAGE = 100;

/** A board that changes under a reader is begun again; one that always does is not worth more tries. */
const TRIES = 5;

/** Reads a list over as many pages as `limit` rows take: the last page's answer, with the rows of all. */
export async function readPages<P extends Page>(limit: number, ask: (query: PageQuery) => Promise<P>): Promise<P> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOnce(limit, ask);
    } catch (error) {
      if (!(error instanceof ApiRefused && error.code === 'board_changed') || attempt === TRIES) throw error;
    }
  }
}

async function readOnce<P extends Page>(limit: number, ask: (query: PageQuery) => Promise<P>): Promise<P> {
  const rows: unknown[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await ask({ limit: String(Math.min(MOST_ON_A_PAGE, limit - rows.length)), cursor });
    rows.push(...page.data);
    if (page.next_cursor === null || rows.length >= limit) return { ...page, data: rows };
    cursor = page.next_cursor;
  }
}
