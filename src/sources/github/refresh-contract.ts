import type { ContributionKind } from '../../domain/contribution.ts';
import type { RepositoryName } from '../../domain/repository-name.ts';
import type { Day } from '../../domain/window.ts';
import type { Batch, ScrapeTarget, SliceCursor, SourcePlan } from '../contribution-source.ts';

/*
 * What an incremental refresh and measured coverage need beyond contribution-source.ts. Every field is optional: a caller that knows
 * none of them gets full scrapes whose rows are the same.
 */

/** A target whose earlier scrapes left something to start from. */
export interface RefreshTarget extends ScrapeTarget {
  /** GitHub's node id: finds the repository after a rename or a transfer, even when another repository took its name. */
  readonly nodeId?: string | null;
  /** By slice: the `watermark` of the last batch that was published. */
  readonly previous?: Readonly<Record<string, SliceCursor>>;
}

/** A row that GitHub no longer has: an issue that is open again has no ISSUE_CLOSED. */
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

/** A batch with what a refresh and the coverage tell beside the rows. */
export interface GithubBatch extends Batch {
  /** Requests this batch took. A page each; progress in pages is their sum. */
  readonly requests?: number;
  /** Rows to delete when this job is published (a full scrape deletes what is not staged anyway). */
  readonly removed?: readonly RemovedRow[];
  /** Rows to change, where there are such rows. */
  readonly amended?: readonly AmendedRow[];
  /** What this job staged of these kinds before this batch must be forgotten: the slice began again from a changed source. */
  readonly restarted?: readonly ContributionKind[];
  /** With `done`, in a refresh: these kinds were read as a whole, so what is stored of them and not staged is gone at GitHub. */
  readonly replaced?: readonly ContributionKind[];
  /** With `done`: where the next refresh of this slice goes on, to be stored when the job is published. */
  readonly watermark?: SliceCursor;
  /** With `done`: GitHub's own counts. */
  readonly totals?: readonly MonthTotal[];
  /** With `done`: what GitHub has but nobody is credited for (merge commits, drafts), so that stored + excluded can equal the total. */
  readonly excluded?: readonly MonthTotal[];
}

/** What reading would cost. */
export interface Estimate {
  /** Requests in all. */
  readonly pages: number;
  /** GraphQL points. */
  readonly points: number;
  /** REST requests that count against the limit. */
  readonly restRequests: number;
  readonly minutes: number;
}

/** A plan with the figures behind its note. */
export interface GithubPlan extends SourcePlan {
  /** Null when GitHub would not tell at the moment. */
  readonly estimate: Estimate | null;
  /** What GitHub says of the repository; null when it would not tell at the moment. */
  readonly repository: RepositoryState | null;
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
