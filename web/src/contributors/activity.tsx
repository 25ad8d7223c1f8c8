import type { JSX } from 'react';
import { Link } from 'wouter';
import type { ActivityResource } from '../../../src/api/contract/contributors.ts';
import { CAPPABLE } from '../../../src/domain/scoring.ts';
import { useAnswer } from '../api/queries.ts';
import { labelOf } from '../boards/columns.ts';
import { Button } from '../elements/button.tsx';
import { ExternalLink } from '../elements/external-link.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Pager } from '../elements/pager.tsx';
import { Section } from '../elements/section.tsx';
import { Tag } from '../elements/tag.tsx';
import { count, day, moment } from '../figures.ts';
import { useSearchState } from '../search-state.ts';

const WORDS: Readonly<Partial<Record<ActivityResource['kind'], string>>> = {
  COMMIT: 'Commit',
  PR_OPENED: 'Opened pull request',
  PR_MERGED: 'Pull request merged',
  PR_REVIEWED: 'Reviewed pull request',
  PR_REVIEW_COMMENT: 'Review comment',
  ISSUE_OPENED: 'Opened issue',
  ISSUE_CLOSED: 'Closed issue',
  COMMENT: 'Comment',
  RELEASE: 'Release',
  COMMIT_COAUTHOR: 'Co-authored commit',
};

/** Everything a person did, newest first, each with its link. */
export function Activity({ username }: { readonly username: string }): JSX.Element {
  const [params, change] = useSearchState();
  const kind = CAPPABLE.find((known) => known === params.get('kind'));
  const repository = params.get('repository') ?? undefined;
  const since = params.get('since') ?? undefined;
  const until = params.get('until') ?? undefined;
  const { data, error, isPlaceholderData, refetch } = useAnswer('getContributorActivity', {
    params: { username },
    query: { limit: '50', kind, repository, since, until, cursor: params.get('activity') ?? undefined },
  });
  return (
    <Section id="activity" title="Activity">
      <div className="flex flex-wrap items-center gap-4">
        <label className="flex items-center gap-1.5 text-sm">
          Kind
          <select value={kind ?? ''} onChange={(event) => change({ kind: event.target.value, activity: null })}>
            <option value="">All</option>
            {CAPPABLE.map((known) => (
              <option key={known} value={known}>
                {labelOf(known)}
              </option>
            ))}
          </select>
        </label>
        {repository === undefined ? null : (
          <Button onClick={() => change({ repository: null, activity: null })}>
            Only {repository} <span aria-hidden="true">✕</span>
            <span className="sr-only">, show all</span>
          </Button>
        )}
        {since === undefined && until === undefined ? null : (
          <Button onClick={() => change({ since: null, until: null, activity: null })}>
            Only {day(since ?? null)} to {day(until ?? null)} <span aria-hidden="true">✕</span>
            <span className="sr-only">, show all</span>
          </Button>
        )}
      </div>
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null ? (
          <SkeletonLines />
        ) : null
      ) : data.data.length === 0 ? (
        <EmptyNotice title="Nothing here">
          <p>Nothing of this kind, in this repository and these days, is known of them.</p>
        </EmptyNotice>
      ) : (
        <ol className="card divide-line divide-y" aria-busy={isPlaceholderData}>
          {data.data.map((entry, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- two entries can be alike in all they tell; by a key that two share, one would stay on the next page
            <Entry key={index} entry={entry} />
          ))}
        </ol>
      )}
      {data === undefined || isPlaceholderData ? null : <Pager name="activity" next={data.next_cursor} isByTime />}
    </Section>
  );
}

function Entry({ entry }: { readonly entry: ActivityResource }): JSX.Element {
  const what = `${WORDS[entry.kind] ?? entry.kind}${entry.number === null ? '' : ` #${entry.number}`}`;
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 py-1.5 text-sm">
      <time dateTime={entry.occurred_at} className="text-muted w-44 shrink-0">
        {moment(entry.occurred_at)}
      </time>
      <span>{entry.url === null ? what : <ExternalLink href={entry.url}>{what}</ExternalLink>}</span>
      <Link href={`/r/${entry.repository.full_name}`}>{entry.repository.full_name}</Link>
      {entry.quantity !== null && entry.quantity > 1 ? <span className="text-muted">{count(entry.quantity)} commits</span> : null}
      {entry.lines_added === null && entry.lines_deleted === null ? null : (
        <span className="text-muted">
          <span className="sr-only">lines </span>+{count(entry.lines_added)} −{count(entry.lines_deleted)}
        </span>
      )}
      {entry.is_estimate ? <Tag title="From a push event: credited to who pushed">estimate</Tag> : null}
    </li>
  );
}
