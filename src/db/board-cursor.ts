import { createHash } from 'node:crypto';
import { InvalidInput } from '../domain/errors.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';

/** Where a page of a board begins: after this row, in this version of what it is made of. */
export interface Place {
  /** The stored board's version, or what the ranking was made of. */
  readonly version: string;
  /** What the row has of the figure that is sorted by; null: the board is in the order of its ranks. */
  readonly sortKey: string | null;
  /** The row's place in the stored board. */
  readonly position: number | null;
  /** Of a board without stored places: score, login in lower case and id of the row. */
  readonly score: string | null;
  readonly login: string | null;
  readonly personId: number | null;
}

/** Everything that pages of one board have in common, in few characters. */
export function queryKey(parts: readonly unknown[]): string {
  return createHash('sha1').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);
}

/** Writes a place down for the query of this key. */
export function encodePlace(key: string, { version, sortKey, position, score, login, personId }: Place): string {
  return encodeCursor([key, version, sortKey, position, score, login, personId]);
}

/** Reads what {@link encodePlace} wrote. @throws InvalidInput (400) when it was for another query. */
export function decodePlace(cursor: string, key: string): Place {
  const [ofKey, version, sortKey, position, score, login, personId] = decodeCursor(cursor, 7);
  const isText = (part: unknown): part is string | null => part === null || typeof part === 'string';
  const isNumber = (part: unknown): part is number | null => part === null || typeof part === 'number';
  const isPlace =
    typeof version === 'string' && isText(sortKey) && isNumber(position) && isText(score) && isText(login) && isNumber(personId);
  const isWhole = position !== null || (score !== null && login !== null && personId !== null);
  if (ofKey !== key || !isPlace || !isWhole) {
    const detail = 'it belongs to another query: take it from next_cursor of the page before, with the same parameters';
    throw new InvalidInput(`cursor: ${detail}`, [{ pointer: 'cursor', detail }], 400);
  }
  return { version, sortKey, position, score, login, personId };
}
