import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBoardPages, type AskedBoard, type BoardPages } from '../../src/api/board-pages.ts';
import { presetWindow } from '../../src/domain/window.ts';
import { publishBoard } from './published-board.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
let pages: BoardPages;
const name = { owner: 'acme', name: 'pages' };
const month: AskedBoard = { scope: 'global', window: (today) => presetWindow('30d', today), include: [], limit: 50 };
beforeAll(async () => {
  api = await startTestApi();
  // Names are looked up for each request.
  pages = createBoardPages(api.db, 0);
  await addedRepository(api, name.owner, name.name);
  await publishBoard(api.db, name, [
    { login: 'ada', githubId: 1, count: 2 },
    { login: 'ben', githubId: 2, count: 1 },
  ]);
});
afterAll(() => api.stop());

test('a page is the same until a name or the board changes: then it is written anew', async () => {
  const first = await pages.page(month);
  expect((await pages.page(month)).json).toBe(first.json);
  await api.db.pool.query(`UPDATE github_user SET display_name = 'Ada L.' WHERE github_id = 1`);
  const renamed = await pages.page(month);
  expect(renamed.tag).not.toBe(first.tag);
  expect(renamed.json.toString()).toContain('Ada L.');
  expect((await pages.page(month)).json).toBe(renamed.json);
  await publishBoard(api.db, name, [{ login: 'ada', githubId: 1, count: 3 }]);
  const board = JSON.parse((await pages.page(month)).json.toString());
  expect(board).toMatchObject({ total: 1, data: [{ contributor: { display_name: 'Ada L.' }, issues_opened_count: 3 }] });
});

test('who is searched for is looked for again: somebody else may be called so now', async () => {
  const wanted = { ...month, q: 'lovelace' };
  expect(JSON.parse((await pages.page(wanted)).json.toString()).data).toEqual([]);
  await api.db.pool.query(`UPDATE github_user SET display_name = 'Ada Lovelace' WHERE github_id = 1`);
  expect(JSON.parse((await pages.page(wanted)).json.toString()).data).toHaveLength(1);
});
