/**
 * What a reader of this data set must come to: an independent count, written from the rules (../../../../shared/design/data.md and
 * decisions 1-11) and not from the program. It shares no code with src/ on purpose.
 */
import type { DataSet, FakeAccount, FakeRepository, Moment, Signature } from './data-set.ts';

/** Whole UTC days, both included. */
export interface CountWindow {
  readonly since: string;
  readonly until: string;
}

/** Points per contribution in ten-thousandths. */
const POINTS = {
  COMMIT: 100_000,
  PR_OPENED: 150_000,
  PR_MERGED: 250_000,
  PR_REVIEWED: 200_000,
  PR_REVIEW_COMMENT: 50_000,
  ISSUE_OPENED: 80_000,
  ISSUE_CLOSED: 50_000,
  COMMENT: 30_000,
  RELEASE: 300_000,
} as const;
const POINTS_PER_LINE_ADDED = 100;
const POINTS_PER_LINE_DELETED = 50;
const LINE_CAP = 5_000_000;

type CountedKind = keyof typeof POINTS;
const COUNTED_KINDS = Object.keys(POINTS) as readonly CountedKind[];

export interface CountedRow {
  readonly kind: CountedKind | 'COMMIT_COAUTHOR';
  readonly subject: string;
  /** Null: unattributed. */
  readonly githubId: number | null;
  readonly at: Moment;
  readonly linesAdded: number | null;
  readonly linesDeleted: number | null;
}

interface ExcludedRow {
  readonly kind: CountedKind;
  readonly subject: string;
  readonly at: Moment | null;
  readonly reason: 'merge commit' | 'draft' | 'self review' | 'pending review';
}

interface PersonCount {
  readonly githubId: number;
  /** As the account is called now; null when there is none of this id. */
  readonly login: string | null;
  readonly type: FakeAccount['type'] | null;
  readonly counts: Record<CountedKind, number>;
  linesAdded: number;
  linesDeleted: number;
  coAuthored: number;
  /** With the default weights. */
  score: number;
  firstAt: Moment;
  lastAt: Moment;
}

export interface DataCount {
  readonly people: ReadonlyMap<number, PersonCount>;
  readonly rows: readonly CountedRow[];
  readonly excluded: readonly ExcludedRow[];
  /** Rows, the unattributed and the co-authors' among them: what a job's `events_processed` says. */
  readonly contributions: number;
  readonly unattributed: Readonly<Record<CountedKind, number>>;
}

/** Counts one repository of the data set. */
export function countOf(data: DataSet, window: CountWindow, repository: FakeRepository = data.onlyRepository): DataCount {
  const from = `${window.since}T00:00:00Z`;
  const to = `${window.until}T23:59:59Z`;
  const isInside = (at: Moment | null): at is Moment => at !== null && at >= from && at <= to;
  const existing = (id: number | null): number | null => (id !== null && data.accounts.has(id) ? id : null);

  const rows: CountedRow[] = [];
  const excluded: ExcludedRow[] = [];
  const count = (
    kind: CountedRow['kind'],
    subject: string,
    githubId: number | null,
    at: Moment | null,
    lines?: { additions: number; deletions: number },
  ): void => {
    if (!isInside(at)) return;
    rows.push({ kind, subject, githubId, at, linesAdded: lines?.additions ?? null, linesDeleted: lines?.deletions ?? null });
  };
  const exclude = (kind: CountedKind, subject: string, at: Moment | null, reason: ExcludedRow['reason']): void => {
    if (at === null || isInside(at)) excluded.push({ kind, subject, at, reason });
  };

  for (const oid of reachableFrom(repository)) {
    const commit = repository.commits.get(oid);
    if (commit === undefined) continue;
    if (commit.parents.length > 1) {
      exclude('COMMIT', oid, commit.committedAt, 'merge commit');
      continue;
    }
    const author = accountIdOf(data, commit.author);
    // Lines belong to the merged pull request of this repository that brought the commit; else to the commit.
    const belongsToMerged = commit.pullRequests.some(
      (one) => one.repositoryId === repository.id && (repository.pullRequests.get(one.number)?.mergedAt ?? null) !== null,
    );
    count('COMMIT', oid, author, commit.committedAt, belongsToMerged ? undefined : commit);
    const coAuthors = new Set(commit.coAuthors.map((signature) => accountIdOf(data, signature)));
    for (const coAuthor of coAuthors) {
      if (coAuthor !== null && coAuthor !== author) count('COMMIT_COAUTHOR', `${oid}:${coAuthor}`, coAuthor, commit.committedAt);
    }
  }

  for (const pull of repository.pullRequests.values()) {
    const author = existing(pull.authorId);
    count('PR_OPENED', `${pull.number}`, author, pull.createdAt);
    if (pull.mergedAt !== null) count('PR_MERGED', `${pull.number}`, author, pull.mergedAt, pull);
    const firstOf = new Map<number, Moment>();
    for (const review of pull.reviews) {
      const reviewer = existing(review.authorId);
      if (review.state === 'PENDING' || review.submittedAt === null) {
        exclude('PR_REVIEWED', `${pull.number}:${review.id}`, null, 'pending review');
      } else if (reviewer === null) {
        count('PR_REVIEWED', `${pull.number}:ghost:${review.id}`, null, review.submittedAt);
      } else if (reviewer === author) {
        exclude('PR_REVIEWED', `${pull.number}:${review.id}`, review.submittedAt, 'self review');
      } else {
        const first = firstOf.get(reviewer);
        if (first === undefined || review.submittedAt < first) firstOf.set(reviewer, review.submittedAt);
      }
    }
    for (const [reviewer, at] of firstOf) count('PR_REVIEWED', `${pull.number}:${reviewer}`, reviewer, at);
  }

  for (const issue of repository.issues.values()) {
    count('ISSUE_OPENED', `${issue.number}`, existing(issue.authorId), issue.createdAt);
    const lastClosed = issue.events.filter((event) => event.type === 'closed').at(-1);
    if (issue.closedAt !== null)
      count('ISSUE_CLOSED', `${issue.number}`, existing(lastClosed?.actorId ?? null), lastClosed?.at ?? issue.closedAt);
  }
  for (const comment of repository.issueComments.values())
    count('COMMENT', `issue:${comment.id}`, existing(comment.authorId), comment.createdAt);
  for (const comment of repository.commitComments.values())
    count('COMMENT', `commit:${comment.id}`, existing(comment.authorId), comment.createdAt);
  for (const comment of repository.reviewComments.values())
    count('PR_REVIEW_COMMENT', `${comment.id}`, existing(comment.authorId), comment.createdAt);
  for (const release of repository.releases.values()) {
    if (release.isDraft) exclude('RELEASE', `${release.id}`, release.createdAt, 'draft');
    else count('RELEASE', `${release.id}`, existing(release.authorId), release.publishedAt);
  }

  return { ...sumUp(data, rows), rows, excluded, contributions: rows.length };
}

