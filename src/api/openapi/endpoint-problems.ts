import { isProbe, type Endpoint } from '../contract/endpoint.ts';
import { INVALID_INPUT, PROBLEMS, type ProblemCode } from '../contract/problems.ts';

/** An error an endpoint may answer. */
export interface EndpointProblem {
  readonly status: number;
  readonly code: ProblemCode;
  readonly means: string;
}

/** What the parameters of a path can be missing. */
const MISSING: Readonly<Record<string, readonly ProblemCode[]>> = {
  owner: ['repository_not_found'],
  username: ['contributor_not_found', 'contributor_opted_out'],
};

/** Every error that an endpoint may answer: those of its kind and its own, by status. */
export function problemsOf(endpoint: Endpoint): readonly EndpointProblem[] {
  const { method, path, access, params, body, problems = [] } = endpoint;
  const when = (condition: boolean, ...codes: readonly ProblemCode[]): readonly ProblemCode[] => (condition ? codes : []);
  const codes = new Set<Exclude<ProblemCode, 'invalid_input'>>(
    [
      ...when(true, 'invalid_host', 'misdirected_request', 'headers_too_large', 'internal_error'),
      ...when(!isProbe({ path }), 'too_many_requests', 'service_unavailable'),
      ...when(access !== 'open', 'key_required', 'invalid_key'),
      ...when(access !== 'open' && access !== 'public', 'insufficient_scope'),
      ...when(method !== 'get', 'foreign_origin'),
      ...when(body !== undefined, 'malformed_json', 'request_aborted', 'body_too_large', 'unsupported_media_type'),
      ...when(method === 'post' && access !== 'open', 'idempotency_key_in_use', 'idempotency_key_reused'),
      ...when(path.startsWith('/api/v1/jobs/{id}'), 'job_not_found'),
      ...Object.keys(params?.shape ?? {}).flatMap((parameter) => MISSING[parameter] ?? []),
      ...problems,
    ].filter((code) => code !== 'invalid_input'),
  );
  const found: readonly EndpointProblem[] = [
    { ...INVALID_INPUT, status: 400 },
    ...(body === undefined ? [] : [{ ...INVALID_INPUT, status: 422 }]),
    ...[...codes].map((code) => ({ code, ...PROBLEMS[code] })),
  ];
  return [...found].sort((a, b) => a.status - b.status);
}
