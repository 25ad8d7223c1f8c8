import { lazy, Suspense, type JSX } from 'react';
import { useAnswer } from '../api/queries.ts';
import { DataTable } from '../charts/data-table.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Section } from '../elements/section.tsx';
import { count, day, points } from '../figures.ts';
import { useSearchState } from '../search-state.ts';

const Lines = lazy(async () => await import('../charts/lines.tsx'));

/** How a rank moved, day by day; on the board of all repositories, or of the one that the receipt is of. */
export function RankHistory({ username }: { readonly username: string }): JSX.Element {
  const [params] = useSearchState();
  const repository = params.get('repository') ?? undefined;
  const { data, error, refetch } = useAnswer('getContributorRanks', { params: { username }, query: { repository } });
  const name = repository ?? 'all repositories';
  return (
    <Section id="rank-history" title={`Rank over time, ${name}`}>
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null ? (
          <SkeletonLines lines={3} />
        ) : null
      ) : data.data.length < 2 ? (
        <EmptyNotice title={data.data.length === 0 ? 'No rank was kept yet' : 'One day so far'}>
          <p>
            {data.data[0] === undefined
              ? 'Ranks are kept once a day, from the first board on.'
              : `Rank ${data.data[0].rank} on ${day(data.data[0].day)}. Each day adds a point.`}
          </p>
        </EmptyNotice>
      ) : (
        <div className="card grid gap-2">
          <Suspense fallback={<SkeletonLines lines={6} label="Loading the chart" />}>
            <Lines
              isRank
              label={`Rank from ${day(data.data[0]?.day ?? null)} to ${day(data.data.at(-1)?.day ?? null)}: from ${data.data[0]?.rank} to ${data.data.at(-1)?.rank}`}
              series={[{ name: 'Rank', values: new Map(data.data.map((of) => [of.day, of.rank])) }]}
            />
          </Suspense>
          <DataTable
            caption="Rank by day"
            columns={['Day', 'Rank', 'Score']}
            rows={data.data.toReversed().map((of) => ({ name: day(of.day), values: [count(of.rank), points(of.total_score)] }))}
          />
        </div>
      )}
    </Section>
  );
}
