import type { Account, Contribution, ContributionKind, PullRequestFact } from '../../domain/contribution.ts';
import type { Gap } from '../../domain/coverage.ts';
import type { Window } from '../../domain/window.ts';
import { ROW, type RowKind } from './event-row.ts';

/** A row of the mirror. Times are milliseconds since 1970. */
export interface ArchiveRow {
  readonly kind: RowKind;
  readonly at: number;
  readonly id: number;
  readonly number: number | null;
  readonly actor: Account | null;
  readonly quantity: number | null;
  /** The pull request's author, where the row tells. */
  readonly author: Account | null;
  readonly created: number | null;
  readonly merged: number | null;
  readonly added: number | null;
  readonly deleted: number | null;
  readonly baseRef: string | null;
  readonly event: number | null;
  readonly file: number;
}

/** What all rows of one pull request, issue, push, release or commit comment come to. */
export interface Folded {
  /** In the window only, each natural key once. */
  readonly contributions: readonly Contribution[];
  /** What is known of the pull request, from rows of any time; null when it is none. */
  readonly pullRequest: PullRequestFact | null;
}

const DAY_MS = 86_400_000;

type Bare = Pick<Contribution, 'kind' | 'subject' | 'actor'> & { readonly row: ArchiveRow; readonly at?: number };

const earliest = (rows: readonly ArchiveRow[]): ArchiveRow | undefined => rows.toSorted((a, b) => a.at - b.at)[0];
const latest = (rows: readonly ArchiveRow[]): ArchiveRow | undefined => rows.toSorted((a, b) => b.at - a.at)[0];

const PR_KINDS: ReadonlySet<RowKind> = new Set([
  ROW.SEEN,
  ROW.PR_OPENED,
  ROW.PR_MERGED,
  ROW.PR_REVIEWED,
  ROW.PR_REVIEW_COMMENT,
  ROW.CLOSED_UNFLAGGED,
]);

const tellsOfPullRequest = (row: ArchiveRow): boolean =>
  PR_KINDS.has(row.kind) || row.author !== null || row.created !== null || row.merged !== null;

/** One review credit per pull request and reviewer; a deleted one's reviews can't be told apart but by their ids (decisions 10). */
function reviewSubject(row: ArchiveRow): string {
  if (row.actor === null) return `${row.number}:ghost:${row.id}`;
  return `${row.number}:${row.actor.githubId ?? `login:${row.actor.login.toLowerCase()}`}`;
}

function authorOf(rows: readonly ArchiveRow[]): Account | null {
  const own = latest(rows.filter((row) => row.kind !== ROW.ISSUE_COMMENT && row.author !== null));
  const opened = earliest(rows.filter((row) => row.kind === ROW.PR_OPENED && row.actor !== null));
  return own?.author ?? opened?.actor ?? rows.find((row) => row.author !== null)?.author ?? null;
}

/** The row that says a pull request was merged: one with lines if there is one; a comment that shows it only if no other does (decisions 6). */
function mergeOf(rows: readonly ArchiveRow[]): { readonly row: ArchiveRow; readonly at: number } | null {
  const direct = rows.filter((row) => row.kind === ROW.PR_MERGED);
  const row = earliest(direct.filter(({ added }) => added !== null)) ?? earliest(direct);
  if (row !== undefined) return { row, at: row.at };
  const shown = rows
    .filter(({ kind, merged }) => kind === ROW.ISSUE_COMMENT && merged !== null)
    .toSorted((a, b) => (a.merged ?? 0) - (b.merged ?? 0))[0];
  return shown === undefined || shown.merged === null ? null : { row: shown, at: shown.merged };
}

function factOf(number: number, rows: readonly ArchiveRow[], author: Account | null): PullRequestFact | null {
  if (!rows.some(tellsOfPullRequest)) return null;
  const first = (times: readonly (number | null)[]): Date | null => {
    const known = times.filter((time) => time !== null);
    return known.length === 0 ? null : new Date(known.reduce((a, b) => Math.min(a, b)));
  };
  const opened = earliest(rows.filter((row) => row.kind === ROW.PR_OPENED));
  const merge = mergeOf(rows);
  return {
    number,
    author,
    createdAt: first(rows.map((row) => row.created)) ?? first([opened?.at ?? null]),
    mergedAt: first(rows.map((row) => row.merged)) ?? first([merge?.at ?? null]),
    baseRef: latest(rows.filter((row) => row.baseRef !== null))?.baseRef ?? null,
  };
}

