import { setTimeout as sleep } from 'node:timers/promises';
import type { Octokit } from '@octokit/rest';
import type { AppError } from '../../domain/errors.ts';
import { nameKeyOf, type RepositoryName } from '../../domain/repository-name.ts';
import { Credential, installationOf, type Connection, type GithubApp, type Quota } from './credential.ts';
import { NO_METER, type SourceMeter } from '../source-meter.ts';
import { graphqlUrlOf } from './graphql-url.ts';
import { limitsFor, type PaceLimits, type Resource } from './pacing.ts';
import {
  accessDenied,
  appNotInstalled,
  appRefused,
  badCredentials,
  CursorRefused,
  GithubUnavailable,
  GithubWait,
  PageTooLarge,
  readVerdict,
  repositoryNotFound,
  unavailableForLegalReasons,
} from './trouble.ts';
import { GraphqlRefusal } from './whole-answers.ts';

/** Where the source tells what a person may want to know. Fields carry no logins and no tokens. */
export interface SourceLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

export interface GithubClientOptions {
  /** Used in turn: the next one when GitHub refuses one, shows it nothing, or its limit is used up. */
  readonly tokens: readonly string[];
  readonly app?: GithubApp | null;
  /** `https://api.github.com`, or `https://host/api/v3` of a GitHub Enterprise Server. */
  readonly apiUrl: string;
  readonly log?: SourceLog;
  readonly meter?: SourceMeter;
  /** A request without a whole answer after this is repeated; 20 s by default. */
  readonly timeoutMs?: number;
  /** How often a failed request is repeated, after 1, 4, 9 … seconds; 3 times by default. */
  readonly retries?: number;
  /** A pause up to this is slept here; a longer one ends the read with a {@link GithubWait}; 30 s by default. */
  readonly longestSleepMs?: number;
  /** Limits to keep; by default those of the API's address. */
  readonly limits?: PaceLimits;
  /** What counts as a second of waiting before a repetition. Only tests shorten it. */
  readonly secondMs?: number;
}

/** What a request is for: who may end it and how it is called in an error. */
export interface Ask {
  readonly signal: AbortSignal;
  /** `pull requests, page 7`. */
  readonly what: string;
}

interface Answer<T> {
  readonly data: T;
  /** GitHub's clock when it answered. */
  readonly at: Date;
}

interface RestAnswer<T> extends Answer<T> {
  readonly etag: string | null;
  /** The answer is the one that `etag` stands for; it cost nothing. `data` is then null. */
  readonly notModified: boolean;
  /** The number of the last page, from the Link header; 1 without one. */
  readonly lastPage: number;
  readonly hasNext: boolean;
}

/** Requests about one repository. Errors are those of trouble.ts: AppError (can't heal), GithubWait, GithubUnavailable and their like. */
export interface Conversation {
  /** `mayShrink`: @throws PageTooLarge at once, so that less can be asked for. @throws CursorRefused besides. */
  graphql<T>(query: string, variables: Readonly<Record<string, unknown>>, ask: Ask & { readonly mayShrink?: boolean }): Promise<Answer<T>>;
  /** GET. Null data: not modified, switched off, or not there (404, 422) where `mayMiss` allows that. */
  rest<T>(
    path: string,
    query: Readonly<Record<string, unknown>>,
    ask: Ask & { readonly etag?: string | null; readonly mayMiss?: boolean },
  ): Promise<RestAnswer<T | null>>;
}

interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

/** One request, whichever credential takes it. */
interface Errand {
  readonly repository: RepositoryName;
  readonly resource: Resource;
  readonly ask: Ask;
  readonly mayMiss: boolean;
  readonly request: (octokit: Octokit) => Promise<unknown>;
}

/**
 * Speaks to one GitHub with all its credentials: the pace, the repetition of what failed by chance, tokens in turn, pauses, and the
 * translation of errors.
 */
export class GithubClient {
  readonly #options: GithubClientOptions;
  readonly #connection: Connection;
  readonly #graphqlUrl: string;
  readonly #log: SourceLog;
  readonly #meter: SourceMeter;
  readonly #tokens: readonly Credential[];
  /** Null: not there for a repository; the tokens read it. */
  readonly #installations = new Map<string, Promise<Credential | null>>();

  constructor(options: GithubClientOptions) {
    const { tokens, app = null, apiUrl, limits = limitsFor(apiUrl), timeoutMs, log } = options;
    if (tokens.length === 0 && app === null) throw new RangeError('A GitHub client needs a token or an App');
    this.#options = options;
    this.#connection = { apiUrl, limits, timeoutMs };
    this.#graphqlUrl = graphqlUrlOf(apiUrl);
    this.#meter = options.meter ?? NO_METER;
    this.#log = log ?? { info: () => undefined, warn: () => undefined };
    this.#tokens = tokens.map((token, index) => new Credential(`token ${index + 1}`, { auth: token }, this.#connection));
  }

