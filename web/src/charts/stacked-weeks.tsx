import type { JSX } from 'react';
import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { SCORED_KINDS, type ScoredKind } from '../../../src/domain/scoring.ts';
import { labelOf } from '../boards/columns.ts';
import { day } from '../figures.ts';
import { legendText } from './legend.tsx';
import { css, KIND_COLOURS } from './palette.ts';

/** Counts of a week by kind; a kind that is not there had none, null is not known. */
export interface Week {
  /** The UTC day it begins. */
  readonly since: string;
  readonly counts: Readonly<Partial<Record<ScoredKind, number | null>>>;
}

/** Weeks as bars, stacked by kind. Loaded only where it is shown: the library is larger than the rest of the page. */
export default function StackedWeeks({ weeks }: { readonly weeks: readonly Week[] }): JSX.Element {
  const kinds = SCORED_KINDS.filter((kind) => weeks.some(({ counts }) => (counts[kind] ?? 0) > 0));
  const rows = weeks.map(({ since, counts }) => ({ since, ...counts }));
  const label = `Contributions a week since ${day(weeks[0]?.since ?? null)}, by kind: ${kinds.map(labelOf).join(', ')}`;
  return (
    <div role="img" aria-label={label} className="h-72">
      <ResponsiveContainer>
        <BarChart data={rows} margin={{ top: 8, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--color-line)" />
          <XAxis
            dataKey="since"
            tickFormatter={(since: string) => since.slice(0, 7)}
            minTickGap={40}
            stroke="var(--color-muted)"
            fontSize={12}
          />
          <YAxis allowDecimals={false} width={40} stroke="var(--color-muted)" fontSize={12} />
          <Tooltip
            labelFormatter={(since) => (typeof since === 'string' ? `Week of ${day(since)}` : '')}
            contentStyle={{
              background: 'var(--color-card)',
              border: '1px solid var(--color-line)',
              borderRadius: 8,
              color: 'var(--color-ink)',
            }}
          />
          <Legend formatter={legendText} itemSorter={null} />
          {kinds.map((kind) => (
            <Bar key={kind} dataKey={kind} name={labelOf(kind)} stackId="kinds" fill={css(KIND_COLOURS[kind])} isAnimationActive={false} />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}
