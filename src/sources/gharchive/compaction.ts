import type { Manifest, MirrorPart } from './manifest.ts';

/** Repositories are spread over this many buckets, so that one of them is found in a small file however large the mirror is. */
export const BUCKETS = 64;

/** Parts over all buckets are split into buckets when they hold this many rows together. */
export const SPLIT_FROM_ROWS = 1_000_000;
const MOST_PARTS = 8;
/** A part this many times larger than those before it is left alone: rewriting it would not pay. */
const TIER = 4;

/** Parts that become one: of one bucket, or (null) of all. Its inputs are used up when every merge they are in is done. */
export interface Merge {
  readonly holds: MirrorPart['holds'];
  readonly bucket: number | null;
  readonly inputs: readonly MirrorPart[];
}

const rowsIn = (parts: readonly MirrorPart[]): number => parts.reduce((sum, part) => sum + part.rows, 0);

/** The smallest parts, up to the first that is much larger than all before it. */
function tierOf(parts: readonly MirrorPart[]): readonly MirrorPart[] {
  const ordered = parts.toSorted((a, b) => a.rows - b.rows);
  const end = ordered.findIndex((part, index) => index > 1 && part.rows > TIER * rowsIn(ordered.slice(0, index)));
  return end === -1 ? ordered : ordered.slice(0, end);
}

/** What should be merged now, so that readers open few files and rows of replaced files are gone. */
export function compactionOf({ parts, dead }: Pick<Manifest, 'parts' | 'dead'>): readonly Merge[] {
  const holdsDead = (part: MirrorPart): boolean =>
    part.holds === 'rows' && dead.some((file) => part.firstFile <= file && file <= part.lastFile);
  const names = parts.filter((part) => part.holds === 'names');
  const loose = parts.filter((part) => part.holds === 'rows' && part.bucket === null);
  const isSplit = rowsIn(loose) >= SPLIT_FROM_ROWS;
  const merges: Merge[] = [];
  if (names.length > MOST_PARTS) merges.push({ holds: 'names', bucket: null, inputs: tierOf(names) });
  if (!isSplit && (loose.length > MOST_PARTS || loose.some(holdsDead))) merges.push({ holds: 'rows', bucket: null, inputs: loose });
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const own = parts.filter((part) => part.holds === 'rows' && part.bucket === bucket);
    const small = own.length > MOST_PARTS ? tierOf(own) : [];
    const inputs = own.filter((part) => small.includes(part) || holdsDead(part));
    if (isSplit) merges.push({ holds: 'rows', bucket, inputs: [...loose, ...inputs] });
    else if (inputs.length > 0) merges.push({ holds: 'rows', bucket, inputs });
  }
  return merges;
}
