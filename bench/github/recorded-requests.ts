import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** A request as it went out, and how many answers were there when it did. */
export interface RecordedRequest {
  readonly url: string;
  readonly init: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly body: string | null };
  readonly after: number;
}

/** The requests of one part of a job, which begins once the parts before it are over. */
export type RequestRecord = readonly RecordedRequest[];

/** What undici tells of a request (its channel `undici:request:create`). */
interface CreatedRequest {
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer | null;
}

/** Records what `work` asks GitHub, and when. */
export async function recordRequests(work: () => Promise<unknown>): Promise<RequestRecord> {
  const record: RecordedRequest[] = [];
  let answers = 0;
  const created = (message: unknown): void => {
    const { origin, path, method, headers, body } = (message as { readonly request: CreatedRequest }).request;
    const pairs = headers.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, headers[index + 1] ?? '']] : []));
    const sent = { method, headers: Object.fromEntries(pairs), body: body?.toString() ?? null };
    record.push({ url: new URL(path, origin).href, init: sent, after: answers });
  };
  const answered = (): void => void (answers += 1);
  subscribe('undici:request:create', created);
  subscribe('undici:request:trailers', answered);
  try {
    await work();
  } finally {
    unsubscribe('undici:request:create', created);
    unsubscribe('undici:request:trailers', answered);
  }
  return record;
}

/**
 * Sends the same requests again, each as soon as as many answers are there as there were for the reader: as many in flight as it
 * had. `ask` sends one and takes its answer.
 */
export async function repeatRequests(record: RequestRecord, ask: (request: RecordedRequest) => Promise<unknown>): Promise<void> {
  let answers = 0;
  let arrived = (): void => undefined;
  const failures: unknown[] = [];
  const running: Promise<void>[] = [];
  const send = async (request: RecordedRequest): Promise<void> => {
    try {
      await ask(request);
    } catch (error) {
      failures.push(error);
    }
    answers += 1;
    arrived();
  };
  for (const request of record) {
    while (answers < request.after) await new Promise<void>((go) => (arrived = go));
    running.push(send(request));
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
