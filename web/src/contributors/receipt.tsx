import type { JSX } from 'react';
import { Link } from 'wouter';
import type { ReceiptResource } from '../../../src/api/contract/scores.ts';
import { WINDOW_PRESETS } from '../../../src/domain/window.ts';
import { useAnswer } from '../api/queries.ts';
import { labelOf } from '../boards/columns.ts';
import { WINDOW_NAMES } from '../boards/window-names.ts';
import { AlignedPoints, decimalsOf } from '../elements/aligned-points.tsx';
import { ExternalLink } from '../elements/external-link.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { Banner, EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Section } from '../elements/section.tsx';
import { Tag } from '../elements/tag.tsx';
import { count, day, points, UNKNOWN } from '../figures.ts';
import { useSearchState } from '../search-state.ts';

/** Why somebody has their score: each count times its weight, with links to the work, down to the sum. */
export function Receipt({ username }: { readonly username: string }): JSX.Element {
  const [params, change] = useSearchState();
  const window = WINDOW_PRESETS.find((known) => known === params.get('window'));
  const repository = params.get('repository') ?? undefined;
  const { data, error, isPlaceholderData, refetch } = useAnswer('getContributorScore', {
    params: { username },
    query: { repository, window },
  });
  const choose = (changes: Readonly<Record<string, string | null>>): void =>
    change({ since: null, until: null, activity: null, ...changes });
  return (
    <Section id="receipt" title="Receipt">
      <div className="flex flex-wrap items-end gap-4 text-sm">
        <label className="grid gap-0.5">
          <span className="text-muted text-xs">Repository</span>
          <select value={repository ?? ''} onChange={({ target: { value } }) => choose({ repository: value })} className="max-w-64">
            <option value="">All together</option>
            {repository === undefined || data?.repositories.some((of) => of.repository === repository) === true ? null : (
              <option value={repository}>{repository}</option>
            )}
            {data?.repositories.map((of) => (
              <option key={of.repository} value={of.repository}>
                {of.repository}
              </option>
            ))}
          </select>
        </label>
        <label className="grid gap-0.5">
          <span className="text-muted text-xs">Window</span>
          <select value={window ?? '2y'} onChange={({ target: { value } }) => choose({ window: value === '2y' ? null : value })}>
            {WINDOW_PRESETS.map((preset) => (
              <option key={preset} value={preset}>
                {WINDOW_NAMES[preset]}
              </option>
            ))}
          </select>
        </label>
      </div>
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null ? (
          <SkeletonLines lines={6} />
        ) : null
      ) : (
        <div aria-busy={isPlaceholderData}>
          <Bill receipt={data} />
        </div>
      )}
    </Section>
  );
}

