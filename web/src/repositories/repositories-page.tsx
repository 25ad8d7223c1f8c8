import type { JSX } from 'react';
import { Link } from 'wouter';
import { REPOSITORY_STATUSES } from '../../../src/domain/job-status.ts';
import { useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { SkeletonRows } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Page } from '../elements/page.tsx';
import { RepositoryStatusTag } from '../elements/status-tag.tsx';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { ago, count, moment } from '../figures.ts';
import { useSearchState } from '../search-state.ts';
import { AddRepository } from './add-repository.tsx';

const BUSY_MS = 3_000;
const SORTS = [
  ['name', 'Name'],
  ['-last_scraped_at', 'Last read'],
  ['-stars', 'Stars'],
  ['-created_at', 'Added'],
] as const;

/** All repositories, and the place to add one. */
export function RepositoriesPage(): JSX.Element {
  const [params, change] = useSearchState();
  const sort = SORTS.find(([key]) => key === params.get('sort'))?.[0] ?? 'name';
  const status = REPOSITORY_STATUSES.find((known) => known === params.get('status'));
  const q = params.get('q') ?? '';
  const { data, error, refetch } = useAnswer(
    'listRepositories',
    { query: { limit: '100', sort, status, q: q === '' ? undefined : q, cursor: params.get('cursor') ?? undefined } },
    { refetchInterval: (answer) => (answer?.data.some((repository) => repository.status === 'SCRAPING') === true ? BUSY_MS : false) },
  );
  return (
    <Page title="Repositories">
      <section className="card max-w-xl" aria-label="Add a repository">
        <AddRepository />
      </section>
      <form className="flex flex-wrap items-end gap-4 text-sm" onSubmit={(event) => event.preventDefault()} aria-label="Which repositories">
        <label className="grid gap-0.5">
          <span className="text-muted text-xs">Name contains</span>
          <input
            type="search"
            defaultValue={q}
            maxLength={100}
            onChange={(event) => change({ q: event.target.value.trim(), cursor: null }, 'replace')}
          />
        </label>
        <label className="grid gap-0.5">
          <span className="text-muted text-xs">Status</span>
          <select value={status ?? ''} onChange={(event) => change({ status: event.target.value, cursor: null })}>
            <option value="">All</option>
            {REPOSITORY_STATUSES.map((known) => (
              <option key={known} value={known}>
                {known.charAt(0) + known.slice(1).toLowerCase()}
              </option>
            ))}
          </select>
        </label>
        <label className="grid gap-0.5">
          <span className="text-muted text-xs">Sorted by</span>
          <select
            value={sort}
            onChange={(event) => change({ sort: event.target.value === 'name' ? null : event.target.value, cursor: null })}
          >
            {SORTS.map(([key, label]) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </form>
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data?.data.length === 0 ? (
        <EmptyNotice title={q === '' && status === undefined ? 'No repository yet' : 'No repository fits'} />
      ) : (
        <Scroller label="Repositories">
          <table className="table" aria-busy={data === undefined}>
            <caption className="sr-only">Repositories</caption>
            <thead>
              <tr>
                <th scope="col">Repository</th>
                <th scope="col">Status</th>
                <th scope="col" className="number">
                  People
                </th>
                <th scope="col" className="number">
                  Stars
                </th>
                <th scope="col">Last read</th>
                <th scope="col">Read as a whole</th>
              </tr>
            </thead>
            {data === undefined ? (
              <SkeletonRows columns={6} />
            ) : (
              <tbody>
                {data.data.map((repository) => (
                  <tr key={repository.full_name}>
                    <th scope="row" className="grows font-normal">
                      <Link href={`/r/${repository.full_name}`} data-row-link className="font-medium">
                        {repository.full_name}
                      </Link>{' '}
                      {repository.is_sample ? <Tag tone="warn">sample</Tag> : null}
                      {repository.description === null ? null : (
                        <p className="text-muted line-clamp-2 text-xs">
                          <UntrustedText>{repository.description}</UntrustedText>
                        </p>
                      )}
                    </th>
                    <td>
                      <RepositoryStatusTag status={repository.status} />
                    </td>
                    <td className="number">{count(repository.people)}</td>
                    <td className="number">{count(repository.stars)}</td>
                    {[repository.last_scraped_at, repository.last_full_at].map((at, index) => (
                      // oxlint-disable-next-line react/no-array-index-key -- two cells that never change places
                      <td key={index} title={at === null ? undefined : moment(at)}>
                        {ago(at)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            )}
          </table>
        </Scroller>
      )}
      {data !== undefined && data.next_cursor !== null ? <Button onClick={() => change({ cursor: data.next_cursor })}>More</Button> : null}
    </Page>
  );
}
