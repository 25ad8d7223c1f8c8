import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ensureAdminKey } from '../../../src/api/admin-key.ts';
import { holderOf, revokeApiKey } from '../../../src/db/api-keys.ts';
import { SCOPES, type Scope } from '../../../src/domain/scope.ts';
import { createTestDatabase, type TestDatabase } from '../../stack/database.ts';
import { addedRepository, sendWithHeaders, startTestApi, type TestApi } from '../running-api.ts';
import { contentOf, endpoints, filledPath, startExposedApi, type ExposedApi } from './exposed-api.ts';

let api: ExposedApi;
beforeAll(async () => {
  api = await startExposedApi();
  const headers = { ...api.as('admin'), 'content-type': 'application/json' };
  await api.send('POST', '/api/v1/repositories', { headers, body: '{"owner":"o","name":"r"}' });
});
afterAll(() => api.stop());

const writes = endpoints.filter(([, { method, access }]) => method !== 'get' && access !== 'open');
const reads = endpoints.filter(([, { method, access }]) => method === 'get' && access !== 'open');
/** The scopes that are not enough, with what they are refused for. */
const tooLittle = writes.flatMap(([name, endpoint]) =>
  SCOPES.slice(0, SCOPES.indexOf(endpoint.access as Scope)).map((scope) => [name, scope, endpoint] as const),
);