function Bill({ receipt }: { readonly receipt: ReceiptResource }): JSX.Element {
  const { lines, line_bonus: bonus, total_score: total, window, repository, board } = receipt;
  if (lines.length === 0 && bonus.lines.every((line) => line.count === null || line.count === 0)) {
    return (
      <EmptyNotice title="Nothing counts in this window">
        <p>Choose a longer window above.</p>
      </EmptyNotice>
    );
  }
  const linkOf = (kind: string): string => {
    const query = new URLSearchParams({ kind, since: window.since, until: window.until, ...(repository === null ? {} : { repository }) });
    return `/c/${encodeURIComponent(receipt.contributor.username)}?${query.toString()}#activity`;
  };
  const decimals = decimalsOf([...lines, ...bonus.lines, bonus, { points: total }].map((line) => line.points));
  return (
    <div className="grid gap-3">
      <p className="text-muted text-sm">
        {repository ?? 'All repositories'}, {day(window.since)} to {day(window.until)}, by{' '}
        <Link href="/about">scoring version {receipt.scoring_version}</Link>
      </p>
      <Scroller label="Receipt" className="max-w-3xl">
        <table className="table">
          <caption className="sr-only">Points for each kind of contribution, and their sum</caption>
          <thead>
            <tr>
              <th scope="col">Contribution</th>
              <th scope="col" className="number">
                Count
              </th>
              <th scope="col" className="number">
                × points
              </th>
              <th scope="col" className="number">
                = points
              </th>
              <th scope="col">Check it</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.kind}>
                <th scope="row" className="grows font-normal">
                  <span title={line.description}>{labelOf(line.kind)}</span>
                  {line.daily_cap === null ? null : (
                    <span className="text-muted block text-xs">
                      at most {count(line.daily_cap)} a day count
                      {line.counted === line.count ? '' : `: ${count(line.counted)} of ${count(line.count)}`}
                    </span>
                  )}
                </th>
                <Count value={line.counted} isPart={line.is_incomplete} />
                <td className="number">{points(line.points_each)}</td>
                <td className="number">
                  <AlignedPoints value={line.counted === null ? null : line.points} decimals={decimals} />
                </td>
                <td>
                  <Link href={linkOf(line.kind)} className="me-2">
                    Show all<span className="sr-only"> {labelOf(line.kind)}</span>
                  </Link>
                  {line.links.github.map((url, index) => (
                    <span key={url} className="me-2">
                      <ExternalLink href={url}>GitHub{line.links.github.length > 1 ? ` ${index + 1}` : ''}</ExternalLink>
                    </span>
                  ))}
                </td>
              </tr>
            ))}
            {bonus.lines.map((line) => (
              <tr key={line.kind}>
                <th scope="row" className="grows font-normal">
                  {labelOf(line.kind)}
                </th>
                <Count value={line.count} isPart={line.is_incomplete} />
                <td className="number">{points(line.points_each)}</td>
                <td className="number text-muted">({line.count === null ? UNKNOWN : points(line.points)})</td>
                <td className="text-muted text-xs">part of the bonus below</td>
              </tr>
            ))}
            <tr>
              <th scope="row" className="grows font-normal">
                Bonus for lines
                <span className="text-muted block text-xs">
                  {bonus.concave
                    ? `both together, ${points(bonus.points_before_cap)}, on a curve that approaches ${points(bonus.cap)} in a repository`
                    : bonus.points < bonus.points_before_cap
                      ? `both together are ${points(bonus.points_before_cap)}, but at most ${points(bonus.cap)} count in a repository`
                      : `both together, at most ${points(bonus.cap)} in a repository`}
                </span>
              </th>
              <td />
              <td />
              <td className="number">
                <AlignedPoints value={bonus.points} decimals={decimals} />
              </td>
              <td>{bonus.points < bonus.points_before_cap ? <Tag>cap reached</Tag> : null}</td>
            </tr>
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Score</th>
              <td />
              <td />
              <td className="number font-semibold">
                <AlignedPoints value={total} decimals={decimals} />
              </td>
              <td>{board !== null && board.is_current && board.total_score === total ? <Tag tone="good">as on the board</Tag> : null}</td>
            </tr>
          </tfoot>
        </table>
      </Scroller>
      {board === null || board.total_score === total ? null : (
        <Banner tone={board.is_current ? 'warn' : 'info'}>
          {board.is_current
            ? `The board says ${points(board.total_score)}.`
            : `The board still says ${points(board.total_score)}: something was published since it was made. It follows by itself.`}
        </Banner>
      )}
      {repository !== null || receipt.repositories.length < 2 ? null : (
        <p className="text-sm">
          Sum of{' '}
          {receipt.repositories.map((of, index) => (
            <span key={of.repository}>
              {index === 0 ? '' : ' + '}
              {points(of.total_score)} <span className="text-muted">({of.repository})</span>
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

function Count({ value, isPart }: { readonly value: number | null; readonly isPart: boolean }): JSX.Element {
  if (value === null) {
    return (
      <td className="number text-muted">
        {UNKNOWN}
        <span className="block text-xs">not known, earns nothing</span>
      </td>
    );
  }
  return (
    <td className="number">
      {isPart ? (
        <>
          <span aria-hidden="true">≥ </span>
          <span className="sr-only">at least </span>
        </>
      ) : null}
      {count(value)}
    </td>
  );
}
