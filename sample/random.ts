/** Random draws that are the same on every machine, for the same seed. */
export interface Random {
  /** A number from 0 (included) to 1 (not included). */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the given things, each as likely. @throws RangeError when there is none. */
  pick<T>(from: readonly T[]): T;
  /** How often something happens that happens `mean` times on average (Poisson). */
  times(mean: number): number;
  /** A positive number of log-normal spread around `median`: most are near, a few are far larger. */
  skewed(median: number, spread: number): number;
  /** `length` hexadecimal digits. */
  hex(length: number): string;
}

/** Mulberry32: 32 bits of state, good enough for scenery, and a few lines long. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    whole,
    chance: (probability) => next() < probability,
    pick: (from) => {
      if (from.length === 0) throw new RangeError('nothing to pick from');
      return from[whole(0, from.length - 1)] as (typeof from)[number];
    },
    times: (mean) => {
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = next(); product > limit; product *= next()) count += 1;
      return count;
    },
    skewed: (median, spread) => {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return median * Math.exp(spread * normal);
    },
    hex: (length) => Array.from({ length }, () => whole(0, 15).toString(16)).join(''),
  };
}
