/** Every hard case once, small enough to be counted by hand: github.test.ts has the numbers. */
import { oidOf, pushCommits } from '../changes.ts';
import type { NewCommit } from '../changes.ts';
import { DataSet } from '../data-set.ts';
import type { FakeCommit, FakePullRequest, FakeRepository, FakeReview, IssueEvent, Signature } from '../data-set.ts';
import { daysBefore, twoYearsBefore } from './calendar.ts';
import type { CountWindow } from '../count-of.ts';

export const ADA = 1;
export const BEN = 2;
/** Was called `coral` until she gave the name up. */
export const CLEO = 3;
/** Took the name `coral` after Cleo. */
export const CORAL = 4;
export const DAN = 5;
/** Deleted: no account of this id is left. */
export const EVE = 6;
export const MANNEQUIN = 8;
export const OCTO_CORP = 9;
export const OLD_OWNER = 10;
/** Known by the number in a noreply address that GitHub did not link. */
export const GUS = 11;
/** A bot under an ordinary account. */
export const CI_ROBOT = 12;
export const DEPENDABOT = 49_699_333;

export interface HandChecked {
  readonly data: DataSet;
  /** `octo-corp/hand-checked`; it was `old-owner/first-name`, then `old-owner/hand-checked`. */
  readonly repository: FakeRepository;
  /** `octo-corp/other`: one of its pull requests is associated with a commit of the first. */
  readonly other: FakeRepository;
  /** Two years to `today`. A few things lie before it. */
  readonly window: CountWindow;
}

const sign = (name: string, email: string, more: Partial<Signature> = {}): Signature => ({ name, email, ...more });
const ada = sign('Ada', 'ada@example.org');
const ben = sign('Ben', 'ben@example.org');
const cleo = sign('Cleo', 'cleo@example.org');
const coral = sign('Coral', 'coral@new.example');
const dan = sign('Dan', 'dan@example.org');
const eve = sign('Eve', 'eve@example.org');
const stranger = sign('Stranger', 'stranger@nowhere.example');
const gus = sign('Gus', '11+gus@users.noreply.github.com', { notLinked: true });
const dependabot = sign('dependabot[bot]', '49699333+dependabot[bot]@users.noreply.github.com');
const webFlow = sign('GitHub', 'noreply@github.com');

export function handChecked(today = '2026-11-20'): HandChecked {
  const data = new DataSet();
  const ago = daysBefore(today);
  addPeople(data);
  const repository = data.addRepository({
    id: 1000,
    ownerId: OCTO_CORP,
    name: 'hand-checked',
    oldNames: ['old-owner/first-name', 'old-owner/hand-checked'],
    description: 'Every hard case once',
    stars: 42,
    forks: 7,
    createdAt: ago(1200),
    updatedAt: ago(1),
  });
  const other = data.addRepository({ id: 2000, ownerId: OCTO_CORP, name: 'other', createdAt: ago(1200) });
  addCommits(data, repository, other, ago);
  addPullRequests(repository, other, ago);
  addIssues(repository, ago);
  addComments(repository, ago);
  addReleases(repository, ago);
  data.touch();
  return { data, repository, other, window: { since: twoYearsBefore(today), until: today } };
}

function addPeople(data: DataSet): void {
  data.addAccount({
    id: ADA,
    login: 'ada',
    name: 'Ada',
    emails: ['ada@example.org'],
    profile: {
      company: '@octo-corp',
      location: 'London',
      followers: 10,
      socialAccounts: [{ provider: 'MASTODON', displayName: '@ada@social.example', url: 'https://social.example/@ada' }],
    },
  });
  data.addAccount({ id: BEN, login: 'ben', name: 'Ben', emails: ['ben@example.org'] });
  data.addAccount({ id: CLEO, login: 'cleo', name: 'Cleo', emails: ['cleo@example.org', 'coral@users.noreply.github.com'] });
  data.addAccount({ id: CORAL, login: 'coral', name: 'Coral', emails: ['coral@new.example'] });
  data.addAccount({ id: DAN, login: 'dan', name: 'Dan', emails: ['dan@example.org'] });
  data.addAccount({ id: MANNEQUIN, login: 'imported', type: 'Mannequin' });
  data.addAccount({ id: OCTO_CORP, login: 'octo-corp', type: 'Organization' });
  data.addAccount({ id: OLD_OWNER, login: 'old-owner' });
  data.addAccount({ id: GUS, login: 'gus' });
  data.addAccount({ id: CI_ROBOT, login: 'k8s-ci-robot' });
  data.addAccount({ id: DEPENDABOT, login: 'dependabot[bot]', type: 'Bot' });
}

