import type { Points } from './scoring.ts';

/**
 * Competition ranks 1,2,2,4: equal scores share a rank, and the next rank counts all that stand before it.
 * The order of the result is best first; ties are ordered by login without case, then by id.
 */
export function ranked<T extends { readonly score: Points; readonly login: string; readonly id: number }>(
  people: readonly T[],
): readonly (T & { readonly rank: number })[] {
  const ordered = [...people].sort((a, b) => {
    if (a.score !== b.score) return a.score > b.score ? -1 : 1;
    const [left, right] = [a.login.toLowerCase(), b.login.toLowerCase()];
    return left < right ? -1 : left > right ? 1 : a.id - b.id;
  });
  let rank = 0;
  return ordered.map((person, index) => {
    if (index === 0 || ordered[index - 1]?.score !== person.score) rank = index + 1;
    return { ...person, rank };
  });
}
