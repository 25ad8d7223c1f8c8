import { createRequire } from 'node:module';
import type sequencer from '@jest/test-sequencer';

// By require: its types describe the CommonJS build.
const { default: TestSequencer } = createRequire(import.meta.url)('@jest/test-sequencer') as typeof sequencer;

type Tests = Parameters<sequencer.default['sort']>[0];

/** Files that take a minute or so by themselves: begun last, one of them would run alone at the end. */
const LONG = ['web/dashboard', 'activities/bigquery-scrape', 'faults/commits', 'e2e/scrape', 'e2e/crash-worker', 'e2e/start', 'e2e/access'];

function placeOf({ path }: { readonly path: string }): number {
  const place = LONG.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return place === -1 ? LONG.length : place;
}

/** The order of the test files: the long ones, then as Jest would have them. */
export default class LongestFirst extends TestSequencer {
  override async sort(tests: Tests): Promise<Tests> {
    const sorted = await super.sort(tests);
    return [...sorted].sort((one, other) => placeOf(one) - placeOf(other));
  }
}
