/**
 * A data set from a real repository's git history. Of the history only facts are read: parents, moments, line counts, who is who (as
 * numbers, in order of appearance) and the numbers of pull requests in subjects. No name, address, message, path or commit id is kept.
 */
import { execFileSync } from 'node:child_process';
import { oidOf } from '../changes.ts';
import { DataSet } from '../data-set.ts';
import type { FakeCommit, FakeRepository, Moment, Signature } from '../data-set.ts';
import type { CountWindow } from '../count-of.ts';

/** One commit. People and parents are numbers: the how-manieth person, the how-manieth commit (0 is the oldest). */
export interface CommitFacts {
  readonly parents: readonly number[];
  readonly author: number;
  readonly coAuthors: readonly number[];
  readonly authoredAt: Moment;
  readonly committedAt: Moment;
  readonly additions: number;
  readonly deletions: number;
  readonly changedFiles: number;
  /** The pull request its subject names: `(#12)` at the end of a squash merge, `Merge pull request #12`. */
  readonly pullRequest: number | null;
}

/** The facts of a history, oldest first: what may be kept of it. */
interface HistoryFacts {
  readonly commits: readonly CommitFacts[];
}

export interface FromHistory {
  readonly data: DataSet;
  readonly repository: FakeRepository;
  /** From the first commit's day to the last one's. */
  readonly window: CountWindow;
}

const FIELD = '\u001f';
const RECORD = '\u001e';

/** Reads the facts of `HEAD`'s history. @param gitDirectory a work tree or a bare repository. @throws Error when git can't read it. */
export function readHistoryFacts(gitDirectory: string): HistoryFacts {
  const format = `${RECORD}%H${FIELD}%P${FIELD}%ae${FIELD}%aI${FIELD}%cI${FIELD}%s${FIELD}%(trailers:key=Co-authored-by,valueonly,separator=%x1d)${FIELD}`;
  // A directory that looks like another user's is refused by git; it is only read here.
  const args = [
    '-c',
    `safe.directory=${gitDirectory}`,
    '-C',
    gitDirectory,
    'log',
    '--reverse',
    '--topo-order',
    '--numstat',
    '--no-renames',
    `--format=${format}`,
    'HEAD',
  ];
  const output = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 30, env: { ...process.env, TZ: 'UTC' } });

  const people = new Map<string, number>();
  const personOf = (email: string): number => {
    const key = email.toLowerCase();
    const known = people.get(key) ?? people.size;
    people.set(key, known);
    return known;
  };
  const places = new Map<string, number>();
  const commits: CommitFacts[] = [];
  for (const record of output.split(RECORD).slice(1)) {
    const [oid, parents, email, authoredAt, committedAt, subject, trailers, numstat] = record.split(FIELD) as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const lines = numstat.matchAll(/^(\d+|-)\t(\d+|-)\t/gm).toArray();
    const sum = (group: 1 | 2): number => lines.reduce((total, line) => total + (Number(line[group]) || 0), 0);
    const author = personOf(email);
    const coAuthors = trailers.matchAll(/<([^>]+)>/g).map((match) => personOf(match[1] as string));
    const named = /^Merge pull request #(\d+)|\(#(\d+)\)$/.exec(subject);
    places.set(oid, commits.length);
    commits.push({
      parents: parents.split(' ').flatMap((parent) => places.get(parent) ?? []),
      author,
      coAuthors: [...new Set(coAuthors)].filter((person) => person !== author),
      authoredAt: inUtc(authoredAt),
      committedAt: inUtc(committedAt),
      additions: sum(1),
      deletions: sum(2),
      changedFiles: lines.length,
      pullRequest: named === null ? null : Number(named[1] ?? named[2]),
    });
  }
  return { commits };
}

const inUtc = (moment: string): Moment => `${new Date(moment).toISOString().slice(0, 19)}Z`;

const FIRST_PERSON = 20_000;
const OWNER_ID = 19_999;
const REPOSITORY_ID = 77_000;

