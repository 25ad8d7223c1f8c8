import { describe, expect, test } from '@jest/globals';
import { BUCKETS, compactionOf, SPLIT_FROM_ROWS } from '../../../src/sources/gharchive/compaction.ts';
import type { MirrorPart } from '../../../src/sources/gharchive/manifest.ts';

let made = 0;
const part = (more: Partial<MirrorPart>): MirrorPart => {
  made += 1;
  return { path: `${made}.parquet`, holds: 'rows', bucket: null, rows: 10, byName: false, firstFile: made, lastFile: made, ...more };
};

describe('compaction', () => {
  test('leaves a few small parts alone', () => {
    expect(compactionOf({ parts: Array.from({ length: 8 }, () => part({})), dead: [] })).toEqual([]);
  });

  test('makes one of many small parts', () => {
    const parts = Array.from({ length: 9 }, () => part({}));
    expect(compactionOf({ parts, dead: [] })).toEqual([{ holds: 'rows', bucket: null, inputs: parts }]);
  });

  test('spreads parts that have grown large over the buckets', () => {
    const large = part({ rows: SPLIT_FROM_ROWS });
    const old = part({ bucket: 3 });
    const merges = compactionOf({ parts: [large, old], dead: [] });
    expect(merges.map(({ bucket }) => bucket)).toEqual(Array.from({ length: BUCKETS }, (_, bucket) => bucket));
    expect(merges.every(({ inputs }) => inputs.length === 1 && inputs[0] === large)).toBe(true);
  });

  test('rewrites exactly the parts that may hold rows of a replaced file', () => {
    const [clean, stained] = [part({ bucket: 1, firstFile: 1, lastFile: 5 }), part({ bucket: 2, firstFile: 6, lastFile: 9 })];
    expect(compactionOf({ parts: [clean, stained], dead: [7] })).toEqual([{ holds: 'rows', bucket: 2, inputs: [stained] }]);
  });

  test('of many parts of a bucket leaves the largest alone', () => {
    const huge = part({ bucket: 1, rows: 1_000_000 });
    const small = Array.from({ length: 8 }, () => part({ bucket: 1 }));
    expect(compactionOf({ parts: [huge, ...small], dead: [] })).toEqual([{ holds: 'rows', bucket: 1, inputs: small }]);
  });

  test('merges the index of names, too', () => {
    const names = Array.from({ length: 9 }, () => part({ holds: 'names' }));
    expect(compactionOf({ parts: names, dead: [] })).toEqual([{ holds: 'names', bucket: null, inputs: names }]);
  });
});