type Ago = ReturnType<typeof daysBefore>;

/** 137 commits that count, two merge commits that do not, one before the window. */
function addCommits(data: DataSet, repository: FakeRepository, other: FakeRepository, ago: Ago): void {
  const of = (number: number, at = repository): FakeCommit['pullRequests'] => [{ repositoryId: at.id, number }];
  const push = (commits: readonly NewCommit[]): string => (pushCommits(data, repository, commits, ADA).at(-1) as { oid: string }).oid;

  push([{ author: ada, committedAt: ago(1100), additions: 10 }]);
  const base = push([
    { author: ada, committedAt: ago(600), additions: 100, deletions: 20 },
    { author: sign('Ada', '1+ada@users.noreply.github.com'), committedAt: ago(599), additions: 5, deletions: 5 },
    { author: sign('Cleo', 'coral@users.noreply.github.com'), committedAt: ago(598), additions: 7, deletions: 1 },
    { author: sign('Cleo', '3+coral@users.noreply.github.com'), committedAt: ago(597), additions: 3 },
    { author: coral, committedAt: ago(596), additions: 2, deletions: 2 },
    { author: stranger, committedAt: ago(595), additions: 50, deletions: 50 },
    { author: eve, committedAt: ago(594), additions: 11 },
    { author: gus, committedAt: ago(593), additions: 9, deletions: 4 },
    // In an open pull request too: its lines are its own.
    { author: ben, committedAt: ago(592), additions: 6, deletions: 6, pullRequests: of(20) },
    // Merged by a pull request of another repository: its lines are its own here.
    { author: ben, committedAt: ago(591), additions: 8, pullRequests: of(1, other) },
  ]);
  // A branch merged with git alone.
  const side = push([{ author: ben, committedAt: ago(590), additions: 12, deletions: 3 }]);
  push([{ author: ada, committedAt: ago(589), parents: [base, side], additions: 500, deletions: 500 }]);

  const branched = repository.head as string;
  const many = Array.from({ length: 120 }, (_, index): NewCommit => {
    const author = index < 60 ? ada : index < 100 ? ben : stranger;
    const time = `${String(8 + Math.floor(index / 60)).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}:00`;
    return { author, committedAt: ago(300, time), additions: 10, deletions: 1, pullRequests: of(10) };
  });
  const tip = push(many);
  push([
    {
      author: ben,
      committer: webFlow,
      committedAt: ago(299),
      parents: [branched, tip],
      additions: 1200,
      deletions: 120,
      pullRequests: of(10),
    },
  ]);
  push([
    {
      author: dan,
      coAuthors: [ben, stranger, cleo, ada, coral, gus],
      committer: webFlow,
      committedAt: ago(200),
      additions: 200,
      deletions: 30,
      pullRequests: of(11),
    },
    { author: eve, committer: webFlow, committedAt: ago(190), additions: 77, deletions: 7, pullRequests: of(12) },
    { author: dependabot, committer: webFlow, committedAt: ago(180), additions: 4, deletions: 4, pullRequests: of(13) },
    {
      author: sign('Imported', 'imported@elsewhere.example'),
      committer: webFlow,
      committedAt: ago(170),
      additions: 1,
      deletions: 1,
      pullRequests: of(15),
    },
    { author: cleo, committer: webFlow, committedAt: ago(100), additions: 30, deletions: 3, pullRequests: of(21) },
    { author: ben, committer: webFlow, committedAt: ago(50), additions: 80_000, deletions: 40_000, pullRequests: of(22) },
  ]);
}

/** Ids beyond 32 bits, as GitHub's are now. */
const PULL_ID = 2_600_000_000;
const REVIEW_ID = 3_100_000_000;

