import { lazy, Suspense, type JSX } from 'react';
import { Link } from 'wouter';
import type { ComparisonResource } from '../../../src/api/contract/compare.ts';
import { COUNT_COLUMNS } from '../boards/columns.ts';
import { DataTable } from '../charts/data-table.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Section } from '../elements/section.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { count, day, moment, points, share, UNKNOWN } from '../figures.ts';
import { SharedPeople, SharedRepositories } from './shared.tsx';

const Lines = lazy(async () => await import('../charts/lines.tsx'));

/** One of those who are compared, whatever they are. */
interface Side {
  readonly name: string;
  readonly link: string;
  readonly totals: NonNullable<ComparisonResource['repositories']>[number]['totals'];
  readonly series: NonNullable<ComparisonResource['repositories']>[number]['series'];
  /** Figures that only its sort has. */
  readonly own: readonly (readonly [label: string, value: number | null, written: (value: number) => string])[];
}

/** The comparison: figures with their differences, lines over each other, and what is shared. */
export function Comparison({ comparison }: { readonly comparison: ComparisonResource }): JSX.Element {
  const sides = sidesOf(comparison);
  return (
    <>
      <p className="text-muted text-sm">
        {day(comparison.window.since)} to {day(comparison.window.until)}
        {comparison.as_of === null ? '' : `, as of ${moment(comparison.as_of)}`}, by{' '}
        <Link href="/about">scoring version {comparison.scoring_version}</Link>
      </p>
      <Figures sides={sides} />
      <Section id="lines" title={`Contributions a ${comparison.interval}`}>
        <div className="card grid gap-2">
          <Suspense fallback={<SkeletonLines lines={6} label="Loading the chart" />}>
            <Lines
              label={`Contributions a ${comparison.interval} of ${sides.map(({ name }) => name).join(', ')}`}
              series={sides.map(({ name, series }) => ({ name, values: new Map(series.map(({ since, total }) => [since, total])) }))}
            />
          </Suspense>
          <DataTable
            caption={`Contributions a ${comparison.interval}`}
            columns={[comparison.interval === 'week' ? 'Week of' : 'Day', ...sides.map(({ name }) => name)]}
            rows={(sides[0]?.series ?? []).toReversed().map(({ since }, index, { length }) => ({
              name: day(since),
              values: sides.map(({ series }) => count(series[length - 1 - index]?.total)),
            }))}
          />
        </div>
      </Section>
      {comparison.shared_contributors === undefined ? null : <SharedPeople shared={comparison.shared_contributors} />}
      {comparison.shared_repositories === undefined ? null : <SharedRepositories shared={comparison.shared_repositories} />}
    </>
  );
}

function sidesOf({ repositories, contributors }: ComparisonResource): readonly Side[] {
  return [
    ...(repositories ?? []).map((of): Side => ({
      name: of.repository.full_name,
      link: `/r/${of.repository.full_name}`,
      totals: of.totals,
      series: of.series,
      own: [
        ['People', of.contributors, count],
        ['Points of the first three', of.top_three_share, share],
      ],
    })),
    ...(contributors ?? []).map((of): Side => ({
      name: of.contributor.username,
      link: `/c/${encodeURIComponent(of.contributor.username)}`,
      totals: of.totals,
      series: of.series,
      own: [
        ['Rank', of.rank, count],
        ['Repositories', of.totals?.repositories_contributed ?? null, count],
      ],
    })),
  ];
}

function Figures({ sides }: { readonly sides: readonly Side[] }): JSX.Element {
  const rows = [
    { label: 'Score', written: points, values: sides.map(({ totals }) => totals?.total_score ?? null) },
    ...(sides[0]?.own ?? []).map(([label, , written], index) => ({
      label,
      written,
      values: sides.map(({ own }) => own[index]?.[1] ?? null),
    })),
    ...COUNT_COLUMNS.map(({ field, label }) => ({ label, written: count, values: sides.map(({ totals }) => totals?.[field] ?? null) })),
  ];
  return (
    <Section id="figures" title="Figures and differences">
      <Scroller label="Figures and differences">
        <table className="table">
          <caption className="px-2.5 pt-2">
            <span>In brackets: the difference to the first. A dash is not known.</span>
          </caption>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              {sides.map(({ name, link }) => (
                <th key={name} scope="col" className="number min-w-32">
                  <Link href={link}>
                    <UntrustedText>{name}</UntrustedText>
                  </Link>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ label, written, values }) => (
              <tr key={label}>
                <th scope="row" className="font-normal">
                  {label}
                </th>
                {values.map((value, index) => (
                  <td key={sides[index]?.name} className="number">
                    {value === null ? UNKNOWN : written(value)}
                    {index === 0 ? null : <Difference first={values[0] ?? null} value={value} written={written} />}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </Section>
  );
}

interface DifferenceProps {
  readonly first: number | null;
  readonly value: number | null;
  readonly written: (value: number) => string;
}

function Difference({ first, value, written }: DifferenceProps): JSX.Element | null {
  if (first === null || value === null || first === value) return null;
  return (
    <span className="text-muted">
      {' '}
      ({value > first ? '+' : '−'}
      {written(Math.abs(value - first))})
    </span>
  );
}
