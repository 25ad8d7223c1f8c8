import type { JSX } from 'react';
import { Link } from 'wouter';
import type { BoardPage } from '../../../src/api/contract/leaderboards.ts';
import { Tag } from '../elements/tag.tsx';
import { ago, day, moment, plural } from '../figures.ts';

/** What one must know to trust the numbers under it: how many, of which days, how fresh, how complete, by which formula. */
export function BoardStrip({
  board,
  isSearched,
  coverageLink,
}: {
  readonly board: BoardPage;
  readonly isSearched: boolean;
  readonly coverageLink: string | null;
}): JSX.Element {
  const { total, window, as_of: asOf, coverage, scoring_version: scoring } = board;
  return (
    <dl className="text-muted flex flex-wrap items-baseline gap-x-6 gap-y-1 text-sm [&_dd]:text-ink [&_dd]:inline [&_dt]:inline [&_dt]:after:content-[':_'] [&>div]:min-w-0">
      <div>
        <dt>{isSearched ? 'Found' : 'On this board'}</dt>
        <dd>{plural(total, 'contributor', 'contributors')}</dd>
      </div>
      <div>
        <dt>Window</dt>
        <dd>
          {day(window.since)} to {day(window.until)} (UTC)
        </dd>
      </div>
      <div>
        <dt>As of</dt>
        <dd>
          {asOf === null ? (
            'nothing was read yet'
          ) : (
            <time dateTime={asOf} title={moment(asOf)}>
              {ago(asOf)}
            </time>
          )}
        </dd>
      </div>
      <div>
        <dt>Coverage</dt>
        <dd>
          <CoverageTag complete={coverage.complete} />{' '}
          {coverageLink === null ? coverage.note : <Link href={coverageLink}>{coverage.note}</Link>}
        </dd>
      </div>
      <div>
        <dt>Formula</dt>
        <dd>
          <Link href="/about">scoring version {scoring}</Link>
        </dd>
      </div>
    </dl>
  );
}

/** Whether all that GitHub has is counted. */
export function CoverageTag({ complete }: { readonly complete: boolean | null }): JSX.Element {
  if (complete === null) return <Tag>not measured</Tag>;
  return complete ? <Tag tone="good">complete</Tag> : <Tag tone="warn">incomplete</Tag>;
}
