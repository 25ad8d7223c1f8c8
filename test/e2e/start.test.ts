import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { BoardPage } from '../../src/api/contract/leaderboards.ts';
import { archiveOf } from './expected-boards.ts';
import { makePlace, type Ended, type Place, type Running } from './laurels.ts';

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** The command again and again while its exit code says that another job is in the way. */
async function untilNoConflict(run: () => Promise<Ended>): Promise<Ended> {
  for (;;) {
    const ended = await run();
    if (ended.code !== 4) return ended;
  }
}

describe('npm start', () => {
  let place: Place;
  let running: Running | null = null;
  beforeAll(async () => {
    place = await makePlace();
  });
  afterEach(async () => {
    // Of a test that failed: nothing may stay behind.
    running?.child.kill('SIGTERM');
    await running?.ended;
    running = null;
  });
  afterAll(async () => {
    await place.remove();
  });

  /** Starts, and gives the API's address when it is ready. */
  async function start(command: Running): Promise<string> {
    running = command;
    await running.until(/Laurels is ready after [\d.]+ s/);
    // The last of the lines that say what is where.
    await running.until(/… from archive files .*\n/);
    return (await running.until(/API +(http:\/\/127\.0\.0\.1:\d+)\//))[1] as string;
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    running?.child.kill(signal);
    const ended = await running?.ended;
    running = null;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended?.stdout).toMatch(/Stopped\.\n$/);
    expect(await place.processes()).toEqual([]);
    await expect(stat(join(place.dataDir, 'stack.json'))).rejects.toThrow('ENOENT');
  }

  test('on an empty directory serves the sample, says what runs where, is found by the commands, and stops without a trace', async () => {
    const url = await start(place.up());
    expect(running?.written()).toMatch(
      /Global board +curl 'http.*leaderboard\/global'\n +Temporal UI +http.*\n +Data +.*\n +Log .*\n +Sample .*\n.*scrape OWNER\/NAME/,
    );

    const board = await json<BoardPage>(`${url}/api/v1/leaderboard/global`);
    expect(board.total).toBeGreaterThan(50);
    expect(board.data[0]).toMatchObject({
      rank: 1,
      contributor: { kind: 'human', username: expect.stringMatching(/-sample$/) },
      repositories_contributed: expect.any(Number),
    });
    const { data } = await json<{ data: { full_name: string; is_sample: boolean; status: string }[] }>(`${url}/api/v1/repositories`);
    expect(data.map(({ full_name, is_sample, status }) => [full_name, is_sample, status])).toEqual(
      ['harbor-lights', 'paper-kite', 'tidepool', 'wren'].map((name) => [`sample/${name}`, true, 'COMPLETED']),
    );
    await json(`${url}/readyz`);
    expect(await (await fetch(`${url}/temporal/`)).text()).toContain('<html');

    const backup = join(place.directory, 'sample.laurels');
    const [printed, csv, jobs, unknownJob, unknownBoard, verified, backedUp, refused] = await Promise.all([
      place.laurels(['board', 'sample/wren', '--limit', '3']),
      place.laurels(['board', '--csv', '--window', '30d']),
      place.laurels(['jobs', '--status', 'COMPLETED']),
      place.laurels(['jobs', '018f0000-0000-7000-8000-000000000000']),
      place.laurels(['board', 'no/body']),
      place.laurels(['verify', '--settled']),
      place.laurels(['backup', backup]),
      place.laurels(['restore', backup]),
    ]);
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(printed.stdout).toMatch(/contributor +score.*\n *1 .*-sample/);
    expect(csv.stdout.split('\n')[0]).toMatch(/^rank,.*username/);
    expect(jobs.stdout).toMatch(/sample\/wren/);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^✓ board-counts +1\d\d rows of boards$[^]*^✓ stuck-jobs +0 unfinished jobs$/m);
    expect(backedUp).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/rows of \d+ tables/) });
    expect([unknownJob.code, unknownBoard.code, refused.code]).toEqual([3, 3, 4]);

    const second = await place.up().ended;
    expect(second).toMatchObject({ code: 1 });
    expect(second.stderr).toContain(`pid ${running?.child.pid}`);

    expect(await place.laurels(['sample', 'remove'])).toMatchObject({ code: 0 });
    expect((await json<{ total: number }>(`${url}/api/v1/repositories`)).total).toBe(0);

    // What commands do with a stack that runs: they leave it running.
    const archive = await archiveOf('rust-lang/rust', join(place.directory, 'archive'));
    const scraped = await place.laurels(['scrape', 'rust-lang/rust', '--archive-dir', archive, '--since', 'all']);
    expect(scraped).toMatchObject({ code: 0 });
    const [, job = ''] = /^rust-lang\/rust: job ([0-9a-f-]{36}) is .*: http:\/\/127/.exec(scraped.stdout) ?? [];
    const refreshed = await untilNoConflict(() => place.laurels(['refresh', 'rust-lang/rust', '--wait', '--json']));
    expect(JSON.parse(refreshed.stdout)).toMatchObject({ repository: 'rust-lang/rust', job: { type: 'REFRESH', status: 'COMPLETED' } });
    expect((await place.laurels(['jobs', job])).stdout).toMatch(/rust-lang\/rust: completed, incomplete, \d+ contributions/);
    expect((await place.laurels(['cancel', job])).code).toBe(4);
    const lines = (await place.laurels(['logs', '--job', job, '--json'])).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(lines.map(() => expect.objectContaining({ job_id: job })));
    const following = place.start(['logs', '-f', '--job', job]);
    await following.until(/INFO/);
    following.child.kill('SIGINT');
    expect(await following.ended).toMatchObject({ code: 0, stderr: '' });
    expect(await place.laurels(['recalculate'])).toMatchObject({ code: 0 });
    const plan = await place.laurels(['scrape', 'nobody/never', '--dry-run', '--since', '2015-01-01']);
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('nobody/never: FULL scrape of 2015-01-01 to') });
    expect(await json<object>(`${url}/api/v1/repositories`)).toMatchObject({ total: 1 });

    const log = await readFile(join(place.dataDir, 'laurels.log'), 'utf8');
    for (const line of log.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), msg: expect.any(String) });
    await stop('SIGINT');
  }, 90_000);

  test('a second time, by laurels up, does not bring the sample back, and SIGINT to that command alone stops it too', async () => {
    const url = await start(place.start(['up'], { PORT: '0' }));
    expect(await json(`${url}/api/v1/leaderboard/global`)).toMatchObject({ data: [], total: 0 });
    await stop('SIGINT');
  }, 60_000);

  test('what was backed up while it ran is restored elsewhere, and holds together there', async () => {
    const elsewhere = await makePlace();
    try {
      const restored = await elsewhere.laurels(['restore', join(place.directory, 'sample.laurels')]);
      expect(restored).toMatchObject({ code: 0, stderr: '' });
      expect(restored.stdout).toMatch(/^Restored [\d,]+ rows of \d+ tables, as of 20/);
      expect(await readFile(join(elsewhere.dataDir, 'opt-out.key'))).toEqual(await readFile(join(place.dataDir, 'opt-out.key')));
      const verified = await elsewhere.laurels(['verify', '--settled', '--json']);
      expect(verified).toMatchObject({ code: 0 });
      const { ok, invariants } = JSON.parse(verified.stdout) as { ok: boolean; invariants: { name: string; checked: number }[] };
      expect([ok, invariants.find(({ name }) => name === 'board-counts')?.checked]).toEqual([true, expect.any(Number)]);
      expect(await elsewhere.processes()).toEqual([]);
    } finally {
      await elsewhere.remove();
    }
  }, 60_000);

  test('lists everything that is wrong with the environment and exits 2', async () => {
    const ended = await place.up({ PORT: '70000', TRUST_PROXY: 'nowhere', SOURCES: 'gitlab' }).ended;
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/PORT: must be[^]*TRUST_PROXY: must be[^]*SOURCES: must be/);
  });

  test('after it all, doctor finds nothing broken', async () => {
    const ended = await place.laurels(['doctor', '--json']);
    expect(ended).toMatchObject({ code: 0 });
    const { ok, checks } = JSON.parse(ended.stdout) as { ok: boolean; checks: { name: string; state: string }[] };
    expect(ok).toBe(true);
    expect(Object.fromEntries(checks.map(({ name, state }) => [name, state]))).toMatchObject({
      Node: 'ok',
      'Data directory': 'ok',
      PostgreSQL: 'ok',
      'Temporal program': 'ok',
      Temporal: 'ok',
      DuckDB: 'ok',
      GitHub: 'unused',
      BigQuery: 'unused',
    });
  }, 60_000);
});
