import type { Request } from 'express';
import { InvalidInput } from '../domain/errors.ts';
import { errorCodeOf } from './errors.ts';

/** The Link header of a page: the same request with the cursor of the next one; none on the last. */
export function nextLink(request: Request, parameter: 'cursor' | 'after', next: string | null): Readonly<Record<string, string>> {
  if (next === null) return {};
  const url = new URL(request.originalUrl, 'http://localhost');
  url.searchParams.set(parameter, next);
  return { Link: `<${url.pathname}${url.search}>; rel="next"` };
}

/** PostgreSQL's class of errors about values that are not of their type. */
const DATA_EXCEPTION = /^22/;

/** Reads a page. A cursor of another list, or one that was tampered with, is the client's error. @throws InvalidInput (400) */
export async function atCursor<T>(cursor: string | undefined, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (cursor === undefined || !DATA_EXCEPTION.test(errorCodeOf(error))) throw error;
    const detail = 'must be the next_cursor of a page of the same list and order';
    throw new InvalidInput(`cursor: ${detail}`, [{ pointer: 'cursor', detail }], 400);
  }
}
