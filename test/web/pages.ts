import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { accessibilityFaults, look, LOOKS, openPage, scrollsSideways, settled, visit, type Look, type Watched, WIDE } from './browser.ts';
import type { Dashboard } from './dashboard.ts';
import { press } from './keyboard.ts';
import { JOB_STATES, LOG_LINES } from './job-states.ts';

/** Where only the width matters: what is shown looks like what other pages show in both themes. */
const NARROW = LOOKS.filter(({ scheme }) => scheme === 'light');

const PAGES = [
  '/dashboard',
  '/dashboard?window=90d&kinds=PR_MERGED,PR_REVIEWED&include=bots,agents&columns=commit_count,releases_count&sort=pr_merged_count',
  '/dashboard?q=nobody-has-this-name',
  '/dashboard?around=ida-sample&since=2026-01-01&until=2026-06-30',
  '/dashboard/repositories',
  '/dashboard/r/sample/harbor-lights',
  '/dashboard/r/sample/no-such',
  '/dashboard/c/amir-sample',
  '/dashboard/c/amir-sample?repository=sample/wren&window=1y&kind=COMMIT',
  '/dashboard/compare',
  '/dashboard/compare?repositories=sample/harbor-lights,sample/paper-kite,sample/wren',
  '/dashboard/compare?contributors=amir-sample,freya-sample',
  '/dashboard/people',
  '/dashboard/people?who=sample-ci[bot]',
  '/dashboard/scoring',
  '/dashboard/search?q=ida',
  '/dashboard/jobs',
  '/dashboard/recent-errors',
  '/dashboard/about',
  '/dashboard/sign-in',
  '/dashboard/nowhere',
];

