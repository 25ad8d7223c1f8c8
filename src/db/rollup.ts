import { KIND_CODES } from '../domain/contribution.ts';
import { atMostInt } from './board-columns.ts';
import type { Queryable } from './database.ts';
import { HIDDEN_PERSONS } from './people.ts';

const { PR_OPENED, PR_MERGED, PR_REVIEWED, COMMIT, COMMIT_COAUTHOR } = KIND_CODES;
const FACTS = ['quantity', 'unknown', 'lines_unknown', 'lines_added', 'lines_deleted', 'first_at', 'last_at'] as const;
const facts = (alias: string): string => FACTS.map((fact) => `${alias}.${fact}`).join(', ');

/**
 * Makes contribution_day and repository_coverage of a repository anew from its contributions and writes what differs. Says how
 * many days changed.
 *
 * Rows hold accounts, days hold persons: a merge is credited to the pull request's author, one review counts per pull request and
 * person (the earliest), and a review of one's own pull request not at all; of a commit a person is the author, or one co-author
 * whatever the number of their accounts in its trailers. Knowing more of an author, or merging two accounts,
 * therefore only takes another roll-up.
 */
export async function rollUp(client: Queryable, repositoryId: number): Promise<number> {
  try {
    return await makeDays(client, repositoryId);
  } finally {
    // One transaction may roll up several repositories. After an error the transaction is lost, and the table with it.
    await client.query('DROP TABLE IF EXISTS rollup_next').catch(() => undefined);
  }
}

