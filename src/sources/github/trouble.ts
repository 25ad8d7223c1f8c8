import { AppError } from '../../domain/errors.ts';
import type { RepositoryName } from '../../domain/repository-name.ts';

/** GitHub asks for a pause. Not a failure: the slice hands back where it stands and goes on after `until`. */
export class GithubWait extends Error {
  readonly until: Date;

  constructor(until: Date) {
    super(`GitHub's rate limit is used up until ${until.toISOString()}`);
    this.name = new.target.name;
    this.until = until;
  }
}

/** GitHub could not answer in its time or within its resources: half the page may work. */
export class PageTooLarge extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** GitHub no longer knows this place in a list: the list is read again from its beginning. */
export class CursorRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** GitHub did not answer rightly although it was asked several times. Trying again later may help. */
export class GithubUnavailable extends Error {
  constructor(what: string, reason: string, cause?: unknown) {
    super(`GitHub did not answer for ${what}: ${reason}`, { cause });
    this.name = new.target.name;
  }
}

/** GitHub can't give even a single row, asked again and again. */
export class RowUnavailable extends GithubUnavailable {}

/** A request that failed although GitHub did not refuse it, in the shape of Octokit's own errors. */
export class FailedRequest extends Error {
  readonly status: number;
  readonly response: unknown;

  constructor(status: number, message: string, response?: unknown, cause?: unknown) {
    super(message, { cause });
    this.name = new.target.name;
    this.status = status;
    this.response = response;
  }
}

/** GitHub has no such repository, or shows it to none of the tokens. */
export function repositoryNotFound({ owner, name }: RepositoryName): AppError {
  return new AppError('repository_not_found', 404, `GitHub has no repository ${owner}/${name}, or it is private to these credentials.`, {
    owner,
    name,
  });
}

export function repositoryPrivate({ owner, name }: RepositoryName): AppError {
  return new AppError('repository_private', 422, `${owner}/${name} is private. Set ALLOW_PRIVATE=true to read it.`, { owner, name });
}

export function unavailableForLegalReasons({ owner, name }: RepositoryName): AppError {
  return new AppError('unavailable_for_legal_reasons', 451, `GitHub has blocked ${owner}/${name} for legal reasons.`, { owner, name });
}

export function badCredentials(count: number): AppError {
  const which = count === 1 ? 'The GitHub token is' : `All ${count} GitHub tokens are`;
  return new AppError('bad_credentials', 422, `${which} refused (401): expired or revoked? Set GITHUB_TOKEN anew.`);
}

export function appRefused(): AppError {
  const message = 'GitHub refuses the App (401): is its key revoked? Set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY anew.';
  return new AppError('bad_credentials', 422, message);
}

export function accessDenied({ owner, name }: RepositoryName, reason: string): AppError {
  return new AppError('github_access_denied', 403, `GitHub denies access to ${owner}/${name}: ${reason}`, { owner, name });
}

export function appNotInstalled({ owner, name }: RepositoryName): AppError {
  return new AppError('app_not_installed', 422, `The GitHub App is not installed for ${owner}/${name}.`, { owner, name });
}

/** What an HTTP answer that is an error asks for. */
export type Verdict =
  | { readonly kind: 'wait'; readonly seconds: number | null; readonly scope: 'resource' | 'token' }
  | { readonly kind: 'unauthorized' | 'denied' | 'missing' | 'legal' | 'gone' | 'unprocessable' | 'not_modified' | 'failed' };

/** Older wordings of the secondary limit say "abuse detection". */
const SECONDARY = /secondary rate|abuse detection|submitted too quickly/i;

/** Whether GitHub's words mean its secondary rate limit. */
export function isSecondaryLimit(message: string): boolean {
  return SECONDARY.test(message);
}

/**
 * Reads what GitHub wants from a refused request. A wait of `null` seconds: GitHub did not say how long (its documentation: at
 * least a minute, longer each time). Its `reset` is compared with its own `date`, so that a wrong clock here does no harm.
 */
export function readVerdict(status: number, headers: Readonly<Record<string, unknown>>, message: string): Verdict {
  if (status === 403 || status === 429) {
    const retryAfter = Number(headers['retry-after']);
    const isSecondary = isSecondaryLimit(message);
    if (headers['x-ratelimit-remaining'] === '0' && !isSecondary)
      return { kind: 'wait', seconds: secondsToReset(headers), scope: 'resource' };
    if (Number.isFinite(retryAfter) && retryAfter > 0) return { kind: 'wait', seconds: retryAfter, scope: 'token' };
    if (isSecondary || status === 429) return { kind: 'wait', seconds: null, scope: 'token' };
    return { kind: /access blocked|DMCA|legal/i.test(message) ? 'legal' : 'denied' };
  }
  switch (status) {
    case 304:
      return { kind: 'not_modified' };
    case 401:
      return { kind: 'unauthorized' };
    case 404:
      return { kind: 'missing' };
    case 410:
      return { kind: 'gone' };
    case 422:
      return { kind: 'unprocessable' };
    case 451:
      return { kind: 'legal' };
    default:
      return { kind: 'failed' };
  }
}

/** Seconds until the limit is full again by GitHub's own clock, and one more; null when it does not say. */
export function secondsToReset(headers: Readonly<Record<string, unknown>>): number | null {
  const reset = Number(headers['x-ratelimit-reset']);
  if (!Number.isFinite(reset) || reset <= 0) return null;
  const date = Date.parse(String(headers['date']));
  return Math.max(0, reset - Math.floor((Number.isNaN(date) ? Date.now() : date) / 1000)) + 1;
}
