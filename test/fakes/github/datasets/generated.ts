/** A repository of any size, the same for the same numbers and seed. */
import { oidOf } from '../changes.ts';
import { DataSet } from '../data-set.ts';
import type { FakeCommit, FakeIssue, FakePullRequest, FakeRepository, FakeReview, Moment, ReviewState, Signature } from '../data-set.ts';
import { twoYearsBefore } from './calendar.ts';
import type { CountWindow } from '../count-of.ts';

export interface GeneratedSize {
  readonly commits: number;
  readonly pullRequests: number;
  readonly issues?: number;
  readonly comments?: number;
  readonly reviewComments?: number;
  readonly commitComments?: number;
  readonly releases?: number;
  readonly people?: number;
  readonly seed?: number;
  /** The day the window ends. */
  readonly today?: string;
  /** How many days of work there are before `today`: over 730, some of it lies before the window. */
  readonly days?: number;
}

export interface Generated {
  readonly data: DataSet;
  readonly repository: FakeRepository;
  readonly window: CountWindow;
}

const OWNER_ID = 100;
const FIRST_PERSON = 1000;
const REPOSITORY_ID = 5000;

/**
 * 50,000 commits and 20,000 pull requests take about a second. Among the people: a few bots, one in twenty deleted, one in twenty with an
 * address GitHub does not know, one in ten with a noreply address.
 */
export function generated(size: GeneratedSize): Generated {
  const today = size.today ?? '2026-11-20';
  const days = size.days ?? 800;
  const random = randomFrom(size.seed ?? 1);
  const end = Date.parse(`${today}T12:00:00Z`);
  const start = end - days * 86_400_000;
  /** The moment a share (0 to 1) of the time has passed. */
  const momentAt = (share: number): Moment => `${new Date(start + share * (end - start)).toISOString().slice(0, 19)}Z`;

  const data = new DataSet();
  data.addAccount({ id: OWNER_ID, login: 'generated-org', type: 'Organization' });
  const repository = data.addRepository({ id: REPOSITORY_ID, ownerId: OWNER_ID, name: 'generated', stars: 1234, createdAt: momentAt(0) });
  const people = addPeople(data, size.people ?? Math.max(20, Math.ceil(size.commits / 100)), random);
  const world: World = { repository, random, momentAt, people, nextNumber: 1 };

  addItems(world, size.pullRequests, size.issues ?? Math.ceil(size.pullRequests / 2));
  addCommits(world, size.commits);
  addComments(world, size);
  data.touch();
  return { data, repository, window: { since: twoYearsBefore(today), until: today } };
}

interface World {
  readonly repository: FakeRepository;
  readonly random: () => number;
  readonly momentAt: (share: number) => Moment;
  readonly people: People;
  nextNumber: number;
}

