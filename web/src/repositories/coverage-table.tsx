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
import { count, moment, plural, UNKNOWN } from '../figures.ts';

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
            <span>What is stored; where GitHub counts more or less: “/” its own total, and “!” (reasons below). A dash is not known.</span>
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
      <Reasons rows={data.data} />
    </div>
  );
}

/** Why not all is there, in words: a finger can't hover. */
function Reasons({ rows }: { readonly rows: readonly CoverageRow[] }): JSX.Element | null {
  const lacking = rows.filter((row) => !isRight(row)).toSorted((one, other) => other.month.localeCompare(one.month));
  if (lacking.length === 0) return null;
  return (
    <details>
      <summary>{`Why ${plural(lacking.length, 'number is', 'numbers are')} marked with “!”`}</summary>
      <Scroller label="Why numbers are marked" className="mt-2 max-h-80">
        <ul className="grid gap-1 p-2.5 text-sm">
          {lacking.map((row) => (
            <li key={`${row.month} ${row.kind}`}>
              <b className="font-semibold">{`${row.month.slice(0, 7)}, ${kindNamed(row.kind)}:`}</b> {told(row)}
            </li>
          ))}
        </ul>
      </Scroller>
    </details>
  );
}

function kindNamed(kind: string): string {
  const known = CONTRIBUTION_KINDS.find((name) => name === kind);
  return known === undefined ? kind : labelOf(known);
}

const foundIn = ({ stored, unattributed, excluded }: CoverageRow): number => stored + unattributed + excluded;

function isRight(row: CoverageRow): boolean {
  const isRead = row.days_complete === row.days;
  return row.github_total === null ? isRead : isRead && foundIn(row) === row.github_total;
}

/** What a number is made of, in words. */
function told(row: CoverageRow): string {
  const { stored, unattributed, excluded, github_total: total, days, days_complete: complete, gaps, sources, checked_at: checked } = row;
  const parts = [
    `${count(stored)} stored`,
    unattributed > 0 ? `${count(unattributed)} by nobody with an account` : null,
    excluded > 0 ? `${count(excluded)} left out by the rules (merge commits, drafts)` : null,
    total === null ? 'GitHub gives no total' : `GitHub counts ${count(total)}`,
    `${complete} of ${days} days read completely`,
    sources.length > 0 ? `from ${sources.join(', ')}` : null,
    ...gaps,
    checked === null ? null : `checked ${moment(checked)}`,
  ];
  return parts.filter((part) => part !== null).join('; ');
}

function Cell({ row }: { readonly row: CoverageRow | undefined }): JSX.Element {
  if (row === undefined) return <td className="number text-muted">{UNKNOWN}</td>;
  const [total, found] = [row.github_total, foundIn(row)];
  const isWhole = isRight(row);
  return (
    <td className={`number ${isWhole ? '' : 'bg-warn-card text-warn'}`} title={told(row)}>
      {count(found)}
      {total === null || total === found ? null : ` / ${count(total)}`}
      {isWhole ? null : <span className="sr-only"> incomplete</span>}
      {isWhole ? null : <span aria-hidden="true"> !</span>}
    </td>
  );
}
