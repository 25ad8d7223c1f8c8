import { expect } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import type { Database } from '../../src/db/database.ts';
import { verifyDatabase, type VerifyOptions } from '../../src/db/verify.ts';

/**
 * A hash of everything that is public of a repository, without the numbers that differ from one database to the next: equal hashes
 * are equal contributions, days, covered ranges and boards.
 */
export async function publishedHash(db: Database, repositoryId: number): Promise<string> {
  const { rows } = await db.pool.query<{ hash: string }>(
    `SELECT md5(string_agg(line, E'\\n' ORDER BY line COLLATE "C")) AS hash FROM (
       SELECT 'event ' || (to_jsonb(e) - 'repository_id' - 'user_id')::text || coalesce(u.github_id, 0) AS line
       FROM contribution_event e LEFT JOIN github_user u ON u.id = e.user_id WHERE e.repository_id = $1
       UNION ALL
       SELECT 'day ' || (to_jsonb(d) - 'repository_id' - 'person_id')::text || u.github_id
       FROM contribution_day d JOIN github_user u ON u.id = d.person_id WHERE d.repository_id = $1
       UNION ALL
       SELECT 'covered ' || (to_jsonb(c) - 'repository_id' - 'job_id')::text FROM covered_range c WHERE c.repository_id = $1
       UNION ALL
       SELECT 'board ' || (to_jsonb(l) - 'repository_id' - 'person_id' - 'version' - 'scoring_version')::text || u.github_id
       FROM board b
       JOIN repository_leaderboard l ON (l.repository_id, l.version, l.scoring_version) = (b.scope, b.version, b.scoring_version)
       JOIN github_user u ON u.id = l.person_id WHERE b.scope = $1
     ) AS lines`,
    [repositoryId],
  );
  return rows[0]?.hash ?? 'nothing';
}

/** What is staged for a job whose repository is gone: nobody will ever adopt it. */
const STAGED_FOR_NOBODY = `
  SELECT held.what, j.id AS job_id, j.status FROM scrape_job j
  JOIN (SELECT 'scrape_slice' AS what, job_id FROM scrape_slice UNION SELECT 'planned_slice', job_id FROM planned_slice
        UNION SELECT tablename, substring(tablename FROM '_([0-9a-f]{32})$')::uuid FROM pg_tables
        WHERE schemaname = 'staging' AND tablename ~ '_[0-9a-f]{32}$') AS held ON held.job_id = j.id
  WHERE j.repository_id IS NULL`;

/**
 * Fails when anything is stored that must never be, once nothing is under way: what `laurels verify` looks for, and what is staged for
 * nobody. `workflowState`: jobs without a running workflow are looked for, too.
 */
export async function expectSound(db: Database, workflowState?: VerifyOptions['workflowState']): Promise<void> {
  await rebuildGlobalBoard(db);
  const { findings } = await verifyDatabase(db, {
    isSettled: true,
    isRunning: true,
    patienceMs: 5_000,
    ...(workflowState === undefined ? {} : { workflowState }),
  });
  expect(findings.filter(({ violations }) => violations > 0)).toEqual([]);
  expect((await db.pool.query(STAGED_FOR_NOBODY)).rows).toEqual([]);
}