function addPullRequests(repository: FakeRepository, other: FakeRepository, ago: Ago): void {
  const add = (pull: Pick<FakePullRequest, 'number' | 'authorId' | 'createdAt'> & Partial<FakePullRequest>, to = repository): void => {
    const last = [pull.createdAt, pull.closedAt ?? '', ...(pull.reviews ?? []).map((review) => review.submittedAt ?? '')]
      .sort()
      .at(-1) as string;
    to.pullRequests.set(pull.number, {
      id: PULL_ID + to.id + pull.number,
      updatedAt: last,
      closedAt: null,
      mergedAt: null,
      mergedById: null,
      mergeCommitOid: null,
      additions: 0,
      deletions: 0,
      changedFiles: 1,
      baseRefName: 'main',
      headRefOid: oidOf(`head ${to.id} ${pull.number}`),
      isDraft: false,
      isCrossRepository: false,
      reviews: [],
      ...pull,
    });
  };
  let reviews = 0;
  const review = (authorId: number, state: FakeReview['state'], submittedAt: string | null): FakeReview => {
    reviews += 1;
    return { id: REVIEW_ID + reviews, authorId, state, submittedAt };
  };
  const merged = (at: string, mergedById: number, additions: number, deletions: number): Partial<FakePullRequest> => ({
    closedAt: at,
    mergedAt: at,
    mergedById,
    additions,
    deletions,
  });
  const several = (count: number, authorId: number, from: number): FakeReview[] =>
    Array.from({ length: count }, (_, index) => review(authorId, 'COMMENTED', ago(300, `${from}:${String(index).padStart(2, '0')}:00`)));

  // 45 reviews; the one by Cleo, dismissed, is the last.
  const manyReviews = [
    ...several(20, DAN, 10),
    ...several(15, BEN, 11),
    ...several(5, ADA, 13),
    ...several(3, EVE, 14),
    review(DAN, 'PENDING', null),
    review(CLEO, 'DISMISSED', ago(299, '09:00:00')),
  ];
  add({ number: 10, authorId: ADA, createdAt: ago(301), ...merged(ago(299), BEN, 900, 100), reviews: manyReviews });
  add({
    number: 11,
    authorId: DAN,
    createdAt: ago(210),
    ...merged(ago(200), ADA, 200, 30),
    reviews: [review(ADA, 'APPROVED', ago(201)), review(DAN, 'COMMENTED', ago(202))],
  });
  add({ number: 12, authorId: EVE, createdAt: ago(195), ...merged(ago(190), ADA, 77, 7), reviews: [review(BEN, 'APPROVED', ago(191))] });
  add({
    number: 13,
    authorId: DEPENDABOT,
    createdAt: ago(181),
    ...merged(ago(180), ADA, 4, 4),
    reviews: [review(ADA, 'APPROVED', ago(180, '09:00:00'))],
  });
  // Not a self review: the login Coral has was Cleo's once.
  add({
    number: 14,
    authorId: CORAL,
    createdAt: ago(175),
    closedAt: ago(174),
    reviews: [review(CLEO, 'CHANGES_REQUESTED', ago(174, '09:00:00'))],
  });
  add({ number: 15, authorId: MANNEQUIN, createdAt: ago(172), ...merged(ago(170), ADA, 1, 1) });
  add({ number: 16, authorId: OCTO_CORP, createdAt: ago(160), isCrossRepository: true });
  add({
    number: 20,
    authorId: BEN,
    createdAt: ago(120),
    isDraft: true,
    additions: 6,
    deletions: 6,
    reviews: [review(DAN, 'DISMISSED', ago(119)), review(ADA, 'PENDING', null)],
  });
  // Opened and first reviewed before the window, merged within.
  add({
    number: 21,
    authorId: CLEO,
    createdAt: ago(900),
    ...merged(ago(100), ADA, 30, 3),
    reviews: [review(DAN, 'COMMENTED', ago(890)), review(DAN, 'APPROVED', ago(101)), review(BEN, 'APPROVED', ago(102))],
  });
  add({
    number: 22,
    authorId: BEN,
    createdAt: ago(60),
    ...merged(ago(50), BEN, 80_000, 40_000),
    reviews: [review(DEPENDABOT, 'COMMENTED', ago(55))],
  });
  add({ number: 1, authorId: BEN, createdAt: ago(593), ...merged(ago(591), ADA, 8, 0) }, other);
}

