import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { Pace, type PaceLimits, type Resource } from './pacing.ts';
import { secondsToReset } from './trouble.ts';
import { wholeAnswers } from './whole-answers.ts';

/** A GitHub App; the installation is found by the repository. */
export interface GithubApp {
  readonly id: string | number;
  /** PEM. */
  readonly privateKey: string;
}

/** What is left of a limit, as the last answer said. */
export interface Quota {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAt: Date | null;
}

/** How every credential reaches the same GitHub. */
export interface Connection {
  readonly apiUrl: string;
  readonly limits: PaceLimits;
  readonly timeoutMs: number | undefined;
}

const MINUTE_MS = 60_000;
/** GitHub blocks for at most an hour at a time. */
const LONGEST_BLOCK_MS = 60 * MINUTE_MS;

const LaurelsOctokit = Octokit.plugin(wholeAnswers as never);

/** A token, or an installation of an App: an Octokit with its own pace and limits. */
export class Credential {
  readonly octokit: Octokit;
  readonly pace: Pace;
  /** `token 1`, `installation 70`: for logs. */
  readonly label: string;
  /** GitHub did not take it; it is tried again for the next job. */
  isRefused = false;
  /** Names (`nameKeyOf`) of repositories that GitHub does not show it. */
  readonly blindTo = new Set<string>();
  readonly #isRenewable: boolean;
  readonly #blockedUntil: Record<Resource, number> = { core: 0, graphql: 0 };
  readonly #quota: Partial<Record<Resource, Quota>> = {};
  /** Secondary limits without a length in a row: each doubles the pause. */
  #refusedInRow = 0;

  constructor(label: string, auth: Readonly<Record<string, unknown>>, { apiUrl, limits, timeoutMs }: Connection, isRenewable = false) {
    const quiet = (): undefined => undefined;
    this.label = label;
    this.pace = new Pace(limits);
    this.#isRenewable = isRenewable;
    this.octokit = new LaurelsOctokit({
      ...auth,
      baseUrl: apiUrl.replace(/\/+$/, ''),
      userAgent: 'laurels',
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      headers: { 'x-github-api-version': '2022-11-28' },
      timeoutMs,
    });
  }

  /** When it may be used again, ms since the epoch; 0: now. */
  blockedUntil(resource: Resource): number {
    return this.#blockedUntil[resource] > Date.now() ? this.#blockedUntil[resource] : 0;
  }

  quota(resource: Resource): Quota | undefined {
    return this.#quota[resource];
  }

  /** It was answered rightly: what it does next is no continuation of former refusals. */
  worked(): void {
    this.#refusedInRow = 0;
  }

  /** Takes note of what an answer's headers say is left. What is used up is known before GitHub refuses. */
  noteQuota(resource: Resource, headers: Readonly<Record<string, unknown>>): void {
    const remaining = Number(headers['x-ratelimit-remaining'] ?? Number.NaN);
    if (!Number.isFinite(remaining)) return;
    const limit = Number(headers['x-ratelimit-limit']);
    const seconds = secondsToReset(headers);
    const resetAt = seconds === null ? null : new Date(Date.now() + seconds * 1000);
    this.#quota[resource] = { limit: Number.isFinite(limit) ? limit : remaining, remaining, resetAt };
    if (remaining === 0 && resetAt !== null) this.#blockedUntil[resource] = Math.max(this.#blockedUntil[resource], resetAt.getTime());
  }

  /** GitHub asks for a pause of so many seconds; null: it does not say, then a minute at first and longer each time. @returns seconds. */
  block(resources: readonly Resource[], seconds: number | null): number {
    const isNew = resources.some((resource) => this.blockedUntil(resource) === 0);
    // Requests that were under way together are refused together: that is one refusal.
    if (seconds === null && isNew) this.#refusedInRow += 1;
    const doubled = MINUTE_MS * 2 ** (Math.max(1, this.#refusedInRow) - 1);
    const ms = seconds === null ? Math.min(doubled, LONGEST_BLOCK_MS) : Math.max(seconds * 1000, 100);
    for (const resource of resources) this.#blockedUntil[resource] = Math.max(this.#blockedUntil[resource], Date.now() + ms);
    return ms / 1000;
  }

  /** Gets a new installation token. @returns false for a plain token, which can't be renewed. */
  async renew(): Promise<boolean> {
    if (!this.#isRenewable) return false;
    await this.octokit.auth({ type: 'installation', refresh: true });
    return true;
  }
}

/** The installation of an App that sees a repository. Its tokens last an hour and are renewed by Octokit. @throws Octokit's errors; 404: not installed there. */
export async function installationOf(
  app: GithubApp,
  repository: { readonly owner: string; readonly name: string },
  connection: Connection,
): Promise<Credential> {
  const auth = { appId: app.id, privateKey: app.privateKey };
  const asApp = new Credential('app', { authStrategy: createAppAuth, auth }, connection);
  const { owner, name } = repository;
  const { data } = await asApp.octokit.request('GET /repos/{owner}/{repo}/installation', { owner, repo: name });
  const { id } = data as { id: number };
  return new Credential(`installation ${id}`, { authStrategy: createAppAuth, auth: { ...auth, installationId: id } }, connection, true);
}
