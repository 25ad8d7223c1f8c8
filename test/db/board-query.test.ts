import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readBoard, type BoardQuery, type BoardRow } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import type { StoredRepository } from '../../src/db/repositories.ts';
import { currentScoring, saveScoring } from '../../src/db/scoring.ts';
import type { Contribution } from '../../src/domain/contribution.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape } from './publishing.ts';

let database: TestDatabase;
let today: Day;
let repository: StoredRepository;

/** 60 people, three of them bots and two agents, with many equal scores. */
const PEOPLE = Array.from({ length: 60 }, (_, index) =>
  account(
    1 + index,
    index < 3 ? `robo-bot-${index}[bot]` : index < 5 ? ['copilot-swe-agent', 'coderabbitai'][index - 3]! : `Person-${index}`,
  ),
);

beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  today = await databaseToday(db);
  const contributions: readonly Contribution[] = PEOPLE.flatMap((who, index) => [
    ...Array.from({ length: 1 + (index % 4) }, (_, n) => did('COMMIT', `${index}-${n}`, who, `${addDays(today, -1 - n * 20)}T10:00:00Z`)),
    ...(index % 5 === 0 ? [did('RELEASE', `${index}`, who, `${addDays(today, -300)}T10:00:00Z`)] : []),
    did('PR_MERGED', 1 + index, who, `${addDays(today, -2)}T10:00:${10 + (index % 50)}Z`, {
      linesAdded: index % 7,
      linesDeleted: index % 3,
    }),
  ]);
  const window = presetWindow('2y', today);
  repository = await newRepository(db);
  await scrape(db, repository, { window, batches: [contributions] });
  await scrape(db, await newRepository(db), { window, batches: [contributions.slice(0, 40)] });
  await rebuildGlobalBoard(db);
});
afterAll(() => database.drop());