async function makeDays(client: Queryable, repositoryId: number): Promise<number> {
  await client.query(`
    CREATE TEMP TABLE rollup_next ON COMMIT DROP AS
    WITH credited AS (
      SELECT e.kind, e.number, CASE WHEN e.kind = ${COMMIT_COAUTHOR} THEN split_part(e.subject, ':', 1) END AS sha, e.quantity, e.lines_added, e.lines_deleted, e.occurred_at, author.person_id AS author_id,
        CASE e.kind
          WHEN ${PR_MERGED} THEN coalesce(author.person_id, u.person_id)
          WHEN ${PR_OPENED} THEN coalesce(u.person_id, author.person_id)
          ELSE u.person_id
        END AS person_id
      FROM contribution_event e
      LEFT JOIN github_user u ON u.id = e.user_id
      LEFT JOIN pull_request p ON p.repository_id = e.repository_id AND p.number = e.number AND e.kind IN (${PR_OPENED}, ${PR_MERGED}, ${PR_REVIEWED})
      LEFT JOIN github_user author ON author.id = p.author_id
      WHERE e.repository_id = ${repositoryId}),
    counted AS (
      SELECT kind, person_id, occurred_at, quantity, lines_added, lines_deleted FROM credited WHERE kind NOT IN (${PR_REVIEWED}, ${COMMIT_COAUTHOR})
      UNION ALL (
        SELECT DISTINCT ON (number, coalesce(person_id, -ordinality)) kind, person_id, occurred_at, quantity, lines_added, lines_deleted
        FROM (SELECT *, row_number() OVER () AS ordinality FROM credited WHERE kind = ${PR_REVIEWED} AND (author_id = person_id) IS NOT TRUE) AS review
        ORDER BY number, coalesce(person_id, -ordinality), occurred_at)
      UNION ALL (
        SELECT DISTINCT ON (c.sha, coalesce(c.person_id, -c.ordinality)) c.kind, c.person_id, c.occurred_at, c.quantity, c.lines_added, c.lines_deleted
        FROM (SELECT *, row_number() OVER () AS ordinality FROM credited WHERE kind = ${COMMIT_COAUTHOR}) AS c
        LEFT JOIN contribution_event e ON (e.repository_id, e.kind, e.subject) = (${repositoryId}, ${COMMIT}, c.sha)
        LEFT JOIN github_user author ON author.id = e.user_id
        WHERE author.person_id IS DISTINCT FROM c.person_id OR c.person_id IS NULL
        ORDER BY c.sha, coalesce(c.person_id, -c.ordinality), c.occurred_at))
    SELECT person_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, kind, count(*) AS contributions,
      (${atMostInt('sum(quantity)')})::int AS quantity,
      (count(*) - count(quantity))::int AS unknown,
      (count(*) FILTER (WHERE kind = ${PR_MERGED} AND (lines_added IS NULL OR lines_deleted IS NULL)))::int AS lines_unknown,
      sum(lines_added) AS lines_added, sum(lines_deleted) AS lines_deleted,
      min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM counted GROUP BY 1, 2, 3`);
  await client.query('ANALYZE rollup_next (person_id, day, kind)');
  await rollUpCoverage(client, repositoryId);
  // After the coverage, which counts what is stored: hidden people have no days, so nothing that is made of days can show them.
  await client.query(`DELETE FROM rollup_next WHERE person_id IN (${HIDDEN_PERSONS})`);
  const { rowCount: known } = await client.query('SELECT FROM contribution_day WHERE repository_id = $1 LIMIT 1', [repositoryId]);
  if (known === 0) {
    const { rowCount } = await client.query(
      `INSERT INTO contribution_day (repository_id, person_id, day, kind, ${FACTS.join(', ')})
       SELECT $1, n.person_id, n.day, n.kind, ${facts('n')} FROM rollup_next n WHERE n.person_id IS NOT NULL ORDER BY n.day, n.kind, n.person_id`,
      [repositoryId],
    );
    return rowCount ?? 0;
  }
  const same = '(d.person_id, d.day, d.kind) = (n.person_id, n.day, n.kind)';
  const deleted = await client.query(
    `DELETE FROM contribution_day d WHERE d.repository_id = $1 AND NOT EXISTS (SELECT FROM rollup_next n WHERE ${same})`,
    [repositoryId],
  );
  const updated = await client.query(
    `UPDATE contribution_day d SET ${FACTS.map((fact) => `${fact} = n.${fact}`).join(', ')}
     FROM rollup_next n WHERE d.repository_id = $1 AND ${same} AND (${facts('d')}) IS DISTINCT FROM (${facts('n')})`,
    [repositoryId],
  );
  const inserted = await client.query(
    `INSERT INTO contribution_day (repository_id, person_id, day, kind, ${FACTS.join(', ')})
     SELECT $1, n.person_id, n.day, n.kind, ${facts('n')} FROM rollup_next n
     WHERE n.person_id IS NOT NULL AND NOT EXISTS (SELECT FROM contribution_day d WHERE d.repository_id = $1 AND ${same})
     ORDER BY n.day, n.kind, n.person_id`,
    [repositoryId],
  );
  return (deleted.rowCount ?? 0) + (updated.rowCount ?? 0) + (inserted.rowCount ?? 0);
}

/** What is stored per month and kind; of commits known from pushes only, how many they brought. */
async function rollUpCoverage(client: Queryable, repositoryId: number): Promise<void> {
  await client.query(
    `WITH next AS (
       SELECT kind, date_trunc('month', day)::date AS month,
         coalesce(sum(amount) FILTER (WHERE person_id IS NOT NULL), 0) AS stored, coalesce(sum(amount) FILTER (WHERE person_id IS NULL), 0) AS unattributed
       FROM (SELECT *, CASE WHEN kind = ${COMMIT} THEN coalesce(quantity, 0) + unknown ELSE contributions END AS amount FROM rollup_next) AS n
       GROUP BY 1, 2),
     gone AS (
       UPDATE repository_coverage c SET stored = 0, unattributed = 0
       WHERE c.repository_id = $1 AND (c.stored, c.unattributed) <> (0, 0)
         AND NOT EXISTS (SELECT FROM next n WHERE (n.kind, n.month) = (c.kind, c.month)))
     INSERT INTO repository_coverage AS c (repository_id, kind, month, stored, unattributed)
     SELECT $1, kind, month, stored, unattributed FROM next ORDER BY kind, month
     ON CONFLICT (repository_id, kind, month) DO UPDATE SET stored = excluded.stored, unattributed = excluded.unattributed
     WHERE (c.stored, c.unattributed) IS DISTINCT FROM (excluded.stored, excluded.unattributed)`,
    [repositoryId],
  );
}
