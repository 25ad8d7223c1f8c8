import type { Contribution, PullRequestFact, SourceName } from '../domain/contribution.ts';
import type { CoveredRange, Gap } from '../domain/coverage.ts';
import type { ScrapeType } from '../domain/job-status.ts';
import type { Window } from '../domain/window.ts';

/** The repository and days a scrape wants. */
export interface ScrapeTarget {
  readonly owner: string;
  readonly name: string;
  /** GitHub's numeric id; null until a source has told it. */
  readonly githubId: number | null;
  readonly window: Window;
  readonly type: ScrapeType;
}

/** A restartable part of a scrape. `slice` is unique within its job and source. */
export interface Slice {
  readonly source: SourceName;
  readonly slice: string;
}

/** What a source would do for a target, before it does it. */
export interface SourcePlan {
  readonly slices: readonly Slice[];
  /** GitHub's id for the name, where the source knows it. */
  readonly githubId: number | null;
  /** What is to be done in all and in what unit (`contributions`, `pages`, `bytes`); null = not known before. */
  readonly total: number | null;
  readonly unit: string;
  /** One line for a person: what will be read, what it costs. */
  readonly note: string;
}

/** Where a slice stands: JSON, made and understood by its source alone. */
export type SliceCursor = Readonly<Record<string, unknown>>;

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
