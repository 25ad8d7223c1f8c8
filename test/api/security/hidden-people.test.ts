import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CONTRACT, type EndpointName } from '../../../src/api/contract.ts';
import type { Endpoint } from '../../../src/api/contract/endpoint.ts';
import { rebuildGlobalBoard } from '../../../src/db/boards.ts';
import { publishBoard } from '../published-board.ts';
import { addedRepository, OPT_OUT_KEY, startTestApi, type TestApi } from '../running-api.ts';

/** Somebody who opts out, by names and a number that nothing else has. */
const HIDDEN = { login: 'quixote-hidden', githubId: 7_364_519_283, count: 7 };
const FORMER = 'dulcinea-former';
const SHOWN = { login: 'sancho', githubId: 8_000_002, count: 5 };
const OTHER = { login: 'rocinante', githubId: 8_000_003, count: 3 };
const TRACES = ['quixote', 'dulcinea', String(HIDDEN.githubId), 'Alonso', 'lamancha'];

let api: TestApi;
let repository: { owner: string; name: string };
let jobId: string;
beforeAll(async () => {
  api = await startTestApi();
  repository = await addedRepository(api, 'acme', 'mills');
  const publish = (login: string) => publishBoard(api.db, repository, [{ ...HIDDEN, login }, SHOWN, OTHER], OPT_OUT_KEY);
  await publishBoard(api.db, await addedRepository(api, 'acme', 'giants'), [HIDDEN, SHOWN], OPT_OUT_KEY);
  await publish(FORMER);
  await publish(HIDDEN.login);
  await rebuildGlobalBoard(api.db);
  // Everything that could keep a trace: a kind, a merge, an enrichment, a job, old boards.
  await api.call('setContributorKind', { params: { username: HIDDEN.login }, body: { kind: 'bot', reason: 'A test.' } });
  await api.call('setContributorKind', { params: { username: HIDDEN.login }, body: { kind: 'human', reason: 'A test.' } });
  await merge();
  await api.call('splitContributor', { params: { username: HIDDEN.login } });
  jobId = (await api.call('enrichContributor', { params: { username: HIDDEN.login } })).body.id;
  await api.db.pool.query(
    `INSERT INTO contributor_enrichment (user_id, personal_website, enrichment_status, enrichment_sources)
     SELECT id, 'https://lamancha.example/', 'COMPLETED', '{"personal_website":{"source":"github_profile","at":"2026-01-01T00:00:00Z"}}'
     FROM github_user WHERE github_id = $1`,
    [HIDDEN.githubId],
  );
  await api.db.pool.query(`UPDATE github_user SET display_name = 'Alonso' WHERE github_id = $1`, [HIDDEN.githubId]);
  await api.db.pool.query(`INSERT INTO avatar (github_id, media_type, image) VALUES ($1, 'image/png', 'quixote as a picture')`, [
    HIDDEN.githubId,
  ]);
});
afterAll(() => api.stop());

const merge = () =>
  api.call('mergeContributors', {
    params: { username: HIDDEN.login },
    body: { accounts: [OTHER.login] },
    headers: { 'idempotency-key': 'merge' },
  });

/** What stands for a parameter of a path; `{username}` is tried with each. */
const PATH: Readonly<Record<string, readonly string[]>> = {
  owner: ['acme'],
  name: ['mills'],
  username: [SHOWN.login, OTHER.login],
  id: ['JOB'],
  version: ['1'],
  github_id: [String(SHOWN.githubId), String(HIDDEN.githubId)],
};
/** Queries to try, as far as an endpoint knows their parameters. */
const QUERIES: readonly Readonly<Record<string, string>>[] = [
  {},
  { q: 'quixote' },
  { q: 'alonso' },
  { q: 's' },
  { include: 'bots,agents' },
  { include: 'bots,agents', window: '30d' },
  { window: 'all' },
  { fields: 'sparkline' },
  { fields: 'sparkline', window: '90d' },
  { interval: 'day', repository: 'acme/mills' },
  { kinds: 'ISSUE_OPENED' },
  { format: 'csv' },
  { limit: '1' },
  { kind: 'human' },
  { around: SHOWN.login },
  { repositories: 'acme/mills' },
  { repositories: 'acme/mills,acme/giants' },
  { repositories: 'acme/mills', format: 'json' },
  { contributors: `${SHOWN.login},${OTHER.login}` },
];

