/** How the tests of the fake ask it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect } from '@jest/globals';
import { startFakeGithub } from './server.ts';
import type { FakeGithub, FakeGithubOptions } from './server.ts';

/** GitHub's answers are read as they come; the tests know their shape. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any;

/** The directory of the nine queries the fake must answer. */
export const QUERIES = new URL('./queries/', import.meta.url).pathname;
/** One of the nine queries. */
export const query = (name: string): string => readFileSync(join(QUERIES, `${name}.graphql`), 'utf8');
/** GitHub's own descriptions, where the tests run beside them. */
export const SHARED = new URL('../../../../shared/data/', import.meta.url).pathname;

/** What each test started, stopped after it. */
export const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

export async function start(options: Partial<FakeGithubOptions> & { readonly dataset: FakeGithubOptions['dataset'] }): Promise<FakeGithub> {
  const fake = await startFakeGithub(options);
  started.push(fake);
  return fake;
}

export const authorized = { authorization: 'bearer test-token' };

export async function ask(
  fake: FakeGithub,
  text: string,
  variables: Record<string, unknown> = {},
  token = 'test-token',
): Promise<{ response: Response; body: Loose }> {
  const response = await fetch(fake.graphqlUrl, {
    method: 'POST',
    headers: { authorization: `bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: text, variables }),
  });
  return { response, body: await response.json() };
}

export async function get(fake: FakeGithub, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(path.startsWith('http') ? path : `${fake.restUrl}${path}`, { headers: { ...authorized, ...headers } });
}

/** The hand-checked repository. */
export const NAMED = { owner: 'octo-corp', name: 'hand-checked' };

/** All nodes of a connection, page by page. `pick` finds the connection in the answer. */
export async function walk(
  fake: FakeGithub,
  name: string,
  variables: Record<string, unknown>,
  pick: (data: Loose) => Loose,
): Promise<Loose[]> {
  const nodes: Loose[] = [];
  for (let after: string | null = null; ;) {
    const { body } = await ask(fake, query(name), { ...variables, after });
    expect(body.errors).toBeUndefined();
    const page = pick(body.data);
    nodes.push(...page.nodes);
    if (page.pageInfo.hasNextPage !== true) return nodes;
    after = page.pageInfo.endCursor as string;
  }
}

/** All items of a REST list, page by page. */
export async function list(fake: FakeGithub, path: string): Promise<Loose[]> {
  const items: Loose[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const response: Response = await get(fake, next);
    expect(response.status).toBe(200);
    items.push(...((await response.json()) as Loose[]));
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  return items;
}
