import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { BoardPage } from '../../src/api/contract/leaderboards.ts';
import { openDatabase, type Database } from '../../src/db/database.ts';
import { appendJobLog } from '../../src/db/job-log.ts';
import { runningPostgres } from '../../src/embedded/postgres.ts';
import { makePlace } from '../../test/e2e/laurels.ts';
import { median, type BenchRow, type Measure } from '../row.ts';
import { IN_PAGE, ROWS, type Watched } from './in-page.ts';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const ROUNDS = 5;
const LINES_A_SECOND = 500;
const BATCHES_A_SECOND = 10;
const SECONDS = 10;

/** Rows 16 to 18: the dashboard in Chromium, served by what `npm start` runs, with its sample. Limits, no peers. */
export const measure: Measure = async function* measure(rows, { quick }) {
  const place = await makePlace();
  const running = place.up();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  try {
    await running.until(/Laurels is ready/);
    const [, url = ''] = await running.until(/API +(http:\/\/127\.0\.0\.1:\d+)\//);
    const rounds = quick ? 3 : ROUNDS;
    if (rows.includes(16)) yield await firstPaint(browser, url, rounds);
    if (rows.includes(17)) yield await hundredRows(browser, url, rounds);
    if (rows.includes(18)) yield await liveLog(browser, url, (await runningPostgres(place.dataDir, 'laurels')) ?? '');
  } finally {
    await browser.close();
    running.child.kill('SIGTERM');
    await running.ended;
    await place.remove();
  }
};

const inMs = (ms: number): string => `${Math.round(ms)} ms`;

/** Opens a page that nobody has seen before: no cache, no service worker. */
async function open(browser: Browser, url: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await prepare?.(page);
  await page.goto(url);
  return page;
}

async function firstPaint(browser: Browser, url: string, rounds: number): Promise<BenchRow> {
  const paints: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const page = await open(browser, `${url}/dashboard`);
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN));
    await page.context().close();
  }
  const paint = median(paints);
  return {
    row: 16,
    name: 'first contentful paint of the dashboard, nothing cached',
    measured: inMs(paint),
    target: 'under 1,000 ms',
    holds: paint < 1_000,
    figures: { paints },
  };
}

async function hundredRows(browser: Browser, url: string, rounds: number): Promise<BenchRow> {
  const board = (await (await fetch(`${url}/api/v1/leaderboard/global?limit=100&fields=sparkline`)).json()) as BoardPage;
  const data = Array.from({ length: ROWS }, (_, index) => {
    const row = board.data[index % board.data.length] as BoardPage['data'][number];
    const { contributor } = row;
    return {
      ...row,
      rank: index + 1,
      contributor: { ...contributor, github_id: -10_000 - index, username: `${contributor.username}-${index}` },
    };
  });
  const body = JSON.stringify({ ...board, data, total: ROWS, next_cursor: null });
  const first: number[] = [];
  const all: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const page = await open(browser, `${url}/dashboard?limit=100`, async (fresh) => {
      await fresh.route('**/api/v1/leaderboard/global?*', (route) => route.fulfill({ contentType: 'application/json', body }));
      await fresh.addInitScript(IN_PAGE);
    });
    await page.waitForFunction(() => (globalThis as unknown as { readonly watched: Watched }).watched.drawnAt > 0);
    const { answeredAt, firstAt, drawnAt } = await page.evaluate<Watched>('watched');
    first.push(firstAt - answeredAt);
    all.push(drawnAt - answeredAt);
    await page.context().close();
  }
  const time = median(first);
  return {
    row: 17,
    name: `a board of ${ROWS} rows, from its answer to the frame that fills the window`,
    measured: `${inMs(time)}; to the frame with all rows, those below the window included, ${inMs(median(all))}`,
    target: 'under 100 ms',
    holds: time < 100,
    figures: { first, all },
  };
}

async function liveLog(browser: Browser, url: string, databaseUrl: string): Promise<BenchRow> {
  const { data } = (await (await fetch(`${url}/api/v1/jobs?limit=1`)).json()) as { data: readonly { id: string }[] };
  const job = data[0]?.id ?? '';
  const db = await openDatabase({ url: databaseUrl, applicationName: 'laurels-bench-web' });
  try {
    const page = await open(browser, `${url}/dashboard/jobs/${job}`, async (fresh) => {
      // A job that runs, so that the page asks for it again and again, too.
      await fresh.route(`**/api/v1/jobs/${job}`, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), status: 'RUNNING', completed_at: null } });
      });
      await fresh.addInitScript(IN_PAGE);
    });
    await page.getByText('Live', { exact: true }).waitFor();
    // Somebody uses the page meanwhile: every half second a button is pressed, and the frame after it awaited.
    const clicking = page.evaluate<unknown>(`clickOften(${SECONDS * 2})`);
    const sent = await write(db, job);
    await clicking;
    await page.getByText(`line ${sent - 1} of the bench`).waitFor();
    const { clicks, longTasks } = await page.evaluate<Watched>('watched');
    const slow = clicks.toSorted((a, b) => a - b)[Math.floor(clicks.length * 0.95)] ?? Number.NaN;
    return {
      row: 18,
      name: `the live log of a job at ${LINES_A_SECOND} lines a second for ${SECONDS} s (${sent} lines)`,
      measured: `all shown; a click is answered in ${inMs(median(clicks))}, 95 of 100 in ${inMs(slow)}; ${longTasks.length} tasks over 50 ms, the longest ${inMs(Math.max(0, ...longTasks))}`,
      target: '95 of 100 clicks within 100 ms',
      holds: slow <= 100,
      figures: { clicks, longTasks },
    };
  } finally {
    await db.close();
  }
}

/** Writes the lines as a worker does, at their pace. @returns how many. */
async function write(db: Database, job: string): Promise<number> {
  const [perBatch, start] = [LINES_A_SECOND / BATCHES_A_SECOND, performance.now()];
  let sent = 0;
  for (let batch = 0; batch < SECONDS * BATCHES_A_SECOND; batch += 1) {
    await sleep(Math.max(0, start + (batch * 1000) / BATCHES_A_SECOND - performance.now()));
    const lines = Array.from({ length: perBatch }, (_, index) => ({
      at: new Date(),
      level: 30,
      message: `line ${sent + index} of the bench`,
      fields: { slice: 'pull requests', page: sent + index },
    }));
    await appendJobLog(db, job, lines);
    sent += perBatch;
  }
  return sent;
}
