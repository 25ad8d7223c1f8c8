import { gateOf } from './api/api-server.ts';
import type { ApiDeps } from './api/deps.ts';
import type { Config } from './config.ts';
import type { Sources } from './sources/available-sources.ts';
import { createAvatarFetcher } from './sources/github/avatars.ts';
import { createRepositoryFacts } from './sources/github/repository-facts.ts';

type ApiSettings = Omit<ApiDeps, 'db' | 'engine' | 'log' | 'metrics' | 'instance' | 'temporalUiUrl' | 'optOutKey'>;

/** What of the configuration the API works with: the same for a server of its own and for the whole stack in one process. */
export function apiSettingsOf({ http, github, bigquery, maxConcurrentScrapes }: Config, sources: Sources): ApiSettings {
  return {
    availableSources: sources.available,
    preferredSources: sources.preferred,
    bigquery: {
      isConfigured: sources.bigquery !== null,
      monthlyBytes: bigquery.monthlyBytes,
      pricePerTib: bigquery.pricePerTib,
    },
    lookUpRepository: createRepositoryFacts(github),
    fetchAvatar: createAvatarFetcher({ baseUrl: github.avatarUrl }),
    githubWebUrl: github.webUrl,
    allowPrivate: github.allowPrivate,
    gate: gateOf(http),
    maxConcurrentScrapes,
    canEnrich: github.tokens.length > 0,
  };
}
