/** The part of GitHub's issue search that counting needs: qualifiers, joined by AND. */
import type { DataSet, FakeIssue, FakePullRequest, FakeRepository } from './data-set.ts';

export type Found =
  | { readonly type: 'pr'; readonly repository: FakeRepository; readonly item: FakePullRequest }
  | { readonly type: 'issue'; readonly repository: FakeRepository; readonly item: FakeIssue };

type Test = (found: Found) => boolean;

/** What a search finds, newest first. @throws RangeError naming a qualifier that the fake does not know: a test must not pass by accident. */
export function searchIssues(data: DataSet, query: string): readonly Found[] {
  const tests: Test[] = [];
  let repositories: readonly FakeRepository[] = [...data.repositories.values()];
  for (const term of query.match(/-?\w[\w-]*:(?:"[^"]*"|\S+)|\S+/g) ?? []) {
    const match = /^(-?)([\w-]+):"?([^"]*)"?$/.exec(term);
    if (match === null) throw new RangeError(`The fake searches by qualifiers only, not for the text ${term}`);
    const [, minus, qualifier, value] = match as unknown as [string, string, string, string];
    if (qualifier === 'repo') {
      const [owner, name] = value.split('/') as [string, string];
      const found = data.findRepository(owner, name);
      // Search knows the current name only.
      repositories = found === null || found.moved ? [] : repositories.filter((one) => one === found.repository);
      continue;
    }
    const test = testOf(data, qualifier, value);
    tests.push(minus === '-' ? (found) => !test(found) : test);
  }
  return repositories
    .flatMap((repository): Found[] => [
      ...[...repository.pullRequests.values()].map((item): Found => ({ type: 'pr', repository, item })),
      ...[...repository.issues.values()].map((item): Found => ({ type: 'issue', repository, item })),
    ])
    .filter((found) => tests.every((test) => test(found)))
    .sort((a, b) => (a.item.createdAt === b.item.createdAt ? b.item.id - a.item.id : a.item.createdAt < b.item.createdAt ? 1 : -1));
}

function testOf(data: DataSet, qualifier: string, value: string): Test {
  const isAccount = (id: number | null): boolean => data.account(id)?.login.toLowerCase() === value.toLowerCase();
  switch (qualifier) {
    case 'is':
    case 'type':
    case 'state':
      return stateTest(value.toLowerCase());
    case 'author':
      return (found) => isAccount(found.item.authorId);
    case 'reviewed-by':
      return (found) =>
        found.type === 'pr' && found.item.reviews.some((review) => review.state !== 'PENDING' && isAccount(review.authorId));
    case 'created':
      return rangeTest(value, (found) => found.item.createdAt);
    case 'updated':
      return rangeTest(value, (found) => found.item.updatedAt);
    case 'closed':
      return rangeTest(value, (found) => found.item.closedAt);
    case 'merged':
      return rangeTest(value, (found) => (found.type === 'pr' ? found.item.mergedAt : null));
    default:
      throw new RangeError(`The fake does not know the search qualifier ${qualifier}`);
  }
}

function stateTest(value: string): Test {
  switch (value) {
    case 'pr':
    case 'issue':
      return (found) => found.type === value;
    case 'open':
      return (found) => found.item.closedAt === null;
    case 'closed':
      return (found) => found.item.closedAt !== null;
    case 'merged':
      return (found) => found.type === 'pr' && found.item.mergedAt !== null;
    case 'unmerged':
      return (found) => found.type === 'pr' && found.item.mergedAt === null;
    case 'draft':
      return (found) => found.type === 'pr' && found.item.isDraft;
    case 'public':
      return (found) => !found.repository.isPrivate;
    default:
      throw new RangeError(`The fake does not know is:${value}`);
  }
}

/** `2026-01-01..2026-01-31`, `>=2026-01-01`, `<2026-02-01T00:00:00Z`, `*..2026-01-31`: both ends included, a day is the whole day (UTC). */
function rangeTest(value: string, at: (found: Found) => string | null): Test {
  const range = /^(\S+?)\.\.(\S+)$/.exec(value);
  const compared = /^([<>]=?)(.+)$/.exec(value);
  const [low, high] =
    range !== null
      ? [startOf(range[1] as string), endOf(range[2] as string)]
      : compared !== null
        ? boundsOf(compared[1] as string, compared[2] as string)
        : [startOf(value), endOf(value)];
  return (found) => {
    const moment = at(found);
    return moment !== null && moment >= low && moment <= high;
  };
}

function boundsOf(operator: string, value: string): [string, string] {
  switch (operator) {
    case '>=':
      return [startOf(value), '9'];
    case '>':
      return [after(endOf(value)), '9'];
    case '<=':
      return ['', endOf(value)];
    default:
      return ['', before(startOf(value))];
  }
}

const second = (text: string): string => `${new Date(text).toISOString().slice(0, 19)}Z`;
const startOf = (value: string): string => (value === '*' ? '' : value.length === 10 ? `${value}T00:00:00Z` : second(value));
const endOf = (value: string): string => (value === '*' ? '9' : value.length === 10 ? `${value}T23:59:59Z` : second(value));
const after = (moment: string): string => second(new Date(Date.parse(moment) + 1000).toISOString());
const before = (moment: string): string => second(new Date(Date.parse(moment) - 1000).toISOString());
