import type { JSX } from 'react';
import { CONTRIBUTION_KINDS } from '../../../src/domain/contribution.ts';
import type { RepositoryName } from '../../../src/domain/repository-name.ts';
import type { AnswerOf } from '../api/client.ts';
import { useAnswer } from '../api/queries.ts';
import { labelOf } from '../boards/columns.ts';
import { CoverageTag } from '../boards/board-strip.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { count, moment, UNKNOWN } from '../figures.ts';

type CoverageRow = AnswerOf<'getCoverage'>['data'][number];

/** What is stored of each month and kind, beside what GitHub itself counts. */
export function CoverageTable({ repository }: { readonly repository: RepositoryName }): JSX.Element {
  const { data, error, refetch } = useAnswer('getCoverage', { params: repository });
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonLines lines={4} />;
  if (data.data.length === 0) {
    return (
      <EmptyNotice title="Nothing was read yet">
        <p>When a scrape ends, each month and kind stands here beside what GitHub itself counts.</p>
      </EmptyNotice>
    );
  }
  const months = [...new Set(data.data.map(({ month }) => month))].toSorted().toReversed();
  const kinds = [...new Set(data.data.map(({ kind }) => kind))];
  return (
    <div className="grid gap-2">
      <p>
        <CoverageTag complete={data.complete} /> {data.note}
      </p>
      <Scroller label="Coverage per month and kind" className="max-h-[32rem]">
        <table className="table">
          <caption className="px-2.5 pt-2">
            <span>
              What is stored; where GitHub counts more or less: “/” its own total, and “!” (hover for the reason). A dash is not known.
            </span>
          </caption>
          <thead>
            <tr>
              <th scope="col">Month</th>
              {kinds.map((kind) => (
                <th key={kind} scope="col" className="number">
                  {kindNamed(kind)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {months.map((month) => (
              <tr key={month}>
                <th scope="row" className="font-normal">
                  {month.slice(0, 7)}
                </th>
                {kinds.map((kind) => (
                  <Cell key={kind} row={data.data.find((row) => row.month === month && row.kind === kind)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </div>
  );
}

function kindNamed(kind: string): string {
  const known = CONTRIBUTION_KINDS.find((name) => name === kind);
  return known === undefined ? kind : labelOf(known);
}

function Cell({ row }: { readonly row: CoverageRow | undefined }): JSX.Element {
  if (row === undefined) return <td className="number text-muted">{UNKNOWN}</td>;
  const { stored, unattributed, excluded, github_total: total, days, days_complete: complete, gaps, sources, checked_at: checked } = row;
  const found = stored + unattributed + excluded;
  const isRight = total === null ? complete === days : found === total && complete === days;
  const parts = [
    `${count(stored)} stored`,
    unattributed > 0 ? `${count(unattributed)} by nobody with an account` : null,
    excluded > 0 ? `${count(excluded)} left out by the rules (merge commits, drafts)` : null,
    total === null ? 'GitHub gives no total' : `GitHub counts ${count(total)}`,
    `${complete} of ${days} days read completely`,
    sources.length > 0 ? `from ${sources.join(', ')}` : null,
    ...gaps,
    checked === null ? null : `checked ${moment(checked)}`,
  ].filter((part) => part !== null);
  return (
    <td className={`number ${isRight ? '' : 'bg-warn-card text-warn'}`} title={parts.join('; ')}>
      {count(found)}
      {total === null || total === found ? null : ` / ${count(total)}`}
      {isRight ? null : <span className="sr-only"> incomplete: {parts.join('; ')}</span>}
      {isRight ? null : <span aria-hidden="true"> !</span>}
    </td>
  );
}