/** First row of each id. */
function byId(rows: readonly ArchiveRow[], kind: RowKind): readonly ArchiveRow[] {
  return [...new Map(rows.filter((row) => row.kind === kind).map((row) => [row.id, row])).values()];
}

function ofNumber(rows: readonly ArchiveRow[], author: Account | null): readonly Bare[] {
  const subject = String(rows[0]?.number);
  const found: Bare[] = [];
  const opened = earliest(rows.filter((row) => row.kind === ROW.PR_OPENED));
  if (opened !== undefined) found.push({ kind: 'PR_OPENED', subject, actor: opened.author ?? opened.actor ?? author, row: opened });
  const merge = mergeOf(rows);
  // The actor of such a row is who merged it: never credited.
  if (merge !== null) found.push({ kind: 'PR_MERGED', subject, actor: author, row: merge.row, at: merge.at });
  const reviews = Map.groupBy(
    rows.filter((row) => row.kind === ROW.PR_REVIEWED),
    reviewSubject,
  );
  for (const [of, group] of reviews) {
    const row = earliest(group);
    if (row !== undefined) found.push({ kind: 'PR_REVIEWED', subject: of, actor: row.actor, row });
  }
  for (const row of byId(rows, ROW.PR_REVIEW_COMMENT))
    found.push({ kind: 'PR_REVIEW_COMMENT', subject: String(row.id), actor: row.actor, row });
  const issueOpened = earliest(rows.filter((row) => row.kind === ROW.ISSUE_OPENED));
  if (issueOpened !== undefined) found.push({ kind: 'ISSUE_OPENED', subject, actor: issueOpened.actor, row: issueOpened });
  const issueClosed = latest(rows.filter((row) => row.kind === ROW.ISSUE_CLOSED));
  if (issueClosed !== undefined) found.push({ kind: 'ISSUE_CLOSED', subject, actor: issueClosed.actor, row: issueClosed });
  for (const row of byId(rows, ROW.ISSUE_COMMENT)) found.push({ kind: 'COMMENT', subject: `issue:${row.id}`, actor: row.actor, row });
  return found;
}

const UNNUMBERED: Readonly<Partial<Record<RowKind, readonly [ContributionKind, string]>>> = {
  [ROW.COMMIT_COMMENT]: ['COMMENT', 'commit:'],
  [ROW.ISSUE_COMMENT]: ['COMMENT', 'issue:'],
  [ROW.PR_REVIEW_COMMENT]: ['PR_REVIEW_COMMENT', ''],
  [ROW.RELEASE]: ['RELEASE', ''],
};

/** One push, release or comment without a number; `rows` are its copies. */
function ofId(rows: readonly ArchiveRow[]): readonly Bare[] {
  const row = rows.find(({ quantity }) => quantity !== null) ?? rows[0];
  if (row === undefined) return [];
  if (row.kind === ROW.PUSH) {
    const subject = row.id < 0 ? `push:h${(-row.id).toString(16)}` : `push:${row.id}`;
    return [{ kind: 'COMMIT', subject, actor: row.actor, row }];
  }
  const [kind, prefix] = UNNUMBERED[row.kind] ?? [];
  return kind === undefined ? [] : [{ kind, subject: `${prefix}${row.id}`, actor: row.actor, row }];
}

interface Lack {
  pushes: number;
  pushesWithoutCount: number;
  merges: number;
  mergesWithoutLines: number;
  undecidedCloses: number;
}

/** What the rows folded so far could not show, by month: JSON, for a reader that goes on later. */
export type FoldLacks = Readonly<Record<string, Readonly<Lack>>>;

/**
 * Folds the rows of one repository into contributions by the rules of design/data.md and decisions 5-10. Rows come ordered by number
 * (rows without one last), then kind and id, so that it holds those of one number at a time.
 */
export class Fold {
  readonly #since: number;
  readonly #until: number;
  readonly #filesWithMerges: Pick<ReadonlySet<number>, 'has'>;
  readonly #lacks: Map<string, Lack>;

  /**
   * `filesWithMerges`: files of the era whose merges are rows of their own; there a `closed` without a flag is no merge. `lacks`: those of the
   * rows that were folded before, by one that this one goes on from.
   */
  constructor(window: Window, filesWithMerges: Pick<ReadonlySet<number>, 'has'>, lacks: FoldLacks = {}) {
    this.#lacks = new Map(Object.entries(lacks).map(([month, lack]) => [month, { ...lack }]));
    this.#since = Date.parse(`${window.since}T00:00:00Z`);
    this.#until = Date.parse(`${window.until}T00:00:00Z`) + DAY_MS;
    this.#filesWithMerges = filesWithMerges;
  }

