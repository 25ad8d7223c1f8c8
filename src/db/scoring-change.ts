import { v7 as uuidv7 } from 'uuid';
import { ScoringChanged } from '../domain/errors.ts';
import { areSameRules, type ScoringRules } from '../domain/scoring.ts';
import { inTransaction, type Database, type Queryable } from './database.ts';
import { closeJobIn } from './jobs.ts';
import { lock, LOCKS } from './locks.ts';
import { newestScoring, saveScoring, type StoredScoring } from './scoring.ts';

/** A change of the scoring. */
export interface ScoringChange {
  /** The version the change was made from; null: whatever is the newest. */
  readonly expected: number | null;
  readonly rules: ScoringRules;
  readonly by: string;
  readonly note: string | null;
}

/**
 * Saves rules as the newest scoring version, with the RESCORE job that has the boards follow, in one transaction; the rules that are
 * the newest already are not saved again (`jobId` null). One change at a time: of two that were made from the same version the
 * second is refused. An unfinished RESCORE job serves this version too.
 * @throws ScoringChanged when `expected` is not the newest version.
 */
export async function changeScoring(
  db: Database,
  { expected, rules, by, note }: ScoringChange,
): Promise<{ scoring: StoredScoring; jobId: string | null }> {
  return inTransaction(db, async (client) => {
    await lock(client, LOCKS.scoring);
    const newest = await newestScoring(client);
    if (expected !== null && expected !== newest.version) throw new ScoringChanged(newest.version);
    if (areSameRules(rules, newest)) return { scoring: newest, jobId: null };
    await saveScoring(client, { ...rules, version: newest.version + 1 }, by, note);
    return { scoring: await newestScoring(client), jobId: await rescoreJob(client, by) };
  });
}

/** The unfinished RESCORE job; made now, as handed to Temporal, when there is none. */
async function rescoreJob(client: Queryable, requestedBy: string): Promise<string> {
  const id = uuidv7();
  const today = `(now() AT TIME ZONE 'UTC')::date`;
  await client.query(
    `INSERT INTO scrape_job (id, job_type, repository_name, workflow_id, sources, window_since, window_until, requested_by, dispatched_at)
     VALUES ($1, 'RESCORE', '', $2, '{}', ${today}, ${today}, $3, now()) ON CONFLICT DO NOTHING`,
    [id, `rescore:${id}`, requestedBy],
  );
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM scrape_job WHERE job_type = 'RESCORE' AND status IN ('QUEUED','RUNNING','RETRYING')`,
  );
  return rows[0]?.id ?? rescoreJob(client, requestedBy);
}

/**
 * Ends a RESCORE job when no board is behind the newest scoring; false: one is, as another scoring was saved meanwhile. Who saves one
 * waits for this, and then finds no unfinished job, or this waits for them, and then finds boards behind.
 */
export async function closeRescore(db: Database, jobId: string): Promise<boolean> {
  return inTransaction(db, async (client) => {
    await lock(client, LOCKS.scoring);
    const { rowCount: behind } = await client.query(
      'SELECT FROM board WHERE scoring_version <> (SELECT max(version) FROM scoring_version) LIMIT 1',
    );
    if (behind !== 0) return false;
    await closeJobIn(client, jobId, { status: 'COMPLETED' });
    return true;
  });
}
