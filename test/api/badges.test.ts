import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { publishBoard } from './published-board.ts';
import { startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ gate: { isExposed: true, publicReads: true } });
  await api.db.pool.query(`INSERT INTO repository (owner, name, status) VALUES ('b', 'full', 'PENDING'), ('b', 'empty.svg', 'PENDING')`);
  await publishBoard(api.db, { owner: 'b', name: 'full' }, [
    { login: 'ada', githubId: 1, count: 3 },
    { login: 'grace', githubId: 2, count: 2 },
    { login: 'robot[bot]', githubId: 3, type: 'Bot', count: 9 },
  ]);
  await rebuildGlobalBoard(api.db);
});
afterAll(() => api.stop());

const badge = (path: string, headers: Record<string, string> = {}) => api.send('GET', `/badges${path}`, { headers });

describe('a badge', () => {
  test.each([
    ['/repositories/b/full.svg', 'laurels: 2 contributors'],
    ['/repositories/B/FULL.svg', 'laurels: 2 contributors'],
    ['/repositories/b/empty.svg.svg', 'laurels: not collected yet'],
    ['/contributors/ada.svg', 'laurels: #1 of 2'],
    ['/contributors/id:2.svg', 'laurels: #2 of 2'],
    ['/contributors/robot[bot].svg', 'laurels: not ranked'],
  ])('%s says "%s"', async (path, text) => {
    const { status, headers, text: svg } = await badge(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain(`<title>${text}</title>`);
  });

  test('A086: can do nothing where it is shown', async () => {
    const { headers } = await badge('/repositories/b/full.svg');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  });

  test('is kept for some minutes, then asked for with its tag', async () => {
    const { headers } = await badge('/contributors/ada.svg');
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect((await badge('/contributors/ada.svg', { 'if-none-match': headers.get('etag') ?? '' })).status).toBe(304);
  });

  test.each(['label=</text><script>alert(1)</script>', 'color="onload="', 'style=flat'])('A086: %s is no parameter: 400', async (query) => {
    const { status, body } = await badge(`/repositories/b/full.svg?${encodeURI(query)}`);
    expect([status, body.code]).toEqual([400, 'invalid_input']);
  });

  test.each([
    ['/repositories/b/nothing.svg', 404],
    ['/repositories/b/full', 404],
    ['/repositories/b/%3Cscript%3E.svg', 400],
    ['/contributors/nobody.svg', 404],
    ['/contributors/%22onload=.svg', 400],
  ])('%s is %i', async (path, status) => {
    expect((await badge(path)).status).toBe(status);
  });

  test('of a renamed repository is at its new name', async () => {
    await api.db.pool.query(
      `INSERT INTO repository_alias (owner_lc, name_lc, repository_id, until) SELECT 'b', 'old', id, now() FROM repository WHERE name = 'full'`,
    );
    const answer = await badge('/repositories/b/old.svg');
    expect([answer.status, answer.headers.get('location')]).toEqual([308, '/badges/repositories/b/full.svg']);
  });
});
