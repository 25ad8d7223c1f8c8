/*
 * Addresses that strangers wrote, as they may be stored, shown and linked to: http and https only, without user names in front of
 * the host (they make one site look like another), in the form browsers read them.
 */

const MOST_LENGTH = 500;

/** Only this host's pictures are shown: anywhere else a picture would tell a stranger who looks at a board. */
const AVATAR_HOST = 'avatars.githubusercontent.com';

/** A host name such as `example.org`, with or without port and path: what people write when they leave `https://` out. */
const BARE = /^[a-z0-9](?:[a-z0-9-]{0,62}\.)+[a-z]{2,24}(?::\d{1,5})?(?:[/?#]|$)/i;

/**
 * The address as it may be linked to, or null for one that is none, is too long, or begins otherwise than http or https. One that
 * lacks its scheme gets https.
 */
export function publicUrl(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const trimmed = text.trim();
  // URL parsers leave out tabs and line breaks and read backslashes as slashes: what is checked would not be what was written.
  if (trimmed === '' || trimmed.length > MOST_LENGTH || /[\s\\<>"'`{}|^]/.test(trimmed) || hasControls(trimmed)) return null;
  const whole = BARE.test(trimmed) ? `https://${trimmed}` : trimmed;
  if (!/^https?:\/\//i.test(whole) || !URL.canParse(whole)) return null;
  const url = new URL(whole);
  if (url.hostname === '') return null;
  url.username = '';
  url.password = '';
  return url.href.length > MOST_LENGTH ? null : url.href;
}

/** The address of an account's picture, or null for one that is elsewhere than GitHub's pictures are. */
export function avatarUrl(text: string | null | undefined): string | null {
  const url = publicUrl(text);
  if (url === null) return null;
  const { protocol, host, pathname } = new URL(url);
  return protocol === 'https:' && host === AVATAR_HOST && /^\/u\/\d{1,15}$/.test(pathname) ? url : null;
}

/** A name or place that somebody wrote, as one line without control characters and invisible marks that reorder text; null when nothing is left. */
export function publicText(text: string | null | undefined, most = 200): string | null {
  if (text === null || text === undefined) return null;
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200e\u200f]+/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  // A surrogate that the cut leaves alone is no character.
  return line === ''
    ? null
    : line
        .slice(0, most)
        .replace(/[\ud800-\udbff]$/, '')
        .trim();
}

function hasControls(text: string): boolean {
  return /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200e\u200f]/u.test(text);
}
