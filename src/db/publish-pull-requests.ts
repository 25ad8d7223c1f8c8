import type { Queryable } from './database.ts';
import { precedenceSql } from './source-precedence.ts';

/**
 * Stores the staged facts of pull requests and says how many changed. What a source does not say leaves stored facts alone; where
 * two sources differ the stronger one is believed, whichever came first.
 */
export async function storePullRequests(client: Queryable, repositoryId: number, staged: string): Promise<number> {
  const last = (column: string) =>
    `(array_agg(${column} ORDER BY ${precedenceSql('s.source')} DESC, s.ordinal DESC) FILTER (WHERE ${column} IS NOT NULL))[1]`;
  const weightier = `${precedenceSql('excluded.source')} >= ${precedenceSql('p.source')}`;
  const merged = (column: string) =>
    `CASE WHEN ${weightier} THEN coalesce(excluded.${column}, p.${column}) ELSE coalesce(p.${column}, excluded.${column}) END`;
  const facts = ['author_id', 'created_at', 'merged_at', 'base_ref'] as const;
  // `old` is looked up for each, by LIMIT: a repository in no statistics yet passes for one row, which would be joined by reading all.
  const { rowCount } = await client.query(
    `INSERT INTO pull_request AS p (repository_id, number, author_id, created_at, merged_at, base_ref, source)
     SELECT $1, t.number, t.author_id, t.created_at, t.merged_at, t.base_ref, t.source
     FROM (SELECT s.number, ${last('u.id')} AS author_id, ${last('s.created_at')} AS created_at, ${last('s.merged_at')} AS merged_at,
             ${last('s.base_ref')} AS base_ref, ${last('s.source')} AS source
           FROM ${staged} s LEFT JOIN github_user u ON u.github_id = s.github_id GROUP BY s.number) AS t
     LEFT JOIN LATERAL (SELECT * FROM pull_request o WHERE (o.repository_id, o.number) = ($1, t.number) LIMIT 1) AS old ON true
     WHERE old.number IS NULL OR ${precedenceSql('t.source')} > ${precedenceSql('old.source')}
       OR (t.author_id, t.created_at, t.merged_at, t.base_ref) IS DISTINCT FROM (old.author_id, old.created_at, old.merged_at, old.base_ref)
     ORDER BY t.number
     ON CONFLICT (repository_id, number) DO UPDATE SET
       ${facts.map((fact) => `${fact} = ${merged(fact)}`).join(', ')}, source = CASE WHEN ${weightier} THEN excluded.source ELSE p.source END
     WHERE (${facts.map((fact) => `p.${fact}`).join(', ')}, p.source)
       IS DISTINCT FROM (${facts.map(merged).join(', ')}, CASE WHEN ${weightier} THEN excluded.source ELSE p.source END)`,
    [repositoryId],
  );
  return rowCount ?? 0;
}