/** What holds for every page, with the sample's data and with answers that nobody hopes for. */
export function describePages(started: () => Dashboard): void {
  let dashboard: Dashboard;
  beforeAll(() => {
    dashboard = started();
  });

  /** Holds a page to what holds for every page: in both themes, wide and narrow. */
  async function expectSound(page: Page, faults: readonly string[], looks: readonly Look[] = LOOKS): Promise<void> {
    for (const one of looks) {
      await look(page, one);
      const found = await accessibilityFaults(page, one.scheme === 'light' ? 'all' : 'colours');
      expect({ one, found, scrolls: await scrollsSideways(page), faults }).toEqual({
        one,
        found: [],
        scrolls: false,
        faults: [],
      });
    }
  }

  describe('every page', () => {
    let opened: Watched;
    beforeAll(async () => {
      opened = await openPage(dashboard.browser, dashboard.url, WIDE, [404]);
    });
    afterAll(() => opened?.context.close());

    test.each(PAGES)('A125: %s is accessible, strict, quiet and fits, in both themes, wide and narrow', async (path) => {
      const { page, faults } = opened;
      faults.length = 0;
      await look(page, WIDE);
      await visit(page, path);
      await expectSound(page, faults);
    });
  });

  test('an empty database shows three ways to begin', async () => {
    const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
    await page.route('**/api/v1/repositories?*', (route) => route.fulfill({ json: { data: [], next_cursor: null, total: 0 } }));
    await visit(page, '/dashboard');
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
      'Add a repository',
      'Look around with sample data',
      'Connect BigQuery',
    ]);
    await expectSound(page, faults);
    await context.close();
  });

  test('a job says in each state how it stands', async () => {
    const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
    let shown = JOB_STATES[0]?.[1];
    await page.route('**/api/v1/jobs/*', (route) => route.fulfill({ json: shown }));
    await page.routeWebSocket(/\/dashboard\/ws\/logs/, (socket) => {
      for (const line of LOG_LINES) socket.send(JSON.stringify(line));
    });
    for (const [name, job, says] of JOB_STATES) {
      shown = job;
      await visit(page, `/dashboard/jobs/${job.id}`);
      await page.getByText('A line that says error').waitFor();
      const text = await page.locator('main').innerText();
      expect({ name, says: text.includes(says) || text }).toEqual({ name, says: true });
      const isOver = ['FAILED', 'CANCELLED'].includes(job.status);
      expect({ name, canRetry: await page.getByRole('button', { name: 'Retry' }).isVisible() }).toEqual({ name, canRetry: isOver });
      if (job.error !== null || job.incomplete.length > 0) await expectSound(page, faults, NARROW);
    }
    await expectSound(page, faults);
    await context.close();
  });

  describe('with answers that are not what one hopes for', () => {
    test('an API that fails is told with its reason and request, and can be asked again; old rows stay', async () => {
      const { page, context, faults } = await openPage(dashboard.browser, dashboard.url, undefined, [500]);
      await visit(page, '/dashboard');
      await page.route('**/api/v1/leaderboard/global*', (route) =>
        route.fulfill({
          status: 500,
          contentType: 'application/problem+json',
          headers: { 'x-request-id': 'req-42' },
          body: JSON.stringify({ title: 'Something broke', detail: 'The database is on fire.', code: 'internal', status: 500 }),
        }),
      );
      await page.getByLabel('Window').selectOption('90d');
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.innerText()).toMatch(/The database is on fire\.[^]*req-42/);
      await page.reload();
      await alert.waitFor();
      expect(await alert.innerText()).toContain('Something broke');
      await expectSound(page, faults);
      await page.unroute('**/api/v1/leaderboard/global*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('link', { name: 'amir-sample' }).waitFor();
      expect(await alert.count()).toBe(0);
      await context.close();
    });

    test('while an answer is on its way, rows without content hold its place, and nothing moves for who wants no motion', async () => {
      const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
      await page.route('**/api/v1/leaderboard/global*', () => {});
      await page.goto('/dashboard');
      await page.locator('table[aria-busy="true"] tbody tr').first().waitFor();
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
      await page.emulateMedia({ reducedMotion: 'no-preference' });
      expect(await page.evaluate(() => document.getAnimations().length)).toBeGreaterThan(0);
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await expectSound(page, faults, NARROW);
      await context.close();
    });

    test('no answer at all is told, too, and what was shown stays', async () => {
      const { page, context, faults } = await openPage(dashboard.browser, dashboard.url, undefined, [0]);
      await visit(page, '/dashboard');
      await page.route('**/api/v1/**', (route) => route.abort());
      await page.getByRole('button', { name: 'Commits' }).click();
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').innerText()).toMatch(/Is it running\?/);
      expect(faults).toEqual([]);
      await context.close();
    });

    test('an old board says how old it is, and that a worker may be missing', async () => {
      const { page, context } = await openPage(dashboard.browser, dashboard.url);
      await page.route('**/api/v1/leaderboard/global*', async (route) => {
        const response = await route.fetch();
        const board = (await response.json()) as object;
        await route.fulfill({ response, json: { ...board, as_of: new Date(Date.now() - 5 * 86_400_000).toISOString() } });
      });
      await visit(page, '/dashboard');
      expect(await page.locator('main').innerText()).toContain('This board was last rebuilt 5 days ago');
      await context.close();
    });

    test('what BigQuery cost is shown with the jobs, query by query', async () => {
      const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
      await page.route('**/api/v1/config/bigquery/usage', (route) =>
        route.fulfill({
          json: {
            month: '2026-11',
            configured: true,
            budget_bytes: 7 * 1024 ** 4,
            used_bytes: 1024 ** 4,
            left_bytes: 6 * 1024 ** 4,
            bytes_estimated: 1024 ** 4,
            bytes_billed: 0,
            price_per_tib_usd: 6.25,
            price_usd: 6.25,
            queries: [
              {
                job_id: 'laurels_1',
                purpose: 'extract',
                state: 'RUNNING',
                bytes_estimated: 1024 ** 4,
                bytes_billed: null,
                price_usd: 6.25,
                tables: 730,
                repositories: ['octo/one', 'octo/two'],
                jobs: [],
                asked_by: ['local'],
                error: null,
                created_at: new Date().toISOString(),
                finished_at: null,
              },
            ],
          },
        }),
      );
      await visit(page, '/dashboard/jobs');
      await page.getByText('1.0 TiB of a budget of 7.0 TiB, about 6.25 USD, in 1 query.').waitFor();
      expect(await page.getByRole('row', { name: 'laurels_1' }).innerText()).toMatch(/running\s+1\.0 TiB\s+–\s+octo\/one octo\/two/);
      await expectSound(page, faults);
      await context.close();
    });

    test('what is missing of a repository is said in words that need no hovering', async () => {
      const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
      await page.route('**/api/v1/repositories/sample/wren/coverage', async (route) => {
        const response = await route.fetch();
        const coverage = (await response.json()) as { data: { stored: number; github_total: number; gaps: string[] }[] };
        for (const row of coverage.data.slice(0, 2))
          Object.assign(row, { github_total: row.stored + 3, gaps: ['two pages could not be read'] });
        await route.fulfill({ response, json: { ...coverage, complete: false, note: 'Not all is there.' } });
      });
      await visit(page, '/dashboard/r/sample/wren');
      await press(page, page.getByText('Why 2 numbers are marked with “!”'), 'Space');
      const reasons = await page.getByRole('region', { name: 'Why numbers are marked' }).getByRole('listitem').allInnerTexts();
      expect(reasons).toHaveLength(2);
      for (const reason of reasons)
        expect(reason).toMatch(/^\d{4}-\d\d, [\w\s]+: [\d,]+ stored; .*GitHub counts [\d,]+; .*two pages could not be read/);
      await expectSound(page, faults);
      await context.close();
    });

    test('A077, A078, A079, A081: hostile names are text: nothing runs, nothing leads astray, nothing turns the line around or breaks it', async () => {
      const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
      const names = [
        '<img src=x onerror=alert(1)>',
        '"><script>alert(2)</script>',
        'javascript:alert(3)',
        '\u202egnp.exe\u202c evil',
        'x'.repeat(300),
        'مرحبا',
      ];
      await page.route('**/api/v1/leaderboard/global*', async (route) => {
        const response = await route.fetch();
        const board = (await response.json()) as { data: { contributor: Record<string, unknown> }[] };
        for (const [index, name] of names.entries()) {
          const row = board.data[index];
          if (row !== undefined) Object.assign(row.contributor, { username: name, display_name: index % 2 === 0 ? name : null });
        }
        await route.fulfill({ response, json: board });
      });
      await visit(page, '/dashboard');
      const text = await page.locator('main table').innerText();
      expect(text).toContain('<img src=x onerror=alert(1)>');
      expect(text).not.toMatch(/[\u202a-\u202e]/);
      expect(await page.locator('main table img:not([src^="/avatars/"])').count()).toBe(0);
      expect(await page.locator('main a[href^="javascript:"]').count()).toBe(0);
      await expectSound(page, faults, NARROW);

      await page.route('**/api/v1/contributors/amir-sample', async (route) => {
        const response = await route.fetch();
        const person = (await response.json()) as object;
        await route.fulfill({
          response,
          json: {
            ...person,
            is_sample: false,
            profile_url: 'javascript:alert(4)',
            display_name: names[0],
            company: names[4],
            location: names[3],
          },
        });
      });
      await page.route('**/api/v1/contributors/amir-sample/enrichment', (route) =>
        route.fulfill({
          json: {
            status: 'COMPLETED',
            twitter_username: '"onmouseover=alert(5)',
            linkedin_url: 'http://linkedin.example/in/x',
            personal_website: 'javascript:alert(6)',
            enrichment_sources: {},
            states: {},
            last_enriched_at: new Date().toISOString(),
            error: null,
          },
        }),
      );
      await visit(page, '/dashboard/c/amir-sample');
      await page.getByText('javascript:alert(6)').waitFor();
      const links = await page.locator('main a[target="_blank"]').evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
      expect(links.filter((href) => !href.startsWith('https://'))).toEqual([]);
      await expectSound(page, faults, NARROW);
      await context.close();
    });
  });

  test('the menu of a narrow window opens under its button, and closes when one goes elsewhere', async () => {
    const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
    await page.setViewportSize({ width: 320, height: 900 });
    await visit(page, '/dashboard');
    const button = page.getByRole('button', { name: 'Menu' });
    const before = await button.boundingBox();
    await press(page, button);
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    expect(await button.boundingBox()).toEqual(before);
    await press(page, page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'About' }));
    await page.waitForURL(/\/about$/);
    expect(await button.getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('search');
    expect(faults).toEqual([]);
    await context.close();
  });

  test('a chosen theme is there before the first paint, and stays', async () => {
    const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
    await visit(page, '/dashboard/about');
    await page.getByLabel('Theme').selectOption('dark');
    await page.addInitScript(() => {
      // Runs before any script of the page; what is painted first is as this saw it last.
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          if (entry.name === 'first-paint')
            document.documentElement.dataset['first'] = getComputedStyle(document.documentElement).colorScheme;
      }).observe({ type: 'paint', buffered: true });
    });
    await page.reload();
    await settled(page);
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
    await page.waitForFunction(() => document.documentElement.dataset['first'] !== undefined);
    expect(await page.evaluate(() => document.documentElement.dataset['first'])).toBe('dark');
    expect(faults).toEqual([]);
    await context.close();
  });
}
