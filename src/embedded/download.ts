import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const ANSWER_LIMIT_MS = 8000;
const STALL_LIMIT_MS = 20_000;
const TOTAL_LIMIT_MS = 900_000;
const SAY_EVERY_MS = 3000;
const MEGABYTE = 1_000_000;

/** fetch's own message is only "fetch failed": the reason is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function openUrl(url: string, abort: AbortController): Promise<Response> {
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`)), ANSWER_LIMIT_MS);
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: 'follow' });
    if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
    return response;
  } catch (error) {
    throw new Error(reasonOf(abort.signal.aborted ? abort.signal.reason : error), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** A small text from the web. @throws Error in one line when there is no answer within 8 seconds or no success. */
export async function fetchText(url: string): Promise<string> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error('the answer took too long')), STALL_LIMIT_MS);
  try {
    return await (await openUrl(url, abort)).text();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Downloads a file and says every few seconds how far it is.
 * @throws Error in one line: no answer within 8 seconds, no bytes for 20 seconds, not done in 15 minutes, no success.
 */
export async function fetchArchive(o: {
  readonly url: string;
  readonly target: string;
  readonly name: string;
  readonly say: (line: string) => void;
}): Promise<void> {
  const abort = new AbortController();
  const response = await openUrl(o.url, abort);
  if (response.body === null) throw new Error('the answer is empty');
  const total = Number(response.headers.get('content-length') ?? 0);
  const of = total > 0 ? ` of ${Math.round(total / MEGABYTE)}` : '';
  o.say(`Downloading ${o.name}${total > 0 ? ` (${Math.round(total / MEGABYTE)} MB)` : ''} from ${new URL(o.url).host} …`);
  let received = 0;
  let saidAt = Date.now();
  const whole = setTimeout(() => abort.abort(new Error('the download took too long')), TOTAL_LIMIT_MS);
  const onStall = () => abort.abort(new Error(`nothing came for ${STALL_LIMIT_MS / 1000} s`));
  let stall = setTimeout(onStall, STALL_LIMIT_MS);
  try {
    await pipeline(
      Readable.fromWeb(response.body as never),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          clearTimeout(stall);
          stall = setTimeout(onStall, STALL_LIMIT_MS);
          received += chunk.length;
          if (Date.now() - saidAt > SAY_EVERY_MS) {
            saidAt = Date.now();
            o.say(`  … ${Math.round(received / MEGABYTE)}${of} MB`);
          }
          yield chunk;
        }
      },
      createWriteStream(o.target),
    );
    if (total > 0 && received !== total) throw new Error(`only ${received} of ${total} bytes came`);
  } catch (error) {
    throw new Error(reasonOf(abort.signal.aborted ? abort.signal.reason : error), { cause: error });
  } finally {
    clearTimeout(whole);
    clearTimeout(stall);
  }
}

/** The sha256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
