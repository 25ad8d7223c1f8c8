import { describe } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { countOf } from '../fakes/github/count-of.ts';
import { handChecked, type HandChecked } from '../fakes/github/datasets/hand-checked.ts';
import { startFakeGithub, type FakeGithub } from '../fakes/github/server.ts';
import { makePlace } from '../e2e/laurels.ts';
import { hasBrowser, startBrowser } from './browser.ts';

const TOKEN = 'ghp_testtokentesttokentesttoken00';

if (!hasBrowser && process.env['CI'] !== 'true')
  console.warn('SKIPPED: the dashboard in a browser. There is no Chromium; apt-get install chromium, or set CHROMIUM_PATH.');

/** Tests that need a browser: without one they are skipped, loudly, and on CI they fail. */
export const inBrowser = hasBrowser || process.env['CI'] === 'true' ? describe : describe.skip;

/** What `npm start` runs, with its sample, a browser to look at it, and a GitHub to read from. */
export interface Dashboard {
  readonly url: string;
  readonly browser: Browser;
  readonly github: FakeGithub;
  readonly set: HandChecked;
  /** The people of the repository that GitHub has, counted independently. */
  readonly people: ReturnType<typeof countOf>['people'];
  stop(): Promise<void>;
}

/** Starts all of it on an empty data directory. */
export async function startDashboard(): Promise<Dashboard> {
  const set = handChecked(new Date().toISOString().slice(0, 10));
  const [place, github, browser] = await Promise.all([
    makePlace(),
    startFakeGithub({ dataset: set.data, tokens: { [TOKEN]: {} } }),
    startBrowser(),
  ]);
  const running = place.up({ GITHUB_TOKEN: TOKEN, GITHUB_API_URL: github.restUrl });
  const stop = async (): Promise<void> => {
    await browser.close();
    running.child.kill('SIGTERM');
    await running.ended;
    await github.stop();
    await place.remove();
  };
  try {
    await running.until(/Laurels is ready/);
    const [, url = ''] = await running.until(/API +(http:\/\/127\.0\.0\.1:\d+)\//);
    return { url, browser, github, set, people: countOf(set.data, set.window, set.repository).people, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
