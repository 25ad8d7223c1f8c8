import { z } from 'zod';
import { endpoint } from './endpoint.ts';

export const getAvatar = endpoint({
  method: 'get',
  path: '/avatars/{github_id}',
  access: 'public',
  summary: "An account's picture from our own cache, or a drawn one",
  params: z.strictObject({ github_id: z.string().regex(/^-?\d{1,15}$/, 'must be the number of a GitHub account') }),
  answers: {
    200: {
      description: 'PNG, JPEG, GIF or WebP of at most 200 KB; SVG when drawn',
      media: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml'],
    },
    304: { description: 'It is as the ETag says' },
  },
});
