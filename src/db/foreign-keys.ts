import type { Queryable } from './database.ts';

/** A foreign key of one column, as the catalogue has it: every one of ours is such. */
export interface ForeignKey {
  readonly child: string;
  readonly column: string;
  readonly parent: string;
  readonly parentColumn: string;
}

/** The foreign keys of the schema. */
export async function foreignKeys(client: Queryable): Promise<readonly ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(`
    SELECT c.conrelid::regclass::text AS child, a.attname AS column, c.confrelid::regclass::text AS parent, p.attname AS "parentColumn"
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = c.confkey[1]
    WHERE c.contype = 'f' AND c.connamespace = current_schema::regnamespace AND array_length(c.conkey, 1) = 1 ORDER BY 1, 2`);
  return rows;
}
