import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PoolClient } from 'pg';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { mergePeople } from '../../src/db/identities.ts';
import { appendJobLog } from '../../src/db/job-log.ts';
import { closeJob, createScrapeJob, openJob } from '../../src/db/jobs.ts';
import { hidePerson } from '../../src/db/opt-out.ts';
import { findPerson } from '../../src/db/people.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { saveScoring } from '../../src/db/scoring.ts';
import { verifyDatabase, verifyStored } from '../../src/db/verify.ts';
import { DEFAULT_SCORING, pointsOf } from '../../src/domain/scoring.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, stagedJob } from './publishing.ts';

const KEY = Buffer.from('a key that only this test knows');
const [ada, ben, cyd, dan] = [account(1, 'ada'), account(2, 'ben'), account(3, 'cyd'), account(4, 'Dan')];
const bot = account(9, 'helper[bot]', 'Bot');

let database: TestDatabase;
let today: Day;
const at = (daysAgo: number): string => `${addDays(today, -daysAgo)}T10:00:00Z`;

/** Two repositories with everything that has a rule of its own. */
beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  today = await databaseToday(db);
  const window = presetWindow('2y', today);
  const pullRequests = [ada, cyd].map((author, index) => ({ number: index + 1, author, createdAt: null, mergedAt: null, baseRef: null }));
  const first = await newRepository(db);
  const { jobId } = await scrape(db, first, {
    window,
    pullRequests,
    batches: [
      [
        did('PR_OPENED', 1, ada, at(9), { linesAdded: null }),
        did('PR_MERGED', 1, ben, at(8), { linesAdded: 90_000, linesDeleted: 10 }),
        did('PR_MERGED', 2, ben, at(8)),
        did('PR_REVIEWED', '1:2', ben, at(8), { number: 1 }),
        did('PR_REVIEWED', '1:2b', ben, at(7), { number: 1 }),
        did('PR_REVIEWED', '1:1', ada, at(7), { number: 1 }),
        did('PR_REVIEWED', '2:ghost', null, at(7), { number: 2 }),
        did('COMMIT', 'abc', ada, at(6), { linesAdded: 5, linesDeleted: 5 }),
        did('COMMIT_COAUTHOR', 'abc:1', ada, at(6)),
        did('COMMIT_COAUTHOR', 'abc:3', cyd, at(6)),
        did('COMMIT', 'push:1', bot, at(5), { quantity: null }),
        did('ISSUE_OPENED', 3, dan, at(4)),
        did('ISSUE_OPENED', 4, ben, at(4)),
        did('COMMENT', 'issue:1', null, at(3)),
        did('RELEASE', '1', account(5, 'eve'), at(3)),
        did('RELEASE', '2', account(6, 'ada-2'), `${addDays(window.until, -1)}T23:59:59Z`),
      ],
    ],
    last: { totals: [{ kind: 'COMMIT', month: addDays(today, -6).slice(0, 7), count: 1 }] },
  });
  await appendJobLog(
    db,
    jobId,
    [1, 2, 3].map((line) => ({ at: new Date(), level: 30, message: `line ${line}`, fields: {} })),
  );
  await scrape(db, await newRepository(db), {
    source: 'gharchive',
    window,
    batches: [
      [
        did('COMMIT', 'push:2', ada, at(6), { quantity: 7, isEstimate: true }),
        did('ISSUE_OPENED', 1, ben, at(2)),
        did('ISSUE_OPENED', 2, cyd, at(2)),
      ],
    ],
  });
  // A job that failed with something staged, one that waits, and one that is under way.
  const failed = await stagedJob(db, await newRepository(db), { window, batches: [[did('COMMENT', 'issue:1', ada, at(1))]] });
  await closeJob(db, failed.id, { status: 'FAILED', errorCode: 'bad_credentials', errorMessage: 'GitHub refused every token.' });
  const names = ['waits', 'runs'];
  const [, running] = await Promise.all(
    names.map(async (name) => {
      const { repository } = await addRepository(db, { owner: 'acme', name }, null);
      return createScrapeJob(db, { repository, type: 'FULL', sources: ['github'], window, requestedBy: 'test' });
    }),
  );
  await openJob(db, running?.id ?? '', 'run');
  await mergePeople(db, { username: 'ada', accounts: ['ada-2'], reason: null, actor: 'test' });
  await hidePerson(db, KEY, (await findPerson(db, 'eve')) ?? { githubId: 5 });
  await rebuildGlobalBoard(db);
}, 60_000);
afterAll(() => database.drop());

