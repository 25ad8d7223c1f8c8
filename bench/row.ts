/** One row of performance.md as measured: `measured` and `target` for people, `figures` with the absolute numbers beside them. */
export interface BenchRow {
  readonly row: number;
  readonly name: string;
  readonly measured: string;
  readonly target: string;
  readonly holds: boolean;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** What a suite of rows exports as `measure`: the rows asked for, one after the other, as they are done. */
export type Measure = (rows: readonly number[], options: { readonly quick: boolean }) => AsyncIterable<BenchRow>;

/** The middle of an odd number of figures, the mean of the two middle ones of an even number. @throws RangeError for none. */
export function median(figures: readonly number[]): number {
  if (figures.length === 0) throw new RangeError('no figures, no median');
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
