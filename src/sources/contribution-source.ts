import type { Contribution, ContributionKind, PullRequestFact, SourceName } from '../domain/contribution.ts';
import type { CoveredRange, Gap } from '../domain/coverage.ts';
import type { ScrapeType } from '../domain/job-status.ts';
import type { RepositoryName } from '../domain/repository-name.ts';
import type { Day, Window } from '../domain/window.ts';

/** The repository and days a scrape wants. */
export interface ScrapeTarget {
  readonly owner: string;
  readonly name: string;
  /** GitHub's numeric id; null until a source has told it. */
  readonly githubId: number | null;
  readonly window: Window;
  readonly type: ScrapeType;
  /** GitHub's node id: finds the repository after a rename or a transfer, even when another repository took its name. */
  readonly nodeId?: string | null;
  /** By slice: the `watermark` of the last batch that was published. */
  readonly previous?: Readonly<Record<string, SliceCursor>>;
  /** BigQuery only: where the rows of this scrape are; absent while no query was run for it. */
  readonly extract?: Extract;
}

/** The part of a query's result that holds the rows of one repository. */
export interface Extract {
  /** BigQuery's id of the query's job. */
  readonly query: string;
  readonly firstRow: number;
  readonly rows: number;
  /** The days that were asked for, both included. */
  readonly since: Day;
  readonly until: Day;
  /** The archive's tables that the query read. */
  readonly tables: readonly string[];
  /** Days that it read of a table of our own. */
  readonly kept?: readonly Window[];
  /** The UTC day of the query, which was not over. */
  readonly askedOn: Day;
  /** The repository's id, as the rows have it; null where none knows. */
  readonly githubId: number | null;
  /** Why nothing was queried for this scrape, which goes on with its other sources. */
  readonly refused?: string;
}

/** A restartable part of a scrape. `slice` is unique within its job and source. */
export interface Slice {
  readonly source: SourceName;
  readonly slice: string;
}

/** A slice with its turn, 0 unless said: slices of one turn may be read at the same time, a later turn when the earlier ones are done. */
export interface PlannedSlice extends Slice {
  readonly turn?: number;
}

/** What a source would do for a target, before it does it. */
export interface SourcePlan {
  readonly slices: readonly PlannedSlice[];
  /** GitHub's id for the name, where the source knows it. */
  readonly githubId: number | null;
  /** What is to be done in all and in what unit (`contributions`, `pages`, `bytes`); null = not known before. */
  readonly total: number | null;
  readonly unit: string;
  /** One line for a person: what will be read, what it costs. */
  readonly note: string;
  /** The figures behind the note; null or absent where the source can't or needn't tell. */
  readonly estimate?: Estimate | null;
  /** What is billed for reading; absent where it is free. */
  readonly cost?: Cost;
  /** How the repository stands, where the source knows. */
  readonly repository?: RepositoryState | null;
}

/** What reading would cost. */
export interface Estimate {
  /** Requests in all. */
  readonly pages: number;
  /** GraphQL points. */
  readonly points: number;
  /** REST requests that count against the limit. */
  readonly restRequests: number;
  /** From the first request to the last, `pauseMinutes` among them. */
  readonly minutes: number;
  /** Waiting for limits to fill again. */
  readonly pauseMinutes: number;
}

/** What a query would be billed. */
interface Cost {
  readonly bytes: number;
  /** By the configured price per TiB. */
  readonly usd: number;
}

/** A repository as GitHub shows it now. */
export interface RepositoryState extends RepositoryName {
  readonly githubId: number;
  readonly nodeId: string;
  readonly description: string | null;
  readonly stars: number;
  readonly forks: number;
  readonly isPrivate: boolean;
  readonly createdOn: Day;
  readonly defaultBranch: string | null;
}

/** Where a slice stands: JSON, made and understood by its source alone. */
export type SliceCursor = Readonly<Record<string, unknown>>;

/** A row that its source no longer has: an issue that is open again has no ISSUE_CLOSED. */
export interface RemovedRow {
  readonly kind: ContributionKind;
  readonly subject: string;
}

/**
 * What became known of a row that an earlier scrape may have stored: applied where a row of this key is stored or staged, else
 * nothing. A pull request that is merged takes the lines of its commits.
 */
export interface AmendedRow extends RemovedRow {
  readonly linesAdded: number;
  readonly linesDeleted: number;
}

/** How many of a kind GitHub itself counts in a month (`YYYY-MM`), over the days of it that lie in the window. */
export interface MonthTotal {
  readonly kind: ContributionKind;
  readonly month: string;
  readonly count: number;
}

/** What is read at once; staged together with its cursor in one transaction. */
export interface Batch {
  readonly contributions: readonly Contribution[];
  readonly pullRequests: readonly PullRequestFact[];
  /** Where the next read of this slice goes on. */
  readonly cursor: SliceCursor;
  /** True on the last batch of the slice, and only there. */
  readonly done: boolean;
  /** Set with `done`: the days the slice has read and the gaps it knows. */
  readonly coverage?: { readonly covered: readonly CoveredRange[]; readonly gaps: readonly Gap[] };
  /** Set when the source must pause (a rate limit): nothing more is read before this moment. */
  readonly resumeAt?: Date;
  /** Requests this batch took. */
  readonly requests?: number;
  /** What this job staged of these kinds before this batch is forgotten: the slice began again from a changed source. */
  readonly restarted?: readonly ContributionKind[];
  /** Rows to delete when the job is published (a full scrape deletes what is not staged anyway). The last word on a row counts. */
  readonly removed?: readonly RemovedRow[];
  /** Rows to change when the job is published, where there are such rows. */
  readonly amended?: readonly AmendedRow[];
  /** With `done`, in a refresh: these kinds were read as a whole, so what is stored of them and not staged is gone at the source. */
  readonly replaced?: readonly ContributionKind[];
  /** With `done`: where the next refresh of this slice goes on; stored when the job is published. */
  readonly watermark?: SliceCursor;
  /** With `done`: GitHub's own counts. */
  readonly totals?: readonly MonthTotal[];
  /** With `done`: what GitHub has but nobody is credited for (merge commits, drafts), so that stored + excluded can equal the total. */
  readonly excluded?: readonly MonthTotal[];
}

/**
 * Where contributions come from. Rows of one natural key may come in several batches; the last one staged counts, so a source
 * orders or folds them itself. Errors that can't heal are thrown as AppError; anything else is retried.
 */
export interface ContributionSource {
  readonly name: SourceName;
  plan(target: ScrapeTarget): Promise<SourcePlan>;
  read(target: ScrapeTarget, slice: string, cursor: SliceCursor | null, signal: AbortSignal): AsyncIterable<Batch>;
}