async function pages(q: Omit<BoardQuery, 'limit' | 'cursor'>, limit: number): Promise<readonly BoardRow[]> {
  const rows: BoardRow[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof readBoard>> = await readBoard(database.db, {
      ...q,
      limit,
      ...(cursor === null ? {} : { cursor }),
    });
    expect(page.data.length).toBeLessThanOrEqual(limit);
    rows.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return rows;
}

const scopes = ['global', 'repository'] as const;
const scopeOf = (scope: (typeof scopes)[number]): BoardQuery['scope'] => (scope === 'global' ? scope : { repositoryId: repository.id });

describe.each(scopes)('the %s board', (name) => {
  test.each<[string, Omit<BoardQuery, 'scope' | 'limit'>]>([
    ['as it is stored', { window: 'default', include: [] }],
    ['with bots and agents', { window: 'default', include: ['bots', 'agents'] }],
    ['searched', { window: 'default', include: [], q: 'SON-1' }],
    ['sorted by lines', { window: 'default', include: [], sort: 'LINES_ADDED' }],
    ['sorted by the last contribution', { window: 'default', include: [], sort: 'last_contribution_at' }],
    ['of some kinds', { window: 'default', include: [], kinds: ['RELEASE', 'PR_MERGED'] }],
    [
      'of other days, searched and sorted',
      { window: { since: '2020-01-01', until: '2030-01-01' }, include: ['bots'], q: 'o', sort: 'COMMIT' },
    ],
  ])('%s: its pages are the whole, cut, and total counts it', async (_, query) => {
    const q = { ...query, scope: scopeOf(name) };
    const whole = await readBoard(database.db, { ...q, limit: 'all' });
    expect(whole.data.length).toBeGreaterThan(3);
    expect(whole.total).toBe(whole.data.length);
    expect(await pages(q, 7)).toEqual(whole.data);
    expect(await pages(q, whole.data.length)).toEqual(whole.data);
  });

  test('searching and sorting change no rank', async () => {
    const q = { scope: scopeOf(name), window: 'default', include: [], limit: 'all' } as const;
    const ranks = async (more: Partial<BoardQuery>): Promise<Map<string, number | null>> =>
      new Map((await readBoard(database.db, { ...q, ...more })).data.map(({ contributor, rank }) => [contributor.username, rank]));
    const plain = await ranks({});
    expect(await ranks({ sort: 'COMMIT' })).toEqual(plain);
    const found = await ranks({ q: 'person-2' });
    expect(found.size).toBeGreaterThan(0);
    for (const [login, rank] of found) expect(rank).toBe(plain.get(login));
  });

  test('ranks of a board that includes others count them too', async () => {
    const { data } = await readBoard(database.db, { scope: scopeOf(name), window: 'default', include: ['bots', 'agents'], limit: 'all' });
    expect(new Set(data.map(({ contributor }) => contributor.kind))).toEqual(new Set(['human', 'bot', 'agent']));
    for (const { rank, total_score } of data) expect(rank).toBe(1 + data.filter((other) => other.total_score > total_score).length);
  });
});

test('ties are ordered by login without case, then the ranks go on behind them', async () => {
  const { data } = await readBoard(database.db, { scope: { repositoryId: repository.id }, window: 'default', include: [], limit: 'all' });
  const order = data.map(({ total_score, contributor }) => [-total_score, contributor.username.toLowerCase()] as const);
  expect(order).toEqual(order.toSorted((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)));
});

test('a cursor goes on in its version while that is kept, then the board has changed', async () => {
  const { db } = database;
  const fresh = await newRepository(db);
  const window = presetWindow('2y', today);
  const commitsOf = (count: number): readonly Contribution[] =>
    PEOPLE.slice(5, 15).flatMap((who) =>
      Array.from({ length: count }, (_, n) => did('COMMIT', `${who.login}-${n}`, who, `${addDays(today, -1)}T00:00:00Z`)),
    );
  await scrape(db, fresh, { window, batches: [commitsOf(1)] });
  const q: BoardQuery = { scope: { repositoryId: fresh.id }, window: 'default', include: [], limit: 4 };
  const first = await readBoard(db, q);
  const next = { ...q, cursor: first.next_cursor! };
  await scrape(db, fresh, { window, batches: [commitsOf(2)] });
  const second = await readBoard(db, next);
  expect(second.data.map(({ commit_count }) => commit_count)).toEqual([1, 1, 1, 1]);
  expect(second.version).toBe(first.version);
  await scrape(db, fresh, { window, batches: [commitsOf(3)] });
  await expect(readBoard(db, next)).rejects.toMatchObject({ code: 'board_changed', status: 410 });
  const onRequest: BoardQuery = { ...q, window: { since: window.since, until: today } };
  const { next_cursor } = await readBoard(db, onRequest);
  await scrape(db, fresh, { window, batches: [commitsOf(4)] });
  await expect(readBoard(db, { ...onRequest, cursor: next_cursor! })).rejects.toMatchObject({ code: 'board_changed' });
});

test('a cursor of another query is refused', async () => {
  const q: BoardQuery = { scope: 'global', window: 'default', include: [], limit: 4 };
  const { next_cursor } = await readBoard(database.db, q);
  for (const other of [{ sort: 'COMMIT' }, { q: 'a' }, { include: ['bots'] }, { scope: { repositoryId: repository.id } }] as const) {
    await expect(readBoard(database.db, { ...q, ...other, cursor: next_cursor! })).rejects.toMatchObject({
      code: 'invalid_input',
      status: 400,
    });
  }
});

test('a board that was never made is empty, with the window it will have', async () => {
  const { db } = database;
  const board = await readBoard(db, { scope: { repositoryId: (await newRepository(db)).id }, window: 'default', include: [], limit: 5 });
  expect(board).toMatchObject({ data: [], next_cursor: null, total: 0, as_of: null, window: presetWindow('2y', today), version: '0' });
});

test('a deep page of the stored board reads only its own rows', async () => {
  const { db } = database;
  await db.pool.query('ANALYZE repository_leaderboard');
  const { rows } = await db.pool.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN (COSTS OFF) SELECT l.person_id FROM repository_leaderboard l JOIN board b ON b.scope = $1
     WHERE l.scoring_version = 1 AND l.repository_id = $1 AND l.version = b.version AND l.position > 40 ORDER BY l.position LIMIT 5`,
    [repository.id],
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('position');
});

test('a page of a board that is ranked on request has the scores of the whole, whatever the scoring rewards', async () => {
  const { db } = database;
  const old = await currentScoring(db);
  await saveScoring(
    db.pool,
    { ...old, version: old.version + 1, options: { coauthorCredit: true, dailyCaps: { COMMIT: 1, RELEASE: 2 }, concaveLines: true } },
    'test',
    null,
  );
  await rebuildGlobalBoard(db);
  for (const scope of scopes.map(scopeOf)) {
    const q = { scope, window: { since: addDays(today, -60), until: today }, include: [] } as const;
    const whole = await readBoard(db, { ...q, limit: 'all' });
    expect(whole.scoring_version).toBe(old.version + 1);
    expect(await pages(q, 7)).toEqual(whole.data);
    const stored = await readBoard(db, { scope, window: 'default', include: [], limit: 'all' });
    expect((await readBoard(db, { scope, window: presetWindow('2y', today), include: [], limit: 100 })).data).toEqual(stored.data);
  }
});
