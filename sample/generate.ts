import type { Contribution, ContributionKind, PullRequestFact } from '../src/domain/contribution.ts';
import type { CoveredRange } from '../src/domain/coverage.ts';
import { addDays, lengthOf, presetWindow, type Day, type Window } from '../src/domain/window.ts';
import { inventPeople, type Person } from './people.ts';
import { createRandom, type Random } from './random.ts';

/** A repository of the sample with all that happened in it. Everything is invented. */
export interface SampleRepository {
  readonly owner: 'sample';
  readonly name: string;
  /** Negative, as all ids of the sample: GitHub's are positive, so the two never meet and nothing links outward. */
  readonly githubId: number;
  readonly description: string;
  readonly stars: number;
  readonly forks: number;
  readonly contributions: readonly Contribution[];
  readonly pullRequests: readonly PullRequestFact[];
  readonly covered: readonly CoveredRange[];
}

/** Boards are compared with those of a week ago. */
const COMPARED_DAYS = 7;
const SEED = 20_260_301;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const PROJECTS = [
  { name: 'harbor-lights', description: 'A message queue for small ships', stars: 8412, forks: 611, size: 1 },
  { name: 'paper-kite', description: 'Layout of long documents, in the browser', stars: 3120, forks: 204, size: 0.75 },
  { name: 'tidepool', description: 'Time series that fit in one file', stars: 967, forks: 88, size: 0.55 },
  { name: 'wren', description: 'A tiny test runner', stars: 215, forks: 31, size: 0.3 },
] as const;

/** How much is done in each month, January first: quiet summers, quieter holidays, a rush in October. */
const SEASON = [0.95, 1.05, 1.1, 1.05, 1, 0.9, 0.7, 0.65, 1.05, 1.35, 1.1, 0.6] as const;
/** Sunday first. */
const WEEKDAY = [0.25, 1.15, 1.25, 1.25, 1.2, 1, 0.3] as const;

/** What one person of a role begins on an average day in the repository they work on most. */
const HABITS: Readonly<
  Record<Person['role'], { readonly pulls: number; readonly issues: number; readonly commits: number; readonly comments: number }>
> = {
  maintainer: { pulls: 0.2, issues: 0.06, commits: 0.12, comments: 0.3 },
  regular: { pulls: 0.12, issues: 0.04, commits: 0, comments: 0.14 },
  reviewer: { pulls: 0.05, issues: 0.02, commits: 0, comments: 0.16 },
  triager: { pulls: 0.01, issues: 0.08, commits: 0, comments: 0.3 },
  visitor: { pulls: 0.008, issues: 0.016, commits: 0, comments: 0.02 },
  'dependency-bot': { pulls: 0.12, issues: 0, commits: 0, comments: 0 },
  'ci-bot': { pulls: 0, issues: 0, commits: 0, comments: 0 },
  agent: { pulls: 0.1, issues: 0, commits: 0, comments: 0.02 },
};

/** Who reviews, and how much more often than others. */
const REVIEWS: Partial<Record<Person['role'], number>> = { maintainer: 4, reviewer: 5, regular: 1 };

/** The days of the sample: two years up to the day before `today`, and the week before them, so that ranks can be compared with last week's. */
export function sampleWindow(today: Day): Window {
  const { since, until } = presetWindow('2y', addDays(today, -1));
  return { since: addDays(since, -COMPARED_DAYS), until };
}

/**
 * The sample: a little more than two years up to and including the day before `today`, in four repositories. Pure: the same day gives the same rows.
 */
export function generateSample(today: Day): readonly SampleRepository[] {
  const random = createRandom(SEED);
  const window = sampleWindow(today);
  const people = inventPeople(
    random,
    PROJECTS.map(({ name }) => name),
    lengthOf(window),
  );
  return PROJECTS.map(({ name, description, stars, forks, size }, index) => ({
    owner: 'sample' as const,
    name,
    githubId: -(101 + index),
    description: `${description} (sample data, everything in it is invented)`,
    stars,
    forks,
    ...history(createRandom(SEED + index + 1), people, name, size, window),
    covered: [{ kind: null, ...window, state: 'complete' as const, note: 'Sample data: generated, nothing of it happened.' }],
  }));
}

type History = Pick<SampleRepository, 'contributions' | 'pullRequests'>;

