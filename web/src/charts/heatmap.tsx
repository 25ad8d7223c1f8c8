import type { JSX } from 'react';
import { count, day, plural } from '../figures.ts';
import { Scroller } from '../elements/scroller.tsx';
import { heatDays } from './heat-days.ts';
import { css, HEAT } from './palette.ts';

const CELL = 16;
const GAP = 3;
const LEFT = 30;
const TOP = 16;
const WEEKDAYS = ['Mon', '', 'Wed', '', 'Fri', '', ''];

/** A year of days, each as full as it was; the same as a table of weeks. */
export function Heatmap({ counts, until }: { readonly counts: ReadonlyMap<string, number | null>; readonly until: string }): JSX.Element {
  const days = heatDays(counts, until);
  const weeks = (days.at(-1)?.week ?? 0) + 1;
  const total = days.reduce((sum, { count: of }) => sum + (of ?? 0), 0);
  const active = days.filter(({ count: of }) => (of ?? 0) > 0).length;
  const width = LEFT + weeks * (CELL + GAP);
  return (
    <figure className="grid gap-2">
      <Scroller label="Contributions by day" className="max-w-fit" startsAtEnd>
        <svg
          role="img"
          aria-label={`${plural(total, 'contribution', 'contributions')} on ${plural(active, 'day', 'days')} of the 53 weeks up to ${day(until)}`}
          width={width}
          height={TOP + 7 * (CELL + GAP)}
          className="m-3"
        >
          <g>
            {days
              .filter(({ day: of, weekday }) => weekday === 0 && Number(of.slice(8)) <= 7)
              .map(({ day: of, week }) => (
                <text key={of} x={LEFT + week * (CELL + GAP)} y={11} fontSize={11} fill="var(--color-muted)">
                  {new Date(`${of}T00:00:00Z`).toLocaleString('en', { month: 'short', timeZone: 'UTC' })}
                </text>
              ))}
            {WEEKDAYS.map((name, row) =>
              name === '' ? null : (
                <text key={name} x={0} y={TOP + row * (CELL + GAP) + 12} fontSize={11} fill="var(--color-muted)">
                  {name}
                </text>
              ),
            )}
            {days.map(({ day: of, week, weekday, count: value, level }) => (
              <rect
                key={of}
                x={LEFT + week * (CELL + GAP)}
                y={TOP + weekday * (CELL + GAP)}
                width={CELL}
                height={CELL}
                rx={2}
                fill={css(HEAT[level] ?? (HEAT[0] as (typeof HEAT)[number]))}
                stroke="var(--color-line)"
                strokeWidth={level === 0 ? 1 : 0}
              >
                <title>{`${day(of)}: ${value === null ? 'not known' : plural(value, 'contribution', 'contributions')}`}</title>
              </rect>
            ))}
          </g>
        </svg>
      </Scroller>
      <p className="text-muted flex items-center gap-1 text-xs" aria-hidden="true">
        Less
        {HEAT.map((colour) => (
          <span key={colour.light} className="border-line size-3.5 rounded-xs border" style={{ background: css(colour) }} />
        ))}
        More
      </p>
      <details>
        <summary className="text-sm">Show as table</summary>
        <Scroller label="Contributions by week, as a table" className="mt-2 max-h-72">
          <table className="table">
            <caption className="sr-only">Contributions by week</caption>
            <thead>
              <tr>
                <th scope="col">Week of</th>
                <th scope="col" className="number">
                  Contributions
                </th>
                <th scope="col" className="number">
                  Days with any
                </th>
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: weeks }, (_, week) => days.filter((of) => of.week === weeks - 1 - week)).map((of) => (
                <tr key={of[0]?.day}>
                  <th scope="row">{day(of[0]?.day ?? null)}</th>
                  <td className="number">{count(of.reduce((sum, { count: value }) => sum + (value ?? 0), 0))}</td>
                  <td className="number">{of.filter(({ count: value }) => (value ?? 0) > 0).length}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      </details>
    </figure>
  );
}
