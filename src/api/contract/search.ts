import { z } from 'zod';
import { listedContributor, repositoryReference } from './contributors.ts';
import { endpoint } from './endpoint.ts';
import { q, whole } from './parameters.ts';

const MOST_FOUND = 50;
const USUALLY_FOUND = 10;

export const search = endpoint({
  method: 'get',
  path: '/api/v1/search',
  access: 'public',
  summary: 'Find repositories and people by a part of their names; ranks are those of the board',
  query: z.strictObject({
    q: q.unwrap().describe('Part of owner/name, of a login or of a name'),
    limit: whole(MOST_FOUND).default(USUALLY_FOUND).describe('How many of each'),
  }),
  answers: {
    200: {
      description: 'What was found',
      body: z.strictObject({
        repositories: z.array(
          z.strictObject({
            ...repositoryReference.shape,
            description: z.string().nullable(),
            stars: z.int().nullable(),
            people: z.int().nullable().describe('People on its board; null before the first'),
            links: z.strictObject({ self: z.string(), leaderboard: z.string() }),
          }),
        ),
        contributors: z.array(listedContributor),
      }),
    },
  },
});
