import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { revokeApiKey } from '../../src/db/api-keys.ts';
import { startExposedApi, type ExposedApi } from './security/exposed-api.ts';

let api: ExposedApi;
beforeAll(async () => {
  api = await startExposedApi({ trustedProxies: ['127.0.0.0/8'] });
});
afterAll(() => api.stop());

/** Signs in; gives the Set-Cookie header and the header that sends the cookie back. */
async function signIn(scope: 'read' | 'write' | 'admin', headers: Record<string, string> = {}) {
  const answer = await api.call('createSession', { body: { key: api.keys[scope].text }, headers });
  const set = answer.headers.get('set-cookie') ?? '';
  return { answer, set, headers: { cookie: `theme=dark; ${set.split(';')[0]}` } };
}

describe('a session', () => {
  test('begins with a key, in a cookie that scripts and other sites can’t use', async () => {
    const { answer, set } = await signIn('write');
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ name: 'write key', scope: 'write', key_id: api.keys.write.id });
    expect(set).toMatch(/^laurels_session=[\w-]{43}; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/);
    expect(Date.parse(answer.body.session_expires_at) - Date.now()).toBeGreaterThan(11 * 3_600_000);
  });

  test('is Secure behind a proxy that says https', async () => {
    expect((await signIn('read', { 'x-forwarded-proto': 'https' })).set).toMatch(/; Secure;/);
  });

  test('does what its key may, and no more', async () => {
    const { headers } = await signIn('write');
    expect((await api.call('recalculateBoards', { headers })).status).toBe(202);
    expect((await api.call('listAudit', { headers })).status).toBe(403);
    expect((await api.call('getSession', { headers })).body).toMatchObject({ name: 'write key', scope: 'write' });
  });

  test('can’t be used by a page of another site', async () => {
    const { headers } = await signIn('write');
    const foreign = { ...headers, origin: 'http://evil.example' };
    expect((await api.call('recalculateBoards', { headers: foreign })).status).toBe(403);
  });

  test('is not there without one', async () => {
    const { body } = await api.call('getSession');
    expect(body).toEqual({ name: 'anonymous', scope: null, key_id: null, session_expires_at: null });
  });

  test('does not begin with a wrong key', async () => {
    const answer = await api.call('createSession', { body: { key: `lrl_${'x'.repeat(43)}` } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  test('ends when it is signed out, and its cookie goes', async () => {
    const { headers } = await signIn('write');
    const answer = await api.call('endSession', { headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(/^laurels_session=; Path=\/; Expires=Thu, 01 Jan 1970/);
    expect((await api.call('recalculateBoards', { headers })).status).toBe(401);
    expect((await api.call('endSession', { headers })).status).toBe(204);
  });

  test('ends when its time is over', async () => {
    const { headers } = await signIn('read');
    expect((await api.call('listJobs', { headers })).status).toBe(200);
    await api.db.pool.query(`UPDATE session SET expires_at = now() - interval '1 second'`);
    expect((await api.call('listJobs', { headers })).status).toBe(401);
  });

  test('ends when the same browser signs in anew: what somebody knew of it is worth nothing', async () => {
    const planted = await signIn('read');
    const own = await signIn('write', planted.headers);
    expect(own.set).not.toContain(planted.headers.cookie.split('laurels_session=')[1]);
    expect((await api.call('listJobs', { headers: planted.headers })).status).toBe(401);
    expect((await api.call('getSession', { headers: own.headers })).body).toMatchObject({ name: 'write key' });
  });

  test('is none beside another one: which of the two was planted can’t be told', async () => {
    const [one, other] = [await signIn('read'), await signIn('write')];
    const cookie = `${one.headers.cookie}; ${other.headers.cookie}`;
    expect((await api.call('listJobs', { headers: { cookie } })).status).toBe(401);
    expect((await api.call('listJobs', { headers: { cookie: `laurels_session=${'x'.repeat(43)}` } })).status).toBe(401);
  });

  test('ends with its key', async () => {
    const { headers } = await signIn('read');
    await revokeApiKey(api.db, api.keys.read.id);
    expect((await api.call('listJobs', { headers })).status).toBe(401);
  });

  test('is stored as a hash', async () => {
    const { set } = await signIn('admin');
    const { rows } = await api.db.pool.query<{ row: string }>('SELECT s::text AS row FROM session s');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(/=([\w-]{43});/.exec(set)?.[1]);
  });
});
