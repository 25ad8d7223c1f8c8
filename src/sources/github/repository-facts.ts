import { Octokit } from '@octokit/rest';
import { z } from 'zod';
import type { RepositoryName } from '../../domain/repository-name.ts';
import { installationOf, type GithubApp } from './credential.ts';
import { limitsFor } from './pacing.ts';

/** A person waits for the answer: GitHub is not waited for longer than this. */
const TIMEOUT_MS = 4_000;
const USER_AGENT = 'laurels';

/** What GitHub says about a repository. `owner` and `name` are the current ones, which may differ from those that were asked for. */
interface GithubRepositoryFacts {
  readonly githubId: number;
  readonly nodeId: string;
  readonly owner: string;
  readonly name: string;
  readonly description: string | null;
  readonly stars: number;
  readonly forks: number;
  readonly defaultBranch: string;
  readonly isPrivate: boolean;
}

/** `missing` includes private repositories that no credential can see: GitHub does not tell them apart. */
export type RepositoryLookup =
  | { readonly state: 'found'; readonly facts: GithubRepositoryFacts }
  | { readonly state: 'missing' }
  /** GitHub withholds it (451, 403 "access blocked"). */
  | { readonly state: 'blocked'; readonly reason: string }
  /** GitHub could not be asked: no credential, no network, bad credentials, a rate limit. `reason` is for a person and holds no secret. */
  | { readonly state: 'unreachable'; readonly reason: string };

const ANSWER = z.object({
  id: z.int().positive(),
  node_id: z.string(),
  name: z.string().min(1),
  owner: z.object({ login: z.string().min(1) }),
  description: z.string().nullish(),
  stargazers_count: z.int().nonnegative().catch(0),
  forks_count: z.int().nonnegative().catch(0),
  default_branch: z.string(),
  private: z.boolean(),
});

/**
 * Makes a look-up of repositories at GitHub (`GET /repos/{owner}/{name}`; renames are followed). It never throws: what can't be
 * asked is `unreachable`. Without a credential nothing is sent.
 * @param tokens tried in order while one is refused, used up or shown nothing; after them the App, where it is installed.
 */
export function createRepositoryFacts({
  tokens,
  app = null,
  apiUrl,
  timeoutMs = TIMEOUT_MS,
}: {
  readonly tokens: readonly string[];
  readonly app?: GithubApp | null;
  readonly apiUrl: string;
  /** Tests shorten it. */
  readonly timeoutMs?: number;
}): (name: RepositoryName) => Promise<RepositoryLookup> {
  const clients = tokens.map((auth) => new Octokit({ auth, baseUrl: apiUrl.replace(/\/+$/, ''), userAgent: USER_AGENT, log: SILENT }));
  const credentials: readonly ((name: RepositoryName) => Promise<Octokit> | Octokit)[] = [
    ...clients.map((client) => () => client),
    ...(app === null
      ? []
      : [async (name: RepositoryName) => (await installationOf(app, name, { apiUrl, limits: limitsFor(apiUrl), timeoutMs })).octokit]),
  ];
  return async (repository) => {
    let last: RepositoryLookup = { state: 'unreachable', reason: 'no token is configured' };
    const signal = AbortSignal.timeout(timeoutMs);
    for (const credential of credentials) {
      let client: Octokit | null = null;
      try {
        client = await credential(repository);
        const { data } = await client.rest.repos.get({ owner: repository.owner, repo: repository.name, request: { signal } });
        return foundOf(data);
      } catch (error) {
        if (signal.aborted) return { state: 'unreachable', reason: 'GitHub did not answer in time' };
        const failure = client === null ? installationFailureOf(error) : failureOf(error);
        if (!failure.isCredential) return failure.lookup;
        // What one was not shown another may see; that one can't be asked does not make it known.
        if (last.state !== 'missing') last = failure.lookup;
      }
    }
    return last;
  };
}

/** Octokit writes its warnings to the console, with the request in them. */
const silent = (): void => undefined;
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

function foundOf(data: unknown): RepositoryLookup {
  const parsed = ANSWER.safeParse(data);
  if (!parsed.success) return { state: 'unreachable', reason: "the answer is not one of GitHub's: is GITHUB_API_URL right?" };
  const { id, node_id, name, owner, description, stargazers_count, forks_count, default_branch, private: isPrivate } = parsed.data;
  return {
    state: 'found',
    facts: {
      githubId: id,
      nodeId: node_id,
      owner: owner.login,
      name,
      description: description ?? null,
      stars: stargazers_count,
      forks: forks_count,
      defaultBranch: default_branch,
      isPrivate,
    },
  };
}

interface Failure {
  readonly lookup: RepositoryLookup;
  readonly isCredential: boolean;
}

/** Why an App has no installation to ask with. */
function installationFailureOf(error: unknown): Failure {
  const status = error instanceof Error && 'status' in error ? error.status : null;
  const reason = status === 404 ? 'the GitHub App is not installed there' : 'GitHub refuses the App, or can not be reached';
  return { lookup: { state: 'unreachable', reason }, isCredential: true };
}

/** The error as a look-up. Its message is not passed on: it may hold the request with its headers. `isCredential`: another may do better. */
function failureOf(error: unknown): Failure {
  const unreachable = (reason: string, isCredential = false) => ({ lookup: { state: 'unreachable', reason }, isCredential }) as const;
  if (!(error instanceof Error)) return unreachable('GitHub can not be reached');
  const response = 'response' in error ? (error.response as { headers?: Record<string, string | undefined>; data?: unknown }) : undefined;
  const status = 'status' in error && typeof error.status === 'number' && response !== undefined ? error.status : null;
  switch (status) {
    case null:
      return unreachable('GitHub can not be reached');
    case 404:
      return { lookup: { state: 'missing' }, isCredential: true };
    case 451:
      return { lookup: { state: 'blocked', reason: 'GitHub withholds it for legal reasons' }, isCredential: false };
    case 401:
      return unreachable('GitHub does not accept the token', true);
    case 403:
    case 429:
      if (/access blocked/i.test(messageOf(response?.data))) {
        return { lookup: { state: 'blocked', reason: 'GitHub has blocked access to it' }, isCredential: false };
      }
      return unreachable(isLimit(status, response?.headers) ? "GitHub's rate limit is used up" : 'GitHub refuses the token', true);
    default:
      return unreachable(`GitHub answered ${status}`);
  }
}

const messageOf = (data: unknown): string =>
  typeof data === 'object' && data !== null && 'message' in data && typeof data.message === 'string' ? data.message : '';

const isLimit = (status: number, headers: Record<string, string | undefined> | undefined): boolean =>
  status === 429 || headers?.['x-ratelimit-remaining'] === '0' || headers?.['retry-after'] !== undefined;
