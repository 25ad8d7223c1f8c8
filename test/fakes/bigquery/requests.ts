import type { IncomingMessage } from 'node:http';
import { json as jsonOf } from 'node:stream/consumers';
import type { RecordedRequest, RequestKind } from './faults.ts';
import type { QueryConfiguration } from './jobs.ts';

const PREFIX = '/bigquery/v2';

/** What a request asks for. */
export async function readRequest(request: IncomingMessage): Promise<RecordedRequest> {
  const url = new URL(request.url ?? '/', 'http://bigquery');
  const method = request.method ?? 'GET';
  const body = method === 'GET' ? null : await jsonOf(request).catch(() => null);
  const path = url.pathname.startsWith(PREFIX) ? url.pathname.slice(PREFIX.length) : url.pathname;
  const { jobReference } = (body ?? {}) as { jobReference?: { jobId?: string } };
  const named = /^\/projects\/[^/]+\/(?:jobs|queries)\/([^/]+)/.exec(path)?.[1];
  return {
    method,
    path,
    query: url.searchParams,
    body,
    kind: kindOf(method, path, body),
    jobId: named === undefined ? (jobReference?.jobId ?? null) : decodeURIComponent(named),
    status: 0,
    fault: null,
  };
}

function kindOf(method: string, path: string, body: unknown): RequestKind {
  const [, , , kind, ...rest] = path.split('/');
  if (kind === 'jobs' || kind === 'queries') {
    if (method === 'POST' && rest.length === 0) {
      const { configuration, dryRun } = (body ?? {}) as { configuration?: QueryConfiguration; dryRun?: boolean };
      if (kind === 'jobs' && configuration?.query === undefined) return 'other';
      return configuration?.dryRun === true || dryRun === true ? 'dryRun' : 'insert';
    }
    if (method === 'POST') return 'cancel';
    return rest.length === 0 ? 'other' : kind === 'jobs' ? 'job' : 'results';
  }
  if (kind !== 'datasets') return 'other';
  if (rest.length < 2) return 'dataset';
  return rest.length === 2 && method === 'GET' ? 'tables' : 'table';
}
