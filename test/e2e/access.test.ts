import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { WebSocket } from 'ws';
import type { JobResource } from '../../src/api/contract/jobs.ts';
import { runningPostgres } from '../../src/embedded/postgres.ts';
import { listProcesses } from '../../src/embedded/process-table.ts';
import { handChecked, type HandChecked } from '../fakes/github/datasets/hand-checked.ts';
import { startFakeGithub, type FakeGithub } from '../fakes/github/server.ts';
import { eventually, makePlace, type Place, type Running } from './laurels.ts';

/** Secrets of every kind, with a word in them that is nowhere else. */
const TOKEN = 'ghp_CANARYgithubCANARYgithubCANARYgithub';
const SECRETS = {
  GITHUB_TOKEN: TOKEN,
  OPT_OUT_KEY: 'CANARY-opt-out-key-CANARY-opt-out-key-CANARY',
};
const GOOGLE_KEY = 'CANARYgooglePrivateKey';

describe('Laurels opened to others', () => {
  let place: Place;
  let running: Running;
  let set: HandChecked;
  let github: FakeGithub;
  let url: string;
  let LAURELS_API_KEY: string;
  beforeAll(async () => {
    place = await makePlace();
    set = handChecked(new Date().toISOString().slice(0, 10));
    github = await startFakeGithub({ dataset: set.data, tokens: { [TOKEN]: {} } });
  });
  afterAll(async () => {
    running.child.kill('SIGTERM');
    await running.ended;
    await github.stop();
    await place.remove();
  });

  test('A021: does not start before there is an admin key', async () => {
    running = place.up({ HOST: '0.0.0.0' });
    const { code, stderr } = await running.ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/there is no admin key yet.* key create NAME --scope admin/);
  });

  test('starts with one, which the commands show', async () => {
    const created = await place.laurels(['key', 'create', 'boss', '--scope', 'admin']);
    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^lrl_[\w-]{43}\n$/) });
    LAURELS_API_KEY = created.stdout.trim();

    const credentials = join(place.directory, 'google.json');
    const pem = `-----BEGIN PRIVATE KEY-----\n${GOOGLE_KEY}\n-----END PRIVATE KEY-----\n`;
    await writeFile(credentials, JSON.stringify({ type: 'service_account', client_email: 'a@b.example', private_key: pem }));
    running = place.up({
      ...SECRETS,
      // As open as with another HOST, but for this machine's network.
      TRUST_PROXY: '192.0.2.1',
      GITHUB_API_URL: github.restUrl,
      GOOGLE_APPLICATION_CREDENTIALS: credentials,
      LOG_LEVEL: 'debug',
    });
    url = (await running.until(/API\s+(http:\/\/\S+?)\/\n/))[1] as string;
    expect((await fetch(`${url}/api/v1/jobs`)).status).toBe(401);
    expect(await place.laurels(['board'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/Set LAURELS_API_KEY/) });
    expect(await place.laurels(['board'], { LAURELS_API_KEY })).toMatchObject({ code: 0, stdout: expect.stringMatching(/sample/) });
    expect((await place.laurels(['recalculate'], { LAURELS_API_KEY })).code).toBe(0);
    const audit = await place.laurels(['audit', '--actor', 'boss'], { LAURELS_API_KEY });
    expect(audit.stdout).toMatch(/boss +202 +POST \/api\/v1\/leaderboard\/recalculate/);
  }, 90_000);

  const asBoss = () => ({ authorization: `Bearer ${LAURELS_API_KEY}` });
  const api = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = { ...asBoss(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return (await response.json()) as T;
  };
  const ended = async ({ id }: { readonly id: string }): Promise<JobResource> => {
    let job = await api<JobResource>('GET', `/api/v1/jobs/${id}`);
    await eventually(async () => {
      job = await api<JobResource>('GET', `/api/v1/jobs/${id}`);
      return job.completed_at !== null;
    });
    return job;
  };

  test('A121, A135: no secret is in any answer, frame, log, table, history or list of processes, whatever fails', async () => {
    const frames: string[] = [];
    const stream = new WebSocket(`${url.replace('http', 'ws')}/dashboard/ws/logs?after=0`, { headers: asBoss() });
    stream.on('message', (data: Buffer) => frames.push(data.toString()));
    await new Promise((resolve, reject) => stream.on('open', resolve).on('error', reject));

    const full = `${set.data.ownerOf(set.repository).login}/${set.repository.name}`;
    const [owner = '', name = ''] = full.split('/');
    await api('POST', '/api/v1/repositories', { owner, name });
    const scrape = (sources: readonly string[]) => api<JobResource>('POST', `/api/v1/repositories/${full}/scrape`, { sources });
    const first = await ended(await scrape(['github']));
    expect(first).toMatchObject({ status: 'COMPLETED' });
    const { data } = await api<{ data: readonly { contributor: { username: string } }[] }>('GET', `/api/v1/leaderboard/${full}`);
    const enriched = await ended(await api<JobResource>('POST', `/api/v1/contributors/${data[0]?.contributor.username}/enrich`));
    // GitHub tells in its refusal what it was sent.
    github.faults.add(
      {},
      {
        name: 'echo',
        instead: ({ request }) => ({
          status: 401,
          body: JSON.stringify({ message: `Bad credentials: ${String(request.headers['authorization'])}` }),
        }),
      },
    );
    const refused = await ended(await scrape(['github']));
    expect(refused).toMatchObject({ status: 'FAILED', error: { code: 'bad_credentials' } });
    const places: Record<string, string> = { output: running.written(), frames: frames.join('\n') };
    places['log file'] = await readFile(join(place.dataDir, 'laurels.log'), 'utf8');
    for (const path of [
      '/',
      '/api/v1/jobs?limit=100',
      '/dashboard/errors',
      '/dashboard/stats',
      '/api/v1/audit',
      '/api/v1/session',
      '/readyz',
      '/temporal/api/v1/namespaces/default/workflows',
    ]) {
      places[path] = JSON.stringify(await api('GET', path));
    }
    for (const { id } of [first, enriched, refused]) places[`log of ${id}`] = JSON.stringify(await api('GET', `/api/v1/jobs/${id}/logs`));
    const databaseUrl = (await runningPostgres(place.dataDir, 'laurels')) ?? '';
    const database = new Client({ connectionString: databaseUrl });
    await database.connect();
    const { rows: tables } = await database.query<{ name: string }>(
      `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'staging')`,
    );
    for (const table of tables) {
      const { rows } = await database.query<{ row: string }>(`SELECT t::text AS row FROM ${table.name} t`);
      places[table.name] = rows.map(({ row }) => row).join('\n');
    }
    await database.end();
    for (const file of await readdir(place.dataDir))
      if (file.startsWith('temporal.db')) places[file] = await readFile(join(place.dataDir, file), 'latin1');
    const processes = (await listProcesses()).filter(({ pid, command }) => pid === running.child.pid || command.includes(place.directory));
    places['processes'] = processes.map(({ command }) => command).join('\n');
    const theirs = processes.filter(({ pid }) => pid !== running.child.pid);
    for (const { pid } of process.platform === 'linux' ? theirs : [])
      places[`environment of ${pid}`] = await readFile(`/proc/${pid}/environ`, 'utf8');

    // What is looked into holds what it should hold.
    for (const known of ['frames', 'log file', '/api/v1/jobs?limit=100', 'public.scrape_job']) expect(places[known]).toContain(refused.id);
    expect(Object.keys(places).filter((known) => known.startsWith('temporal.db') && places[known]?.includes(refused.id))).not.toEqual([]);
    // PostgreSQL and Temporal.
    expect(theirs.length).toBeGreaterThanOrEqual(2);
    const password = decodeURIComponent(new URL(databaseUrl).password);
    const secrets = ['CANARY', LAURELS_API_KEY, password, 'PRIVATE KEY'];
    const leaks = Object.entries(places).flatMap(([known, text]) =>
      secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret.slice(0, 6)} in ${known}`),
    );
    expect(leaks).toEqual([]);
    stream.terminate();
  }, 90_000);

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('A138, A139: listens on this machine alone, whatever it is that listens', async () => {
    const pids = (await listProcesses())
      .filter(({ pid, command }) => pid === running.child.pid || command.includes(place.directory))
      .map(({ pid }) => pid);
    const sockets = new Set<string>();
    for (const pid of pids) {
      for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
        const [, inode] = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) ?? [];
        if (inode !== undefined) sockets.add(inode);
      }
    }
    const LISTENS = '0A';
    const lines = (await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8').catch(() => ''))))
      .join('\n')
      .split('\n');
    const addresses = lines
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([, local = '', , state, , , , , , inode = '']) => (state === LISTENS && sockets.has(inode) ? [local.split(':')[0]] : []));
    // API, PostgreSQL, Temporal's four.
    expect(addresses.length).toBeGreaterThanOrEqual(6);
    expect(addresses.filter((address) => address !== '0100007F' && address !== '00000000000000000000000001000000')).toEqual([]);
  });

  test('a key that is revoked while it runs is out of force at once; the audit has who made it and who took it away', async () => {
    const stranger = await place.laurels(['logs', '-f'], { LAURELS_API_KEY: `lrl_${'x'.repeat(43)}` });
    expect(stranger).toMatchObject({ code: 1, stderr: expect.stringMatching(/not in force/) });
    expect((await place.laurels(['key', 'list'])).stdout).toMatch(/^boss +admin/m);
    expect((await place.laurels(['key', 'create', 'boss'])).code).toBe(4);
    expect((await place.laurels(['key', 'create', 'local'])).code).toBe(2);
    expect(await place.laurels(['key', 'revoke', 'boss'])).toMatchObject({ code: 0, stdout: 'Key "boss" is revoked.\n' });
    expect((await place.laurels(['key', 'revoke', 'boss'])).code).toBe(3);
    expect(await place.laurels(['board'], { LAURELS_API_KEY })).toMatchObject({ code: 1, stderr: expect.stringMatching(/not in force/) });
    const other = await place.laurels(['key', 'create', 'chief', '--scope', 'admin']);
    const audit = await place.laurels(['audit', '--actor', 'local'], { LAURELS_API_KEY: other.stdout.trim() });
    expect(audit.stdout).toMatch(/201 +POST laurels key create[^]* 200 +DELETE laurels key revoke[^]* 201 +POST laurels key create/);
  }, 90_000);
});
