import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findingOf, type Finding } from '../../src/cli/checks/finding.ts';
import { machineChecks } from '../../src/cli/checks/machine.ts';
import { serviceChecks } from '../../src/cli/checks/services.ts';
import { sourceChecks } from '../../src/cli/checks/sources.ts';
import { loadConfig } from '../../src/config.ts';
import { handChecked } from '../fakes/github/datasets/hand-checked.ts';
import { startFakeGithub } from '../fakes/github/server.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'laurels-checks-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** What one check finds in an environment. */
async function find(name: string, environment: Readonly<Record<string, string>>): Promise<Finding> {
  const config = loadConfig({ DATA_DIR: join(directory, 'data'), ...environment });
  const silent = () => undefined;
  const check = [...machineChecks(config, silent), ...serviceChecks(config, silent), ...sourceChecks(config)].find(
    (one) => one.name === name,
  );
  if (check === undefined) throw new Error(`there is no check ${name}`);
  return await findingOf(check);
}

/** A GitHub that knows one token, and one more that may not use GraphQL. */
async function withGithub(work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const token = request.headers.authorization;
    const isKnown = token === 'Bearer ghp_CANARY' || (token === 'Bearer ghp_BLIND' && request.url === '/rate_limit');
    response.writeHead(isKnown ? 200 : 401, { 'x-oauth-scopes': 'public_repo' });
    if (request.url === '/graphql') response.end(JSON.stringify({ data: { __typename: 'Query' } }));
    else response.end(JSON.stringify({ resources: { core: { limit: 5000, remaining: 4000 }, graphql: { limit: 5000, remaining: 4987 } } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('doctor', () => {
  test('finds the running Node, room on the disk and a data directory it can make', async () => {
    expect(await find('Node', {})).toMatchObject({ state: 'ok', found: process.versions.node });
    expect((await find('Disk', {})).found).toMatch(/^[\d.]+ GiB free$/);
    expect((await find('Data directory', {})).found).toContain(`${join(directory, 'data')} can be written`);
  });

  test('says which data directory is none', async () => {
    await writeFile(join(directory, 'data'), 'a file');
    expect(await find('Data directory', {})).toMatchObject({ state: 'broken', found: expect.stringContaining(join(directory, 'data')) });
  });

  test('sees that a port is taken', async () => {
    await withGithub(async (url) => {
      const { port } = new URL(url);
      expect(await find('Port', { PORT: port })).toMatchObject({ state: 'weak', found: `127.0.0.1:${port} is taken by another program` });
    });
  });

  test('writes and reads a Parquet file', async () => {
    expect(await find('DuckDB', {})).toMatchObject({ state: 'ok', found: expect.stringMatching(/^v[\d.]+ writes and reads Parquet$/) });
  });

  test('counts archive files and names a directory that is missing', async () => {
    await writeFile(join(directory, '2015-01-01-1.json.gz'), '');
    expect(await find('GH Archive files', { GHARCHIVE_DIR: directory })).toMatchObject({ state: 'ok', found: `1 files in ${directory}` });
    const missing = join(directory, 'nowhere');
    expect(await find('GH Archive files', { GHARCHIVE_DIR: missing })).toMatchObject({
      state: 'broken',
      found: expect.stringContaining(missing),
    });
    expect(await find('GH Archive files', {})).toMatchObject({ state: 'unused' });
  });

  test('asks GitHub for the points, scopes and reach of a token and never shows it', async () => {
    await withGithub(async (url) => {
      const good = await find('GitHub', { GITHUB_TOKEN: 'ghp_CANARY', GITHUB_API_URL: url });
      expect(good).toMatchObject({ state: 'ok', found: 'token 1: 4,987 of 5,000 points left, scopes public_repo' });
      const bad = await find('GitHub', { GITHUB_TOKEN: 'ghp_CANARY,ghp_WRONG', GITHUB_API_URL: url });
      expect(bad).toMatchObject({ state: 'broken', found: 'token 2 is refused by GitHub' });
      const blind = await find('GitHub', { GITHUB_TOKEN: 'ghp_BLIND', GITHUB_API_URL: url });
      expect(blind).toMatchObject({ state: 'broken', found: 'token 1: GraphQL answers with status 401' });
      expect(JSON.stringify([good, bad, blind])).not.toMatch(/CANARY|WRONG|BLIND/);
    });
    expect(await find('GitHub', {})).toMatchObject({ state: 'unused' });
  });

  test('asks GitHub for an App, where it is installed and what is left to it there', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const key = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const { data, repository } = handChecked('2026-11-24');
    const installations: { id: number; ownerId: number }[] = [{ id: 70, ownerId: repository.ownerId }];
    const fake = await startFakeGithub({ dataset: data, app: { id: 7, publicKey, installations, tokenLifetimeMs: 3_600_000 }, tokens: {} });
    try {
      const environment = { GITHUB_APP_ID: '7', GITHUB_APP_PRIVATE_KEY: key, GITHUB_API_URL: fake.restUrl };
      expect(await find('GitHub', environment)).toMatchObject({
        state: 'ok',
        found: expect.stringMatching(/^app laurels \(installed for one account\): [\d,]+ of 5,000 points left/),
      });
      expect(await find('GitHub', { ...environment, GITHUB_APP_ID: '8' })).toMatchObject({
        state: 'broken',
        found: 'app 8 is refused by GitHub',
      });
      installations.length = 0;
      expect(await find('GitHub', environment)).toMatchObject({ state: 'weak', found: 'app laurels is installed nowhere' });
    } finally {
      await fake.stop();
    }
  });

  test('names a database or a Temporal that does not answer', async () => {
    expect(await find('PostgreSQL', { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x' })).toMatchObject({
      state: 'broken',
      found: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await find('Temporal', { TEMPORAL_ADDRESS: '127.0.0.1:1' })).toMatchObject({
      state: 'broken',
      found: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await find('Temporal program', { TEMPORAL_CLI: '/nonexistent/temporal' })).toMatchObject({
      state: 'broken',
      found: expect.stringContaining('/nonexistent/temporal'),
    });
  });

  test('knows the version of a database of its own and that it lacks the schema', async () => {
    const found = await find('PostgreSQL', { DATABASE_URL: process.env['TEST_DATABASE_URL'] ?? '' });
    expect(found).toMatchObject({ state: 'weak', found: expect.stringMatching(/^1\d\.\d.* answers, it lacks \d+ migration\(s\)$/) });
    expect(await find('Temporal', { TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' })).toMatchObject({ state: 'ok' });
  });
});
