import { parseArgs } from 'node:util';
import type { BenchRow } from './row.ts';

/**
 * npm run bench [-- --quick] [--json] [--rows 1,4-6]: the rows of performance.md, ratios of one run on this machine; 16 to 18 are the
 * dashboard's limits.
 */
const USAGE = 'usage: npm run bench -- [--quick] [--json] [--rows 1,4-6]';

function rowsOf(text: string): ReadonlySet<number> {
  const rows = text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number) as [number, number?];
    if (!Number.isInteger(first) || !Number.isInteger(last))
      throw new RangeError(`--rows: "${part}" is not a row or a range of rows. ${USAGE}`);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return new Set(rows);
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rows: { type: 'string', default: '1-18' },
  },
});
const wanted = rowsOf(values.rows);
const suites = [
  { rows: [1, 2, 3], load: () => import('./archive/rows.ts') },
  { rows: [4, 5, 6, 7, 8, 9], load: () => import('./db/rows.ts') },
  { rows: [10, 11, 12], load: () => import('./api/rows.ts') },
  { rows: [13], load: () => import('./start/rows.ts') },
  { rows: [14, 15], load: () => import('./github/rows.ts') },
  { rows: [16, 17, 18], load: () => import('./web/rows.ts') },
];

const results: BenchRow[] = [];
for (const { rows, load } of suites) {
  const asked = rows.filter((row) => wanted.has(row));
  if (asked.length === 0) continue;
  const { measure } = await load();
  for await (const result of measure(asked, { quick: values.quick })) {
    results.push(result);
    if (!values.json) {
      console.log(
        `${String(result.row).padStart(2)}  ${result.holds ? 'holds ' : 'MISSES'}  ${result.name}\n            ${result.measured}  (target: ${result.target})`,
      );
    }
  }
}
if (values.json) console.log(JSON.stringify({ rows: results }, null, 2));
else console.log(`${results.filter(({ holds }) => holds).length} of ${results.length} rows hold their target.`);
