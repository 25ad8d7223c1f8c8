import { beforeAll, expect, test } from '@jest/globals';
import type { Page, Request } from 'playwright-core';
import { openPage, settled, visit } from './browser.ts';
import type { Dashboard } from './dashboard.ts';

type Step = (page: Page) => Promise<unknown>;

const choose =
  (label: string, value: string): Step =>
  (page) =>
    page.getByRole('combobox', { name: label, exact: true }).selectOption(value);
const type =
  (label: string, text: string): Step =>
  (page) =>
    page.getByLabel(label, { exact: true }).fill(text);
const press =
  (name: string | RegExp): Step =>
  (page) =>
    page.getByRole('button', { name, exact: true }).first().click();
const check =
  (label: string): Step =>
  (page) =>
    page.getByLabel(label, { exact: true }).check();
const pick =
  (menu: string, name: string): Step =>
  async (page) => {
    await page.getByRole('button', { name: new RegExp(`^${menu} `) }).click();
    await page.getByRole('group', { name: menu }).getByLabel(name, { exact: true }).click();
    await page.keyboard.press('Escape');
  };
const add =
  (label: string, name: string): Step =>
  async (page) => {
    await page.getByLabel(label).fill(name);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
  };

/** Every filter, sort and page of every view, one after the other. */
const VIEWS: readonly (readonly [path: string, steps: readonly Step[]])[] = [
  [
    '/dashboard',
    [
      press('Next page'),
      choose('Window', '1y'),
      pick('Contributions', 'Reviews'),
      pick('Repositories', 'sample/wren'),
      check('Bots'),
      check('AI agents'),
      press('Last active'),
      pick('Columns', 'Releases'),
      type('Find a person', 'a'),
      choose('Window', 'own'),
      type('From', '2026-03-01'),
      async (page) => {
        await page.getByLabel('Jump to @login').fill('ida-sample');
        await page.keyboard.press('Enter');
      },
    ],
  ],
  ['/dashboard/r/sample/harbor-lights', [choose('Window', '90d'), press('Commits')]],
  ['/dashboard/repositories', [press('Stars'), choose('Status', 'COMPLETED'), type('Name contains', 'w')]],
  [
    '/dashboard/c/amir-sample',
    [
      choose('Repository', 'sample/tidepool'),
      choose('Window', '1y'),
      choose('Kind', 'COMMIT'),
      press('Older'),
      press(/^Only sample/),
      (page) => page.getByRole('link', { name: 'Show all Reviews' }).click(),
    ],
  ],
  [
    '/dashboard/compare',
    [
      add('Add owner/name', 'sample/wren'),
      add('Add owner/name', 'sample/tidepool'),
      choose('Window', '90d'),
      press(/^sample.wren/),
      (page) => page.getByRole('link', { name: 'People' }).nth(1).click(),
      add('Add @login', 'ida-sample'),
    ],
  ],
  ['/dashboard/jobs', [choose('Status', 'COMPLETED'), choose('Type', 'REFRESH'), choose('Level', 'error')]],
  ['/dashboard/people', [choose('Shown', 'human'), press('Next page'), type('Login or name contains', 'da'), press('Change ida-sample')]],
  ['/dashboard/scoring', [choose('Preview on', 'sample/wren')]],
  [
    '/dashboard/search?q=wren',
    [
      async (page) => {
        await page.getByLabel('Search people and repositories').fill('ada');
        await page.keyboard.press('Enter');
      },
    ],
  ],
];

/** What somebody sees: the text of the page and what is in its fields; not how long ago something was. */
async function seen(page: Page): Promise<string> {
  await settled(page);
  return await page.evaluate(() => {
    const fields = [...document.querySelectorAll<HTMLInputElement | HTMLSelectElement>('main input, main select, header input')].map(
      (field) => (field instanceof HTMLInputElement && field.type === 'checkbox' ? String(field.checked) : field.value),
    );
    const text = (document.querySelector('main') as HTMLElement).innerText.replaceAll(
      /\d+ \w+ ago|yesterday|last (?:month|year)|just now/g,
      'lately',
    );
    return [location.pathname, text, fields.join(' ')].join('\n');
  });
}

/** Says whether an answer is on its way to the page, which not everything on it shows. */
function watchAnswers(page: Page): () => boolean {
  const asked = new Set<Request>();
  page.on('request', (request) => {
    if (request.resourceType() === 'fetch') asked.add(request);
  });
  page.on('requestfinished', (request) => void asked.delete(request));
  page.on('requestfailed', (request) => void asked.delete(request));
  return () => asked.size > 0;
}

/** Looks until no answer is on its way and what is seen stays the same. */
async function seenAtRest(page: Page, isAsking: () => boolean): Promise<string> {
  for (let before = ''; ;) {
    const wasAsking = isAsking();
    const now = await seen(page);
    if (now === before && !wasAsking && !isAsking()) return now;
    before = now;
  }
}

async function expectSeen(page: Page, wanted: string): Promise<void> {
  const end = Date.now() + 10_000;
  while ((await seen(page)) !== wanted && Date.now() < end) continue;
  expect(await seen(page)).toBe(wanted);
}

/** The URL is the only state of every view. */
export function describeViews(started: () => Dashboard): void {
  let dashboard: Dashboard;
  beforeAll(() => {
    dashboard = started();
  });

  test.each(VIEWS)(
    '%s is its address, each filter of it: it survives a reload, back, forward, and being sent to somebody else',
    async (path, steps) => {
      const { page, context, faults } = await openPage(dashboard.browser, dashboard.url);
      const isAsking = watchAnswers(page);
      await visit(page, path);
      const states = [await seenAtRest(page, isAsking)];
      for (const step of steps) {
        const before = { url: page.url(), entries: await page.evaluate(() => history.length) };
        await step(page);
        await page.waitForURL((url) => url.href !== before.url);
        // What is typed or only looked at more closely refines the entry; everything else adds one.
        if ((await page.evaluate(() => history.length)) === before.entries) states.pop();
        states.push(await seenAtRest(page, isAsking));
      }
      const last = states.at(-1) as string;
      await page.reload();
      await expectSeen(page, last);
      const elsewhere = await openPage(dashboard.browser, dashboard.url);
      await visit(elsewhere.page, page.url());
      await expectSeen(elsewhere.page, last.replace(/Previous page\n|Newer\n/, ''));
      for (const state of states.slice(0, -1).toReversed()) {
        await page.goBack();
        await expectSeen(page, state);
      }
      for (const state of states.slice(1)) {
        await page.goForward();
        await expectSeen(page, state);
      }
      expect([...faults, ...elsewhere.faults]).toEqual([]);
      await Promise.all([context.close(), elsewhere.context.close()]);
    },
  );
}
