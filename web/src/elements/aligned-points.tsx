import type { JSX } from 'react';
import { points, UNKNOWN } from '../figures.ts';

/** The decimals that the points of a column need. */
export function decimalsOf(values: readonly (number | null | undefined)[]): number {
  return Math.max(0, ...values.map((value) => fractionOf(points(value)).length));
}

/** Points in a column: every decimal point stands under the one above, and the fraction is quieter than what counts. */
export function AlignedPoints({ value, decimals }: { readonly value: number | null | undefined; readonly decimals: number }): JSX.Element {
  const text = points(value);
  if (text === UNKNOWN) return <>{text}</>;
  const fraction = fractionOf(text);
  const missing = `${fraction === '' && decimals > 0 ? '.' : ''}${'0'.repeat(Math.max(0, decimals - fraction.length))}`;
  return (
    <>
      {fraction === '' ? text : text.slice(0, -fraction.length - 1)}
      {fraction === '' ? null : <span className="text-muted font-normal">.{fraction}</span>}
      {missing === '' ? null : (
        <span aria-hidden="true" className="invisible font-normal">
          {missing}
        </span>
      )}
    </>
  );
}

function fractionOf(text: string): string {
  return text.split('.')[1] ?? '';
}
