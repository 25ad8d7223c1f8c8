import { useDeferredValue, useEffect, useRef, type JSX } from 'react';
import { Link } from 'wouter';
import type { BoardPage, BoardRowResource, BoardSort } from '../../../src/api/contract/leaderboards.ts';
import { AlignedPoints, decimalsOf } from '../elements/aligned-points.tsx';
import { Sparkline } from '../charts/sparkline.tsx';
import { Avatar } from '../elements/avatar.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { SkeletonRows } from '../elements/loading.tsx';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { ago, count, day, moment, UNKNOWN } from '../figures.ts';
import { COUNT_COLUMNS, isPartly, type Column, type ShownColumn } from './columns.ts';
import { RankChange } from './rank-change.tsx';

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
  const width = 4 + shown.length + (hasRepositories ? 1 : 0) + (hasSparkline ? 1 : 0) + (comparedTo === null ? 0 : 1);
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
        {board === undefined ? (
          <SkeletonRows columns={width} />
        ) : (
          <Rows
            board={board}
            decimals={decimals}
            hasChange={comparedTo !== null}
            shown={shown}
            hasRepositories={hasRepositories}
            hasSparkline={hasSparkline}
            around={around}
          />
        )}
      </table>
    </Scroller>
  );
}

/** As many as the largest window shows: they are drawn as soon as they are there, those below follow and hold nothing up. */
const FIRST_ROWS = 30;

function Rows({ board, around, ...looks }: { readonly board: BoardPage; readonly around: string | null } & RowLooks): JSX.Element {
  const data = useDeferredValue(board.data, board.data.slice(0, FIRST_ROWS));
  return (
    <tbody aria-busy={data !== board.data}>
      {data.map((row) => (
        <Row
          key={row.contributor.github_id}
          row={row}
          isPointedOut={around?.toLowerCase() === row.contributor.username.toLowerCase()}
          {...looks}
        />
      ))}
    </tbody>
  );
}

interface RowLooks {
  readonly decimals: number;
  readonly hasChange: boolean;
  readonly shown: readonly Column[];
  readonly hasRepositories: boolean;
  readonly hasSparkline: boolean;
}

function Row({
  row,
  decimals,
  hasChange,
  shown,
  hasRepositories,
  hasSparkline,
  isPointedOut,
}: { readonly row: BoardRowResource; readonly isPointedOut: boolean } & RowLooks): JSX.Element {
  const { github_id: githubId, username, display_name: displayName, kind } = row.contributor;
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    // Who was jumped to is in the middle of the window, with the focus.
    if (!isPointedOut) return;
    link.current?.focus({ preventScroll: true });
    link.current?.scrollIntoView({ block: 'center' });
  }, [isPointedOut]);
  return (
    <tr aria-current={isPointedOut || undefined} className={isPointedOut ? 'pointed-out' : undefined}>
      <td className="number">
        <span className="font-semibold">{row.rank ?? UNKNOWN}</span>
      </td>
      {hasChange ? (
        <td>
          <RankChange change={row.rank_change} />
        </td>
      ) : null}
      <th scope="row" className="font-normal">
        <span className="flex max-w-60 min-w-24 items-center gap-2 sm:min-w-36">
          <span className="hidden shrink-0 sm:block">
            <Avatar githubId={githubId} />
          </span>
          <span className="grid min-w-0">
            <Link ref={link} href={`/c/${encodeURIComponent(username)}`} data-row-link className="truncate font-medium">
              <UntrustedText className="block truncate">{displayName ?? username}</UntrustedText>
            </Link>
            {displayName === null ? null : <UntrustedText className="text-muted block truncate text-xs">{`@${username}`}</UntrustedText>}
          </span>
          {kind === 'human' ? null : <Tag>{kind}</Tag>}
        </span>
      </th>
      <td className="number font-semibold">
        <AlignedPoints value={row.total_score} decimals={decimals} />
      </td>
      {shown.map((column) => (
        <CountCell key={column.field} value={row[column.field]} isPart={isPartly(row, column)} />
      ))}
      {hasRepositories ? <td className="number">{count(row.repositories_contributed)}</td> : null}
      <td className="number">
        {row.last_contribution_at === null ? (
          UNKNOWN
        ) : (
          <time dateTime={row.last_contribution_at} title={moment(row.last_contribution_at)}>
            {ago(row.last_contribution_at)}
          </time>
        )}
      </td>
      {hasSparkline ? <td>{row.sparkline === undefined ? null : <Sparkline values={row.sparkline} />}</td> : null}
    </tr>
  );
}

function CountCell({ value, isPart }: { readonly value: number | null; readonly isPart: boolean }): JSX.Element {
  if (value === null) {
    return (
      <td className="number text-muted">
        <span title="Not known: no source of this window can see it">{UNKNOWN}</span>
        <span className="sr-only"> not known</span>
      </td>
    );
  }
  if (!isPart) return <td className="number">{count(value)}</td>;
  return (
    <td className="number">
      <span title="At least this many: a part is not known">
        <span aria-hidden="true">≥ </span>
        <span className="sr-only">at least </span>
        {count(value)}
      </span>
    </td>
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
