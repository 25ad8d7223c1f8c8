import { InvalidInput } from '../domain/errors.ts';

/** A page of a list: `nextCursor` null on the last one, `total` over all pages. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
  readonly total: number;
}

type CursorPart = string | number | null;

/** Writes the place after which a page begins; opaque to whoever carries it. */
export function encodeCursor(parts: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Reads a cursor of `length` parts. @throws InvalidInput (400) when it was not made by {@link encodeCursor}. */
export function decodeCursor(cursor: string, length: number): readonly CursorPart[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const isPart = (part: unknown): boolean => part === null || typeof part === 'string' || typeof part === 'number';
    if (Array.isArray(parts) && parts.length === length && parts.every(isPart)) return parts as CursorPart[];
  } catch {
    // Not JSON: falls through to the same refusal.
  }
  const detail = 'take it from next_cursor of the page before';
  throw new InvalidInput(`cursor: this is not a cursor of this list; ${detail}`, [{ pointer: 'cursor', detail }], 400);
}

/** Cuts rows that were read with `limit + 1` to a page. */
export function pageOf<T>(rows: readonly T[], limit: number, total: number, cursorOf: (last: T) => string): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, total, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
