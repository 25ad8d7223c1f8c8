/**
 * An error a person can act on. `code` is stable and listed in the README; `status` is the HTTP status the API answers with;
 * `details` carries the evidence (field, value, ids), never a secret.
 */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, status: number, message: string, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/** One wrong field: `pointer` is a JSON pointer (`/owner`) or the name of a parameter, `detail` says what would be right. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** Input that was understood but is wrong: the API answers 400 (syntax, path, query) or 422 (a wrong value in JSON), the CLI exits 2. */
export class InvalidInput extends AppError {
  readonly errors: readonly FieldError[];

  constructor(message: string, errors: readonly FieldError[] = [], status: 400 | 422 = 422) {
    super('invalid_input', status, message, { errors });
    this.errors = errors;
  }
}

/** No repository of this name is known here. */
export class RepositoryNotFound extends AppError {
  constructor(owner: string, name: string) {
    super(
      'repository_not_found',
      404,
      `Repository ${owner}/${name} is not known here. Scrape it first: laurels scrape ${owner}/${name}, or POST /api/v1/repositories.`,
      {
        owner,
        name,
      },
    );
  }
}

/** Nobody of this login or id is known here. */
export class ContributorNotFound extends AppError {
  constructor(username: string) {
    super(
      'contributor_not_found',
      404,
      `Nobody called ${username} is known here: no repository that was scraped has contributions of theirs.`,
      {
        username,
      },
    );
  }
}

/** The person has opted out. The answer says no more than that, not even the name that was asked for. */
export class ContributorHidden extends AppError {
  constructor() {
    super('contributor_opted_out', 410, 'This person has opted out: nothing about them is shown here.');
  }
}

/** No job has this id. */
export class JobNotFound extends AppError {
  constructor(id: string) {
    super('job_not_found', 404, `There is no job ${id}.`, { id });
  }
}

/** The repository has an unfinished job; `details.job_id` names it. */
export class ScrapeAlreadyRunning extends AppError {
  readonly jobId: string;

  constructor(repository: string, jobId: string) {
    super('scrape_already_running', 409, `A scrape of ${repository} is already unfinished: job ${jobId}. Wait for it or cancel it.`, {
      repository,
      job_id: jobId,
    });
    this.jobId = jobId;
  }
}

/** The person, or a batch, is being enriched; `details.job_id` names the job. */
export class EnrichmentAlreadyRunning extends AppError {
  readonly jobId: string;

  constructor(jobId: string) {
    super('enrichment_already_running', 409, `That is being done already: job ${jobId}. Wait for it or cancel it.`, { job_id: jobId });
    this.jobId = jobId;
  }
}

/** The scoring is no longer the version that a change was made from. */
export class ScoringChanged extends AppError {
  constructor(version: number) {
    super('scoring_changed', 412, `The scoring is version ${version} now. Read it again, then decide on your change.`, { version });
  }
}

/** A change that would overwrite unseen what somebody else has saved: the version it was made from is missing. */
export class PreconditionRequired extends AppError {
  constructor() {
    super('precondition_required', 428, 'Send If-Match with the ETag of the scoring that you have read (GET /api/v1/config/scoring).');
  }
}

/** There is no such version of the scoring. */
export class ScoringNotFound extends AppError {
  constructor(version: number) {
    super('scoring_not_found', 404, `There is no version ${version} of the scoring.`, { version });
  }
}

/** The job has ended and can't be cancelled any more. */
export class JobClosed extends AppError {
  constructor(id: string, status: string) {
    super('job_closed', 409, `Job ${id} has already ended: ${status}.`, { id, status });
  }
}

/** No source that could serve the request is configured. */
export class NoSourceConfigured extends AppError {
  constructor(detail: string) {
    super('no_source_configured', 422, detail);
  }
}

/** A directory of archive files that can't be read. */
export class ArchiveDirectoryUnreadable extends AppError {
  constructor(directory: string, cause: unknown) {
    super('archive_directory_unreadable', 422, `Archive directory ${directory} can't be read: does it exist?`, { directory }, { cause });
  }
}

/** A BigQuery query would go over what the month has left of its budget. Nothing was run, nothing was billed. */
export class BudgetExceeded extends AppError {
  constructor(o: { readonly bytes: number; readonly used: number; readonly budget: number }) {
    super(
      'budget_exceeded',
      422,
      `The query would read ${o.bytes.toLocaleString('en')} bytes, and of the month's ${o.budget.toLocaleString('en')} (BIGQUERY_MONTHLY_BYTES) ` +
        `${Math.max(0, o.budget - o.used).toLocaleString('en')} are left. Nothing was run. Ask for fewer days, wait for the next month (UTC), or raise the budget.`,
      { bytes: o.bytes, used: o.used, budget: o.budget },
    );
  }
}

/** A BigQuery query would read more than one query may. Nothing was run, nothing was billed. */
export class BytesOverCap extends AppError {
  constructor(bytes: number, cap: number) {
    super(
      'bytes_over_cap',
      422,
      `The query would read ${bytes.toLocaleString('en')} bytes, and one query may be billed ${cap.toLocaleString('en')} (BIGQUERY_MAX_BYTES_BILLED). ` +
        'Nothing was run. Ask for fewer days, or raise the cap.',
      { bytes, cap },
    );
  }
}

/** A board's cursor belongs to a version that is no longer kept. */
export class BoardChanged extends AppError {
  constructor() {
    super('board_changed', 410, 'The board was rebuilt since this page was made. Start again from the first page.');
  }
}

/** PostgreSQL or Temporal can't be reached at the moment. */
export class ServiceUnavailable extends AppError {
  constructor(service: string, cause?: unknown) {
    super('service_unavailable', 503, `${service} can't be reached at the moment. Try again in a few seconds.`, { service }, { cause });
  }
}
