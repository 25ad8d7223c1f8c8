import type { SourceName } from '../domain/contribution.ts';
import type { ScrapeType } from '../domain/job-status.ts';
import type { Window } from '../domain/window.ts';

/** What a job publishes into. */
export interface Publication {
  readonly jobId: string;
  readonly repositoryId: number;
  readonly type: ScrapeType;
  readonly sources: readonly SourceName[];
  readonly window: Window;
  /** The job's table of staged contributions. */
  readonly stage: string;
  /** The job's table of rows to remove or to amend. */
  readonly changes: string;
}
