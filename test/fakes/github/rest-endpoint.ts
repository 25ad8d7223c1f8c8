/** The REST paths a contribution reader uses: lists by page with Link headers, redirects of moved repositories. */
import { momentOf } from './data-set.ts';
import type { DataSet, FakeRepository } from './data-set.ts';
import { comparisonOf, isComparison } from './rest-compare.ts';
import { RestResources } from './rest-resources.ts';
import type { Addresses, Json } from './rest-resources.ts';

export interface RestAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  /** The fake has no such path: not an answer of GitHub's. */
  readonly isUnknownPath?: boolean;
}

export interface RestContext {
  readonly data: DataSet;
  readonly at: Addresses;
  readonly viewerId: number;
  readonly now: Date;
  /** The body of `/rate_limit`. */
  readonly rateLimit: () => Json;
}

const refusal = (status: number, text: string): RestAnswer => ({
  status,
  headers: {},
  body: { message: text, documentation_url: 'https://docs.github.com/rest', status: String(status) },
});
const notFound = (): RestAnswer => refusal(404, 'Not Found');
const found = (body: unknown): RestAnswer => ({ status: 200, headers: {}, body });

/** Answers a GET. `path` begins behind the API's root. */
export function answerRest(context: RestContext, path: string, query: URLSearchParams): RestAnswer {
  const { data } = context;
  const resources = new RestResources(data, context.at);
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const [root, second, third, ...rest] = parts;
  if (root === 'rate_limit' && parts.length === 1) return found(context.rateLimit());
  if (root === 'user' && parts.length === 1) return userAnswer(resources, data, context.viewerId);
  if (root === 'user' && parts.length === 2) return userAnswer(resources, data, Number(second));
  if (root === 'users' && second !== undefined) {
    const account = data.accountByLogin(second);
    if (account === null) return notFound();
    if (parts.length === 2) return found(resources.fullUser(account));
    if (third === 'social_accounts')
      return found((account.profile.socialAccounts ?? []).map(({ provider, url }) => ({ provider: provider.toLowerCase(), url })));
  }
  if (root === 'repos' && second !== undefined && third !== undefined) {
    const named = data.findRepository(second, third);
    if (named === null) return notFound();
    if (named.moved) return movedAnswer(context, named.repository, rest, query);
    return repositoryAnswer(context, resources, named.repository, rest.join('/'), query);
  }
  if (root === 'repositories' && second !== undefined) {
    const repository = data.repositories.get(Number(second));
    return repository === undefined ? notFound() : repositoryAnswer(context, resources, repository, parts.slice(2).join('/'), query);
  }
  return { ...notFound(), isUnknownPath: true };
}

function userAnswer(resources: RestResources, data: DataSet, id: number): RestAnswer {
  const account = data.account(id);
  return account === null ? notFound() : found(resources.fullUser(account));
}

function movedAnswer(context: RestContext, repository: FakeRepository, rest: readonly string[], query: URLSearchParams): RestAnswer {
  const tail = rest.length === 0 ? '' : `/${rest.join('/')}`;
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  const url = `${context.at.restUrl}/repositories/${repository.id}${tail}${search}`;
  return {
    status: 301,
    headers: { location: url },
    body: { message: 'Moved Permanently', url, documentation_url: 'https://docs.github.com/rest' },
  };
}

