import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditEntryResource } from '../../src/api/contract/access.ts';
import { startExposedApi, type ExposedApi } from './security/exposed-api.ts';

let api: ExposedApi;
beforeAll(async () => {
  api = await startExposedApi();
});
afterAll(() => api.stop());

const record = async (query: Record<string, string> = {}): Promise<AuditEntryResource[]> =>
  (await api.call('listAudit', { headers: api.as('admin'), query })).body.data;

describe('the audit', () => {
  test('has every write with who, what, which ids, the request and its result', async () => {
    const headers = { ...api.as('write'), 'x-request-id': 'trace-1' };
    await api.call('addRepository', { headers, body: { owner: 'someone-by-name', name: 'r', scrape: true } });
    const [entry] = await record();
    const { rows } = await api.db.pool.query<{ id: number; job: string }>('SELECT r.id, j.id AS job FROM repository r, scrape_job j');
    expect(entry).toMatchObject({
      actor: { id: api.keys.write.id, name: 'write key' },
      method: 'POST',
      path: '/api/v1/repositories',
      target: { repository_id: rows[0]?.id, job_id: rows[0]?.job },
      request_id: 'trace-1',
      result: 201,
    });
  });

  test('names ids, and no login anywhere', async () => {
    const params = { owner: 'someone-by-name', name: 'r' };
    await api.call('deleteRepository', { headers: api.as('admin'), params });
    await api.call('deleteRepository', { headers: api.as('admin'), params: { owner: 'someone-else', name: 'r' } });
    const { rows } = await api.db.pool.query<{ row: string }>('SELECT a::text AS row FROM audit_log a');
    expect(rows.length).toBeGreaterThan(2);
    expect(JSON.stringify(rows)).not.toMatch(/someone/);
    const [missed, deleted] = await record();
    expect(deleted).toMatchObject({
      path: '/api/v1/repositories/{owner}/{name}',
      target: { repository_id: expect.any(Number) },
      result: 204,
    });
    expect(missed).toMatchObject({ target: {}, result: 404 });
  });

  test('has the id that a path holds', async () => {
    const id = '0198f7d6-0000-7000-8000-000000000000';
    await api.call('cancelJob', { headers: api.as('write'), params: { id } });
    expect((await record())[0]).toMatchObject({ target: { id }, result: 404 });
  });

  test('has refused writes of a key, and of strangers enough to see that somebody tries', async () => {
    await api.call('recalculateBoards', { headers: api.as('read') });
    expect((await record({ refused: 'true' }))[0]).toMatchObject({ actor: { name: 'read key' }, result: 403 });
    for (let round = 0; round < 30; round += 1) await api.call('recalculateBoards');
    const strangers = await record({ actor: 'anonymous' });
    expect(strangers.length).toBeGreaterThanOrEqual(10);
    expect(strangers.length).toBeLessThanOrEqual(20);
  });

  test('has who signed in, and never the key', async () => {
    await api.call('createSession', { body: { key: api.keys.read.text } });
    expect((await record())[0]).toMatchObject({ path: '/api/v1/session', target: { key_id: api.keys.read.id }, result: 201 });
    const { rows } = await api.db.pool.query<{ row: string }>('SELECT a::text AS row FROM audit_log a');
    expect(JSON.stringify(rows)).not.toContain('lrl_');
  });

  test('has no reads', async () => {
    const before = await record();
    await api.call('listRepositories', { headers: api.as('read') });
    expect(await record()).toHaveLength(before.length);
  });

  test('comes in pages, newest first, and can be narrowed', async () => {
    const all = await record();
    const first = await api.call('listAudit', { headers: api.as('admin'), query: { limit: '2' } });
    expect(first.body.total).toBe(all.length);
    const second = await api.call('listAudit', { headers: api.as('admin'), query: { limit: '2', cursor: first.body.next_cursor } });
    expect([...first.body.data, ...second.body.data]).toEqual(all.slice(0, 4));
    expect(first.headers.get('link')).toMatch(/rel="next"/);
    for (const [actor, name] of [
      ['write key', 'write key'],
      [api.keys.write.id, 'write key'],
    ] as const) {
      const theirs = await record({ actor });
      expect(theirs.length).toBeGreaterThan(0);
      expect(theirs.every((entry) => entry.actor.name === name)).toBe(true);
    }
    expect((await record({ refused: 'false' })).every(({ result }) => result < 400)).toBe(true);
  });
});
