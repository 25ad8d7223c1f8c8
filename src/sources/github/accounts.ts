import type { Account } from '../../domain/contribution.ts';

/** An actor as GraphQL gives it; null for a deleted account. */
export interface Actor {
  readonly __typename: string;
  readonly login: string;
  readonly databaseId?: number | null;
}

/** A user as REST gives it. */
export interface RestUser {
  readonly id: number;
  readonly login: string;
  readonly type?: string;
}

/** Who a commit says made it. */
export interface GitActor {
  readonly email: string | null;
  readonly user: { readonly databaseId: number | null; readonly login: string } | null;
}

/** What every GraphQL query asks of an actor. */
export const ACTOR_FIELDS = `__typename login
    ... on User { databaseId }
    ... on Bot { databaseId }
    ... on Mannequin { databaseId }
    ... on Organization { databaseId }`;

const BOT_SUFFIX = '[bot]';

/** The account of an actor. GraphQL gives an app's login without the `[bot]` that REST, commits and the archive know it by. */
export function accountOf(actor: Actor | null | undefined): Account | null {
  if (actor === null || actor === undefined) return null;
  const isBare = actor.__typename === 'Bot' && !actor.login.endsWith(BOT_SUFFIX);
  return { githubId: actor.databaseId ?? null, login: isBare ? `${actor.login}${BOT_SUFFIX}` : actor.login, type: actor.__typename };
}

/** The account of a REST user. Where GraphQL says null, REST names `ghost` as the author of what deleted accounts left. */
export function accountOfRest(user: RestUser | null | undefined): Account | null {
  if (user === null || user === undefined || user.login.toLowerCase() === 'ghost') return null;
  return { githubId: user.id, login: user.login, type: user.type ?? null };
}

/** Reads the accounts of commits: GitHub's own link, else the address that GitHub gives people who hide theirs (`id+login@…`). */
export function createCommitAccounts(apiUrl: string): (actor: GitActor | null | undefined) => Account | null {
  const { hostname } = new URL(apiUrl);
  const host = hostname === 'api.github.com' ? 'github.com' : hostname;
  // Numbers of another GitHub name other people: only this one's own addresses count. A server on loopback stands in for github.com.
  const hosts = new Set([`users.noreply.${host}`, ...(isLoopback(host) ? ['users.noreply.github.com'] : [])]);
  return (actor) => {
    if (actor === null || actor === undefined) return null;
    const { user, email } = actor;
    if (typeof user?.databaseId === 'number')
      return { githubId: user.databaseId, login: user.login, type: user.login.endsWith(BOT_SUFFIX) ? 'Bot' : 'User' };
    const [, id, login, domain] = /^(\d{1,15})\+([^@\s]+)@(.+)$/.exec(email ?? '') ?? [];
    if (id === undefined || login === undefined || !hosts.has((domain ?? '').toLowerCase())) return null;
    return { githubId: Number(id), login, type: login.endsWith(BOT_SUFFIX) ? 'Bot' : null };
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}