interface Dated {
  readonly id: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

function repositoryAnswer(
  context: RestContext,
  resources: RestResources,
  repository: FakeRepository,
  rest: string,
  query: URLSearchParams,
): RestAnswer {
  const page = <T>(items: readonly T[], write: (item: T) => Json): RestAnswer => pageAnswer(context, repository, rest, query, items, write);
  const sorted = <T extends Dated>(what: string, items: Map<number, T>, write: (item: T) => Json): RestAnswer => {
    const list = sortedList(context.data, `${what} ${repository.id}`, items, query);
    return list === null ? refusal(422, 'Validation Failed') : page(list, write);
  };
  switch (rest) {
    case '':
      return found(resources.repository(repository));
    case 'issues/comments':
      return sorted(rest, repository.issueComments, (comment) => resources.issueComment(repository, comment));
    case 'pulls/comments':
      return sorted(rest, repository.reviewComments, (comment) => resources.reviewComment(repository, comment));
    case 'comments':
      return page(
        [...repository.commitComments.values()].sort((a, b) => a.id - b.id),
        (comment) => resources.commitComment(repository, comment),
      );
    case 'releases': {
      const newestFirst = [...repository.releases.values()].sort((a, b) =>
        a.createdAt === b.createdAt ? b.id - a.id : a.createdAt < b.createdAt ? 1 : -1,
      );
      return page(newestFirst, (release) => resources.release(repository, release));
    }
    case 'activity':
      return activityAnswer(context, resources, repository, query);
    default: {
      if (!isComparison(rest)) return { ...notFound(), isUnknownPath: true };
      const comparison = comparisonOf(context.data, repository, rest, query);
      return comparison === null ? notFound() : found(comparison);
    }
  }
}

/** Repository-wide comments: `since` is of the last update, `direction` counts only with `sort`. Null for a `since` that is no moment. */
function sortedList<T extends Dated>(data: DataSet, what: string, items: Map<number, T>, query: URLSearchParams): readonly T[] | null {
  const given = query.get('since');
  if (given !== null && Number.isNaN(Date.parse(given))) return null;
  const since = given === null ? '' : momentOf(given);
  const sort = query.get('sort') ?? '';
  const isDescending = sort !== '' && query.get('direction') !== 'asc';
  return data.derived(`rest ${what} ${since} ${sort} ${isDescending}`, () => {
    const key = (item: T): string => (sort === 'updated' ? item.updatedAt : item.createdAt);
    const order = (a: T, b: T): number => (key(a) === key(b) ? a.id - b.id : key(a) < key(b) ? -1 : 1);
    const listed = [...items.values()].filter((item) => item.updatedAt >= since).sort(sort === '' ? (a, b) => a.id - b.id : order);
    return isDescending ? listed.toReversed() : listed;
  });
}

function sizeOf(query: URLSearchParams): number {
  const asked = Number(query.get('per_page') ?? 30);
  return Number.isInteger(asked) && asked > 0 ? Math.min(asked, 100) : 30;
}

function pageAnswer<T>(
  context: RestContext,
  repository: FakeRepository,
  rest: string,
  query: URLSearchParams,
  items: readonly T[],
  write: (item: T) => Json,
): RestAnswer {
  const size = sizeOf(query);
  const page = Math.max(1, Number.parseInt(query.get('page') ?? '1', 10) || 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  // GitHub's links name the repository by its id.
  const linkTo = (number: number, rel: string): string => {
    const search = new URLSearchParams(query);
    search.set('page', String(number));
    return `<${context.at.restUrl}/repositories/${repository.id}/${rest}?${search.toString()}>; rel="${rel}"`;
  };
  const links: string[] = [];
  if (page > 1) links.push(linkTo(Math.min(page - 1, last), 'prev'));
  if (page < last) links.push(linkTo(page + 1, 'next'), linkTo(last, 'last'));
  if (page > 1) links.push(linkTo(1, 'first'));
  const body = items.slice((page - 1) * size, page * size).map(write);
  return { status: 200, headers: links.length === 0 ? {} : { link: links.join(', ') }, body };
}

const PERIOD_DAYS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 31, quarter: 92, year: 366 };

/** The activity list pages by cursor: `after` and `before` come from the Link header. */
function activityAnswer(context: RestContext, resources: RestResources, repository: FakeRepository, query: URLSearchParams): RestAnswer {
  const period = query.get('time_period');
  const days = period === null ? Infinity : PERIOD_DAYS[period];
  if (days === undefined) return refusal(422, 'Validation Failed');
  const since = days === Infinity ? '' : momentOf(new Date(context.now.getTime() - days * 86_400_000).toISOString());
  const [ref, actor, type] = [query.get('ref'), query.get('actor'), query.get('activity_type')];
  const direction = query.get('direction') === 'asc' ? 1 : -1;
  const items = repository.pushes
    .filter(
      (push) =>
        push.at >= since &&
        (ref === null || push.ref === ref || push.ref === `refs/heads/${ref}`) &&
        (actor === null || context.data.account(push.actorId)?.login.toLowerCase() === actor.toLowerCase()) &&
        (type === null || push.type === type),
    )
    .sort((a, b) => (a.at === b.at ? a.id - b.id : a.at < b.at ? -1 : 1) * direction);
  const size = sizeOf(query);
  const after = query.get('after');
  const start = after === null ? 0 : items.findIndex((push) => cursorOf(push.id) === after) + 1;
  if (after !== null && start === 0) return refusal(422, 'Invalid cursor');
  const shown = items.slice(start, start + size);
  const headers: Record<string, string> = {};
  if (start + size < items.length) {
    const search = new URLSearchParams(query);
    search.set('after', cursorOf(shown.at(-1)?.id ?? 0));
    headers['link'] = `<${context.at.restUrl}/repositories/${repository.id}/activity?${search.toString()}>; rel="next"`;
  }
  return { status: 200, headers, body: shown.map((push) => resources.activity(repository, push)) };
}

const cursorOf = (id: number): string => Buffer.from(`push:${id}`).toString('base64url');
