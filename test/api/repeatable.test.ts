import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { revokeApiKey } from '../../src/db/api-keys.ts';
import { prune } from '../../src/db/stale.ts';
import { startExposedApi } from './security/exposed-api.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const add = (key: string, name: string, headers: Record<string, string> = {}) =>
  api.call('addRepository', { headers: { 'idempotency-key': key, ...headers }, body: { owner: 'once', name } });

describe('a POST with an Idempotency-Key', () => {
  test('is carried out once: the same again gets the same answer', async () => {
    const first = await add('a', 'a');
    const again = await add('a', 'a');
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    // Without the key it is another request, and finds what the first one made.
    expect((await api.call('addRepository', { body: { owner: 'once', name: 'a' } })).status).toBe(200);
  });

  test('queues one job, however often it is sent', async () => {
    const params = await addedRepository(api, 'once', 'job');
    const headers = { 'idempotency-key': 'job' };
    const first = await api.call('scrapeRepository', { params, headers });
    await api.call('cancelJob', { params: { id: first.body.id } });
    const again = await api.call('scrapeRepository', { params, headers });
    expect(again.body.id).toBe(first.body.id);
    const { rows } = await api.db.pool.query<{ jobs: number }>('SELECT count(*)::int AS jobs FROM scrape_job');
    expect(rows[0]?.jobs).toBe(1);
  });

  test('is refused with 422 under the key of another request', async () => {
    await add('b', 'b');
    const answer = await add('b', 'c');
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('idempotency_key_reused');
    expect((await api.send('POST', '/api/v1/leaderboard/recalculate', { headers: { 'idempotency-key': 'b' } })).status).toBe(422);
  });

  test('of many at once is carried out by one; the others are 409 or get its answer', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => add('many', 'many')));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
    expect(answers.filter(({ status, headers }) => status === 201 && headers.get('idempotency-replayed') === null)).toHaveLength(1);
    for (const { status, body } of answers) if (status === 409) expect(body.code).toBe('idempotency_key_in_use');
  });

  test('is that of its caller alone: somebody else under the same key has a request of their own', async () => {
    const exposed = await startExposedApi();
    try {
      const from = (scope: 'write' | 'admin', name: string) =>
        exposed.call('addRepository', { headers: { ...exposed.as(scope), 'idempotency-key': 'shared' }, body: { owner: 'once', name } });
      expect((await from('write', 'x')).status).toBe(201);
      const other = await from('admin', 'x');
      expect([other.status, other.headers.get('idempotency-replayed')]).toEqual([200, null]);
      expect((await from('write', 'x')).headers.get('idempotency-replayed')).toBe('true');
      // What was open to the one is not given to who shows no key, or too little of one.
      expect(
        (await exposed.call('addRepository', { headers: { 'idempotency-key': 'shared' }, body: { owner: 'once', name: 'x' } })).status,
      ).toBe(401);
      await revokeApiKey(exposed.db, exposed.keys.write.id);
      expect((await from('write', 'x')).status).toBe(401);
    } finally {
      await exposed.stop();
    }
  });

  test('that was refused may be tried again under its key', async () => {
    const params = { owner: 'once', name: 'later' };
    const headers = { 'idempotency-key': 'later' };
    expect((await api.call('scrapeRepository', { params, headers })).status).toBe(404);
    await addedRepository(api, 'once', 'later');
    expect((await api.call('scrapeRepository', { params, headers })).status).toBe(202);
  });

  test.each(['', 'x'.repeat(256), 'a b'])('with the key "%s" is 400', async (key) => {
    const answer = await add(key, 'x');
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].pointer).toBe('Idempotency-Key');
  });

  test('is forgotten after a day, and taken up again when its process was lost', async () => {
    await add('old', 'old');
    await api.db.pool.query(`UPDATE idempotency_key SET expires_at = now() - interval '1 second' WHERE key = 'old'`);
    expect((await add('old', 'other')).status).toBe(201);
    await api.db.pool.query(`UPDATE idempotency_key SET status = NULL WHERE key = 'old'`);
    expect((await add('old', 'other')).status).toBe(409);
    await api.db.pool.query(`UPDATE idempotency_key SET started_at = now() - interval '1 hour' WHERE key = 'old'`);
    expect((await add('old', 'other')).status).toBe(200);
    await api.db.pool.query(`UPDATE idempotency_key SET expires_at = now() - interval '1 second' WHERE key <> 'old'`);
    await prune(api.db, { logDays: 30, jobDays: 365 });
    const { rows } = await api.db.pool.query('SELECT key FROM idempotency_key');
    expect(rows).toEqual([{ key: 'old' }]);
  });
});
