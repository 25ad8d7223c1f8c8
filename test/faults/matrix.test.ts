import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { faultMatrix } from './matrix.ts';

test('every row of the fault matrix names tests that are there', () => {
  const matrix = faultMatrix();
  expect([...matrix.keys()]).toEqual(Array.from({ length: 50 }, (_, index) => `F${index + 1}`));
  const missing = [...matrix].flatMap(([row, tests]) =>
    tests
      .filter(({ file, name }) => {
        const text = readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8');
        return name === '' || !text.includes(name);
      })
      .map(({ file, name }) => `${row}: ${file}: ${name}`),
  );
  expect(missing).toEqual([]);
});
