import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A test that holds a row of the fault matrix: its file, from `test/`, and its name. */
export interface HoldingTest {
  readonly file: string;
  readonly name: string;
}

/** The table of README.md: rows by their number, F1 to F50. */
export function faultMatrix(): ReadonlyMap<string, readonly HoldingTest[]> {
  const text = readFileSync(fileURLToPath(new URL('README.md', import.meta.url)), 'utf8');
  return new Map(
    [...text.matchAll(/^\| (F\d+) *\| .*? \| (.*?) *\|$/gm)].map(([, row = '', tests = '']) => [
      row,
      tests.split('<br>').map((entry) => {
        const [, file = '', name = ''] = /^\[.*?\]\(\.\.\/(.*?)\): (.*)$/.exec(entry.trim()) ?? [];
        return { file, name };
      }),
    ]),
  );
}
