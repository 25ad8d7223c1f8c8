import type { SourceName } from '../domain/contribution.ts';

/** Where sources that ask others over a network count what they ask. */
export interface SourceMeter {
  /** `outcome`: `ok`, or in a word why not. */
  request(source: SourceName, outcome: string, seconds: number): void;
  /** What an answer said is left of a limit. `credential` by its place, never by its value. */
  pointsLeft(source: SourceName, left: { readonly credential: string; readonly resource: string; readonly points: number }): void;
  /** A read waits because the source asks for it. */
  waited(source: SourceName, seconds: number): void;
}

/** Counts nothing. */
export const NO_METER: SourceMeter = { request: () => undefined, pointsLeft: () => undefined, waited: () => undefined };
