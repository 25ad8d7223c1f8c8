/** A request as it went out, and how many answers were there when it did. */
interface RecordedRequest {
  readonly url: string;
  readonly init: RequestInit;
  readonly after: number;
}

/** The requests of one part of a job, which begins once the parts before it are over. */
export type RequestRecord = readonly RecordedRequest[];

/** Records what `work` asks by `fetch`, and when. Answers are slow enough meanwhile that nothing keeps the requests back but the reader. */
export async function recordRequests(work: () => Promise<unknown>): Promise<RequestRecord> {
  const record: RecordedRequest[] = [];
  const ask = globalThis.fetch;
  let answers = 0;
  globalThis.fetch = async (url, { signal, ...init } = {}) => {
    record.push({ url: url instanceof Request ? url.url : url.toString(), init, after: answers });
    const answer = await ask(url, { ...init, ...(signal === undefined ? {} : { signal }) });
    const body = answer.status === 304 ? null : await answer.text();
    answers += 1;
    return new Response(body, { status: answer.status, headers: withoutEncoding(answer.headers) });
  };
  try {
    await work();
  } finally {
    globalThis.fetch = ask;
  }
  return record;
}

/** The body is not compressed any more. */
function withoutEncoding(headers: Headers): Headers {
  const plain = new Headers(headers);
  for (const name of ['content-encoding', 'content-length']) plain.delete(name);
  return plain;
}

/**
 * Sends the same requests again, each as soon as as many answers are there as there were for the reader: as many in flight as it
 * had. `read` is all that is done with an answer.
 */
export async function repeatRequests(record: RequestRecord, read: (answer: Response) => Promise<unknown>): Promise<void> {
  let answers = 0;
  let arrived = (): void => undefined;
  const failures: unknown[] = [];
  const running: Promise<void>[] = [];
  const send = async ({ url, init }: RecordedRequest): Promise<void> => {
    try {
      await read(await fetch(url, init));
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