/** What is violated after some SQL, which is taken back. */
async function violatedAfter(sql: string): Promise<readonly string[]> {
  const client: PoolClient = await database.db.pool.connect();
  try {
    await client.query('BEGIN');
    // As a restore with its triggers off does: foreign keys are not looked at.
    await client.query('SET LOCAL session_replication_role = replica');
    const results = [await client.query(sql)].flat();
    if (results.at(-1)?.rowCount === 0) throw new Error('the statement changed nothing');
    const found = await verifyStored(client, { isSettled: true });
    return found.flatMap(({ name, violations }) => (violations > 0 ? [name] : [])).toSorted();
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const ADA = `(SELECT id FROM github_user WHERE github_id = 1)`;
const BOARD = `(SELECT repository_id FROM contribution_event WHERE subject = 'abc')`;
const SHOWN = `EXISTS (SELECT FROM board b WHERE (b.scope, b.version, b.scoring_version) = (l.repository_id, l.version, l.scoring_version))`;
const JOB = `(SELECT id FROM scrape_job WHERE error_code = 'bad_credentials')`;

describe('verify', () => {
  test('finds nothing wrong with what scrapes, merges, opt-outs and a rescoring leave, and says what it looked at', async () => {
    const { db } = database;
    const found = await verifyDatabase(db, { isSettled: true, isRunning: true, workflowState: async () => ({ state: 'running' }) });
    expect(found.findings.filter(({ violations, skipped }) => violations > 0 || skipped !== null)).toEqual([]);
    expect(found.isSound).toBe(true);
    for (const { name, checked } of found.findings.filter((one) => one.name !== 'bigquery-ledger'))
      expect([name, checked > 0]).toEqual([name, true]);
    expect(new Set(found.findings.map(({ name }) => name)).size).toBe(found.findings.length);
  });

  test('holds with every rule of scoring: caps per day, the curve of lines, credit for co-authors', async () => {
    const { db } = database;
    const options = { coauthorCredit: true, concaveLines: true, dailyCaps: { COMMIT: 3, ISSUE_OPENED: 1 } };
    await saveScoring(db.pool, { ...DEFAULT_SCORING, version: 2, lineBonusCap: pointsOf('123.4567'), options }, 'test', null);
    expect(await violatedAfter('SELECT 1')).toEqual(['boards-follow']);
    await rebuildGlobalBoard(db);
    expect(await violatedAfter('SELECT 1')).toEqual([]);
    await saveScoring(db.pool, { ...DEFAULT_SCORING, version: 3 }, 'test', null);
    await rebuildGlobalBoard(db);
    expect(await violatedAfter('SELECT 1')).toEqual([]);
  });

  test.each<[string, readonly string[], string]>([
    [
      'a day that says more than was done',
      ['days', 'receipts'],
      `UPDATE contribution_day SET quantity = quantity + 1 WHERE person_id = ${ADA} AND kind = 1`,
    ],
    ['a day of nobody', ['days', 'receipts'], `DELETE FROM contribution_day WHERE person_id = ${ADA} AND kind = 3`],
    [
      'a day that only moved',
      ['days'],
      `UPDATE contribution_day SET first_at = first_at - interval '1 hour' WHERE person_id = ${ADA} AND kind = 1`,
    ],
    [
      'a contribution counted that nobody rolled up',
      ['board-counts', 'coverage-counts', 'days'],
      `INSERT INTO contribution_event (repository_id, kind, source, is_estimate, user_id, occurred_at, quantity, subject) SELECT ${BOARD}, 8, 1, false, ${ADA}, now() - interval '1 day', 1, 'issue:99'`,
    ],
    [
      'a count of a board',
      ['board-counts', 'global-sums'],
      `UPDATE repository_leaderboard l SET lines_added = lines_added + 1 WHERE person_id = ${ADA} AND lines_added > 50000 AND ${SHOWN}`,
    ],
    [
      'a score',
      ['board-scores', 'global-sums', 'receipts'],
      `UPDATE repository_leaderboard l SET total_score = total_score + 0.0001 WHERE person_id = ${ADA} AND repository_id = ${BOARD} AND ${SHOWN}`,
    ],
    [
      'a rank',
      ['board-ranks'],
      `UPDATE repository_leaderboard l SET rank = rank + 1 WHERE person_id = ${ADA} AND repository_id = ${BOARD} AND ${SHOWN}`,
    ],
    [
      'a ranked bot',
      ['board-ranks'],
      `UPDATE repository_leaderboard l SET rank = 1, position = 1 FROM github_user u WHERE u.id = l.person_id AND u.kind = 'bot' AND repository_id = ${BOARD} AND ${SHOWN}`,
    ],
    [
      'equals that stand against the order of logins',
      ['board-ranks'],
      `UPDATE repository_leaderboard l SET position = (SELECT min(position) + max(position) FROM repository_leaderboard o
         WHERE (o.repository_id, o.version, o.total_score) = (l.repository_id, l.version, l.total_score)) - position
       WHERE total_score = 8 AND ${SHOWN} AND repository_id = (SELECT repository_id FROM contribution_event WHERE subject = 'push:2')`,
    ],
    ['a board that miscounts its people', ['board-ranks'], `UPDATE board SET people = people + 1 WHERE scope = ${BOARD}`],
    [
      'a row of the global board',
      ['global-sums'],
      `UPDATE global_leaderboard l SET repositories_contributed = 9 FROM board b WHERE b.scope = 0 AND b.version = l.version AND person_id = ${ADA}`,
    ],
    [
      'a rank of the global board',
      ['global-ranks'],
      `UPDATE global_leaderboard l SET rank = rank + 1 FROM board b WHERE b.scope = 0 AND b.version = l.version AND person_id = ${ADA}`,
    ],
    [
      'somebody on the global board who is on no other',
      ['board-counts', 'global-sums', 'receipts'],
      `DELETE FROM repository_leaderboard l WHERE person_id = (SELECT id FROM github_user WHERE github_id = 9) AND ${SHOWN}`,
    ],
    [
      'a board with a window of its own',
      ['one-scoring'],
      `UPDATE board b SET window_since = window_since - 1, fingerprint = sha256(convert_to(concat_ws('|', r.id, r.rollup_version, b.scoring_version, b.identity_version, window_since - 1, window_until), 'UTF8')) FROM repository r WHERE r.id = b.scope AND b.scope = ${BOARD}`,
    ],
    [
      'a board that did not follow its roll-up',
      ['boards-follow'],
      `UPDATE repository SET rollup_version = rollup_version + 1 WHERE id = ${BOARD}`,
    ],
    [
      'a hidden person on a board',
      ['board-counts', 'days', 'hidden-people'],
      `UPDATE opt_out SET user_id = (SELECT id FROM github_user WHERE github_id = 3)`,
    ],
    ['a row without its parent', ['no-orphans', 'staging-owners'], `UPDATE planned_slice SET job_id = gen_random_uuid()`],
    ['an alias of nobody', ['no-orphans'], `INSERT INTO user_alias VALUES ('ghost', 999999, now(), now())`],
    [
      'a snapshot of a repository that is gone',
      ['no-orphans'],
      `INSERT INTO leaderboard_snapshot VALUES (999999, ${ADA}, current_date, 1, 1)`,
    ],
    [
      'two repositories of one name',
      ['repository-names'],
      `DROP INDEX repository_name_unique; UPDATE repository SET owner = 'ACME', name = 'Waits' WHERE name = 'runs'`,
    ],
    [
      'two repositories of one GitHub id',
      ['repository-names'],
      `ALTER TABLE repository DROP CONSTRAINT repository_github_id_unique; UPDATE repository SET github_id = 7 WHERE owner = 'acme'`,
    ],
    [
      'an account counted for one that is counted for another',
      ['board-counts', 'days', 'people'],
      `UPDATE github_user SET person_id = (SELECT id FROM github_user WHERE github_id = 6) WHERE github_id = 4`,
    ],
    [
      'two unfinished jobs of a repository',
      ['one-job', 'repository-status'],
      `DROP INDEX scrape_job_one_per_repository; UPDATE scrape_job SET repository_id = ${BOARD}, repository_name = 'acme/x' WHERE status = 'QUEUED' OR status = 'RUNNING'`,
    ],
    ['a repository that is scraped by nobody', ['repository-status'], `UPDATE repository SET status = 'SCRAPING' WHERE id = ${BOARD}`],
    ['a failure without a reason', ['job-endings'], `UPDATE scrape_job SET error_message = NULL WHERE id = ${JOB}`],
    ['an end without a time', ['job-endings'], `UPDATE scrape_job SET completed_at = NULL WHERE id = ${JOB}`],
    ['a gap in a log', ['log-sequences'], `DELETE FROM job_log WHERE seq = 2`],
    ['a lost end of a log', ['log-sequences'], `DELETE FROM job_log WHERE seq = 3`],
    ['staging of a job that is gone', ['staging-owners'], `CREATE TABLE staging.contribution_00000000000000000000000000000000 ()`],
    [
      'staging of a job that has published',
      ['staging-owners'],
      `UPDATE scrape_job SET status = 'COMPLETED', error_code = NULL WHERE id = ${JOB}`,
    ],
    ['a weaker source on a covered day', ['source-authority'], `UPDATE contribution_event SET source = 3 WHERE subject = 'abc'`],
    [
      'a month that counts wrongly',
      ['coverage-counts'],
      `UPDATE repository_coverage SET unattributed = unattributed + 1 WHERE repository_id = ${BOARD} AND kind = 8`,
    ],
    [
      'a complete scrape with less than GitHub counts',
      ['coverage-totals'],
      `UPDATE repository_coverage SET github_total = 99 WHERE github_total IS NOT NULL`,
    ],
    ['a kind nobody knows', ['known-codes'], `UPDATE covered_range SET source = 77 WHERE repository_id = ${BOARD} AND kind = 8`],
    [
      'a query over its cap',
      ['bigquery-ledger'],
      `INSERT INTO bigquery_query (job_id, purpose, scrape_jobs, repositories, asked_by, tables, asked_on, bytes_estimated, bytes_cap) VALUES ('q', 'extract', '{}', '{}', '{}', '{}', current_date, 10, 9)`,
    ],
    [
      'rows that are ready of a query that failed',
      ['bigquery-ledger'],
      `INSERT INTO bigquery_query (job_id, purpose, scrape_jobs, repositories, asked_by, tables, asked_on, bytes_estimated, bytes_cap, state, finished_at)
         VALUES ('q', 'extract', '{}', '{}', '{}', '{}', current_date, 9, 9, 'FAILED', now());
       INSERT INTO bigquery_extract (job_id, query, name, since, until, state, first_row, rows, settled_at) VALUES (${JOB}, 'q', 'a/b', current_date, current_date, 'READY', 0, 1, now())`,
    ],
  ])('sees %s', async (_, expected, sql) => {
    expect(await violatedAfter(sql)).toEqual(expected);
  });
});