describe('where others can reach the API', () => {
  let before: Readonly<Record<string, string>>;
  beforeAll(async () => {
    before = await contentOf(api);
  });

  test.each(writes)('A022: %s without a key is 401', async (_, endpoint) => {
    const answer = await api.send(endpoint.method.toUpperCase(), filledPath(endpoint));
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe('key_required');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  test.each(tooLittle)('A023: %s with a key of scope %s is 403', async (_, scope, endpoint) => {
    const answer = await api.send(endpoint.method.toUpperCase(), filledPath(endpoint), { headers: api.as(scope) });
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe('insufficient_scope');
  });

  test('A022, A023: none of them changed a row of any table', async () => {
    await expect(contentOf(api)).resolves.toEqual(before);
  });

  test.each(reads)('A022: %s without a key is 401', async (_, endpoint) => {
    const answer = await api.send('GET', filledPath(endpoint));
    expect(answer.status).toBe(401);
  });

  test.each(endpoints.filter(([, { access }]) => access === 'open'))('%s is open to everybody', async (name, endpoint) => {
    const answer = await api.send(endpoint.method.toUpperCase(), filledPath(endpoint));
    // Signing in without a body is a wrong request, not a refused one.
    expect(name === 'createSession' ? answer.status === 400 : answer.status < 300).toBe(true);
  });

  test.each(reads.filter(([, { access }]) => access === 'admin'))('%s is for administrators only', async (_, endpoint) => {
    expect((await api.send('GET', filledPath(endpoint), { headers: api.as('write') })).status).toBe(403);
  });

  test('each scope does what the ones below it do', async () => {
    for (const scope of SCOPES) {
      const headers = api.as(scope);
      expect((await api.call('listJobs', { headers })).status).toBe(200);
      expect((await api.call('recalculateBoards', { headers })).status).toBe(scope === 'read' ? 403 : 202);
      expect((await api.call('listAudit', { headers })).status).toBe(scope === 'admin' ? 200 : 403);
    }
  });

  test.each([
    ['of nobody', `lrl_${'A'.repeat(43)}`],
    ['that is none', 'changeme'],
    ['of 10,000 characters', 'x'.repeat(10_000)],
    ['with a quote in it', "lrl_'OR'1'='1"],
  ])('A025: a key %s is 401', async (_, key) => {
    const answer = await api.call('listJobs', { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe('invalid_key');
  });

  test('A026: a key in the URL is never read, and never logged', async () => {
    const { text } = api.keys.admin;
    for (const parameter of ['token', 'access_token', 'key', 'api_key']) {
      const answer = await api.send('POST', `/api/v1/repositories/o/r/scrape?${parameter}=${text}`);
      expect(answer.status).toBe(401);
    }
    expect(JSON.stringify(api.logged)).not.toContain(text);
  });

  test('A027: whoever says to be this machine is not believed', async () => {
    const headers = { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '::1', forwarded: 'for=127.0.0.1', host: 'localhost' };
    const answer = await sendWithHeaders(api.port, '/api/v1/repositories/o/r/scrape', headers, 'POST');
    expect(answer.status).toBe(401);
  });

  test('A029, A030: fields that are not the caller’s to set are refused, and nothing is stored', async () => {
    const headers = api.as('write');
    for (const extra of [{ status: 'COMPLETED' }, { stars: 9e9 }, { github_id: 1 }, { id: 7 }, { isAdmin: true }]) {
      const answer = await api.call('addRepository', { headers, body: { owner: 'x', name: 'y', ...extra } });
      expect(answer.status).toBe(422);
    }
    expect((await api.call('getRepository', { headers, params: { owner: 'x', name: 'y' } })).status).toBe(404);
  });

  test('a key that was revoked is out of force with the next request', async () => {
    const other = await startExposedApi();
    try {
      const headers = other.as('write');
      expect((await other.call('listJobs', { headers })).status).toBe(200);
      await revokeApiKey(other.db, 'write key');
      expect((await other.call('listJobs', { headers })).status).toBe(401);
      await expect(revokeApiKey(other.db, 'write key')).rejects.toMatchObject({ code: 'key_not_found' });
    } finally {
      await other.stop();
    }
  });

  test('the time of its last use is noted, and the secret is nowhere', async () => {
    await api.call('listJobs', { headers: api.as('read') });
    const { rows } = await api.db.pool.query('SELECT name, last_used_at, k::text AS row FROM api_key k WHERE id = $1', [api.keys.read.id]);
    expect(rows[0]).toMatchObject({ name: 'read key', last_used_at: expect.any(Date) });
    expect(rows[0].row).not.toContain(api.keys.read.text);
  });

  test('a job says who asked for it, and the public is not told', async () => {
    const params = { owner: 'o', name: 'r' };
    const { body: job } = await api.call('scrapeRepository', { params, headers: api.as('write') });
    expect(job.requested_by).toBe('write key');
    expect((await api.call('getRepository', { params, headers: api.as('read') })).body.last_job.id).toBe(job.id);
  });
});

describe('with PUBLIC_READS', () => {
  let open: ExposedApi;
  beforeAll(async () => {
    open = await startExposedApi({ publicReads: true });
    await open.db.pool.query(`INSERT INTO repository (owner, name, status) VALUES ('o', 'r', 'PENDING')`);
  });
  afterAll(() => open.stop());

  test.each(reads)('%s is for everybody only when it is public', async (name, endpoint) => {
    const { status, body } = await open.send('GET', filledPath(endpoint));
    if (endpoint.access === 'public') expect(status).not.toBe(401);
    else expect(status).toBe(401);
    if (name === 'getRepository') expect(body.last_job).toBeNull();
  });

  test.each(writes)('A022: %s still needs a key', async (_, endpoint) => {
    expect((await open.send(endpoint.method.toUpperCase(), filledPath(endpoint))).status).toBe(401);
  });
});

describe('on this machine', () => {
  let local: TestApi;
  beforeAll(async () => {
    local = await startTestApi();
  });
  afterAll(() => local.stop());

  test('nobody needs a key, but one that is shown counts', async () => {
    await addedRepository(local, 'o', 'r');
    expect((await local.call('listAudit')).status).toBe(200);
    expect((await local.call('listAudit', { headers: { authorization: `Bearer lrl_${'A'.repeat(43)}` } })).status).toBe(401);
  });

  test('a write by a name that others use needs a key: there is a proxy that nobody told of', async () => {
    const headers = { host: 'laurels.example' };
    expect((await sendWithHeaders(local.port, '/api/v1/repositories', headers)).status).toBe(200);
    expect((await sendWithHeaders(local.port, '/api/v1/sample', headers, 'DELETE')).status).toBe(401);
    expect((await sendWithHeaders(local.port, '/api/v1/audit', headers)).status).toBe(401);
    expect((await sendWithHeaders(local.port, '/api/v1/sample', { host: '127.0.0.1' }, 'DELETE')).status).toBe(204);
  });
});

describe('A021: a start that opens the API to others', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const withKeyFile = async (text: string, work: (path: string) => Promise<void>): Promise<void> => {
    const directory = await mkdtemp(join(tmpdir(), 'laurels-key-'));
    try {
      await writeFile(join(directory, 'key'), text);
      await work(join(directory, 'key'));
    } finally {
      await rm(directory, { recursive: true });
    }
  };

  test('is refused without an admin key', async () => {
    const { db } = database;
    await expect(ensureAdminKey(db, { isExposed: true, adminKeyFile: null })).rejects.toMatchObject({ code: 'admin_key_missing' });
    await expect(ensureAdminKey(db, { isExposed: false, adminKeyFile: null })).resolves.toBeUndefined();
  });

  test.each(['', 'changeme', 'admin', 'lrl_short', 'x'.repeat(23), `lrl_${'A'.repeat(43)} lrl_${'B'.repeat(43)}`])(
    'is refused with "%s" for one',
    (text) =>
      withKeyFile(text, async (adminKeyFile) => {
        const begun = ensureAdminKey(database.db, { isExposed: true, adminKeyFile });
        await expect(begun).rejects.toThrow(/^ADMIN_KEY_FILE .* must hold one key/);
      }),
  );

  test('says when the file is not there', async () => {
    await expect(ensureAdminKey(database.db, { isExposed: true, adminKeyFile: '/nowhere/key' })).rejects.toThrow(/can't be read/);
  });

  test('goes on with the key of the file; another one in the file replaces it', async () => {
    const { db } = database;
    const [first, second] = [`lrl_${'a'.repeat(43)}`, `lrl_${'b'.repeat(43)}`];
    for (const key of [first, first, second]) {
      await withKeyFile(`${key}\n`, (adminKeyFile) => ensureAdminKey(db, { isExposed: true, adminKeyFile }));
      expect(await holderOf(db, key)).toMatchObject({ name: 'admin-key-file', scope: 'admin' });
    }
    expect(await holderOf(db, first)).toBeNull();
  });
});
