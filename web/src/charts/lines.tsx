import type { JSX } from 'react';
import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { day, points } from '../figures.ts';
import { legendText } from './legend.tsx';
import { css, SERIES_COLOURS } from './palette.ts';

/** One line: a value for each day; null is not known, and a gap. */
interface Series {
  readonly name: string;
  readonly values: ReadonlyMap<string, number | null>;
}

/** Lines are told apart by their dashes, too. */
const DASHES = ['', '7 3', '2 3', '10 3 2 3', '4 4'];

interface LinesProps {
  readonly label: string;
  readonly series: readonly Series[];
  /** The best on top: for ranks, where 1 is. */
  readonly isRank?: boolean;
}

/** Lines over each other. Loaded only where it is shown: the library is larger than the rest of the page. */
export default function Lines({ label, series, isRank = false }: LinesProps): JSX.Element {
  const rows = daysOf(series).map((at) => ({
    at,
    ...Object.fromEntries(series.map(({ values }, index) => [`s${index}`, values.get(at)])),
  }));
  return (
    <div role="img" aria-label={label} className="h-72">
      <ResponsiveContainer>
        <LineChart data={rows} margin={{ top: 8, right: 12, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--color-line)" />
          <XAxis dataKey="at" minTickGap={48} stroke="var(--color-muted)" fontSize={12} />
          <YAxis
            allowDecimals={false}
            width={44}
            stroke="var(--color-muted)"
            fontSize={12}
            {...(isRank ? { reversed: true, domain: [1, 'auto'] as const } : {})}
          />
          <Tooltip
            labelFormatter={(at) => (typeof at === 'string' ? day(at) : '')}
            formatter={(value) => points(Number(value))}
            contentStyle={{
              background: 'var(--color-card)',
              border: '1px solid var(--color-line)',
              borderRadius: 8,
              color: 'var(--color-ink)',
            }}
          />
          {series.length > 1 ? <Legend formatter={legendText} /> : null}
          {series.map(({ name }, index) => (
            <Line
              key={name}
              dataKey={`s${index}`}
              name={name.slice(0, 40)}
              stroke={css(SERIES_COLOURS[index % SERIES_COLOURS.length] as (typeof SERIES_COLOURS)[number])}
              strokeWidth={2}
              strokeDasharray={DASHES[index % DASHES.length] ?? ''}
              dot={rows.length === 1}
              isAnimationActive={false}
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

function daysOf(series: readonly Series[]): readonly string[] {
  return [...new Set(series.flatMap(({ values }) => [...values.keys()]))].toSorted();
}
