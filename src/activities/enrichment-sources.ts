import type { AskGraphql } from '../enrichment/github-profile.ts';
import { createWebsiteReader, type ReadWebsite } from '../enrichment/website.ts';
import { createXReader, type ReadX } from '../enrichment/x-profile.ts';
import { GithubClient, type SourceLog } from '../sources/github/client.ts';

/** Who can be asked about people; null: not configured. */
export interface EnrichmentSources {
  /** GitHub, for one activity's time. */
  readonly github: ((signal: AbortSignal) => AskGraphql) | null;
  readonly x: ReadX | null;
  readonly website: ReadWebsite | null;
  /** Whether e-mail addresses that people show are stored. */
  readonly emails: boolean;
}

/** What decides who is asked. */
export interface EnrichmentSettings {
  readonly github: { readonly tokens: readonly string[]; readonly apiUrl: string };
  readonly enrichment: { readonly xApiKey: string | null; readonly websites: boolean; readonly emails: boolean };
  readonly log: SourceLog;
}

/** Not a repository: under this name the client remembers which token may not ask about people. */
const PEOPLE = { owner: 'github', name: 'users' } as const;

/** Makes the sources of enrichment: GitHub with a token, X with a key, websites where they are switched on. */
export function createEnrichmentSources({ github, enrichment, log }: EnrichmentSettings): EnrichmentSources {
  return {
    github: github.tokens.length === 0 ? null : askerOf(new GithubClient({ ...github, log })),
    x: enrichment.xApiKey === null ? null : createXReader({ apiKey: enrichment.xApiKey }),
    website: enrichment.websites ? createWebsiteReader() : null,
    emails: enrichment.emails,
  };
}

function askerOf(client: GithubClient): EnrichmentSources['github'] {
  const conversation = client.about(PEOPLE);
  return (signal) => async (query, variables) => (await conversation.graphql(query, variables, { signal, what: 'a public profile' })).data;
}
