import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import type { BoardPage } from '../../src/api/contract/leaderboards.ts';
import type { JobResource } from '../../src/api/contract/jobs.ts';
import { LOCKS } from '../../src/db/locks.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { archiveOf, countsOf, gatherArchive, readExpected, type ExpectedBoard } from './expected-boards.ts';
import { eventually, makePlace, npmRunLaurels, PROJECT, type Ended, type Place } from './laurels.ts';

/** What `scrape --json` prints for one repository. */
interface Result {
  readonly repository: string;
  readonly job: JobResource;
  readonly board: BoardPage;
}

const REPOSITORY = 'rust-lang/rust';

const resultsOf = (ended: Ended): readonly Result[] =>
  ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);

function scrapeArguments(repositories: readonly string[], directory: string): readonly string[] {
  return [
    'scrape',
    ...repositories,
    '--source',
    'gharchive',
    '--archive-dir',
    directory,
    '--since',
    'all',
    '--wait',
    '--json',
    '--include',
    'bots,agents',
  ];
}

describe('laurels scrape, on an empty data directory with nothing running', () => {
  let place: Place;
  let expected: readonly ExpectedBoard[];
  /** The files of the first expected board, which it must be read from alone, and all the others. */
  let archives: readonly [first: string, others: string];
  beforeAll(async () => {
    place = await makePlace();
    expected = await readExpected();
    const [first, ...others] = expected.map(({ files }) => files);
    archives = [
      await gatherArchive(join(place.directory, 'first'), first ?? []),
      await gatherArchive(join(place.directory, 'others'), [...new Set(others.flat())]),
    ];
  });
  afterAll(async () => {
    await place.remove();
  });

  let before: Result;

  test('starts what it needs, prints one JSON object, stops what it started and exits 0', async () => {
    const [board] = expected;
    const ended = await npmRunLaurels(scrapeArguments([board?.repository ?? ''], archives[0]), place.dataDir);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout.trim().split('\n')).toHaveLength(1);
    before = resultsOf(ended)[0] as Result;
    expect(before).toMatchObject({ repository: board?.repository, job: { status: 'COMPLETED', events_processed: board?.contributions } });
    expect(countsOf(before.board.data)).toEqual(board?.contributors);
    expect(before.board.coverage.note).not.toBe('');
    expect(ended.stderr).toContain(`${board?.repository}: completed`);
    expect(await place.processes()).toEqual([]);
    await expect(stat(join(place.dataDir, 'stack.json'))).rejects.toThrow('ENOENT');
  }, 90_000);

  test('run again changes no count, and a repository that the files do not have completes with 0 contributions and a note', async () => {
    const ended = await place.laurels(scrapeArguments([before.repository, 'nobody-here/nothing'], archives[0]));
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/0 imported, \d+ unchanged/);
    const [again, nothing] = resultsOf(ended);
    expect(again?.job).toMatchObject({ status: 'COMPLETED', events_processed: before.job.events_processed });
    expect(again?.board.data).toEqual(before.board.data);
    expect(nothing).toMatchObject({ job: { status: 'COMPLETED', events_processed: 0 }, board: { data: [], total: 0 } });
    expect(nothing?.board.coverage.note).not.toBe('');
    expect(ended.stderr).toContain(nothing?.board.coverage.note);
  }, 90_000);

  test('counts every repository as an independent program does', async () => {
    const [, ...others] = expected;
    const ended = await place.laurels(
      scrapeArguments(
        others.map(({ repository }) => repository),
        archives[1],
      ),
    );
    expect(ended).toMatchObject({ code: 0 });
    const results = resultsOf(ended);
    expect(results.map(({ repository, job }) => [repository, job.status, job.events_processed])).toEqual(
      others.map(({ repository, contributions }) => [repository, 'COMPLETED', contributions]),
    );
    expect(results.map(({ repository, board }) => [repository, countsOf(board.data)])).toEqual(
      others.map(({ repository, contributors }) => [repository, contributors]),
    );
    expect(await place.processes()).toEqual([]);
  }, 90_000);
});

