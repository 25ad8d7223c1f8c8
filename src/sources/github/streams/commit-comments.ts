import { accountOfRest, type RestUser } from '../accounts.ts';
import type { Ask } from '../client.ts';
import type { Step } from '../lanes.ts';
import { readLanes, type LanePage } from '../read-lanes.ts';
import { contribution, isIn, watermarkOf, type Reading, type Stream } from '../reading.ts';
import { GithubUnavailable } from '../trouble.ts';

interface RestComment {
  readonly id: number;
  readonly user: RestUser | null;
  readonly created_at: string;
}

interface Lane {
  readonly page: number;
}

/** The last page of the list and its ETag: the same page again means that nothing was added. */
interface LastPage {
  readonly page: number;
  readonly etag: string | null;
}

interface Cursor {
  readonly v: 1;
  readonly repository: string;
  readonly startedAt: string;
  readonly lanes: readonly Lane[];
  readonly last: LastPage;
}

interface Page extends LanePage {
  readonly last: LastPage;
}

/**
 * Comments on commits: a short list in the order they were written, without a filter by time. A refresh begins at the page that
 * was the last, and costs nothing when that is unchanged.
 */
export const commitComments: Stream = {
  name: 'commit-comments',
  // The kind COMMENT is covered by the issue comments; no scrape is published without both.
  covers: [],
  forgets: [],
  async *read(reading, given) {
    const { now, since } = reading;
    const before = given === null ? (since?.['last'] as LastPage | undefined) : undefined;
    const from: Cursor =
      given === null
        ? {
            v: 1,
            repository: now.repository.nodeId,
            startedAt: now.at.toISOString(),
            lanes: [{ page: before?.page ?? 1 }],
            last: before ?? { page: 1, etag: null },
          }
        : (given as unknown as Cursor);
    yield* readLanes<Lane, Page, Cursor>(reading, from, {
      step: (asked, lane) => stepOf(asked, lane, before?.page === lane.page ? before.etag : null),
      after: (cursor, { last }) => ({ ...cursor, last }),
      end: ({ startedAt, last }) => ({ watermark: watermarkOf(reading, startedAt, { last }) }),
    });
  },
};

async function stepOf({ now, github, signal, target }: Reading, { page }: Lane, etag: string | null): Promise<Step<Lane, Page>> {
  const { owner, name } = now.repository;
  const ask: Ask = { signal, what: `commit comments, page ${page}` };
  const answer = await github.rest<readonly RestComment[]>(`/repos/${owner}/${name}/comments`, { per_page: 100, page }, { ...ask, etag });
  if (answer.notModified) return { page: () => ({ rows: {}, requests: 1, last: { page, etag } }), next: null };
  const rows = answer.data ?? [];
  if (!Array.isArray(rows)) throw new GithubUnavailable(ask.what, 'the answer is no list');
  const contributions = rows
    .filter(({ created_at: at }) => isIn(target.window, at))
    .map(({ id, user, created_at: at }) => contribution('COMMENT', `commit:${id}`, accountOfRest(user), at));
  // Fewer than when it was last read: comments were deleted, and what is new may stand a page earlier.
  const next = rows.length === 0 && page > 1 && etag !== null ? { page: page - 1 } : answer.hasNext ? { page: page + 1 } : null;
  return { page: () => ({ rows: { contributions }, requests: 1, last: { page, etag: answer.etag } }), next };
}
