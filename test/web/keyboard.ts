import { expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';

/** Nothing that can be reached is further away than this. */
const MOST_STEPS = 400;

/** Goes to an element as somebody without a mouse does: Tab by Tab. Fails when the focus never comes to it, or can't be seen on it. */
export async function reach(page: Page, target: Locator): Promise<void> {
  const element = await target.elementHandle();
  if (element === null) throw new Error('There is nothing to reach.');
  // From here on the page is walked until the target has the focus.
  for (let step = 0; step < MOST_STEPS; step += 1) {
    if (await element.evaluate((node) => node === document.activeElement)) {
      const outline = await element.evaluate((node) => getComputedStyle(node).outlineStyle);
      expect(outline).not.toBe('none');
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`The keyboard does not reach ${await element.evaluate((node) => node.outerHTML.slice(0, 200))}`);
}

/** Reaches a button or a link and presses it. */
export async function press(page: Page, target: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
  await reach(page, target);
  await page.keyboard.press(key);
}

/** Reaches a field and types into it, over what was there. */
export async function write(page: Page, target: Locator, text: string): Promise<void> {
  await reach(page, target);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
}
