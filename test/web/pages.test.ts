import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { makePlace, type Place, type Running } from '../e2e/laurels.ts';
import { accessibilityFaults, hasBrowser, LOOKS, openPage, scrollsSideways, startBrowser, visit } from './browser.ts';

if (!hasBrowser && process.env['CI'] !== 'true')
  console.warn('SKIPPED: the dashboard in a browser. There is no Chromium; set CHROMIUM_PATH.');

const PAGES = [
  '/dashboard',
  '/dashboard?window=90d&kinds=PR_MERGED,PR_REVIEWED&include=bots,agents&columns=commit_count,releases_count&sort=pr_merged_count',
  '/dashboard?q=nobody-has-this-name',
  '/dashboard/repositories',
  '/dashboard/r/sample/harbor-lights',
  '/dashboard/jobs',
  '/dashboard/nowhere',
];

const inBrowser = hasBrowser || process.env['CI'] === 'true' ? describe : describe.skip;

inBrowser('every page, over the sample', () => {
  let place: Place;
  let running: Running;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    place = await makePlace();
    running = place.up();
    [browser] = await Promise.all([startBrowser(), running.until(/Laurels is ready/)]);
    url = (await running.until(/API +(http:\/\/127\.0\.0\.1:\d+)\//))[1] as string;
  });
  afterAll(async () => {
    await browser?.close();
    running?.child.kill('SIGTERM');
    await running?.ended;
    await place?.remove();
  });

  test.each(PAGES)('%s is accessible, strict, quiet and fits, in both themes, wide and narrow', async (path) => {
    for (const look of LOOKS) {
      const { page, context, faults } = await openPage(browser, url, look);
      await visit(page, path);
      expect({ look, faults }).toEqual({ look, faults: [] });
      expect({ look, found: await accessibilityFaults(page) }).toEqual({ look, found: [] });
      expect({ look, scrolls: await scrollsSideways(page) }).toEqual({ look, scrolls: false });
      await context.close();
    }
  });
});
