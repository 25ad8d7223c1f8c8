import { createHash } from 'node:crypto';
import { constants, createReadStream, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { types } from 'node:util';
import { createGunzip } from 'node:zlib';
import { FileRefused } from './archive-file.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A file whose bytes were all read and, where it is a gzip, checked to its trailer. */
export interface CheckedCopy {
  readonly sha256: string;
  /** Bytes of the plain text that was written. */
  readonly bytes: number;
}

/** SHA-256 of a file, in hex. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(signal && { signal }) })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** What stands at the start of a file that is no gzip, in words. */
function looksLike(start: Buffer): string {
  const text = start.toString('latin1').trimStart().slice(0, 200).toLowerCase();
  if (text.startsWith('<!doctype html') || text.startsWith('<html') || text.startsWith('<?xml') || text.startsWith('<')) {
    return 'it is a web page, so the download failed';
  }
  return text.startsWith('{') ? 'it is plain text under the name of a gzip' : 'it has no gzip header';
}

function zlibReason(error: NodeJS.ErrnoException): string {
  return error.code === 'Z_BUF_ERROR' ? 'the gzip is cut off before its end' : `the gzip is damaged: ${error.message}`;
}

const isZlibError = (error: unknown): error is NodeJS.ErrnoException =>
  types.isNativeError(error) && String((error as NodeJS.ErrnoException).code).startsWith('Z_');

/** Opens a file without cutting it: writing over the pages a file has in memory is cheaper than getting new ones. */
async function openForWriting(path: string): Promise<FileHandle> {
  return open(path, constants.O_CREAT | constants.O_RDWR, 0o600);
}

/**
 * Copies a file's plain text to `into`, which may exist and is written over. A gzip (by its first bytes, one member or several) is inflated
 * and so checked to its trailer: DuckDB reads a truncated hour without complaint.
 * @throws FileRefused when the file is empty, no gzip though its name says so, cut off or damaged.
 */
export async function copyChecked(
  path: string,
  into: string,
  o: { readonly isMemory: boolean; readonly signal?: AbortSignal | undefined },
): Promise<CheckedCopy> {
  const { signal } = o;
  const hash = createHash('sha256');
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(signal && { signal }) });
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await chunks.next();
  if (first.done === true) throw new FileRefused('empty', 'the file has no bytes');
  const isGzip = first.value[0] === 0x1f && first.value[1] === 0x8b;
  if (!isGzip && path.toLowerCase().endsWith('.gz')) {
    source.destroy();
    throw new FileRefused('damaged', looksLike(first.value));
  }
  const file = await openForWriting(into);
  let bytes = 0;
  const read = async function* (): AsyncGenerator<Buffer> {
    for (let next: IteratorResult<Buffer> = first; next.done !== true; next = await chunks.next()) {
      hash.update(next.value);
      yield next.value;
    }
  };
  // Memory is written at once: handing the bytes to another thread would cost more than copying them.
  const put = async (chunk: Buffer, from: number): Promise<number> =>
    o.isMemory ? writeSync(file.fd, chunk, from) : (await file.write(chunk, from)).bytesWritten;
  const write = async (plain: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of plain) {
      for (let written = 0; written < chunk.length;) written += await put(chunk, written);
      bytes += chunk.length;
    }
  };
  try {
    if (isGzip) await pipeline(read, createGunzip({ chunkSize: CHUNK_BYTES }), write);
    else await write(read());
    await file.truncate(bytes);
  } catch (error) {
    if (!isGzip || !isZlibError(error)) throw error;
    throw new FileRefused('damaged', zlibReason(error), { cause: error });
  } finally {
    source.destroy();
    await file.close();
  }
  if (bytes === 0) throw new FileRefused('empty', 'the gzip holds nothing');
  return { sha256: hash.digest('hex'), bytes };
}
