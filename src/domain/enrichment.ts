/*
 * What enrichment finds out about a person, and whose word counts. Each field remembers where it comes from; a source never
 * overwrites a better one, and takes back what it no longer says.
 */

/** Where a field may come from. `github_social`: the accounts that a GitHub profile lists; `website`: links on the person's own page. */
export const ENRICHMENT_SOURCES = ['github_profile', 'github_social', 'website', 'x'] as const;
export type EnrichmentSource = (typeof ENRICHMENT_SOURCES)[number];

/** Whose word counts for a field, the best first. */
const PRECEDENCE = {
  twitter_username: ['github_profile', 'github_social', 'website'],
  linkedin_url: ['github_social', 'github_profile', 'website'],
  personal_website: ['github_profile', 'github_social', 'x'],
  personal_email: ['github_profile'],
} as const satisfies Readonly<Record<string, readonly EnrichmentSource[]>>;

export type EnrichmentField = keyof typeof PRECEDENCE;
export const ENRICHMENT_FIELDS = Object.keys(PRECEDENCE) as readonly EnrichmentField[];

/** What a source says of a field. */
export interface Finding {
  readonly field: EnrichmentField;
  readonly value: string;
  readonly source: EnrichmentSource;
}

/** A field as it is known: `at` is when the source was asked, ISO 8601. */
export interface KnownField {
  readonly value: string;
  readonly source: EnrichmentSource;
  readonly at: string;
}

/** What is known of a person. */
export type KnownFields = Readonly<Partial<Record<EnrichmentField, KnownField>>>;

/** How asking a source ended. `off`: not switched on; `none`: nothing to ask; the others say why it did not work. */
export const SOURCE_STATES = [
  'ok',
  'off',
  'none',
  'not_found',
  'blocked_address',
  'too_large',
  'too_slow',
  'not_html',
  'unreachable',
  'refused',
  'failed',
] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

/** How well a person is known. PARTIAL: a source that was to be asked did not answer. */
export const ENRICHMENT_STATUSES = ['PENDING', 'RUNNING', 'COMPLETED', 'PARTIAL', 'FAILED'] as const;
export type EnrichmentStatus = (typeof ENRICHMENT_STATUSES)[number];

/**
 * What is known after `asked` sources answered at `at`. They speak for themselves only: what they said before and do not say now is
 * gone, what a better source says stays.
 */
export function learn(known: KnownFields, asked: readonly EnrichmentSource[], found: readonly Finding[], at: string): KnownFields {
  const next: Partial<Record<EnrichmentField, KnownField>> = {};
  for (const field of ENRICHMENT_FIELDS) {
    const order: readonly EnrichmentSource[] = PRECEDENCE[field];
    const before = known[field];
    const kept = before === undefined || asked.includes(before.source) ? [] : [before];
    const told = found
      .filter((finding) => finding.field === field && asked.includes(finding.source) && order.includes(finding.source))
      .map(({ value, source }) => ({ value, source, at }));
    const [best] = [...kept, ...told].toSorted((one, other) => order.indexOf(one.source) - order.indexOf(other.source));
    if (best !== undefined) next[field] = best;
  }
  return next;
}

const X_NAME = /^[A-Za-z0-9_]{1,15}$/;

/** A name at X as it was written: bare, with @, or as an address of twitter.com or x.com; null for anything else. */
export function xNameOf(text: string | null | undefined): string | null {
  const trimmed = text?.trim() ?? '';
  const [, fromUrl] = /^(?:https?:\/\/)?(?:www\.|mobile\.)?(?:twitter|x)\.com\/@?([A-Za-z0-9_]{1,15})\/?(?:[?#].*)?$/i.exec(trimmed) ?? [];
  const name = fromUrl ?? trimmed.replace(/^@/, '');
  const isReserved = ['home', 'intent', 'share', 'i', 'search', 'hashtag', 'explore'].includes(name.toLowerCase());
  return X_NAME.test(name) && !(fromUrl !== undefined && isReserved) ? name : null;
}

/** The address of a LinkedIn profile in one form, or null for any other address. Nothing is ever asked of LinkedIn. */
export function linkedinUrlOf(text: string | null | undefined): string | null {
  const [, name] =
    /^(?:https?:\/\/)?(?:[a-z]{2,3}\.)?linkedin\.com\/(in\/[\p{L}\p{N}%_.-]{1,120}|pub\/[\p{L}\p{N}%_./-]{1,120})\/?(?:[?#].*)?$/iu.exec(
      text?.trim() ?? '',
    ) ?? [];
  if (name === undefined) return null;
  const url = `https://www.linkedin.com/${name.replace(/\/$/, '')}`;
  return URL.canParse(url) ? new URL(url).href : null;
}

const EMAIL = /^[^\s@<>"'(),:;[\]\\\p{Cc}]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$/u;

/** An e-mail address that somebody shows, or null for what is none, and for addresses that lead nowhere. */
export function publicEmailOf(text: string | null | undefined): string | null {
  const address = text?.trim() ?? '';
  return EMAIL.test(address) && address.length <= 254 && !/@users\.noreply\./i.test(address) ? address : null;
}