interface Request {
  readonly name: EndpointName;
  readonly path: string;
}

function pathsOf(template: string): readonly string[] {
  const parameter = /\{(\w+)\}/.exec(template)?.[1];
  if (parameter === undefined) return [template];
  const values = PATH[parameter];
  if (values === undefined) throw new Error(`Say in PATH what stands for {${parameter}}`);
  return values.flatMap((value) => pathsOf(template.replace(`{${parameter}}`, value === 'JOB' ? jobId : value)));
}

/** Every reading endpoint of the contract, with every query that it knows. */
function reads(): readonly Request[] {
  return (Object.keys(CONTRACT) as EndpointName[]).flatMap((name) => {
    const endpoint: Endpoint = CONTRACT[name];
    if (endpoint.method !== 'get') return [];
    const known = Object.keys(endpoint.query?.shape ?? {});
    const queries = QUERIES.filter((query) => Object.keys(query).every((key) => known.includes(key)));
    return pathsOf(endpoint.path).flatMap((path) =>
      queries.map((query) => ({
        name,
        path: `${path}${Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query).toString()}`}`,
      })),
    );
  });
}

function tracesIn(text: string): readonly string[] {
  return TRACES.filter((trace) => text.toLowerCase().includes(trace.toLowerCase()));
}

test('whoever opts out is in no answer of any endpoint, under no name and no number', async () => {
  const told = new Map<string, string>();
  const everywhere = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const { name, path } of reads()) {
      const { status, text, headers } = await api.send('GET', path);
      if (status >= 500) throw new Error(`${path} answered ${status}: ${text}`);
      const traces = tracesIn(`${text}\n${JSON.stringify([...headers])}`);
      if (traces.length === 0) continue;
      found.push(`${name} ${path}: ${traces.join(', ')}`);
      const tag = headers.get('etag');
      if (tag !== null) told.set(path, tag);
    }
    return found;
  };
  // Before, they are there: the test would see them.
  const before = (await everywhere()).join('\n');
  expect(before).toContain('getGlobalBoard');
  expect(before).toContain('getRepositoryBoard');
  for (const name of ['getContributorIdentities', 'getAvatar', 'compareBoards', 'search', 'listContributors'])
    expect(before).toContain(name);
  const { next_cursor: cursor } = (await api.call('getGlobalBoard', { query: { limit: '1' } })).body;

  await api.call('hideContributor', { params: { username: HIDDEN.login } });
  api.logged.length = 0;
  const tags = [...told];
  expect(await everywhere()).toEqual([]);
  // The answer that was kept for the request's repetition named them.
  const repeated = await merge();
  expect([repeated.status, tracesIn(repeated.text)]).toEqual([410, []]);
  // Whoever kept an answer is not told that it is still right, and pages of the board of before don't go on.
  for (const [path, tag] of tags) {
    expect([path, (await api.send('GET', path, { headers: { 'if-none-match': tag } })).status]).toEqual([path, 200]);
  }
  expect(await api.call('getGlobalBoard', { query: { limit: '1', cursor } })).toMatchObject({ status: 410 });
  expect(tracesIn(JSON.stringify(api.logged))).toEqual([]);
});

test("every page about somebody who opted out answers 410, by each of their names and the number, and doesn't repeat it", async () => {
  api.logged.length = 0;
  for (const name of Object.keys(CONTRACT) as EndpointName[]) {
    const endpoint: Endpoint = CONTRACT[name];
    if (!endpoint.path.includes('{username}') || ['hideContributor', 'showContributor', 'eraseContributor'].includes(name)) continue;
    const body = { setContributorKind: { kind: 'bot', reason: 'x' }, mergeContributors: { accounts: [SHOWN.login] } }[name as string];
    for (const username of [HIDDEN.login, FORMER, `id:${HIDDEN.githubId}`]) {
      const path = endpoint.path.replace('{username}', encodeURIComponent(username));
      const json = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const { status, text } = await api.send(endpoint.method.toUpperCase(), path, json);
      expect([name, username, status]).toEqual([name, username, 410]);
      expect(tracesIn(text)).toEqual([]);
    }
  }
  expect(tracesIn(JSON.stringify(api.logged))).toEqual([]);
});
