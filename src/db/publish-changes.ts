import type { Queryable } from './database.ts';
import type { Publication } from './publication.ts';

/** The last amendment of each row. */
function amendmentsSql({ changes }: Publication): string {
  return `SELECT DISTINCT ON (source, kind, subject) source, kind, subject, lines_added, lines_deleted FROM ${changes}
    WHERE lines_added IS NOT NULL ORDER BY source, kind, subject, ordinal DESC`;
}

async function isUnchanged(client: Queryable, { changes }: Publication): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT FROM ${changes} LIMIT 1`);
  return rowCount === 0;
}

/** Applies what a job's sources said of single rows to the staged ones: a row that was told again after it was said to be gone stays. */
export async function settleChanges(client: Queryable, o: Publication): Promise<void> {
  if (await isUnchanged(client, o)) return;
  await client.query(
    `DELETE FROM ${o.stage} s USING ${o.changes} c
     WHERE c.lines_added IS NULL AND (c.source, c.kind, c.subject) = (s.source, s.kind, s.subject) AND s.ordinal < c.ordinal`,
  );
  await client.query(
    `UPDATE ${o.stage} s SET lines_added = c.lines_added, lines_deleted = c.lines_deleted FROM (${amendmentsSql(o)}) AS c
     WHERE (c.source, c.kind, c.subject) = (s.source, s.kind, s.subject)`,
  );
}

/** Removes and amends stored rows that were not staged, and says how many. */
export async function changeStored(client: Queryable, o: Publication): Promise<number> {
  if (await isUnchanged(client, o)) return 0;
  const same = 'e.repository_id = $1 AND (e.source, e.kind, e.subject) = (c.source, c.kind, c.subject)';
  const removed = await client.query(
    `DELETE FROM contribution_event e USING ${o.changes} c
     WHERE ${same} AND c.lines_added IS NULL AND NOT EXISTS (SELECT FROM ${o.stage} s WHERE s.kind = e.kind AND s.subject = e.subject)`,
    [o.repositoryId],
  );
  const amended = await client.query(
    `UPDATE contribution_event e SET lines_added = c.lines_added, lines_deleted = c.lines_deleted FROM (${amendmentsSql(o)}) AS c
     WHERE ${same} AND (e.lines_added, e.lines_deleted) IS DISTINCT FROM (c.lines_added, c.lines_deleted)`,
    [o.repositoryId],
  );
  return (removed.rowCount ?? 0) + (amended.rowCount ?? 0);
}
