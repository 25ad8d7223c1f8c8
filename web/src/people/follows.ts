import type { EndpointName } from '../../../src/api/contract.ts';

/** What changes when somebody is corrected, merged, split or hidden. */
export const FOLLOWS: readonly EndpointName[] = [
  'listContributors',
  'listIdentitySuggestions',
  'getContributorIdentities',
  'getContributor',
  'getGlobalBoard',
  'getRepositoryBoard',
  'search',
];
