import { defineEntity, p } from '@mikro-orm/core';

/** Small facts the application remembers: `sample_loaded`, `identity_version`, `coverage_version`. */
export const Setting = defineEntity({
  name: 'Setting',
  tableName: 'setting',
  properties: { name: p.text().primary(), value: p.json<unknown>() },
});
