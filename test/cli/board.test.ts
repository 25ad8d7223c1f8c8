import { describe, expect, test } from '@jest/globals';
import type { BoardPage, BoardRowResource } from '../../src/api/contract/leaderboards.ts';
import { ApiRefused, type ApiClient } from '../../src/cli/api-client.ts';
import { boardTable, readBoard } from '../../src/cli/board.ts';
import { SCORED, SCORED_NAMES } from '../../src/domain/scoring.ts';

const NO_COUNTS = Object.fromEntries(SCORED_NAMES.map((name) => [SCORED[name].column, 0]));

function row(username: string, more: Partial<BoardRowResource> = {}): BoardRowResource {
  return {
    rank: 1,
    rank_change: null,
    contributor: { github_id: 1, username, display_name: null, avatar_url: null, kind: 'human' },
    total_score: 10,
    ...NO_COUNTS,
    incomplete_kinds: [],
    first_contribution_at: null,
    last_contribution_at: null,
    ...more,
  } as BoardRowResource;
}

function page(data: readonly BoardRowResource[], more: Partial<BoardPage> = {}): BoardPage {
  return {
    data,
    next_cursor: null,
    total: data.length,
    as_of: null,
    compared_to: null,
    window: { since: '2024-01-01', until: '2025-12-31' },
    scoring_version: 1,
    coverage: { complete: null, note: 'Not compared with GitHub.' },
    ...more,
  };
}

/** Serves the given boards of pages: a cursor is `<version>:<index>`; versions before `current` are gone. */
function serve(pages: readonly (readonly BoardRowResource[])[], currentAt: (call: number) => number): ApiClient & { queries: unknown[] } {
  const queries: Record<string, string | undefined>[] = [];
  return {
    url: 'http://fake',
    authorization: {},
    detached() {
      return this;
    },
    queries,
    async call(_name: unknown, sent?: unknown) {
      const { query } = sent as { query: Record<string, string | undefined> };
      queries.push(query);
      const current = currentAt(queries.length);
      const [version, index] = (query['cursor'] ?? `${current}:0`).split(':').map(Number) as [number, number];
      if (version !== current) throw new ApiRefused(410, { code: 'board_changed', detail: 'gone' });
      const next = index + 1 < pages.length ? `${version}:${index + 1}` : null;
      return { status: 200, body: page(pages[index] ?? [], { next_cursor: next }) } as never;
    },
    text: async () => '',
    file: async () => ({ mediaType: '', bytes: Buffer.alloc(0) }),
  };
}

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

describe('reading a board', () => {
  test('takes as many pages as there are', async () => {
    const api = serve([[row('a'), row('b')], [row('c')]], () => 1);
    const board = await readBoard(api, null, { window: '7d' }, NO_LIMIT);
    expect(board.data.map(({ contributor }) => contributor.username)).toEqual(['a', 'b', 'c']);
    expect(board.next_cursor).toBeNull();
    expect(api.queries).toEqual([
      { window: '7d', limit: '100', cursor: undefined },
      { window: '7d', limit: '100', cursor: '1:1' },
    ]);
  });

  test('stops at the wanted number of rows', async () => {
    const api = serve([[row('a'), row('b')], [row('c')]], () => 1);
    expect((await readBoard(api, { owner: 'o', name: 'r' }, {}, 2)).data).toHaveLength(2);
    expect(api.queries).toHaveLength(1);
  });

  test('begins again when the board was rebuilt in between', async () => {
    const api = serve([[row('a')], [row('b')]], (call) => (call <= 1 ? 1 : 2));
    expect((await readBoard(api, null, {}, NO_LIMIT)).data).toHaveLength(2);
    expect(api.queries).toHaveLength(4);
  });

  test('gives up on a board that changes every time', async () => {
    const api = serve([[row('a')], [row('b')]], (call) => call);
    await expect(readBoard(api, null, {}, NO_LIMIT)).rejects.toThrow('gone');
  });
});

describe('a printed board', () => {
  test('shows what is unknown as ?, what is partly known with +, and never as 0', () => {
    const table = boardTable(page([row('ada', { commit_count: null, lines_added: 12, incomplete_kinds: ['LINES_ADDED'] })]));
    expect(table).toMatch(/ada +10 +\? .* 12\+ +0$/m);
  });

  test('shows ranks, changes and who is no human', () => {
    const bot = { github_id: 2, username: 'x[bot]', display_name: null, avatar_url: null, kind: 'bot' as const };
    const table = boardTable(
      page([
        row('ada', { rank: 1, rank_change: 3 }),
        row('bob', { rank: 2, rank_change: -1 }),
        row('cleo', { rank: 3, rank_change: 0 }),
        row('dora', { rank: 4, rank_change: 'new' }),
        row('x', { rank: null, contributor: bot }),
      ]),
    );
    expect(table).toMatch(/^ *1 +\+3 +ada/m);
    expect(table).toMatch(/^ *2 +-1 +bob/m);
    expect(table).toMatch(/^ *3 +=  cleo/m);
    expect(table).toMatch(/^ *4 +new +dora/m);
    expect(table).toMatch(/^ +x\[bot\] \(bot\)/m);
  });

  test('says its window, how many there are and what it covers', () => {
    expect(boardTable(page([row('ada')], { total: 1200 }))).toMatch(
      /^1 of 1,200 contributors, 2024-01-01 to 2025-12-31\. Not compared with GitHub\.$/m,
    );
    expect(boardTable(page([]))).toBe('0 contributors, 2024-01-01 to 2025-12-31. Not compared with GitHub.');
  });
});
