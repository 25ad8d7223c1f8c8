import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { publishBoard } from '../api/published-board.ts';
import { addedRepository, startTestApi, type TestApi } from '../api/running-api.ts';
import { laurelsAt, type Ended } from './laurels-at.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await publishBoard(api.db, await addedRepository(api, 'acme', 'cli'), [
    { login: 'ada', githubId: 1, count: 3 },
    { login: 'ada-old', githubId: 2, count: 2 },
    { login: 'bob', githubId: 3, count: 1 },
  ]);
  await rebuildGlobalBoard(api.db);
});
afterAll(() => api.stop());

const laurels = (...args: readonly string[]): Promise<Ended> => laurelsAt(api.url, ...args);

const ranking = async (): Promise<readonly string[]> => {
  const { body } = await api.send('GET', '/api/v1/leaderboard/global');
  return body.data.map((row: { contributor: { username: string } }) => row.contributor.username);
};

test('kinds, merges and splits: what is said is done, with JSON for scripts', async () => {
  expect(await laurels('merge', 'ada', 'ada-old', '--reason', 'Her old account.')).toMatchObject({ code: 0, out: 'ada: also ada-old.\n' });
  expect(await ranking()).toEqual(['ada', 'bob']);
  expect(await laurels('merge', 'ada', 'ada-old')).toMatchObject({ code: 2, err: expect.stringContaining('counted for ada already') });
  expect((await laurels('identities', 'show', 'ada-old')).out).toMatch(
    /^ada: human\n {2}ada \(id 1\)\n {2}ada-old \(id 2\)\n.*merge by local: Her old account\./s,
  );
  const split = await laurels('split', '@ada', '--json');
  expect(JSON.parse(split.out)).toMatchObject({ contributor: { username: 'ada' }, accounts: [{ username: 'ada' }] });
  expect(await laurels('kind', 'bob', 'bot', '--reason', 'It is one.')).toMatchObject({ code: 0, out: 'bob is a bot now.\n' });
  expect(await ranking()).toEqual(['ada', 'ada-old']);
  expect(await laurels('kind', 'bob', 'robot', '--reason', 'x')).toMatchObject({ code: 2 });
  expect(await laurels('identities', 'suggestions')).toMatchObject({ code: 0, out: 'No suggestions.\n' });
});

test('opt-out and its undoing, erasing with --yes only, and who is not there', async () => {
  expect(await laurels('opt-out', 'ada')).toMatchObject({ code: 0 });
  expect(await ranking()).toEqual(['ada-old']);
  expect(JSON.parse((await laurels('opt-out', 'ada', '--undo', '--json')).out)).toEqual({ hidden: false });
  expect(await ranking()).toEqual(['ada', 'ada-old']);
  expect(await laurels('erase', 'ada-old')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(await laurels('erase', 'ada-old', '--yes')).toMatchObject({ code: 0 });
  expect(await ranking()).toEqual(['ada']);
  expect(await laurels('erase', 'ada-old', '--yes')).toMatchObject({ code: 3 });
  expect(await laurels('opt-out', 'not a login')).toMatchObject({ code: 2 });
});

test('enrich starts jobs, names the one in the way with exit code 4, and wants people or --top', async () => {
  const { out } = await laurels('enrich', 'ada', '--json');
  expect(JSON.parse(out)).toMatchObject({ type: 'ENRICH', repository: null });
  expect(await laurels('enrich', 'ada')).toMatchObject({ code: 4 });
  expect(await laurels('enrich', '--top', '5')).toMatchObject({ code: 0, out: expect.stringContaining('is being started') });
  expect(await laurels('enrich')).toMatchObject({ code: 2, err: expect.stringContaining('--top') });
  expect((await laurels('jobs')).out).toMatch(/profiles +ENRICH_BATCH[^]*profile +ENRICH /);
});
