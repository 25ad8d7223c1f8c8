import { expect, test } from '@jest/globals';
import { LOCKS } from '../../src/db/locks.ts';

test('no two locks are one: who holds one never waits for another', () => {
  const numbers = Object.values(LOCKS).map(([, what]) => what);
  expect(new Set(numbers).size).toBe(numbers.length);
});