function addIssues(repository: FakeRepository, ago: Ago): void {
  const ISSUE_ID = 2_900_000_000;
  let events = 0;
  const event = (type: IssueEvent['type'], actorId: number, at: string, closer: IssueEvent['closer'] = null): IssueEvent => {
    events += 1;
    return { id: 9000 + events, type, actorId, at, closer };
  };
  const add = (number: number, authorId: number, createdAt: string, happened: IssueEvent[] = []): void => {
    const last = happened.at(-1);
    const isClosed = last?.type === 'closed';
    repository.issues.set(number, {
      id: ISSUE_ID + number,
      number,
      authorId,
      createdAt,
      updatedAt: last?.at ?? createdAt,
      closedAt: isClosed ? last.at : null,
      stateReason: isClosed ? 'COMPLETED' : last === undefined ? null : 'REOPENED',
      events: happened,
    });
  };
  add(1, ADA, ago(500), [event('closed', BEN, ago(499))]);
  add(2, BEN, ago(490), [event('closed', CLEO, ago(489)), event('reopened', BEN, ago(488)), event('closed', DAN, ago(480))]);
  add(3, CLEO, ago(470), [event('closed', ADA, ago(469)), event('reopened', CLEO, ago(468))]);
  add(4, EVE, ago(460), [event('closed', DEPENDABOT, ago(459))]);
  add(5, CORAL, ago(450), [event('closed', ADA, ago(200), { pullRequest: 11 })]);
  add(6, ADA, ago(440), [event('closed', EVE, ago(439))]);
  add(7, DAN, ago(900), [event('closed', DAN, ago(400))]);
  add(8, MANNEQUIN, ago(390));
  add(9, OCTO_CORP, ago(380));
}

function addComments(repository: FakeRepository, ago: Ago): void {
  let id = 2_500_000_000;
  const onIssue = (number: number, authorId: number, createdAt: string, updatedAt = createdAt): void => {
    id += 1;
    repository.issueComments.set(id, { id, number, authorId, createdAt, updatedAt });
  };
  onIssue(1, ADA, ago(499, '10:00:00'));
  onIssue(10, ADA, ago(300));
  onIssue(11, ADA, ago(205));
  onIssue(1, BEN, ago(499, '11:00:00'));
  onIssue(10, BEN, ago(299, '10:00:00'));
  onIssue(2, CLEO, ago(489));
  onIssue(14, CORAL, ago(174));
  onIssue(4, EVE, ago(460));
  onIssue(12, EVE, ago(193));
  onIssue(13, DEPENDABOT, ago(180));
  onIssue(22, CI_ROBOT, ago(59));
  // Written before the window and edited within: `since` finds it, it does not count.
  onIssue(7, DAN, ago(890), ago(30));

  const firstReview = REVIEW_ID + 1;
  const onLine = (authorId: number, createdAt: string, inReplyToId: number | null = null, reviewId = firstReview, number = 10): number => {
    id += 1;
    repository.reviewComments.set(id, { id, number, reviewId, authorId, createdAt, updatedAt: createdAt, inReplyToId });
    return id;
  };
  const opening = onLine(DAN, ago(300, '10:00:00'));
  onLine(DAN, ago(300, '10:01:00'));
  onLine(DAN, ago(300, '10:02:00'));
  onLine(BEN, ago(300, '11:00:00'));
  onLine(BEN, ago(300, '11:01:00'));
  onLine(ADA, ago(300, '13:00:00'), opening);
  onLine(DAN, ago(300, '15:00:00'), opening);
  onLine(EVE, ago(300, '14:00:00'));
  onLine(DAN, ago(890), null, firstReview, 21);

  const oid = repository.head as string;
  const onCommit = (authorId: number, createdAt: string): void => {
    id += 1;
    repository.commitComments.set(id, { id, oid, authorId, createdAt, updatedAt: createdAt });
  };
  onCommit(ADA, ago(1000));
  onCommit(CLEO, ago(40));
  onCommit(EVE, ago(39));
}

function addReleases(repository: FakeRepository, ago: Ago): void {
  const add = (
    id: number,
    tagName: string,
    authorId: number,
    createdAt: string,
    publishedAt: string | null,
    isPrerelease = false,
  ): void => {
    repository.releases.set(id, { id, tagName, authorId, isDraft: publishedAt === null, isPrerelease, createdAt, publishedAt });
  };
  add(180_000_001, 'v0', ADA, ago(1000), ago(1000));
  add(180_000_002, 'v1', ADA, ago(400), ago(400));
  add(180_000_003, 'v2', BEN, ago(300), null);
  add(180_000_004, 'v3-rc', CLEO, ago(200), ago(200), true);
  add(180_000_005, 'v4', EVE, ago(150), ago(150));
  // A release of an old commit, published within the window: lists by creation have it far behind.
  add(180_000_006, 'v0.1', BEN, ago(850), ago(10));
}
