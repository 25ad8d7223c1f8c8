import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ranked } from '../../src/domain/rank.ts';

const anyPeople = fc.uniqueArray(
  fc.record({ score: fc.bigInt({ min: 0n, max: 6n }), login: fc.string({ minLength: 1, maxLength: 3 }), id: fc.nat() }),
  { selector: (person) => person.id, maxLength: 40 },
);

test('equal scores share a rank and the next rank counts all before it: 1, 2, 2, 4', () => {
  const people = [
    { login: 'dora', score: 10n, id: 4 },
    { login: 'Bob', score: 20n, id: 2 },
    { login: 'anna', score: 30n, id: 1 },
    { login: 'Carl', score: 20n, id: 3 },
  ];
  expect(ranked(people).map(({ login, rank }) => [login, rank])).toEqual([
    ['anna', 1],
    ['Bob', 2],
    ['Carl', 2],
    ['dora', 4],
  ]);
});

test('nobody is ranked when there is nobody', () => {
  expect(ranked([])).toEqual([]);
});

test('a rank is one more than the number of people with a higher score', () => {
  fc.assert(
    fc.property(anyPeople, (people) => {
      for (const person of ranked(people)) expect(person.rank).toBe(1 + people.filter((other) => other.score > person.score).length);
    }),
  );
});

test('the order does not depend on the order people came in', () => {
  fc.assert(
    fc.property(anyPeople, (people) => {
      expect(ranked(people.toReversed())).toEqual(ranked(people));
      expect(new Set(ranked(people).map(({ id }) => id))).toEqual(new Set(people.map(({ id }) => id)));
    }),
  );
});
