import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { BoardPage } from '../../src/api/contract/leaderboards.ts';
import type { LogLineResource } from '../../src/api/contract/jobs.ts';
import { status } from '../fakes/github/faults.ts';
import { accessibilityFaults, openPage, settled, visit } from './browser.ts';
import { inBrowser, startDashboard, type Dashboard } from './dashboard.ts';

/*
 * What people come for, each on the real stack: `npm start`, its sample, and a GitHub that answers as GitHub does. In order: what
 * one journey leaves behind the next may find.
 */
inBrowser('journeys', () => {
  let dashboard: Dashboard;
  beforeAll(async () => {
    dashboard = await startDashboard();
  });
  afterAll(() => dashboard?.stop());

  const open = async (path: string, expected: readonly number[] = []) => {
    const opened = await openPage(dashboard.browser, dashboard.url, undefined, expected);
    await visit(opened.page, path);
    return opened;
  };
  const api = async <T>(path: string): Promise<T> => (await (await fetch(`${dashboard.url}${path}`)).json()) as T;
  const rows = (page: Page) => page.locator('main table tbody tr');

  test('a view is its address: it survives a reload, the back button and being sent to somebody else', async () => {
    const { page, context, faults } = await open('/dashboard');
    await page.getByLabel('Window').selectOption('90d');
    await page.getByRole('button', { name: 'Commits' }).click();
    await page.getByLabel('Bots').check();
    await page.waitForURL(/window=90d.*sort=commit_count.*include=bots/);
    await settled(page);
    const first = await rows(page).first().innerText();
    const address = page.url();
    await page.reload();
    await settled(page);
    expect(await rows(page).first().innerText()).toBe(first);
    expect(await page.locator('th[aria-sort="descending"]').innerText()).toContain('Commits');
    await page.goBack();
    expect(await page.getByLabel('Bots').isChecked()).toBe(false);
    await page.goForward();
    expect(await page.getByLabel('Bots').isChecked()).toBe(true);
    const elsewhere = await open(address.slice(dashboard.url.length));
    expect(await rows(elsewhere.page).first().innerText()).toBe(first);
    expect([...faults, ...elsewhere.faults]).toEqual([]);
    await Promise.all([context.close(), elsewhere.context.close()]);
  });

  test('a search and a jump find somebody; the rank stays what it is', async () => {
    const { page, context, faults } = await open('/dashboard');
    const board = await api<BoardPage>('/api/v1/leaderboard/global?limit=100');
    const last = board.data.at(-1);
    await page.getByLabel('Find a person').fill(last?.contributor.username ?? '');
    await page.waitForURL(/q=/);
    await page.waitForFunction(() => document.querySelectorAll('main table tbody tr').length === 1);
    expect(await rows(page).first().innerText()).toContain(String(last?.rank));
    await page.goto('/dashboard');
    await settled(page);
    await page.getByLabel('Jump to @login').fill(`@${last?.contributor.username}`);
    await page.keyboard.press('Enter');
    await page.locator('tr[aria-current="true"]').waitFor();
    expect(await page.locator('tr[aria-current="true"]').innerText()).toContain(last?.contributor.username);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('a receipt adds up to the score on the board, and each line leads to the work', async () => {
    const { page, context, faults } = await open('/dashboard');
    const score = await rows(page).first().locator('td.font-semibold').innerText();
    await rows(page).first().getByRole('link').click();
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
    await line.getByRole('link').click();
    await page.waitForURL(/kind=COMMIT/);
    await page.waitForFunction(() => document.activeElement?.id === 'activity');
    let seen = 0;
    for (;;) {
      await settled(page);
      seen += await page.locator('section[aria-labelledby="activity"] ol > li').count();
      const older = page.getByRole('button', { name: 'Older' });
      if (!(await older.isVisible())) break;
      const before = page.url();
      await older.click();
      await page.waitForURL((url) => url.href !== before);
      await page.waitForLoadState('networkidle');
    }
    expect(seen).toBe(count);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('comparing: two repositories are picked, drawn, told as a table, and share people', async () => {
    const { page, context, faults } = await open('/dashboard/compare');
    for (const name of ['sample/harbor-lights', 'sample/wren']) {
      await page.getByLabel('Add owner/name').fill(name);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
    }
    await page.waitForURL(/repositories=sample%2Fharbor-lights%2Csample%2Fwren/);
    await page.getByRole('heading', { name: /Shared contributors \(\d+\)/ }).waitFor();
    await page.getByRole('img', { name: /Contributions a week of/ }).waitFor();
    await page.getByText('Show as table').click();
    const drawn = page.getByRole('table', { name: 'Contributions a week' });
    expect(await drawn.getByRole('columnheader').allInnerTexts()).toEqual(['Week of', 'sample/harbor-lights', 'sample/wren']);
    expect(await drawn.getByRole('row').count()).toBeGreaterThan(100);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('the CSV is exactly this view, all pages of it', async () => {
    const { page, context, faults } = await open('/dashboard?window=1y&kinds=COMMIT,PR_REVIEWED&include=bots&sort=pr_reviewed_count');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /^CSV/ }).click()]);
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

  test('the keyboard alone: skip link, rows, search, help', async () => {
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
    await page.getByRole('spinbutton', { name: 'Releases Publishing a release' }).fill('3000');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('heading', { name: /^Preview over all/ }).waitFor();
    const then = page.getByRole('table', { name: 'The first 50, with these weights' });
    const winner = await then.getByRole('link').first().innerText();
    const before = await api<BoardPage>('/api/v1/leaderboard/global?limit=1');
    expect(before.data[0]?.contributor.username).not.toBe(winner);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByLabel(/^Why/).fill('Releases are all that counts');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Releases are all that counts').waitFor();
    await expectEventually(async () => (await api<BoardPage>('/api/v1/leaderboard/global?limit=1')).data[0]?.contributor.username, winner);
    await page.getByRole('button', { name: 'Restore version 1' }).click();
    await expectEventually(
      async () => (await api<BoardPage>('/api/v1/leaderboard/global?limit=1')).data[0]?.contributor.username,
      before.data[0]?.contributor.username,
    );
    expect(faults).toEqual([]);
    await context.close();
  });

  test('somebody opts out and is on no board any more; and back', async () => {
    const { page, context, faults } = await open('/dashboard/people?who=ida-sample', [410]);
    await page.getByRole('button', { name: 'Hide ida-sample' }).click();
    await page.getByRole('button', { name: 'Show again' }).waitFor();
    const names = async () =>
      (await api<BoardPage>('/api/v1/leaderboard/global?limit=100')).data.map(({ contributor }) => contributor.username);
    await expectEventually(async () => (await names()).includes('ida-sample'), false);
    await page.getByRole('button', { name: 'Show again' }).click();
    await page.getByRole('button', { name: 'Hide ida-sample' }).waitFor();
    await expectEventually(async () => (await names()).includes('ida-sample'), true);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('a scrape that fails says why, and Retry makes it good', async () => {
    const { page, context, faults } = await open('/dashboard/repositories');
    dashboard.github.faults.add({ api: 'graphql', operation: 'PullRequests' }, status(451, 'Repository access blocked'));
    await page.getByLabel('Repository', { exact: true }).fill('https://github.com/octo-corp/hand-checked');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
    await page.locator('main').getByText('Failed', { exact: true }).waitFor({ timeout: 60_000 });
    dashboard.github.faults.clear();
    await page.getByRole('button', { name: 'Retry' }).click();
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
    await page.getByRole('button', { name: 'Full scrape' }).click();
    const dialog = page.getByRole('dialog', { name: 'Full scrape' });
    await dialog.getByText(/About \d+ requests?: \d+ API points?/).waitFor();
    await dialog.getByRole('button', { name: 'Start' }).click();
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

    await page.getByRole('link', { name: 'Repository', exact: true }).click();
    await page.getByRole('link', { name: /^ada$/i }).first().waitFor();
    await settled(page);
    const board = await api<BoardPage>('/api/v1/leaderboard/octo-corp/hand-checked?limit=100');
    const counted = new Map([...dashboard.people.values()].map(({ githubId, score }) => [githubId, score]));
    for (const row of board.data) expect(row.total_score).toBe(counted.get(row.contributor.github_id));
    const scores = await rows(page).locator('td.font-semibold').allInnerTexts();
    expect(scores.map((text) => Number(text.replaceAll(',', '')))).toEqual(board.data.map((row) => row.total_score));
    await page.getByRole('link', { name: /^Coverage:\s+complete$/ }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  }, 150_000);

  test('the last repository is removed: three ways to begin are shown', async () => {
    const { page, context, faults } = await open('/dashboard/r/octo-corp/hand-checked');
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.waitForURL(/\/repositories$/);
    await visit(page, '/dashboard');
    await page.getByRole('heading', { name: 'Connect BigQuery' }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });
});

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