function reachableFrom(repository: FakeRepository): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = repository.head === null ? [] : [repository.head];
  for (let oid = waiting.pop(); oid !== undefined; oid = waiting.pop()) {
    if (reached.has(oid)) continue;
    reached.add(oid);
    waiting.push(...(repository.commits.get(oid)?.parents ?? []));
  }
  return reached;
}

/** The account GitHub links; else the number that the address itself carries. */
function accountIdOf(data: DataSet, signature: Signature): number | null {
  const linked = data.accountOf(signature);
  if (linked !== null) return linked.id;
  const numbered = /^(\d+)\+.+@users\.noreply\.github\.com$/i.exec(signature.email);
  return numbered === null ? null : Number(numbered[1]);
}

function noCounts(): Record<CountedKind, number> {
  return Object.fromEntries(COUNTED_KINDS.map((kind) => [kind, 0])) as Record<CountedKind, number>;
}

function sumUp(data: DataSet, rows: readonly CountedRow[]): Pick<DataCount, 'people' | 'unattributed'> {
  const people = new Map<number, PersonCount>();
  const unattributed = noCounts();
  for (const row of rows) {
    if (row.githubId === null) {
      if (row.kind !== 'COMMIT_COAUTHOR') unattributed[row.kind] += 1;
      continue;
    }
    let person = people.get(row.githubId);
    if (person === undefined) {
      const account = data.account(row.githubId);
      person = {
        githubId: row.githubId,
        login: account?.login ?? null,
        type: account?.type ?? null,
        counts: noCounts(),
        linesAdded: 0,
        linesDeleted: 0,
        coAuthored: 0,
        score: 0,
        firstAt: row.at,
        lastAt: row.at,
      };
      people.set(row.githubId, person);
    }
    if (row.kind === 'COMMIT_COAUTHOR') person.coAuthored += 1;
    else person.counts[row.kind] += 1;
    person.linesAdded += row.linesAdded ?? 0;
    person.linesDeleted += row.linesDeleted ?? 0;
    if (row.at < person.firstAt) person.firstAt = row.at;
    if (row.at > person.lastAt) person.lastAt = row.at;
  }
  for (const person of people.values()) {
    const lines = Math.min(person.linesAdded * POINTS_PER_LINE_ADDED + person.linesDeleted * POINTS_PER_LINE_DELETED, LINE_CAP);
    person.score = COUNTED_KINDS.reduce((sum, kind) => sum + person.counts[kind] * POINTS[kind], lines) / 10_000;
  }
  return { people, unattributed };
}
