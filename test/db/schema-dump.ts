import type { Queryable } from '../../src/db/database.ts';

/**
 * The schema of a database as text, the same on every supported version of PostgreSQL: tables with columns, constraints, indexes
 * and partitions, and sequences, in the order of their names.
 */
export async function dumpSchema(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ block: string }>(`
    WITH relation AS (
      SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition,
        CASE n.nspname WHEN 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname) AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'staging') AND c.relkind IN ('r', 'p', 'S') AND c.relname <> 'schema_migration'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refobjid <> c.oid AND d.deptype IN ('e', 'i'))
        AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'a'))),
    line AS (
      SELECT r.oid, 1 AS part, a.attnum AS ordinal, format('  %I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
          CASE WHEN a.attcollation <> t.typcollation THEN ' collate "' || co.collname || '"' ELSE '' END,
          CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) AS text
      FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation co ON co.oid = a.attcollation
      LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (r.oid, a.attnum)
      WHERE r.relkind <> 'S' AND NOT r.relispartition
      UNION ALL
      SELECT r.oid, 2, row_number() OVER (PARTITION BY r.oid ORDER BY c.contype DESC, c.conname), format('  constraint %I %s', c.conname, pg_get_constraintdef(c.oid))
      FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid WHERE c.contype IN ('p', 'u', 'c', 'f', 'x') AND NOT r.relispartition
      UNION ALL
      SELECT r.oid, 3, row_number() OVER (PARTITION BY r.oid ORDER BY i.relname), '  ' || replace(pg_get_indexdef(i.oid), 'public.', '')
      FROM relation r JOIN pg_index x ON x.indrelid = r.oid JOIN pg_class i ON i.oid = x.indexrelid
      WHERE NOT r.relispartition AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype IN ('p', 'u', 'x'))
      UNION ALL
      SELECT r.oid, 4, row_number() OVER (PARTITION BY r.oid ORDER BY child.relname), format('  partition %I %s', child.relname, pg_get_expr(child.relpartbound, child.oid))
      FROM relation r JOIN pg_inherits h ON h.inhparent = r.oid JOIN pg_class child ON child.oid = h.inhrelid)
    SELECT format(E'%s %s%s\\n%s', CASE WHEN relkind = 'S' THEN 'sequence' WHEN relpersistence = 'u' THEN 'unlogged table' ELSE 'table' END, name,
        coalesce(' partition by ' || pg_get_partkeydef(oid), ''), coalesce((SELECT string_agg(text || E'\\n', '' ORDER BY part, ordinal) FROM line WHERE line.oid = relation.oid), '')) AS block
    FROM relation WHERE NOT relispartition ORDER BY name COLLATE "C"`);
  return `-- The migrated schema, from PostgreSQL's catalogue. Made by: UPDATE=1 npm run drift\n\n${rows.map(({ block }) => block).join('\n')}`;
}
