import { createHash } from 'node:crypto';
import type { Request } from 'express';

/** A tag that changes with the text or the bytes. */
export function entityTagOf(text: string | Buffer): string {
  return `"${createHash('sha1').update(text).digest('base64url')}"`;
}

/**
 * Whether the client has what the tag names (If-None-Match), so that 304 says it all. Express's own `request.fresh` says no to
 * `Cache-Control: no-cache`, which `fetch` adds by itself to every request with If-None-Match.
 */
export function isCurrent(request: Request, tag: string): boolean {
  const given = request.get('if-none-match');
  if (given === undefined) return false;
  return given.trim() === '*' || given.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