  /** What the last answers said is left, of the token that has most. Null before the first answer. */
  quota(resource: Resource): Quota | null {
    const known = this.#tokens.flatMap((token) => token.quota(resource) ?? []);
    return known.toSorted((one, other) => other.remaining - one.remaining)[0] ?? null;
  }

  /** Requests about a repository. An App's installation is looked up at the first one. */
  about(repository: RepositoryName): Conversation {
    const { retries = 3, secondMs = 1000 } = this.#options;
    return {
      graphql: async (query, variables, ask) => {
        // As a text: Octokit would look through an object for integers beyond JSON's.
        const data = JSON.stringify({ query, variables });
        const options = { method: 'POST', url: this.#graphqlUrl, data, request: { signal: ask.signal } } as const;
        const errand: Errand = { repository, resource: 'graphql', ask, mayMiss: false, request: (octokit) => octokit.request(options) };
        for (let tries = 1; ; tries += 1) {
          try {
            const reply = await this.#send(errand);
            return { data: (reply.data as { data: never }).data, at: dateOf(reply) };
          } catch (error) {
            if (ask.mayShrink === true || !(error instanceof PageTooLarge)) throw error;
            if (tries > retries) throw new GithubUnavailable(ask.what, error.message, error);
            await sleep(tries ** 2 * secondMs, undefined, { signal: ask.signal });
          }
        }
      },
      rest: async (path, query, ask) => {
        const headers = typeof ask.etag === 'string' ? { 'if-none-match': ask.etag } : {};
        const options = { method: 'GET', url: path, ...query, request: { signal: ask.signal }, headers } as const;
        const request = (octokit: Octokit): Promise<unknown> => octokit.request(options);
        const reply = await this.#send({ repository, resource: 'core', ask, mayMiss: ask.mayMiss ?? false, request });
        const { link, etag } = reply.headers as { link?: string; etag?: string };
        return {
          data: reply.status === 200 ? (reply.data as never) : null,
          at: dateOf(reply),
          etag: etag ?? null,
          notModified: reply.status === 304,
          lastPage: Number(/[?&]page=(\d+)[^>]*>; rel="last"/.exec(link ?? '')?.[1] ?? 1),
          hasNext: link?.includes('rel="next"') ?? false,
        };
      },
    };
  }

  /** Tries tokens again that were refused. */
  forgetRefusals(): void {
    for (const credential of this.#tokens) credential.isRefused = false;
  }

  async #send(errand: Errand): Promise<RawReply> {
    const { repository, resource, ask, mayMiss } = errand;
    const { retries = 3, secondMs = 1000, app = null } = this.#options;
    const installation = app === null ? null : await this.#installationFor(app, repository);
    const credentials = installation === null ? this.#tokens : [...this.#tokens, installation];
    /** Why a credential can't do this errand. */
    const unfit = new Map<Credential, AppError>();
    const renewed = new Set<Credential>();
    for (let failures = 0; ;) {
      ask.signal.throwIfAborted();
      const credential = await this.#usable(credentials, unfit, errand);
      let askedAt: number | null = null;
      const counted = (outcome: string): void => {
        if (askedAt !== null) this.#meter.request('github', outcome, (performance.now() - askedAt) / 1000);
      };
      try {
        const reply = (await credential.pace.run(resource, ask.signal, () => {
          askedAt = performance.now();
          return errand.request(credential.octokit);
        })) as RawReply;
        counted('ok');
        this.#noteQuota(credential, resource, reply.headers);
        credential.worked();
        return reply;
      } catch (error) {
        if (ask.signal.aborted) {
          counted('aborted');
          throw ask.signal.reason;
        }
        if (error instanceof PageTooLarge || error instanceof CursorRefused) {
          counted(error instanceof PageTooLarge ? 'page_too_large' : 'cursor_refused');
          throw error;
        }
        const giveUp = (reason: AppError): void => {
          unfit.set(credential, reason);
          credential.blindTo.add(nameKeyOf(repository));
        };
        if (error instanceof GraphqlRefusal) {
          counted('refused');
          giveUp(this.#refusal(error, repository));
          continue;
        }
        const { status, headers, message } = this.#factsOf(error);
        this.#noteQuota(credential, resource, headers);
        const verdict = readVerdict(status, headers, message);
        counted(verdict.kind);
        switch (verdict.kind) {
          case 'not_modified':
          case 'gone':
            // Gone: a feature that is switched off; there is nothing to list.
            return { status, headers, data: null };
          case 'wait': {
            const resources: readonly Resource[] = verdict.scope === 'token' ? ['core', 'graphql'] : [resource];
            const seconds = credential.block(resources, verdict.seconds);
            this.#log.warn('GitHub asks to wait', { credential: credential.label, seconds: Math.ceil(seconds), for: ask.what });
            continue;
          }
          case 'unauthorized':
            if (!renewed.has(credential) && (await this.#renew(credential, ask))) {
              renewed.add(credential);
              continue;
            }
            credential.isRefused = true;
            this.#log.warn('GitHub refuses a credential', { credential: credential.label });
            continue;
          case 'denied':
            giveUp(accessDenied(repository, message));
            continue;
          case 'legal':
            throw unavailableForLegalReasons(repository);
          case 'missing':
            if (mayMiss) return { status, headers, data: null };
            giveUp(repositoryNotFound(repository));
            continue;
          case 'unprocessable':
            if (mayMiss) return { status, headers, data: null };
            throw this.#unavailable(ask.what, error);
          case 'failed':
            failures += 1;
            if (failures > retries) throw this.#unavailable(ask.what, error);
            await sleep(failures ** 2 * secondMs, undefined, { signal: ask.signal });
            continue;
        }
      }
    }
  }

  /** The first credential that may be used now; sleeps when the pause is short. @throws GithubWait when it is long, AppError when none is left. */
  async #usable(
    credentials: readonly Credential[],
    unfit: ReadonlyMap<Credential, AppError>,
    { repository, resource, ask }: Errand,
  ): Promise<Credential> {
    for (;;) {
      const left = credentials.filter((credential) => !credential.isRefused && !unfit.has(credential));
      if (left.length === 0) throw unfit.values().next().value ?? badCredentials(credentials.length);
      // One that was shown nothing before is asked only when no other is left.
      const seeing = left.filter((credential) => !credential.blindTo.has(nameKeyOf(repository)));
      const usable = seeing.length > 0 ? seeing : left;
      const free = usable.find((credential) => credential.blockedUntil(resource) === 0);
      if (free !== undefined) return free;
      const until = Math.min(...usable.map((credential) => credential.blockedUntil(resource)));
      const pause = until - Date.now();
      this.#meter.waited('github', Math.max(0, pause) / 1000);
      if (pause > (this.#options.longestSleepMs ?? 30_000)) throw new GithubWait(new Date(until));
      this.#log.info('waiting for GitHub', { seconds: Math.ceil(pause / 1000), for: ask.what });
      await sleep(Math.max(0, pause), undefined, { signal: ask.signal });
    }
  }

  #noteQuota(credential: Credential, resource: Resource, headers: Readonly<Record<string, unknown>>): void {
    credential.noteQuota(resource, headers);
    const points = credential.quota(resource)?.remaining;
    if (points !== undefined) this.#meter.pointsLeft('github', { credential: credential.label, resource, points });
  }

  /** Looked up once a repository, for everybody who asks meanwhile: no caller's signal ends it. */
  #installationFor(app: GithubApp, repository: RepositoryName): Promise<Credential | null> {
    const key = nameKeyOf(repository);
    const known = this.#installations.get(key);
    if (known !== undefined) return known;
    const looked = installationOf(app, repository, this.#connection).catch((error: unknown) => {
      const { status } = this.#factsOf(error);
      if ((status === 404 || status === 401) && this.#tokens.length > 0) {
        if (status === 401) this.#log.warn('GitHub refuses a credential', { credential: 'app' });
        return null;
      }
      this.#installations.delete(key);
      if (status === 404) throw appNotInstalled(repository);
      if (status === 401) throw appRefused();
      throw this.#unavailable('the App installation', error);
    });
    this.#installations.set(key, looked);
    return looked;
  }

  async #renew(credential: Credential, { what }: Ask): Promise<boolean> {
    try {
      return await credential.renew();
    } catch (error) {
      const { status } = this.#factsOf(error);
      if (status === 401 || status === 403 || status === 404) return false;
      throw this.#unavailable(`a new installation token (for ${what})`, error);
    }
  }

