import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { LOG_STREAM_PATH } from '../api/contract.ts';
import type { LogLineResource } from '../api/contract/jobs.ts';
import type { AppError } from '../domain/errors.ts';
import { ApiUnreachable, refusalOf, type ApiClient } from './api-client.ts';

/** What is followed; `after` is the id of the last line that is known already. */
export interface LogFilter {
  readonly job?: string | undefined;
  readonly level?: string | undefined;
  readonly after?: string | undefined;
}

const TRIES = 10;
const PAUSE_MS = 1_000;

/**
 * Gives every log line that comes, in order and without gap, until `signal` aborts; a lost connection is taken up again behind the
 * last line. @throws ApiUnreachable when the server stays away, AppError when it refuses.
 */
export async function followLogs(
  { url: baseUrl, authorization }: Pick<ApiClient, 'url' | 'authorization'>,
  filter: LogFilter,
  onLine: (line: LogLineResource) => void,
  signal: AbortSignal,
): Promise<void> {
  let after = filter.after;
  for (let failures = 0; !signal.aborted;) {
    const url = new URL(LOG_STREAM_PATH, baseUrl.replace(/^http/, 'ws'));
    for (const [name, value] of Object.entries({ ...filter, after })) if (value !== undefined) url.searchParams.set(name, value);
    const socket = new WebSocket(url, { headers: authorization });
    const onAbort = (): void => socket.close();
    signal.addEventListener('abort', onAbort);
    socket.on('open', () => (failures = 0));
    socket.on('message', (data: Buffer) => {
      const line = JSON.parse(data.toString('utf8')) as LogLineResource;
      after = String(line.id);
      onLine(line);
    });
    // The server's pings say where we are, also before the first line.
    socket.on('ping', (data: Buffer) => {
      if (data.length > 0) after = data.toString('utf8');
    });
    let lastError: unknown = new Error('the connection was closed');
    socket.on('error', (error) => (lastError = error));
    const refusal = await new Promise<AppError | null>((resolve) => {
      socket.once('close', () => resolve(null));
      socket.once('unexpected-response', (_, response) => {
        void text(response).then(
          (body) => resolve(refusalOf(response.statusCode ?? 0, body)),
          () => resolve(null),
        );
      });
    });
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) return;
    // What is wrong with the request stays wrong; all else may pass: 429, 503.
    if (refusal !== null && refusal.status < 429) throw refusal;
    lastError = refusal ?? lastError;
    failures += 1;
    if (failures > TRIES) throw new ApiUnreachable(baseUrl, lastError);
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
