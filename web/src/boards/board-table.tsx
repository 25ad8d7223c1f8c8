import type { JSX } from 'react';
import type { BoardPage, BoardSort } from '../../../src/api/contract/leaderboards.ts';
import { decimalsOf } from '../elements/aligned-points.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { day } from '../figures.ts';
import { BoardPlaceholders, BoardRows } from './board-rows.tsx';
import { COUNT_COLUMNS, type ShownColumn } from './columns.ts';

interface BoardTableProps {
  readonly caption: string;
  readonly board: BoardPage | undefined;
  readonly columns: readonly ShownColumn[];
  readonly sort: BoardSort | null;
  readonly onSort: (sort: BoardSort) => void;
  readonly isBusy: boolean;
  /** Whose row is pointed out. */
  readonly around: string | null;
}

/** A board: every count as the API tells it, unknown ones as a dash with its reason. */
export function BoardTable({ caption, board, columns, sort, onSort, isBusy, around }: BoardTableProps): JSX.Element {
  const shown = COUNT_COLUMNS.filter(({ field }) => columns.includes(field));
  const hasRepositories = board?.data.some((row) => row.repositories_contributed !== undefined) ?? false;
  const comparedTo = board?.compared_to ?? null;
  const hasSparkline = columns.includes('sparkline');
  const decimals = decimalsOf(board?.data.map((row) => row.total_score) ?? []);
  const looks = { decimals, hasChange: comparedTo !== null, shown, hasRepositories, hasSparkline };
  return (
    <Scroller label={caption} className="holds-names">
      <table className="table" aria-busy={isBusy}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <th scope="col" className="number">
              Rank
            </th>
            {comparedTo === null ? null : (
              <th scope="col" title={`Places gained or lost since ${day(comparedTo)}`}>
                <span aria-hidden="true">±</span>
                <span className="sr-only">Change since {day(comparedTo)}</span>
              </th>
            )}
            <th scope="col">Contributor</th>
            <SortHead field="total_score" label="Score" title="Sum of count × weight" sort={sort ?? 'total_score'} onSort={onSort} />
            {shown.map(({ field, label, title }) => (
              <SortHead key={field} field={field} label={label} title={title} sort={sort ?? 'total_score'} onSort={onSort} />
            ))}
            {hasRepositories ? (
              <th scope="col" className="number" title="Repositories contributed to">
                Repos
              </th>
            ) : null}
            <SortHead
              field="last_contribution_at"
              label="Last active"
              title="The last contribution in the window"
              sort={sort ?? 'total_score'}
              onSort={onSort}
            />
            {hasSparkline ? (
              <th scope="col" title="Contributions in each of the last twelve weeks of the window">
                12 weeks
              </th>
            ) : null}
          </tr>
        </thead>
        {board === undefined ? <BoardPlaceholders {...looks} /> : <BoardRows board={board} around={around} {...looks} />}
      </table>
    </Scroller>
  );
}

interface SortHeadProps {
  readonly field: BoardSort;
  readonly label: string;
  readonly title: string;
  readonly sort: BoardSort;
  readonly onSort: (sort: BoardSort) => void;
}

function SortHead({ field, label, title, sort, onSort }: SortHeadProps): JSX.Element {
  const isSorted = sort === field;
  return (
    <th scope="col" className="number" aria-sort={isSorted ? 'descending' : undefined} title={title}>
      <button
        type="button"
        className={`min-h-6 cursor-pointer text-end ${isSorted ? 'text-ink font-semibold' : 'hover:text-ink'}`}
        onClick={() => onSort(field)}
      >
        {label}
        <span aria-hidden="true">{isSorted ? ' ↓' : ''}</span>
      </button>
    </th>
  );
}
