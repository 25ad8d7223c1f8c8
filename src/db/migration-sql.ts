import type { Database } from './database.ts';
import { MIGRATIONS } from './orm-options.ts';

/** The names of all migrations, oldest first. */
export function migrationNames(): readonly string[] {
  return MIGRATIONS.map(({ name }) => name);
}

/** The statements of a migration, for whoever carries it out within a transaction of their own. @throws RangeError for an unknown name. */
export function migrationSql({ orm }: Database, name: string): readonly string[] {
  const known = MIGRATIONS.find((one) => one.name === name);
  if (known === undefined) throw new RangeError(`No migration is called ${name}`);
  const migration = new known(orm.em.getDriver(), orm.config);
  migration.up();
  return migration.getQueries().map((query) => {
    if (typeof query !== 'string') throw new TypeError(`${name} has a statement that is no text`);
    return query;
  });
}
