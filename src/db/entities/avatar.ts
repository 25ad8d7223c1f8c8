import { defineEntity, p } from '@mikro-orm/core';
import { moment } from './columns.ts';

/** An account's picture as it was fetched; image null: there is none that may be shown. */
export const Avatar = defineEntity({
  name: 'Avatar',
  tableName: 'avatar',
  properties: {
    githubId: p.bigint('number').primary().autoincrement(false),
    mediaType: p.text().nullable(),
    image: p.blob().nullable(),
    fetchedAt: moment().defaultRaw('now()'),
  },
});
