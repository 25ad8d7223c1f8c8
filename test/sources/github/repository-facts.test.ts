import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createRepositoryFacts } from '../../../src/sources/github/repository-facts.ts';
import { handChecked } from '../../fakes/github/datasets/hand-checked.ts';
import { startFakeGithub } from '../../fakes/github/server.ts';

const TOKEN = 'ghp_CANARY0123456789';
const OCTOCAT = {
  id: 1296269,
  node_id: 'MDEwOlJlcG9zaXRvcnkxMjk2MjY5',
  name: 'Hello-World',
  owner: { login: 'octocat', id: 583231 },
  description: 'My first repository',
  stargazers_count: 80,
  forks_count: 9,
  default_branch: 'main',
  private: false,
};

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
});

/** A GitHub that answers as it is told; gives its address and what it was sent. */
async function github(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const received: { path: string | undefined; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    received.push({ path: request.url, authorization: request.headers.authorization });
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const name = { owner: 'octocat', name: 'Hello-World' };

describe('a look-up of a repository', () => {
  test('gives what GitHub says about it', async () => {
    const { apiUrl, received } = await github(json(200, OCTOCAT));
    await expect(createRepositoryFacts({ tokens: [TOKEN], apiUrl })(name)).resolves.toEqual({
      state: 'found',
      facts: {
        githubId: 1296269,
        nodeId: 'MDEwOlJlcG9zaXRvcnkxMjk2MjY5',
        owner: 'octocat',
        name: 'Hello-World',
        description: 'My first repository',
        stars: 80,
        forks: 9,
        defaultBranch: 'main',
        isPrivate: false,
      },
    });
    expect(received).toEqual([{ path: '/repos/octocat/Hello-World', authorization: `token ${TOKEN}` }]);
  });

  test('follows a rename to the current owner and name', async () => {
    const { apiUrl } = await github((request, response) => {
      if (request.url === '/repositories/1296269') json(200, OCTOCAT)(request, response);
      else response.writeHead(301, { location: '/repositories/1296269' }).end();
    });
    await expect(createRepositoryFacts({ tokens: [TOKEN], apiUrl })({ owner: 'old', name: 'name' })).resolves.toMatchObject({
      state: 'found',
      facts: { owner: 'octocat', name: 'Hello-World' },
    });
  });

  test('says that a repository is private', async () => {
    const { apiUrl } = await github(json(200, { ...OCTOCAT, private: true }));
    await expect(createRepositoryFacts({ tokens: [TOKEN], apiUrl })(name)).resolves.toMatchObject({ facts: { isPrivate: true } });
  });

  test('asks nothing without a token', async () => {
    const { apiUrl, received } = await github(json(200, OCTOCAT));
    await expect(createRepositoryFacts({ tokens: [], apiUrl })(name)).resolves.toEqual({
      state: 'unreachable',
      reason: 'no token is configured',
    });
    expect(received).toEqual([]);
  });

  test.each([
    ['404 is a repository that is not there', 404, {}, { message: 'Not Found' }, { state: 'missing' }],
    ['451 is one that GitHub withholds', 451, {}, { message: 'Repository access blocked' }, { state: 'blocked' }],
    ['403 "access blocked" likewise', 403, {}, { message: 'Repository access blocked' }, { state: 'blocked' }],
    ['401 is a token that is not accepted', 401, {}, { message: 'Bad credentials' }, { reason: 'GitHub does not accept the token' }],
    ['403 with nothing left is the rate limit', 403, { 'x-ratelimit-remaining': '0' }, {}, { reason: "GitHub's rate limit is used up" }],
    ['429 too', 429, {}, {}, { reason: "GitHub's rate limit is used up" }],
    ['another 403 is a refusal', 403, {}, { message: 'SAML' }, { reason: 'GitHub refuses the token' }],
    ['502 is a GitHub that is away', 502, {}, {}, { reason: 'GitHub answered 502' }],
    ['an answer of another kind of server is not believed', 200, {}, { hello: 'world' }, { state: 'unreachable' }],
  ])('%s', async (_, status, headers, body, expected) => {
    const { apiUrl } = await github(json(status, body, headers));
    const lookup = await createRepositoryFacts({ tokens: [TOKEN], apiUrl })(name);
    expect(lookup).toMatchObject(expected);
    expect(['missing', 'blocked', 'unreachable']).toContain(lookup.state);
  });

  test('goes on with the next token while one is refused or used up', async () => {
    const { apiUrl, received } = await github((request, response) =>
      (request.headers.authorization === 'token second' ? json(200, OCTOCAT) : json(401, {}))(request, response),
    );
    await expect(createRepositoryFacts({ tokens: ['first', 'second'], apiUrl })(name)).resolves.toMatchObject({ state: 'found' });
    expect(received.map(({ authorization }) => authorization)).toEqual(['token first', 'token second']);
  });

  test.each([
    [404, 200, { state: 'found' }],
    [404, 401, { state: 'missing' }],
    [401, 404, { state: 'missing' }],
  ])('with %i for one token and %i for the next gives %j', async (first, second, expected) => {
    const { apiUrl } = await github((request, response) => {
      const code = request.headers.authorization === 'token first' ? first : second;
      json(code, code === 200 ? OCTOCAT : {})(request, response);
    });
    await expect(createRepositoryFacts({ tokens: ['first', 'second'], apiUrl })(name)).resolves.toMatchObject(expected);
  });

  test('asks as the GitHub App, where it is installed', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const app = { id: '7', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    const { data, repository } = handChecked('2026-11-24');
    const fake = await startFakeGithub({
      dataset: data,
      app: { id: 7, installations: [{ id: 70, ownerId: repository.ownerId }], tokenLifetimeMs: 3_600_000 },
      tokens: {},
    });
    try {
      const lookUp = createRepositoryFacts({ tokens: [], app, apiUrl: fake.restUrl });
      const owner = data.ownerOf(repository).login;
      await expect(lookUp({ owner, name: repository.name })).resolves.toMatchObject({ state: 'found', facts: { githubId: repository.id } });
      await expect(lookUp({ owner: 'nobody', name: 'nothing' })).resolves.toEqual({
        state: 'unreachable',
        reason: 'the GitHub App is not installed there',
      });
    } finally {
      await fake.stop();
    }
  });

  test('does not wait for a silent GitHub', async () => {
    const { apiUrl } = await github(() => undefined);
    await expect(createRepositoryFacts({ tokens: [TOKEN], apiUrl, timeoutMs: 100 })(name)).resolves.toEqual({
      state: 'unreachable',
      reason: 'GitHub did not answer in time',
    });
  });

  test('calls a host that nobody answers for unreachable', async () => {
    await expect(createRepositoryFacts({ tokens: [TOKEN], apiUrl: 'http://127.0.0.1:1' })(name)).resolves.toEqual({
      state: 'unreachable',
      reason: 'GitHub can not be reached',
    });
  });

  test('never shows the token, even when GitHub echoes it', async () => {
    const { apiUrl } = await github((request, response) =>
      json(500, { message: `you sent ${request.headers.authorization}` })(request, response),
    );
    const lookup = await createRepositoryFacts({ tokens: [TOKEN], apiUrl })(name);
    expect(JSON.stringify(lookup)).not.toContain('CANARY');
  });
});
