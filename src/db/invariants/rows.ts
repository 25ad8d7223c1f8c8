import type { ForeignKey } from '../foreign-keys.ts';
import type { Invariant } from './invariant.ts';

/** What belongs to something without a foreign key: boards are switched and dropped by partition, queries go by their text ids. */
const WITHOUT_KEY: readonly ForeignKey[] = [
  { child: 'contribution_day', column: 'repository_id', parent: 'repository', parentColumn: 'id' },
  { child: 'contribution_day', column: 'person_id', parent: 'github_user', parentColumn: 'id' },
  { child: '(SELECT * FROM board WHERE scope <> 0)', column: 'scope', parent: 'repository', parentColumn: 'id' },
  { child: 'repository_leaderboard', column: 'repository_id', parent: 'board', parentColumn: 'scope' },
  { child: 'repository_leaderboard', column: 'person_id', parent: 'github_user', parentColumn: 'id' },
  { child: '(SELECT * FROM leaderboard_snapshot WHERE scope <> 0)', column: 'scope', parent: 'repository', parentColumn: 'id' },
  { child: 'leaderboard_snapshot', column: 'person_id', parent: 'github_user', parentColumn: 'id' },
  { child: 'bigquery_extract', column: 'query', parent: 'bigquery_query', parentColumn: 'job_id' },
];

function orphans(keys: readonly ForeignKey[]): Invariant {
  const children = [...keys, ...WITHOUT_KEY];
  const nameOf = (child: string): string => /FROM (\w+)/.exec(child)?.[1] ?? child;
  return {
    name: 'no-orphans',
    promise: 'Every row belongs to something that is there',
    unit: 'references',
    checked: `SELECT ${children.length}`,
    violations: children
      .map(
        ({ child, column, parent, parentColumn }) => `
      SELECT '${nameOf(child)}.${column}' AS reference, '${parent}' AS missing_in, c.${column}::text AS id, count(*) AS rows
      FROM ${child} AS c LEFT JOIN ${parent} p ON p.${parentColumn} = c.${column} WHERE c.${column} IS NOT NULL AND p.${parentColumn} IS NULL GROUP BY c.${column}`,
      )
      .join('\nUNION ALL'),
  };
}

const names: Invariant = {
  name: 'repository-names',
  promise: 'One repository per GitHub id, and one per name whatever the case',
  unit: 'repositories',
  checked: 'SELECT count(*) FROM repository',
  violations: `
    SELECT 'github_id' AS same, array_agg(id ORDER BY id) AS repositories FROM repository WHERE github_id IS NOT NULL GROUP BY github_id HAVING count(*) > 1
    UNION ALL SELECT 'name', array_agg(id ORDER BY id) FROM repository GROUP BY lower(owner), lower(name) HAVING count(*) > 1`,
};

const people: Invariant = {
  name: 'people',
  promise: 'An account is counted for an account that stands for itself; one account per GitHub id',
  unit: 'accounts',
  checked: 'SELECT count(*) FROM github_user',
  violations: `
    SELECT 'counted for an account that is counted for another' AS reason, u.id AS account, u.person_id FROM github_user u
    JOIN github_user p ON p.id = u.person_id WHERE p.person_id <> p.id
    UNION ALL SELECT 'the same GitHub id', min(id), max(id) FROM github_user GROUP BY github_id HAVING count(*) > 1`,
};

/** What holds of rows and what they belong to. A restore or a hand that switched foreign keys off may have left what they forbid. */
export function rowInvariants(keys: readonly ForeignKey[]): readonly Invariant[] {
  return [orphans(keys), names, people];
}