describe('laurels scrape refuses', () => {
  let place: Place;
  beforeAll(async () => {
    place = await makePlace();
  });
  afterAll(async () => {
    await place.remove();
  });

  test.each([
    [
      'a directory that does not exist',
      ['o/r', '--archive-dir', '/nonexistent/hours'],
      {},
      /--archive-dir: directory \/nonexistent\/hours can't be read/,
    ],
    [
      'a file in place of a directory',
      ['o/r', '--archive-dir', join(PROJECT, 'package.json')],
      {},
      /--archive-dir: .*package\.json is not a directory/,
    ],
    [
      'a directory for a Laurels elsewhere',
      ['o/r', '--archive-dir', '.'],
      { LAURELS_URL: 'http://127.0.0.1:9' },
      /--archive-dir: .*LAURELS_URL is set/,
    ],
    ['what is no repository', ['rust'], {}, /value 'rust' is invalid for argument 'owner\/name'/],
    ['what is no date', ['o/r', '--since', 'yesterday'], {}, /--since <date>' argument 'yesterday' is invalid.*2026-01-31/],
    ['days in the wrong order', ['o/r', '--since', '2026-02-01', '--until', '2026-01-01'], {}, /--since: 2026-02-01 is after --until/],
    ['an unknown source', ['o/r', '--source', 'gitlab'], {}, /--source <names>' argument 'gitlab' is invalid.*github, bigquery, gharchive/],
    ['an unknown option', ['o/r', '--fast'], {}, /unknown option '--fast'/],
    ['a wrong environment, all of it', ['o/r'], { PORT: 'x', LOG_LEVEL: 'loud' }, /PORT: must be.*LOG_LEVEL: must be/s],
  ])('%s with exit code 2, before anything starts', async (_, args, environment, message) => {
    const ended = await place.laurels(['scrape', ...args, '--wait', '--json'], environment);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
    await expect(stat(join(place.dataDir, 'laurels.log'))).rejects.toThrow('ENOENT');
  });
});

describe('two scrapes of one repository at once', () => {
  let place: Place;
  let database: TestDatabase;
  let blocker: Client;
  let archive: string;
  beforeAll(async () => {
    place = await makePlace();
    archive = await archiveOf(REPOSITORY, join(place.directory, 'archive'));
    database = await createTestDatabase();
    blocker = new Client({ connectionString: database.url });
    await blocker.connect();
  });
  afterAll(async () => {
    await blocker.end();
    await database.drop();
    await place.remove();
  });

  const isPublishing = async (): Promise<boolean> => {
    const { rows } = await blocker.query<{ waits: boolean }>(
      `select exists (select from pg_locks where locktype = 'advisory' and not granted and mode = 'ShareLock' and objid = $1
         and database = (select oid from pg_database where datname = current_database())) as waits`,
      [LOCKS.boards[1]],
    );
    return rows[0]?.waits ?? false;
  };

  test('one runs, the other gets the URL of its job and exit code 4, and does not stop it; Ctrl-C cancels', async () => {
    const environment = { DATABASE_URL: database.url };
    // Publishing waits for this lock: the job is unfinished for as long as the test wants it.
    await blocker.query('select pg_advisory_lock($1, $2)', [...LOCKS.boards]);
    const one = place.start(scrapeArguments([REPOSITORY], archive), environment);
    await Promise.race([eventually(isPublishing), one.ended]);

    const other = await place.laurels(['scrape', REPOSITORY, '--wait', '--json'], environment);
    expect(other).toMatchObject({ code: 4, stdout: '' });
    expect(other.stderr).toMatch(
      /rust-lang\/rust: A scrape of rust-lang\/rust is already unfinished.* http:\/\/127\.0\.0\.1:\d+\/api\/v1\/jobs\/[0-9a-f-]{36}/,
    );

    await blocker.query('select pg_advisory_unlock_all()');
    const ended = await one.ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(resultsOf(ended)[0]).toMatchObject({ repository: REPOSITORY, job: { status: 'COMPLETED' } });

    await blocker.query('select pg_advisory_lock($1, $2)', [...LOCKS.boards]);
    const third = place.start(scrapeArguments([REPOSITORY], archive), environment);
    await Promise.race([eventually(isPublishing), third.ended]);
    third.child.kill('SIGINT');
    await third.until(/Cancelling/);
    await blocker.query('select pg_advisory_unlock_all()');
    expect(await third.ended).toMatchObject({ code: 130, stdout: '' });
    const { rows } = await blocker.query(`select count(*)::int as unfinished from scrape_job where completed_at is null`);
    expect(rows).toEqual([{ unfinished: 0 }]);
    expect(await place.processes()).toEqual([]);
  }, 120_000);
});
