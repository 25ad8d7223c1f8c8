import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  addRepository,
  deleteRepository,
  findByOldName,
  findRepository,
  learnRepository,
  listRepositories,
  repositoryById,
  type StoredRepository,
} from '../../src/db/repositories.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a repository is added once, however often and however it is written', async () => {
  const { db } = database;
  const results = await Promise.all(
    ['Torvalds/Linux', 'torvalds/linux', 'TORVALDS/LINUX'].map((text) => {
      const [owner, name] = text.split('/') as [string, string];
      return addRepository(db, { owner, name }, null);
    }),
  );
  expect(results.filter(({ created }) => created)).toHaveLength(1);
  expect(new Set(results.map(({ repository }) => repository.id)).size).toBe(1);
  expect(results[0]?.repository).toMatchObject({ status: 'PENDING', githubId: null, isSample: false });
});

test('what GitHub tells is learnt; a new name leaves the old one as an alias', async () => {
  const { db } = database;
  const { repository } = await addRepository(db, { owner: 'old', name: 'name' }, { githubId: 77, stars: 5, description: 'text' });
  await learnRepository(db, repository.id, { githubId: 77, owner: 'New', name: 'Name', stars: 6, forks: 2, description: null });
  const learnt = await repositoryById(db, repository.id);
  expect(learnt).toMatchObject({ owner: 'New', name: 'Name', stars: 6, forks: 2, description: null });
  expect(await findRepository(db, { owner: 'old', name: 'name' })).toBeNull();
  expect(await findByOldName(db, { owner: 'OLD', name: 'NAME' })).toEqual(learnt);
  // Asked for by the id under yet another name it is the same repository, renamed.
  const again = await addRepository(db, { owner: 'newest', name: 'name' }, { githubId: 77 });
  expect(again).toMatchObject({ created: false, repository: { id: repository.id, owner: 'newest' } });
});

test('a GitHub id belongs to one repository', async () => {
  const { db } = database;
  await addRepository(db, { owner: 'one', name: 'x' }, { githubId: 500 });
  const { repository } = await addRepository(db, { owner: 'two', name: 'x' }, null);
  await expect(learnRepository(db, repository.id, { githubId: 500 })).rejects.toMatchObject({
    code: 'repository_is_another',
    status: 409,
    details: { repository: 'one/x' },
  });
  await expect(addRepository(db, { owner: 'one', name: 'x' }, { githubId: 501 })).rejects.toMatchObject({ code: 'repository_is_another' });
});

test('pages of a list, in every order, are the list, cut: nothing twice, nothing missing', async () => {
  const { db } = database;
  for (let index = 0; index < 9; index += 1) {
    const { repository } = await addRepository(db, { owner: 'listed', name: `r${index}` }, index % 3 === 0 ? null : { stars: index % 4 });
    if (index % 2 === 0) await db.pool.query('UPDATE repository SET last_scraped_at = now() WHERE id = $1', [repository.id]);
  }
  for (const sort of ['name', '-last_scraped_at', '-stars', '-created_at'] as const) {
    const whole = await listRepositories(db, { q: 'LISTED/', sort, limit: 100 });
    expect(whole).toMatchObject({ total: 9, nextCursor: null });
    const pages: StoredRepository[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listRepositories>> = await listRepositories(db, {
        q: 'listed/',
        sort,
        limit: 2,
        ...(cursor === null ? {} : { cursor }),
      });
      pages.push(...page.data);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(pages).toEqual(whole.data);
  }
  const byName = await listRepositories(db, { q: 'listed/', sort: 'name', limit: 100, status: 'PENDING' });
  expect(byName.data.map(({ name }) => name)).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8']);
  expect(await listRepositories(db, { q: 'no%such_', sort: 'name', limit: 1 })).toEqual({ data: [], nextCursor: null, total: 0 });
});

test('the first real repository removes the sample', async () => {
  const { db } = database;
  const { repository: sample } = await addRepository(db, { owner: 'sample', name: 's' }, { githubId: -1 });
  expect(sample.isSample).toBe(true);
  expect(await addRepository(db, { owner: 'real', name: 'r' }, { githubId: 9 })).toMatchObject({ created: true, removedSample: true });
  expect(await repositoryById(db, sample.id)).toBeNull();
  expect(await addRepository(db, { owner: 'real', name: 'r2' }, { githubId: 10 })).toMatchObject({ removedSample: false });
});

test('deleting what is not there changes nothing', async () => {
  await expect(deleteRepository(database.db, 999_999)).resolves.toBeUndefined();
});