interface People {
  /** An id; the first are by far the busiest. Some have no account (any more). */
  readonly someId: () => number;
  readonly signatureOf: (id: number) => Signature;
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function addPeople(data: DataSet, count: number, random: () => number): People {
  const signatures: Signature[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = FIRST_PERSON + index;
    const isBot = index % 40 === 17;
    const login = isBot ? `helper-${index}[bot]` : `person-${index}`;
    const isDeleted = index % 20 === 13;
    const isUnknown = index % 20 === 7;
    const email = index % 10 === 4 || isBot ? `${id}+${login}@users.noreply.github.com` : `${login}@example.org`;
    if (!isDeleted) data.addAccount({ id, login, type: isBot ? 'Bot' : 'User', name: `Person ${index}`, emails: isUnknown ? [] : [email] });
    signatures.push({ name: `Person ${index}`, email: isDeleted || isUnknown ? `${login}@elsewhere.example` : email });
  }
  return {
    someId: () => FIRST_PERSON + Math.floor(count * random() ** 3),
    signatureOf: (id) => signatures[id - FIRST_PERSON] as Signature,
  };
}

const REVIEW_STATES: readonly ReviewState[] = ['APPROVED', 'COMMENTED', 'CHANGES_REQUESTED', 'DISMISSED', 'COMMENTED', 'APPROVED'];

/** Pull requests and issues, numbered in the order they were opened. */
function addItems(world: World, pullRequests: number, issues: number): void {
  const total = pullRequests + issues;
  let pullsLeft = pullRequests;
  for (let index = 0; index < total; index += 1) {
    const opened = index / total;
    if (world.random() * (total - index) < pullsLeft) {
      pullsLeft -= 1;
      addPullRequest(world, opened);
    } else {
      addIssue(world, opened);
    }
  }
}

function addPullRequest(world: World, opened: number): void {
  const { random, momentAt, people, repository } = world;
  const number = world.nextNumber;
  world.nextNumber += 1;
  const closed = Math.min(0.9999, opened + random() * 0.02);
  const fate = random();
  const isMerged = fate < 0.75;
  const isOpen = fate > 0.9;
  const closedAt = isOpen ? null : momentAt(closed);
  const authorId = people.someId();
  const reviewCount = random() < 0.02 ? 41 + Math.floor(random() * 30) : Math.floor(random() * 4);
  const reviews = Array.from({ length: reviewCount }, (_, index): FakeReview => {
    const state = REVIEW_STATES[Math.floor(random() * REVIEW_STATES.length)] as ReviewState;
    const submittedAt = momentAt(opened + (closed - opened) * ((index + 1) / (reviewCount + 1)));
    return { id: 3_000_000_000 + number * 100 + index, authorId: random() < 0.1 ? authorId : people.someId(), state, submittedAt };
  });
  const createdAt = momentAt(opened);
  const pull: FakePullRequest = {
    id: 2_400_000_000 + number,
    number,
    authorId,
    createdAt,
    updatedAt: closedAt ?? reviews.at(-1)?.submittedAt ?? createdAt,
    closedAt,
    mergedAt: isMerged ? closedAt : null,
    mergedById: isMerged ? people.someId() : null,
    mergeCommitOid: null,
    additions: Math.floor(random() ** 4 * 3000),
    deletions: Math.floor(random() ** 4 * 1500),
    changedFiles: 1 + Math.floor(random() * 12),
    baseRefName: 'main',
    headRefOid: oidOf(`generated head ${number}`),
    isDraft: isOpen && random() < 0.3,
    isCrossRepository: random() < 0.6,
    reviews,
  };
  repository.pullRequests.set(number, pull);
}

function addIssue(world: World, opened: number): void {
  const { random, momentAt, people, repository } = world;
  const number = world.nextNumber;
  world.nextNumber += 1;
  const events: FakeIssue['events'] = [];
  const turns = random() < 0.7 ? (random() < 0.08 ? 3 : 1) : random() < 0.1 ? 2 : 0;
  for (let turn = 0; turn < turns; turn += 1) {
    const at = momentAt(Math.min(0.9999, opened + 0.001 + turn * 0.004 + random() * 0.003));
    events.push({
      id: 700_000_000 + number * 10 + turn,
      type: turn % 2 === 0 ? 'closed' : 'reopened',
      actorId: people.someId(),
      at,
      closer: null,
    });
  }
  const last = events.at(-1);
  const createdAt = momentAt(opened);
  repository.issues.set(number, {
    id: 2_200_000_000 + number,
    number,
    authorId: people.someId(),
    createdAt,
    updatedAt: last?.at ?? createdAt,
    closedAt: last?.type === 'closed' ? last.at : null,
    stateReason: last === undefined ? null : last.type === 'closed' ? 'COMPLETED' : 'REOPENED',
    events,
  });
}

/** One line of commits; a merged pull request brings the last one to four before it was merged, one in ten of them by a merge commit. */
function addCommits(world: World, count: number): void {
  const { repository, random, momentAt, people } = world;
  const merged = [...repository.pullRequests.values()]
    .filter((pull) => pull.mergedAt !== null)
    .sort((a, b) => ((a.mergedAt as string) < (b.mergedAt as string) ? -1 : 1));
  const webFlow: Signature = { name: 'GitHub', email: 'noreply@github.com' };
  let nextMerge = 0;
  let untaken: FakeCommit[] = [];
  let grandparent: string | null = null;
  for (let index = 0; index < count; index += 1) {
    const committedAt = momentAt((index + 1) / (count + 1));
    const pull = merged[nextMerge];
    const isLanding = pull !== undefined && committedAt >= (pull.mergedAt as string);
    const isMergeCommit = isLanding && grandparent !== null && random() < 0.1;
    const authorId = isLanding && !isMergeCommit && pull.authorId !== null ? pull.authorId : people.someId();
    const parents = [repository.head, isMergeCommit ? grandparent : null].filter((oid) => oid !== null);
    const commit: FakeCommit = {
      oid: oidOf(`generated ${index}`),
      parents,
      author: people.signatureOf(authorId),
      coAuthors: random() < 0.05 ? [people.signatureOf(people.someId())] : [],
      committer: isLanding ? webFlow : people.signatureOf(authorId),
      authoredAt: committedAt,
      committedAt,
      additions: Math.floor(random() ** 4 * 1000),
      deletions: Math.floor(random() ** 4 * 500),
      changedFiles: 1 + Math.floor(random() * 6),
      pullRequests: [],
    };
    repository.commits.set(commit.oid, commit);
    grandparent = repository.head;
    repository.head = commit.oid;
    if (isLanding) {
      nextMerge += 1;
      pull.mergeCommitOid = commit.oid;
      for (const one of [commit, ...untaken.slice(untaken.length - Math.floor(random() * Math.min(4, untaken.length + 1)))]) {
        if (one.pullRequests.length === 0) one.pullRequests = [{ repositoryId: repository.id, number: pull.number }];
      }
      untaken = [];
    } else {
      untaken.push(commit);
      if (untaken.length > 4) untaken.shift();
    }
  }
  const head = repository.head === null ? undefined : repository.commits.get(repository.head);
  repository.pushedAt = head?.committedAt ?? null;
}

function addComments(world: World, size: GeneratedSize): void {
  const { repository, random, momentAt, people } = world;
  const items = [...repository.issues.keys(), ...repository.pullRequests.keys()];
  const pulls = [...repository.pullRequests.values()].filter((pull) => pull.reviews.length > 0);
  const oids = [...repository.commits.keys()];
  const dated = (share: number): { authorId: number; createdAt: Moment; updatedAt: Moment } => ({
    authorId: people.someId(),
    createdAt: momentAt(share),
    updatedAt: momentAt(random() < 0.1 ? Math.min(0.9999, share + random() * 0.1) : share),
  });
  const some = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const comments = items.length === 0 ? 0 : (size.comments ?? 0);
  for (let index = 0; index < comments; index += 1) {
    const id = 2_300_000_000 + index;
    repository.issueComments.set(id, { id, number: some(items), ...dated(index / comments) });
  }
  const reviewComments = pulls.length === 0 ? 0 : (size.reviewComments ?? 0);
  for (let index = 0; index < reviewComments; index += 1) {
    const id = 2_100_000_000 + index;
    const pull = some(pulls);
    repository.reviewComments.set(id, {
      id,
      number: pull.number,
      reviewId: some(pull.reviews).id,
      inReplyToId: null,
      ...dated(index / reviewComments),
    });
  }
  const commitComments = oids.length === 0 ? 0 : (size.commitComments ?? 0);
  for (let index = 0; index < commitComments; index += 1) {
    const id = 170_000_000 + index;
    repository.commitComments.set(id, { id, oid: some(oids), ...dated(index / commitComments) });
  }
  const releases = size.releases ?? 0;
  for (let index = 0; index < releases; index += 1) {
    const id = 180_000_000 + index;
    const isDraft = random() < 0.1;
    const createdAt = momentAt(index / releases);
    const publishedAt = isDraft ? null : createdAt;
    repository.releases.set(id, {
      id,
      tagName: `v${index}`,
      authorId: people.someId(),
      isDraft,
      isPrerelease: random() < 0.2,
      createdAt,
      publishedAt,
    });
  }
}