/** A data set with these commits; every pull request they name is merged by the commit that names it first. */
export function fromHistoryFacts(facts: HistoryFacts): FromHistory {
  const data = new DataSet();
  data.addAccount({ id: OWNER_ID, login: 'history-owner' });
  const repository = data.addRepository({ id: REPOSITORY_ID, ownerId: OWNER_ID, name: 'from-history' });
  const signatureOf = (person: number): Signature => ({ name: `Person ${person}`, email: `person-${person}@example.org` });
  const known = new Set<number>();
  const meet = (person: number): Signature => {
    // One in fifteen has an address that no account has.
    if (!known.has(person) && person % 15 !== 14) {
      data.addAccount({
        id: FIRST_PERSON + person,
        login: `person-${person}`,
        name: `Person ${person}`,
        emails: [signatureOf(person).email],
      });
    }
    known.add(person);
    return signatureOf(person);
  };

  const stored: FakeCommit[] = [];
  for (const [index, fact] of facts.commits.entries()) {
    const author = meet(fact.author);
    const commit: FakeCommit = {
      oid: oidOf(`history ${index} ${fact.committedAt}`),
      parents: fact.parents.flatMap((parent) => stored[parent]?.oid ?? []),
      author,
      coAuthors: fact.coAuthors.map(meet),
      committer: fact.pullRequest === null ? author : { name: 'GitHub', email: 'noreply@github.com' },
      authoredAt: fact.authoredAt,
      committedAt: fact.committedAt,
      additions: fact.additions,
      deletions: fact.deletions,
      changedFiles: fact.changedFiles,
      pullRequests: [],
    };
    stored.push(commit);
    repository.commits.set(commit.oid, commit);
    repository.head = commit.oid;
  }
  for (const [index, fact] of facts.commits.entries()) {
    if (fact.pullRequest !== null && !repository.pullRequests.has(fact.pullRequest))
      addPullRequest(data, repository, facts, stored, index, fact.pullRequest);
  }
  repository.pushedAt = stored.at(-1)?.committedAt ?? null;
  data.touch();
  const days = stored.map((commit) => commit.committedAt.slice(0, 10)).sort();
  return { data, repository, window: { since: days[0] ?? '2020-01-01', until: days.at(-1) ?? '2020-01-01' } };
}

/** The merged pull request of a commit: a squash brings itself, a merge commit what its second parent has and its first has not. */
function addPullRequest(
  data: DataSet,
  repository: FakeRepository,
  facts: HistoryFacts,
  stored: readonly FakeCommit[],
  index: number,
  number: number,
): void {
  const landing = stored[index] as FakeCommit;
  const fact = facts.commits[index] as CommitFacts;
  const own = fact.parents.length < 2 ? [] : branchOf(facts, fact.parents[0] as number, fact.parents[1] as number);
  const brought = [...own.map((place) => stored[place] as FakeCommit), landing];
  const first = own.length === 0 ? fact : (facts.commits[Math.min(...own)] as CommitFacts);
  for (const commit of brought) {
    if (commit.pullRequests.length === 0) commit.pullRequests = [{ repositoryId: repository.id, number }];
  }
  const authorId = FIRST_PERSON + first.author;
  const lines = own.length === 0 ? [landing] : brought.slice(0, -1);
  repository.pullRequests.set(number, {
    id: 2_700_000_000 + number,
    number,
    authorId: data.accounts.has(authorId) ? authorId : null,
    createdAt: first.authoredAt < landing.committedAt ? first.authoredAt : landing.committedAt,
    updatedAt: landing.committedAt,
    closedAt: landing.committedAt,
    mergedAt: landing.committedAt,
    mergedById: FIRST_PERSON,
    mergeCommitOid: landing.oid,
    additions: lines.reduce((sum, commit) => sum + commit.additions, 0),
    deletions: lines.reduce((sum, commit) => sum + commit.deletions, 0),
    changedFiles: lines.reduce((sum, commit) => sum + commit.changedFiles, 0),
    baseRefName: 'main',
    headRefOid: brought[0]?.oid ?? landing.oid,
    isDraft: false,
    isCrossRepository: true,
    reviews: [],
  });
}

/** The commits reachable from `tip` and not from `base`. */
function branchOf(facts: HistoryFacts, base: number, tip: number): number[] {
  const reach = (from: number, stop: ReadonlySet<number>): Set<number> => {
    const reached = new Set<number>();
    const waiting = [from];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (reached.has(place) || stop.has(place)) continue;
      reached.add(place);
      waiting.push(...(facts.commits[place]?.parents ?? []));
    }
    return reached;
  };
  return [...reach(tip, reach(base, new Set()))];
}

/** A data set from a repository's git history. */
export function fromGitHistory(gitDirectory: string): FromHistory {
  return fromHistoryFacts(readHistoryFacts(gitDirectory));
}
