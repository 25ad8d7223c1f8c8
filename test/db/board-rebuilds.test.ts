import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readBoard, type BoardQuery, type BoardRow } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import type { StoredRepository } from '../../src/db/repositories.ts';
import { BoardChanged } from '../../src/domain/errors.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape } from './publishing.ts';

const PEOPLE = 40;
/** Publishes while readers turn pages. */
const ROUNDS = 4;

let database: TestDatabase;
let today: Day;
let repositories: readonly StoredRepository[];

/** Everybody's number of commits changes with the round, and the order with it. */
const work = (round: number) =>
  Array.from({ length: PEOPLE }, (_, index) =>
    Array.from({ length: 1 + ((index * 7 + round * 11) % 13) }, (_commit, n) =>
      did('COMMIT', `${index}-${n}`, account(1 + index, `person-${index}`), `${addDays(today, -1 - n)}T10:00:00Z`),
    ),
  ).flat();

async function publish(round: number): Promise<void> {
  for (const repository of repositories) {
    await scrape(database.db, repository, { window: presetWindow('2y', today), batches: [work(round + (repository.id % 5))] });
  }
  await rebuildGlobalBoard(database.db);
}

beforeAll(async () => {
  database = await createTestDatabase();
  today = await databaseToday(database.db);
  repositories = [await newRepository(database.db), await newRepository(database.db)];
  await publish(0);
});
afterAll(() => database.drop());

/** All rows of a board, page by page; null when it changed on the way. */
async function turnPages(query: Omit<BoardQuery, 'limit' | 'cursor'>): Promise<readonly BoardRow[] | null> {
  const rows: BoardRow[] = [];
  let cursor: string | null = null;
  try {
    do {
      const page: Awaited<ReturnType<typeof readBoard>> = await readBoard(database.db, {
        ...query,
        limit: 7,
        ...(cursor === null ? {} : { cursor }),
      });
      rows.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return rows;
  } catch (error) {
    if (error instanceof BoardChanged) return null;
    throw error;
  }
}

test('pages that are turned while boards are rebuilt hold each person once in one order, or say that the board changed', async () => {
  const repositoryId = repositories[0]?.id ?? 0;
  const queries: readonly Omit<BoardQuery, 'limit' | 'cursor'>[] = [
    { scope: 'global', window: 'default', include: [] },
    { scope: { repositoryId }, window: 'default', include: [] },
    { scope: { repositoryId }, window: 'default', include: [], sort: 'COMMIT' },
    { scope: { repositoryId }, window: 'default', include: ['bots'] },
    { scope: { repositoryId }, window: presetWindow('7d', today), include: [] },
    { scope: { repositoryIds: repositories.map(({ id }) => id) }, window: 'default', include: [] },
    { scope: 'global', window: presetWindow('30d', today), include: [], sort: 'last_contribution_at' },
  ];
  const published = new AbortController();
  const whole = queries.map(() => 0);
  const readers = queries.map(async (query, index) => {
    while (!published.signal.aborted) {
      const rows = await turnPages(query);
      if (rows === null) continue;
      whole[index] = (whole[index] ?? 0) + 1;
      expect(new Set(rows.map(({ contributor }) => contributor.github_id)).size).toBe(rows.length);
      expect(rows).toHaveLength(PEOPLE);
      for (const { rank, total_score } of rows) expect(rank).toBe(1 + rows.filter((other) => other.total_score > total_score).length);
    }
  });
  const publisher = (async () => {
    try {
      for (let round = 1; round <= ROUNDS; round += 1) await publish(round);
    } finally {
      published.abort();
    }
  })();
  await Promise.all([publisher, ...readers]);
  // Nobody was kept from reading for ever.
  for (const [index, query] of queries.entries()) {
    if ((whole[index] ?? 0) === 0) expect(await turnPages(query)).toHaveLength(PEOPLE);
  }
}, 60_000);
