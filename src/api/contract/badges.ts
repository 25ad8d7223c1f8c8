import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { repositoryParams, username } from './parameters.ts';

const SVG = ['image/svg+xml'] as const;

export const getRepositoryBadge = endpoint({
  method: 'get',
  path: '/badges/repositories/{owner}/{name}.svg',
  access: 'public',
  summary: 'A picture for a README: how many people are on the board',
  params: repositoryParams,
  answers: { 200: { description: 'The badge', media: SVG }, 308: { description: 'The repository has another name now; Location has it' } },
});

export const getContributorBadge = endpoint({
  method: 'get',
  path: '/badges/contributors/{username}.svg',
  access: 'public',
  summary: 'A picture for a README: the rank on the global board',
  params: z.strictObject({ username }),
  answers: { 200: { description: 'The badge', media: SVG } },
});
