import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { BoardPage } from '../../src/api/contract/leaderboards.ts';
import type { LogLineResource } from '../../src/api/contract/jobs.ts';
import { status } from '../fakes/github/faults.ts';
import { accessibilityFaults, openPage, settled, visit } from './browser.ts';
import type { Dashboard } from './dashboard.ts';
import { press, reach, write } from './keyboard.ts';

/*
 * What people come for, each on the real stack: `npm start`, its sample, and a GitHub that answers as GitHub does. In order: what
 * one journey leaves behind the next may find. No mouse is used: what can be done can be done by the keyboard alone.
 */
export function describeJourneys(started: () => Dashboard): void {
  let dashboard: Dashboard;
  beforeAll(() => {
    dashboard = started();
  });

  const open = async (path: string, expected: readonly number[] = []) => {
    const opened = await openPage(dashboard.browser, dashboard.url, undefined, expected);
    await visit(opened.page, path);
    return opened;
  };
  const api = async <T>(path: string): Promise<T> => (await (await fetch(`${dashboard.url}${path}`)).json()) as T;
  const rows = (page: Page) => page.locator('main table tbody tr');

  test('a search and a jump find somebody; the rank stays what it is', async () => {
    const { page, context, faults } = await open('/dashboard', [404]);
    const board = await api<BoardPage>('/api/v1/leaderboard/global?limit=100');
    const last = board.data.at(-1);
    await write(page, page.getByLabel('Find a person'), last?.contributor.username ?? '');
    await page.waitForURL(/q=/);
    await page.waitForFunction(() => document.querySelectorAll('main table tbody tr').length === 1);
    expect(await rows(page).first().innerText()).toContain(String(last?.rank));
    await page.goto('/dashboard');
    await settled(page);
    await write(page, page.getByLabel('Jump to @login'), `@${last?.contributor.username}`);
    await page.keyboard.press('Enter');
    await page.locator('tr[aria-current="true"]').waitFor();
    expect(await page.evaluate(() => document.activeElement?.closest('tr')?.innerText)).toContain(last?.contributor.username);
    expect(await page.evaluate(() => document.activeElement?.getBoundingClientRect().top)).toBeLessThan(900);
    await write(page, page.getByLabel('Jump to @login'), 'nobody-has-this-name');
    await page.keyboard.press('Enter');
    await press(page, page.getByRole('button', { name: 'Show its top' }));
    await page.waitForURL((url) => url.search === '');
    expect(faults).toEqual([]);
    await context.close();
  });

  test('a receipt adds up to the score on the board, and each line leads to the work', async () => {
    const { page, context, faults } = await open('/dashboard');
    const score = await rows(page).first().locator('th[scope="row"] + td').innerText();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const receipt = page.getByRole('region', { name: 'Receipt', exact: true }).getByRole('table');
    await receipt.waitFor();
    expect(await receipt.locator('tfoot').innerText()).toContain(score);
    expect(await receipt.locator('tfoot').innerText()).toContain('as on the board');
    const cells = await receipt
      .locator('tbody tr')
      .evaluateAll((all) => all.map((row) => row.querySelectorAll('td')[2]?.textContent ?? ''));
    const sum = cells.filter((text) => !text.startsWith('(')).reduce((total, text) => total + Number(text.replaceAll(',', '')), 0);
    expect(sum).toBeCloseTo(Number(score.replaceAll(',', '')), 3);
    const line = receipt.locator('tbody tr').first();
    const count = Number((await line.locator('td').first().innerText()).replaceAll(',', ''));
    await press(page, line.getByRole('link'));
    await page.waitForURL(/kind=COMMIT/);
    await page.waitForFunction(() => document.activeElement?.id === 'activity');
    let seen = 0;
    for (;;) {
      await settled(page);
      seen += await page.locator('section[aria-labelledby="activity"] ol > li').count();
      const older = page.getByRole('button', { name: 'Older' });
      if (!(await older.isVisible())) break;
      const before = page.url();
      await press(page, older);
      await page.waitForURL((url) => url.href !== before);
    }
    expect(seen).toBe(count);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('a name on a board leads to its person in the same page, and with Ctrl in a tab of its own', async () => {
    const { page, context, faults } = await open('/dashboard');
    await page.evaluate(() => Object.assign(globalThis, { isTheSame: true }));
    const link = rows(page).first().getByRole('link');
    await reach(page, link);
    const [name, tab] = await Promise.all([link.innerText(), context.waitForEvent('page'), page.keyboard.press('Control+Enter')]);
    await tab.waitForURL(/\/dashboard\/c\//);
    expect(page.url()).toMatch(/\/dashboard\/?$/);
    await press(page, link);
    await page.waitForURL(tab.url());
    await page.getByRole('heading', { level: 1, name }).waitFor();
    expect(await page.evaluate(() => 'isTheSame' in globalThis)).toBe(true);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('comparing: two repositories are picked, drawn, told as a table, and share people', async () => {
    const { page, context, faults } = await open('/dashboard/compare');
    for (const name of ['sample/harbor-lights', 'sample/wren']) {
      await write(page, page.getByLabel('Add owner/name'), name);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: `${name} , take away` }).waitFor();
    }
    await page.waitForURL(/repositories=sample\/harbor-lights,sample\/wren$/);
    await page.getByRole('heading', { name: /Shared contributors \(\d+\)/ }).waitFor();
    await page.getByRole('img', { name: /Contributions a week of/ }).waitFor();
    await press(page, page.getByText('Show as table'));
    const drawn = page.getByRole('table', { name: 'Contributions a week' });
    expect(await drawn.getByRole('columnheader').allInnerTexts()).toEqual(['Week of', 'sample/harbor-lights', 'sample/wren']);
    expect(await drawn.getByRole('row').count()).toBeGreaterThan(100);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('the CSV is exactly this view, all pages of it', async () => {
    const { page, context, faults } = await open('/dashboard?window=1y&kinds=COMMIT,PR_REVIEWED&include=bots&sort=pr_reviewed_count');
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, page.getByRole('link', { name: /^CSV/ }))]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
    const board = await api<BoardPage>(
      '/api/v1/leaderboard/global?window=1y&kinds=COMMIT,PR_REVIEWED&include=bots&sort=pr_reviewed_count&limit=100',
    );
    const column = (lines[0] ?? '').split(',').indexOf('username');
    expect(lines.slice(1).map((line) => line.split(',')[column])).toEqual(board.data.map(({ contributor }) => contributor.username));
    expect(lines.length - 1).toBe(board.total);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('skip link, rows, sort, filters, search, help', async () => {
    const { page, context, faults } = await open('/dashboard');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    const focused = () => page.evaluate(() => document.activeElement?.closest('tr')?.rowIndex);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await focused()).toBe(2);
    await page.keyboard.press('k');
    expect(await focused()).toBe(1);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await press(page, page.getByRole('button', { name: 'Commits', exact: true }));
    await page.locator('th[aria-sort="descending"]', { hasText: 'Commits' }).waitFor();
    await reach(page, page.getByLabel('Window'));
    await page.keyboard.press('ArrowUp');
    await page.waitForURL(/window=1y/);
    const menu = page.getByRole('button', { name: /^Contributions / });
    await press(page, menu);
    await press(page, page.getByRole('group', { name: 'Contributions' }).getByLabel('Reviews', { exact: true }), 'Space');
    await page.waitForURL(/kinds=PR_REVIEWED/);
    await page.keyboard.press('Escape');
    await reach(page, menu);
    await page.keyboard.press('Escape');
    await reach(page, page.getByRole('link', { name: 'Laurels', exact: true }));
    await page.keyboard.press('/');
    await page.keyboard.type('ida-sample');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/search\?q=ida-sample/);
    await page.getByRole('link', { name: 'ida-sample' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    expect(faults).toEqual([]);
    await context.close();
  });

  test('a weight is changed: first who would move, then it is saved, the board follows, and it is taken back', async () => {
    const { page, context, faults } = await open('/dashboard/scoring');
    await write(page, page.getByRole('spinbutton', { name: 'Releases Publishing a release' }), '3000');
    await page.getByText('changed, was 30').waitFor();
    await press(page, page.getByRole('button', { name: 'Preview' }));
    await page.getByRole('heading', { name: /^Preview over all/ }).waitFor();
    const then = page.getByRole('table', { name: 'The first 50, with these weights' });
    const winner = await then.getByRole('link').first().innerText();
    const before = await api<BoardPage>('/api/v1/leaderboard/global?limit=1');
    expect(before.data[0]?.contributor.username).not.toBe(winner);
    expect(await accessibilityFaults(page)).toEqual([]);
    await write(page, page.getByLabel(/^Why/), 'Releases are all that counts');
    await press(page, page.getByRole('button', { name: 'Save' }));
    await page.getByText('Releases are all that counts').waitFor();
    await expectEventually(async () => (await api<BoardPage>('/api/v1/leaderboard/global?limit=1')).data[0]?.contributor.username, winner);
    await press(page, page.getByRole('button', { name: 'Restore version 1' }));
    await expectEventually(
      async () => (await api<BoardPage>('/api/v1/leaderboard/global?limit=1')).data[0]?.contributor.username,
      before.data[0]?.contributor.username,
    );
    expect(faults).toEqual([]);
    await context.close();
  });

  test('somebody opts out and is on no board any more; and back', async () => {
    const { page, context, faults } = await open('/dashboard/people?who=ida-sample', [410]);
    await press(page, page.getByRole('button', { name: 'Hide ida-sample' }));
    await page.getByRole('button', { name: 'Show again' }).waitFor();
    const names = async () =>
      (await api<BoardPage>('/api/v1/leaderboard/global?limit=100')).data.map(({ contributor }) => contributor.username);
    await expectEventually(async () => (await names()).includes('ida-sample'), false);
    await press(page, page.getByRole('button', { name: 'Show again' }));
    await page.getByRole('button', { name: 'Hide ida-sample' }).waitFor();
    await expectEventually(async () => (await names()).includes('ida-sample'), true);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('a bot is overridden, two accounts become one person and are split again, each with its place in the history', async () => {
    const { page, context, faults } = await open('/dashboard/people');
    await press(page, page.getByRole('button', { name: 'Change sample-ci[bot]' }));
    const dialog = page.getByRole('dialog', { name: 'sample-ci[bot]' });
    await dialog.getByText('GitHub calls it a bot').waitFor();
    await reach(page, dialog.getByLabel('Should count as'));
    await page.keyboard.type('human');
    await write(page, dialog.getByLabel(/^Why/), 'Somebody types these by hand');
    await page.keyboard.press('Enter');
    await dialog.getByText('Kind changed from bot to human').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('row', { name: /sample-ci/ }).waitFor({ state: 'detached' });
    await write(page, page.getByLabel(/^Login, or id:/), 'ada-sample');
    await page.keyboard.press('Enter');
    const ada = page.getByRole('dialog', { name: 'ada-sample' });
    await write(page, ada.getByLabel('Another account of theirs'), 'bela-sample');
    await page.keyboard.press('Enter');
    await press(page, ada.getByRole('button', { name: 'Split off bela-sample' }));
    await ada.getByText(/: Split/).waitFor();
    await expectEventually(
      async () =>
        (await api<BoardPage>('/api/v1/leaderboard/global?limit=100')).data.some(
          ({ contributor }) => contributor.username === 'bela-sample',
        ),
      true,
    );
    expect(faults).toEqual([]);
    await context.close();
  });

  test('a scrape that fails says why, and Retry makes it good', async () => {
    const { page, context, faults } = await open('/dashboard/repositories');
    dashboard.github.faults.add({ api: 'graphql', operation: 'PullRequests' }, status(451, 'Repository access blocked'));
    await write(page, page.getByLabel('Repository', { exact: true }), 'https://github.com/octo-corp/hand-checked');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
    await page.locator('main').getByText('Failed', { exact: true }).waitFor({ timeout: 60_000 });
    dashboard.github.faults.clear();
    await press(page, page.getByRole('button', { name: 'Retry' }));
    await page.getByText('Retry of').waitFor();
    await page.locator('main').getByText('Completed', { exact: true }).waitFor({ timeout: 60_000 });
    expect(faults).toEqual([]);
    await context.close();
  }, 150_000);

  test('a repository is read: the plan first, its log live to the end also over a lost connection, then a board as counted by hand', async () => {
    const { page, context, faults } = await open('/dashboard/r/octo-corp/hand-checked');
    let connections = 0;
    await page.routeWebSocket(/\/dashboard\/ws\/logs/, (socket) => {
      connections += 1;
      const isFirst = connections === 1;
      const server = socket.connectToServer();
      let passed = 0;
      server.onMessage((message) => {
        passed += 1;
        // In the middle of the log the connection goes away; what the server still sends is lost.
        if (isFirst && passed > 2) void socket.close();
        else socket.send(message);
      });
    });
    await press(page, page.getByRole('button', { name: 'Full scrape' }));
    const dialog = page.getByRole('dialog', { name: 'Full scrape' });
    await dialog.getByText(/About \d+ requests?: \d+ API points?/).waitFor();
    await press(page, dialog.getByRole('button', { name: 'Start' }));
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
    const job = page.url().split('/').at(-1);
    await page.locator('main').getByText('Completed', { exact: true }).waitFor({ timeout: 60_000 });
    const messages = async () =>
      (await api<{ data: LogLineResource[] }>(`/api/v1/jobs/${job}/logs?level=info&limit=1000`)).data.map(({ message }) => message);
    const shown = () => page.locator('[role="log"] li bdi').allInnerTexts();
    await expectEventually(async () => JSON.stringify(await shown()) === JSON.stringify(await messages()), true);
    expect((await shown()).length).toBeGreaterThan(2);
    expect(connections).toBeGreaterThan(1);
    expect(await accessibilityFaults(page)).toEqual([]);

    await press(page, page.getByRole('link', { name: 'Repository', exact: true }));
    await page.getByRole('link', { name: /^ada$/i }).first().waitFor();
    await settled(page);
    const board = await api<BoardPage>('/api/v1/leaderboard/octo-corp/hand-checked?limit=100');
    const counted = new Map([...dashboard.people.values()].map(({ githubId, score }) => [githubId, score]));
    for (const row of board.data) expect(row.total_score).toBe(counted.get(row.contributor.github_id));
    const scores = await page.locator('.holds-names tbody th[scope="row"] + td').allInnerTexts();
    expect(scores.map((text) => Number(text.replaceAll(',', '')))).toEqual(board.data.map((row) => row.total_score));
    await page.getByRole('link', { name: /^Coverage:\s+complete$/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  }, 150_000);

  test('the last repository is removed: three ways to begin are shown', async () => {
    const { page, context, faults } = await open('/dashboard/r/octo-corp/hand-checked');
    await press(page, page.getByRole('button', { name: 'Remove' }));
    await press(page, page.getByRole('dialog').getByRole('button', { name: 'Remove' }));
    await page.waitForURL(/\/repositories$/);
    await visit(page, '/dashboard');
    await page.getByRole('heading', { name: 'Connect BigQuery' }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });
}

/** Asks until the answer is the wanted one; the test's time limit ends it, with the last answer told. */
async function expectEventually<T>(ask: () => Promise<T>, wanted: T): Promise<void> {
  const end = Date.now() + 30_000;
  let last = await ask();
  while (last !== wanted && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    last = await ask();
  }
  expect(last).toEqual(wanted);
}
