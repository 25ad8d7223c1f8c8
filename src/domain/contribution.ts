/** Where a contribution was learnt from. A day that a stronger source has read completely holds only its rows (decisions 1). */
export const SOURCE_NAMES = ['github', 'bigquery', 'gharchive', 'sample'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** How a source is called to people, the number it has in the database, and its strength: a higher one wins a day that both have read. */
export const SOURCES: Readonly<Record<SourceName, { readonly title: string; readonly code: number; readonly strength: number }>> = {
  github: { title: 'GitHub', code: 1, strength: 2 },
  bigquery: { title: 'BigQuery', code: 2, strength: 1 },
  gharchive: { title: 'GH Archive', code: 3, strength: 1 },
  sample: { title: 'the sample', code: 4, strength: 1 },
};

/** What a person did. The number is the kind's code in the database and never changes. */
export const KIND_CODES = {
  COMMIT: 1,
  PR_OPENED: 2,
  PR_MERGED: 3,
  PR_REVIEWED: 4,
  PR_REVIEW_COMMENT: 5,
  ISSUE_OPENED: 6,
  ISSUE_CLOSED: 7,
  COMMENT: 8,
  RELEASE: 9,
  COMMIT_COAUTHOR: 10,
} as const;
export type ContributionKind = keyof typeof KIND_CODES;

export const CONTRIBUTION_KINDS = Object.keys(KIND_CODES) as readonly ContributionKind[];

const KIND_OF_CODE: ReadonlyMap<number, ContributionKind> = new Map(CONTRIBUTION_KINDS.map((kind) => [KIND_CODES[kind], kind]));

/** The kind a database code stands for. @throws RangeError for a code that no kind has. */
export function kindOf(code: number): ContributionKind {
  const kind = KIND_OF_CODE.get(code);
  if (kind === undefined) throw new RangeError(`No contribution kind has the code ${code}`);
  return kind;
}

/** A GitHub account as a row names it. `githubId` null: the row has a login only (the timeline era), it can't be attributed. */
export interface Account {
  readonly githubId: number | null;
  readonly login: string;
  /** `User`, `Bot`, `Organization`, `Mannequin`, or null where the source does not say. */
  readonly type: string | null;
}

/** One thing one account did, known by its natural key (repository, kind, subject). */
export interface Contribution {
  readonly kind: ContributionKind;
  /** Pull request or issue number, comment, review or release id, commit sha, `push:<id>`: see design/data.md. */
  readonly subject: string;
  /** Null where the source does not say who it was: counted in coverage, ranked nowhere. */
  readonly actor: Account | null;
  readonly occurredAt: Date;
  /** How many (the commits of a push); null = unknown, never 0. */
  readonly quantity: number | null;
  readonly linesAdded: number | null;
  readonly linesDeleted: number | null;
  /** The pull request or issue it belongs to, where it belongs to one. */
  readonly number: number | null;
  /** True where the figure is an estimate: commits known from pushes only. */
  readonly isEstimate: boolean;
  /** Provenance only, never identity: GitHub has re-used event ids since 2025-10-08. */
  readonly sourceEvent: string | null;
}

/** What is known of a pull request itself; attribution of merges and the self-review rule read it. */
export interface PullRequestFact {
  readonly number: number;
  readonly author: Account | null;
  readonly createdAt: Date | null;
  readonly mergedAt: Date | null;
  readonly baseRef: string | null;
}