  #refusal({ type, message }: GraphqlRefusal, repository: RepositoryName): AppError {
    if (type === 'NOT_FOUND') return repositoryNotFound(repository);
    return /access blocked|DMCA|legal/i.test(message)
      ? unavailableForLegalReasons(repository)
      : accessDenied(repository, this.#redact(message));
  }

  #factsOf(error: unknown): { status: number; headers: Record<string, unknown>; message: string } {
    const facts = error as { status?: number; message?: string; response?: { headers?: Record<string, unknown> } };
    const message = facts.message ?? String(error);
    // GitHub's unicorns are pages for a browser.
    const said = /^\s*</.test(message) ? 'it answered with a page of HTML' : this.#redact(message);
    return { status: facts.status ?? 500, headers: facts.response?.headers ?? {}, message: said };
  }

  /** The cause is told without its request, whose headers hold the token. */
  #unavailable(what: string, error: unknown): GithubUnavailable {
    const { status, message } = this.#factsOf(error);
    const cause = new Error(message);
    cause.name = error instanceof Error ? error.name : 'Error';
    return new GithubUnavailable(what, message === '' ? `status ${status}` : `${message} (status ${status})`, cause);
  }

  #redact(text: string): string {
    let clean = text;
    for (const token of this.#options.tokens) clean = clean.replaceAll(token, '[hidden]');
    // Installation tokens are not known by value: by their form.
    return clean.replaceAll(/\b(?:gh[a-z]_|github_pat_)\w{10,}/g, '[hidden]').slice(0, 500);
  }
}

function dateOf({ headers }: RawReply): Date {
  const date = Date.parse(String(headers['date']));
  return Number.isNaN(date) ? new Date() : new Date(date);
}