/** All that happens in one repository, day by day. */
function history(random: Random, people: readonly Person[], repository: string, size: number, window: { since: Day; until: Day }): History {
  const days = lengthOf(window);
  const start = Date.parse(`${window.since}T00:00:00Z`);
  const end = start + days * DAY_MS;
  const contributions: Contribution[] = [];
  const pullRequests: PullRequestFact[] = [];
  const members = people.filter((person) => person.repositories.includes(repository));
  let lastNumber = 0;
  let lastId = 0;

  /** Records one contribution; what would happen after the end has not happened. */
  const record = (kind: ContributionKind, subject: string, person: Person, at: number, more: Partial<Contribution> = {}): boolean => {
    if (at >= end) return false;
    contributions.push({
      kind,
      subject,
      actor: person.account,
      occurredAt: new Date(at),
      quantity: 1,
      linesAdded: null,
      linesDeleted: null,
      number: null,
      isEstimate: false,
      sourceEvent: null,
      ...more,
    });
    return true;
  };
  const comment = (person: Person, at: number, number: number): boolean =>
    record('COMMENT', `issue:${(lastId += 1)}`, person, at, { number });

  const openPullRequest = (author: Person, at: number, present: readonly Person[]): void => {
    const number = (lastNumber += 1);
    const isMachine = author.account.type === 'Bot';
    record('PR_OPENED', String(number), author, at, { number });
    const bot = present.find(({ role }) => role === 'ci-bot');
    if (bot !== undefined && random.chance(0.25)) comment(bot, at + HOUR_MS / 4, number);

    let reviewed = at;
    const reviewers = present
      .filter(({ role }) => role in REVIEWS)
      .flatMap((person) => Array.from({ length: REVIEWS[person.role] ?? 0 }, () => person));
    for (let turn = isMachine ? random.times(0.5) : 1 + random.times(0.6); turn > 0 && reviewers.length > 0; turn -= 1) {
      const reviewer = random.pick(reviewers);
      if (reviewer === author) continue;
      reviewed += random.skewed(9, 1) * HOUR_MS;
      const subject = `${number}:${reviewer.account.githubId}`;
      if (contributions.findLast((row) => row.number === number && row.kind === 'PR_REVIEWED' && row.subject === subject) !== undefined)
        continue;
      record('PR_REVIEWED', subject, reviewer, reviewed, { number });
      for (let remarks = random.times(1.2); remarks > 0; remarks -= 1) {
        record('PR_REVIEW_COMMENT', String((lastId += 1)), reviewer, Math.max(at, reviewed - random.whole(1, 40) * 60_000), { number });
      }
      if (!isMachine && random.chance(0.4)) comment(author, reviewed + random.skewed(3, 0.8) * HOUR_MS, number);
    }

    const merges = random.chance({ 'dependency-bot': 0.85, agent: 0.5, visitor: 0.55 }[author.role as string] ?? 0.82);
    const mergedAt = reviewed + random.skewed(14, 1.2) * HOUR_MS;
    const isMerged = merges && mergedAt < end;
    if (isMerged) {
      const linesAdded = Math.round(isMachine && author.role !== 'agent' ? random.skewed(4, 0.4) : random.skewed(45, 1.3));
      const linesDeleted = Math.round(linesAdded * random.next() * 0.8);
      record('PR_MERGED', String(number), author, mergedAt, { number, linesAdded, linesDeleted });
      for (let commits = isMachine ? 1 : 1 + random.times(0.8); commits > 0; commits -= 1) {
        record('COMMIT', random.hex(40), author, mergedAt - commits * random.whole(5, 90) * 60_000, { linesAdded: 0, linesDeleted: 0 });
      }
    }
    pullRequests.push({
      number,
      author: author.account,
      createdAt: new Date(at),
      mergedAt: isMerged ? new Date(mergedAt) : null,
      baseRef: 'main',
    });
  };

  const openIssue = (author: Person, at: number, present: readonly Person[]): void => {
    const number = (lastNumber += 1);
    record('ISSUE_OPENED', String(number), author, at, { number });
    let answered = at;
    const helpers = present.filter(({ role }) => role === 'maintainer' || role === 'triager' || role === 'regular');
    for (let answers = random.times(1.6); answers > 0 && helpers.length > 0; answers -= 1) {
      answered += random.skewed(7, 1.1) * HOUR_MS;
      comment(random.chance(0.3) ? author : random.pick(helpers), answered, number);
    }
    const closers = present.filter(({ role }) => role === 'maintainer' || role === 'triager');
    if (closers.length > 0 && random.chance(0.72)) {
      record('ISSUE_CLOSED', String(number), random.pick(closers), answered + random.skewed(60, 1.4) * HOUR_MS, { number });
    }
  };

  for (let day = 0; day < days; day += 1) {
    const date = new Date(start + day * DAY_MS);
    const mood = (SEASON[date.getUTCMonth()] ?? 1) * (WEEKDAY[date.getUTCDay()] ?? 1) * size;
    const present = members.filter(({ from, to }) => from <= day && day <= to);
    const moment = (person: Person): number =>
      date.getTime() + (person.account.type === 'Bot' ? random.next() * DAY_MS : (7 + random.next() * 14) * HOUR_MS);
    for (const person of present) {
      const isHome = person.repositories[0] === repository || person.account.type === 'Bot';
      const drive = mood * person.energy * (isHome ? 1 : 0.3);
      const habit = HABITS[person.role];
      for (let count = random.times(habit.pulls * drive); count > 0; count -= 1) openPullRequest(person, moment(person), present);
      for (let count = random.times(habit.issues * drive); count > 0; count -= 1) openIssue(person, moment(person), present);
      for (let count = random.times(habit.commits * drive); count > 0; count -= 1) {
        const linesAdded = Math.round(random.skewed(12, 1.1));
        record('COMMIT', random.hex(40), person, moment(person), { linesAdded, linesDeleted: Math.round(linesAdded * random.next()) });
      }
      for (let count = lastNumber === 0 ? 0 : random.times(habit.comments * drive); count > 0; count -= 1) {
        comment(person, moment(person), random.whole(Math.max(1, lastNumber - 30), lastNumber));
      }
    }
    const maintainer = present.find(({ role, repositories }) => role === 'maintainer' && repositories[0] === repository);
    if (maintainer !== undefined && day % Math.round(38 / size) === 20)
      record('RELEASE', String((lastId += 1)), maintainer, moment(maintainer));
  }
  return { contributions: contributions.sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime()), pullRequests };
}
