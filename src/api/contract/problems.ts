import { z } from 'zod';
import { JOB_STATUSES } from '../../domain/job-status.ts';

/** One kind of error answer. */
interface ProblemKind {
  readonly status: number;
  /** What it means, for people. */
  readonly means: string;
}

/** Every error that an endpoint can answer, by its stable code: the only list of them. README.md shows it. */
export const PROBLEMS = {
  malformed_json: { status: 400, means: 'The body is not JSON.' },
  request_aborted: { status: 400, means: 'The body ended before its announced length.' },
  invalid_host: { status: 400, means: 'There is not exactly one Host header.' },
  key_required: { status: 401, means: 'No API key was sent, and this needs one.' },
  invalid_key: { status: 401, means: 'The API key is not in force.' },
  insufficient_scope: { status: 403, means: 'The API key may not do this.' },
  foreign_origin: { status: 403, means: 'A page of another site sends the request.' },
  not_found: { status: 404, means: 'There is nothing at this path.' },
  repository_not_found: { status: 404, means: 'The repository is not known here.' },
  github_repository_not_found: { status: 404, means: 'GitHub knows no public repository of this name.' },
  scoring_not_found: { status: 404, means: 'There is no such version of the scoring.' },
  contributor_not_found: { status: 404, means: 'Nobody of this name is known here.' },
  job_not_found: { status: 404, means: 'There is no such job.' },
  scrape_already_running: { status: 409, means: 'The repository has an unfinished job; `job` names it.' },
  enrichment_already_running: { status: 409, means: 'The person, or a batch, is being enriched; `job` names it.' },
  repository_conflict: { status: 409, means: 'Another repository has come to have this name.' },
  repository_is_another: { status: 409, means: 'The name belongs to another repository now.' },
  job_not_retryable: { status: 409, means: 'The job goes on, has succeeded, or has nothing to go on with.' },
  job_closed: { status: 409, means: 'The job has ended.' },
  idempotency_key_in_use: { status: 409, means: 'The first request with this Idempotency-Key is still under way.' },
  board_changed: { status: 410, means: 'The board was rebuilt since the page before: begin again with the first.' },
  contributor_opted_out: { status: 410, means: 'The person has opted out: nothing about them is shown.' },
  scoring_changed: { status: 412, means: 'Somebody else has saved another scoring since: If-Match does not name the newest.' },
  body_too_large: { status: 413, means: 'The body is larger than 100 KB.' },
  unsupported_media_type: { status: 415, means: 'The body is not application/json in UTF-8, uncompressed.' },
  misdirected_request: { status: 421, means: 'The Host header names a host that is not one of ours (ALLOWED_HOSTS).' },
  idempotency_key_reused: { status: 422, means: 'The Idempotency-Key was used for another request.' },
  no_source_configured: { status: 422, means: 'No source that could serve the request is configured.' },
  repository_private: { status: 422, means: 'Private repositories are not read.' },
  contributor_is_sample: { status: 422, means: 'The person is part of the sample: there is nobody to ask about.' },
  repository_is_sample: { status: 422, means: 'The sample has nothing to collect.' },
  bad_credentials: { status: 422, means: 'GitHub refuses the token.' },
  app_not_installed: { status: 422, means: 'The GitHub App is not installed where the repository is.' },
  github_access_denied: { status: 403, means: 'GitHub denies the token access to the repository.' },
  precondition_required: { status: 428, means: 'If-Match is missing: the version that the change was made from.' },
  too_many_requests: { status: 429, means: 'The limit of requests is reached; Retry-After says for how many seconds.' },
  headers_too_large: { status: 431, means: 'The request line and headers are larger than 16 KB.' },
  repository_blocked: { status: 451, means: 'GitHub has blocked the repository for legal reasons.' },
  unavailable_for_legal_reasons: { status: 451, means: 'GitHub has blocked the repository for legal reasons.' },
  internal_error: { status: 500, means: 'Something that nobody foresaw; the log has more under the request id.' },
  opt_out_key_differs: { status: 500, means: 'This process has another key than people were hidden or erased with (OPT_OUT_KEY).' },
  service_unavailable: { status: 503, means: 'PostgreSQL or Temporal can not be reached at the moment.' },
  boards_busy: { status: 503, means: 'A scrape is publishing or boards are being rebuilt: try again in a minute.' },
  not_ready: { status: 503, means: 'Something that Laurels needs does not answer; `details` says what.' },
  plan_unavailable: { status: 503, means: 'The plan of a scrape could not be made in time.' },
  too_many_streams: { status: 503, means: 'Too many log streams are open.' },
} as const satisfies Readonly<Record<string, ProblemKind>>;
export type ProblemCode = keyof typeof PROBLEMS | 'invalid_input';

/** A wrong path or query is 400, a wrong value in a body 422. */
export const INVALID_INPUT = { code: 'invalid_input', means: 'A parameter or field is wrong, or not known; `errors` names each.' } as const;

/** The body of every error answer: RFC 9457, with the error's stable code and the request's id. */
export const problem = z.strictObject({
  type: z.string().regex(/^urn:laurels:problem:[a-z_]+$/),
  title: z.string(),
  status: z.int().min(300).max(599),
  detail: z.string().describe('What is wrong and what would be right, for people'),
  code: z
    .string()
    .regex(/^[a-z_]+$/)
    .describe('Stable; what programs go by'),
  instance: z.string().optional().describe('The path that was asked for'),
  request_id: z.string().optional().describe("X-Request-Id; the server's log has it too"),
  errors: z
    .array(
      z
        .strictObject({ pointer: z.string().describe('JSON pointer into the body, or name of the parameter'), detail: z.string() })
        .readonly(),
    )
    .readonly()
    .optional(),
  job: z
    .strictObject({ id: z.uuid(), status: z.enum(JOB_STATUSES), url: z.string() })
    .readonly()
    .optional()
    .describe('409: the job in the way'),
  details: z.record(z.string(), z.unknown()).readonly().optional(),
});
export type Problem = Readonly<z.infer<typeof problem>>;
