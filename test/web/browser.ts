import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** Debian's, unless CHROMIUM_PATH names another. */
const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Whether there is a browser to test with. */
export const hasBrowser = existsSync(CHROMIUM);

/**
 * Starts Chromium. @throws where there is none: on CI that fails the tests, and elsewhere `hasBrowser` lets them be skipped, loudly.
 */
export async function startBrowser(): Promise<Browser> {
  if (!hasBrowser) throw new Error(`There is no Chromium at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM_PATH.`);
  return await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** What must not happen on any page. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page, violations of its policy, requests to anybody else; each in a sentence. */
  readonly faults: string[];
}

export interface Look {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}
export const WIDE: Look = { width: 1280, scheme: 'light' };
export const LOOKS: readonly Look[] = [1280, 320].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })));

/** Opens a page and writes down what goes wrong on it. `expected`: statuses of answers that the test provokes. */
export async function openPage(
  browser: Browser,
  baseUrl: string,
  { width, scheme }: Look = WIDE,
  expected: readonly number[] = [],
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    baseURL: baseUrl,
    reducedMotion: 'reduce',
    acceptDownloads: true,
  });
  // A test waits for what should be there no longer than a slow machine needs.
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`page error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    const isExpected = expected.some((status) => text.includes(status === 0 ? 'net::ERR' : `status of ${status}`));
    if (['error', 'warning'].includes(message.type()) && !isExpected)
      faults.push(`console ${message.type()}: ${text} (${message.location().url})`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['blob:', 'data:'].includes(url.protocol) && url.host !== new URL(baseUrl).host)
      faults.push(`request to ${url.host}: ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, context, faults };
}

/** Makes the window as wide, and the theme as dark, as another look has it. */
export async function look(page: Page, { width, scheme }: Look): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
}

/** Goes to a view and waits until nothing on it is loading. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await settled(page);
}

/** Waits until nothing on the page is loading. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(() => document.querySelector('main [aria-busy="true"]') === null);
}

/** Signs like ▾ say nothing by themselves and are hidden from screen readers: axe can't judge their contrast and need not. */
const EXPLAINED = 'Element content contains only non-text characters';

/** What axe judges by: every rule of WCAG 2.2 AA, or only the one that another theme can break. */
const RULES = {
  all: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
  colours: { type: 'rule', values: ['color-contrast'] },
} satisfies Record<string, axe.RunOnly>;

/** What axe finds against WCAG 2.2 AA, each in a sentence; what it can't decide counts, too, unless it is explained. */
export async function accessibilityFaults(page: Page, rules: keyof typeof RULES = 'all'): Promise<readonly string[]> {
  // Evaluated by the debugger: the page's policy forbids scripts that are not its own.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const found = await page.evaluate(async (runOnly: axe.RunOnly) => {
    const { violations, incomplete } = await (globalThis as unknown as { axe: typeof axe }).axe.run(
      // The rows of a long table are alike, six of them are looked at; and what a drawing is made of is no content of its own.
      { exclude: [['tbody tr:nth-child(n+7):not([aria-current])'], ['ol > li:nth-child(n+7)'], ['[role="img"] > *']] },
      { runOnly, resultTypes: ['violations', 'incomplete'], preload: false },
    );
    return [
      ...violations.map((result) => ['violation', result] as const),
      ...incomplete.map((result) => ['incomplete', result] as const),
    ].flatMap(([sort, { id, nodes }]) =>
      nodes
        // What stands in a modal dialog, and lines that a log's frame cuts: axe can't find their ground. palette.test.ts holds these contrasts.
        .filter(
          ({ target }) =>
            sort === 'violation' ||
            id !== 'color-contrast' ||
            !target.every((at) => typeof at === 'string' && document.querySelector(at)?.closest('dialog[open], [role="log"]')),
        )
        .map(
          ({ html, any, all, none }) =>
            `${sort} ${id}: ${html.slice(0, 200)} ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`,
        ),
    );
  }, RULES[rules]);
  return found.filter((fault) => !fault.includes(EXPLAINED));
}

/** Whether the page is wider than the window. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}
