import { z } from 'zod';
import { linkedinUrlOf, publicEmailOf, xNameOf, type Finding } from '../domain/enrichment.ts';
import { avatarUrl, publicText, publicUrl } from '../domain/public-url.ts';

/** A public profile at GitHub, cleaned. */
export interface GithubProfile {
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  readonly profileUrl: string | null;
  readonly company: string | null;
  readonly location: string | null;
  readonly findings: readonly Finding[];
}

/** Asks GitHub's GraphQL; gives `data`. */
export type AskGraphql = (query: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>;

const QUERY = `query Profile($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on User {
      databaseId login name avatarUrl url company location bio websiteUrl twitterUsername email
      socialAccounts(first: 10) { nodes { provider url } }
    }
  }
  rateLimit { cost remaining resetAt }
}`;

const text = z.string().nullish().catch(null);
const USER = z.object({
  __typename: z.literal('User'),
  databaseId: z.number().nullish(),
  login: z.string(),
  name: text,
  avatarUrl: text,
  url: text,
  company: text,
  location: text,
  bio: text,
  websiteUrl: text,
  twitterUsername: text,
  email: text,
  socialAccounts: z
    .object({ nodes: z.array(z.object({ provider: text, url: text }).nullable()).nullable() })
    .nullish()
    .catch(null),
});
const ANSWER = z.object({ nodes: z.array(z.unknown()) });

const LARGEST_UINT32 = 0xffff_ffff;

/** GitHub's node id of the account with this number: `U_` and a msgpack of [0, number]. So a profile is never asked for by a login, which may be somebody else's by now. */
export function userNodeId(githubId: number): string {
  const bytes = Buffer.alloc(githubId > LARGEST_UINT32 ? 11 : 7);
  bytes.writeUInt8(0x92, 0);
  bytes.writeUInt8(0, 1);
  if (githubId > LARGEST_UINT32) {
    bytes.writeUInt8(0xcf, 2);
    bytes.writeBigUInt64BE(BigInt(githubId), 3);
  } else {
    bytes.writeUInt8(0xce, 2);
    bytes.writeUInt32BE(githubId, 3);
  }
  return `U_${bytes.toString('base64url')}`;
}

/**
 * Reads the public profile of an account; null when GitHub has no such person (any more): deleted, an app, an organization.
 * `withEmail`: whether an address that the person shows is taken along.
 * @throws what `ask` throws, and an Error for an answer that is none.
 */
export async function readGithubProfile(
  ask: AskGraphql,
  githubId: number,
  o: { readonly withEmail: boolean },
): Promise<GithubProfile | null> {
  const answer = ANSWER.parse(await ask(QUERY, { ids: [userNodeId(githubId)] }));
  const parsed = USER.safeParse(answer.nodes[0]);
  if (!parsed.success) return null;
  const user = parsed.data;
  if (typeof user.databaseId === 'number' && user.databaseId !== githubId) throw new Error('GitHub answered with another account');
  return {
    displayName: publicText(user.name),
    avatarUrl: avatarUrl(user.avatarUrl),
    profileUrl: publicUrl(user.url),
    company: publicText(user.company),
    location: publicText(user.location),
    findings: findingsOf(user, o.withEmail),
  };
}

/** What a profile says: its own fields, the accounts it lists, and a LinkedIn address in its text. */
function findingsOf(user: z.infer<typeof USER>, withEmail: boolean): readonly Finding[] {
  const own: Finding[] = [];
  const add = (list: Finding[], source: Finding['source'], field: Finding['field'], value: string | null): void => {
    if (value !== null) list.push({ field, value, source });
  };
  const inBio = /(?:https?:\/\/)?(?:[a-z]{2,3}\.)?linkedin\.com\/in\/[^\s)>\]"',]+/i.exec(user.bio ?? '')?.[0]?.replace(/[.!?:;]+$/, '');
  const website = publicUrl(user.websiteUrl);
  const linkedin = linkedinUrlOf(user.websiteUrl) ?? linkedinUrlOf(inBio);
  add(own, 'github_profile', 'twitter_username', xNameOf(user.twitterUsername));
  add(own, 'github_profile', 'linkedin_url', linkedin);
  add(own, 'github_profile', 'personal_website', isProfileElsewhere(website) ? null : website);
  if (withEmail) add(own, 'github_profile', 'personal_email', publicEmailOf(user.email));
  const social: Finding[] = [];
  for (const account of user.socialAccounts?.nodes ?? []) {
    if (account === null) continue;
    switch (account.provider) {
      case 'TWITTER':
        add(social, 'github_social', 'twitter_username', xNameOf(account.url));
        break;
      case 'LINKEDIN':
        add(social, 'github_social', 'linkedin_url', linkedinUrlOf(account.url));
        break;
      case 'GENERIC': {
        const url = publicUrl(account.url);
        if (linkedinUrlOf(url) !== null) add(social, 'github_social', 'linkedin_url', linkedinUrlOf(url));
        else if (!isProfileElsewhere(url)) add(social, 'github_social', 'personal_website', url);
        break;
      }
      default:
        break;
    }
  }
  // Of several the first that the profile lists.
  return [...own, ...social].filter(
    (finding, index, all) => all.findIndex(({ field, source }) => field === finding.field && source === finding.source) === index,
  );
}

/** An address of a network that has a field of its own is no website. */
function isProfileElsewhere(url: string | null): boolean {
  return (
    url === null || linkedinUrlOf(url) !== null || (/^https?:\/\/(?:[a-z]+\.)?(?:twitter|x)\.com\//i.test(url) && xNameOf(url) !== null)
  );
}
