// CommonJS: Jest takes a sequencer by require, and its base class is exported as one of a compiled module.
const { default: Sequencer } = require('@jest/test-sequencer');

/** Files that take a minute or so by themselves: begun last, one of them would run alone at the end. */
const LONG = ['web/dashboard', 'activities/bigquery-scrape', 'faults/commits', 'e2e/scrape', 'e2e/crash-worker', 'e2e/start', 'e2e/access'];

const placeOf = ({ path }) => {
  const place = LONG.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return place === -1 ? LONG.length : place;
};

/** The order of the test files: the long ones, then as Jest would have them. */
module.exports = class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
};
