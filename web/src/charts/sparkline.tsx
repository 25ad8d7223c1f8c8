import { line } from 'd3-shape';
import type { JSX } from 'react';

const WIDTH = 84;
const HEIGHT = 22;
const PAD = 2;

const draw = line<readonly [x: number, y: number | null]>()
  .defined(([, y]) => y !== null)
  .x(([x]) => x)
  .y(([, y]) => y ?? 0);

/** Contributions a week as a small line; a week that is not known is a gap. Its text says first and last. */
export function Sparkline({ values }: { readonly values: readonly (number | null)[] }): JSX.Element {
  const known = values.filter((value) => value !== null);
  const most = Math.max(1, ...known);
  const step = (WIDTH - 2 * PAD) / Math.max(1, values.length - 1);
  const height = (HEIGHT - 2 * PAD) / most;
  const path = draw(values.map((value, index) => [PAD + index * step, value === null ? null : HEIGHT - PAD - value * height]));
  const label =
    known.length === 0
      ? 'not known'
      : `${known.reduce((sum, value) => sum + value, 0)} in ${values.length} weeks, ${known.at(-1)} in the last`;
  return (
    <svg role="img" aria-label={label} width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      <path d={path ?? ''} fill="none" stroke="var(--color-accent)" strokeWidth={1.5} strokeLinejoin="round" />
    </svg>
  );
}
