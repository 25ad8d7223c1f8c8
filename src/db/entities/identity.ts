import { defineEntity, p } from '@mikro-orm/core';
import { moment, oneOf } from './columns.ts';
import { GithubUser } from './person.ts';

/** A person who is shown nowhere. Known by a keyed hash of the GitHub id: of an erased person nothing else is kept. */
export const OptOut = defineEntity({
  name: 'OptOut',
  tableName: 'opt_out',
  checks: [oneOf('opt_out', 'mode', ['hide', 'erase'])],
  properties: {
    idHmac: p.blob().primary(),
    mode: p.text().$type<'hide' | 'erase'>(),
    userId: () =>
      p
        .manyToOne(GithubUser)
        .mapToPk()
        .fieldName('user_id')
        .nullable()
        .unique('opt_out_user_id_unique')
        .deleteRule('set null')
        .updateRule('no action')
        .index(false),
    loginHmacs: p.array().columnType('bytea[]').defaultRaw(`'{}'`),
    createdAt: moment().defaultRaw('now()'),
  },
});

/** What a person has decided about who is who: ids only, so that it can stay when somebody is erased. */
export const IdentityChange = defineEntity({
  name: 'IdentityChange',
  tableName: 'identity_change',
  checks: [oneOf('identity_change', 'action', ['merge', 'split', 'kind'])],
  indexes: [
    {
      name: 'identity_change_user_ids_index',
      expression: 'create index identity_change_user_ids_index on identity_change using gin (user_ids)',
    },
  ],
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    at: moment().defaultRaw('now()'),
    actor: p.text(),
    action: p.text().$type<'merge' | 'split' | 'kind'>(),
    userIds: p.array().columnType('bigint[]'),
    before: p.json<unknown>(),
    after: p.json<unknown>(),
    reason: p.text().nullable(),
  },
});