  /** What the rows of one number, or the copies of one row without a number, come to. */
  fold(rows: readonly ArchiveRow[]): Folded {
    const number = rows[0]?.number ?? null;
    const author = number === null ? null : authorOf(rows);
    const contributions = (number === null ? ofId(rows) : ofNumber(rows, author))
      .map((bare) => this.#contribution(bare))
      .filter((contribution) => this.#isInWindow(contribution.occurredAt.getTime()));
    this.#noteLacks(rows, contributions);
    return { contributions, pullRequest: number === null ? null : factOf(number, rows, author) };
  }

  #isInWindow(at: number): boolean {
    return this.#since <= at && at < this.#until;
  }

  #contribution({ kind, subject, actor, row, at }: Bare): Contribution {
    const isMerge = kind === 'PR_MERGED';
    return {
      kind,
      subject,
      actor,
      occurredAt: new Date(at ?? row.at),
      quantity: kind === 'COMMIT' ? row.quantity : 1,
      linesAdded: isMerge ? row.added : null,
      linesDeleted: isMerge ? row.deleted : null,
      number: row.number,
      isEstimate: kind === 'COMMIT',
      sourceEvent: row.event === null ? null : String(row.event),
    };
  }

  #lackOf(at: number): Lack {
    const month = new Date(at).toISOString().slice(0, 7);
    const lack = this.#lacks.get(month) ?? { pushes: 0, pushesWithoutCount: 0, merges: 0, mergesWithoutLines: 0, undecidedCloses: 0 };
    this.#lacks.set(month, lack);
    return lack;
  }

  #noteLacks(rows: readonly ArchiveRow[], contributions: readonly Contribution[]): void {
    for (const { kind, occurredAt, quantity, linesAdded } of contributions) {
      if (kind !== 'COMMIT' && kind !== 'PR_MERGED') continue;
      const lack = this.#lackOf(occurredAt.getTime());
      if (kind === 'COMMIT') {
        lack.pushes += 1;
        if (quantity === null) lack.pushesWithoutCount += 1;
      } else {
        lack.merges += 1;
        if (linesAdded === null) lack.mergesWithoutLines += 1;
      }
    }
    const closed = latest(rows.filter((row) => row.kind === ROW.CLOSED_UNFLAGGED && !this.#filesWithMerges.has(row.file)));
    if (closed !== undefined && this.#isInWindow(closed.at) && mergeOf(rows) === null) this.#lackOf(closed.at).undecidedCloses += 1;
  }

  /** What the rows folded so far could not show. */
  lacks(): FoldLacks {
    return Object.fromEntries([...this.#lacks].map(([month, lack]) => [month, { ...lack }]));
  }

  /** What the folded rows could not show, per kind and month. */
  gaps(): readonly Gap[] {
    return [...this.#lacks]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([month, lack]): Gap[] => [
        ...(lack.pushesWithoutCount > 0
          ? [
              {
                kind: 'COMMIT' as const,
                month,
                reason: `how many commits they brought is unknown for ${lack.pushesWithoutCount} of ${lack.pushes} pushes`,
              },
            ]
          : []),
        ...(lack.mergesWithoutLines > 0
          ? [
              {
                kind: 'PR_MERGED' as const,
                month,
                reason: `lines are unknown for ${lack.mergesWithoutLines} of ${lack.merges} merged pull requests`,
              },
            ]
          : []),
        ...(lack.undecidedCloses > 0
          ? [
              {
                kind: 'PR_MERGED' as const,
                month,
                reason: `whether they were merged is unknown for ${lack.undecidedCloses} closed pull requests`,
              },
            ]
          : []),
      ]);
  }
}

/** Cuts ordered rows into the runs that are folded together. */
export async function* runsOf(chunks: AsyncIterable<readonly ArchiveRow[]>): AsyncGenerator<readonly ArchiveRow[]> {
  let run: ArchiveRow[] = [];
  for await (const chunk of chunks) {
    for (const row of chunk) {
      const last = run[0];
      const isSame =
        last === undefined ||
        (row.number === null ? last.number === null && last.kind === row.kind && last.id === row.id : last.number === row.number);
      if (!isSame) {
        yield run;
        run = [];
      }
      run.push(row);
    }
  }
  if (run.length > 0) yield run;
}
