import type { JSX } from 'react';
import { Link } from 'wouter';
import { useAnswer } from '../api/queries.ts';
import { SkeletonLines } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { Pager } from '../elements/pager.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { Statistics } from '../layout/statistics.tsx';
import { ago, moment } from '../figures.ts';
import { useSearchState } from '../search-state.ts';

/** What went wrong lately, with the job it happened in. */
export function ErrorsPage(): JSX.Element {
  const [params] = useSearchState();
  const { data, error, isPlaceholderData, refetch } = useAnswer('listErrors', {
    query: { limit: '50', cursor: params.get('cursor') ?? undefined },
  });
  return (
    <Page title="Errors" intro="Jobs that failed, and lines of their logs that say error.">
      <Statistics />
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null ? (
          <SkeletonLines />
        ) : null
      ) : data.data.length === 0 ? (
        <EmptyNotice title="No errors">
          <p>Jobs that fail, and errors in their logs, would be listed here for as long as logs are kept.</p>
        </EmptyNotice>
      ) : (
        <ol className="card divide-line divide-y" aria-busy={isPlaceholderData}>
          {data.data.map((entry) => (
            <li key={`${entry.job_id} ${entry.log_id ?? entry.origin}`} className="grid gap-0.5 py-2">
              <p className="flex flex-wrap items-baseline gap-x-3 text-sm">
                <time dateTime={entry.at} title={moment(entry.at)} className="text-muted">
                  {ago(entry.at)}
                </time>
                <Link href={`/jobs/${entry.job_id}`}>{entry.origin === 'job' ? 'Job failed' : 'Log line'}</Link>
                <span>{entry.repository}</span>
                {entry.code === null ? null : <code>{entry.code}</code>}
              </p>
              <p className="break-words">
                <UntrustedText>{entry.message}</UntrustedText>
              </p>
            </li>
          ))}
        </ol>
      )}
      {data === undefined ? null : <Pager next={data.next_cursor} isByTime />}
    </Page>
  );
}
