import type { JSX } from 'react';
import { Link } from 'wouter';
import { REPOSITORY_STATUSES } from '../../../src/domain/job-status.ts';
import { useAnswer } from '../api/queries.ts';
import { SkeletonRows } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Page } from '../elements/page.tsx';
import { Pager } from '../elements/pager.tsx';
import { SearchField } from '../elements/search-field.tsx';
import { RepositoryStatusTag, wordOf } from '../elements/status-tag.tsx';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { ago, count, moment } from '../figures.ts';
import { useSearchState } from '../search-state.ts';
import { AddRepository } from './add-repository.tsx';

const BUSY_MS = 3_000;
/** The columns that can be sorted by, and in which direction. */
const SORTS = ['name', '-stars', '-last_scraped_at', '-created_at'] as const;
type Sort = (typeof SORTS)[number];

/** All repositories, and the place to add one. */
export function RepositoriesPage(): JSX.Element {
  const [params, change] = useSearchState();
  const sort = SORTS.find((known) => known === params.get('sort')) ?? 'name';
  const status = REPOSITORY_STATUSES.find((known) => known === params.get('status'));
  const q = params.get('q') ?? '';
  const { data, error, isPlaceholderData, refetch } = useAnswer(
    'listRepositories',
    { query: { limit: '100', sort, status, q: q === '' ? undefined : q, cursor: params.get('cursor') ?? undefined } },
    { refetchInterval: (answer) => (answer?.data.some((repository) => repository.status === 'SCRAPING') === true ? BUSY_MS : false) },
  );
  const onSort = (by: Sort): void => change({ sort: by === 'name' ? null : by, cursor: null });
  return (
    <Page title="Repositories">
      <section className="card grid max-w-2xl gap-2" aria-labelledby="add">
        <h2 id="add">Add a repository</h2>
        <p className="text-muted text-sm">
          It is read at once: two years of commits, pull requests, reviews, issues, comments and releases.
        </p>
        <AddRepository />
      </section>
      <form className="flex flex-wrap items-end gap-4 text-sm" onSubmit={(event) => event.preventDefault()} aria-label="Which repositories">
        <SearchField label="Name contains" name="q" value={q} onType={(typed) => change({ q: typed, cursor: null }, 'replace')} />
        <label className="grid gap-0.5">
          <span className="text-muted text-xs">Status</span>
          <select value={status ?? ''} onChange={(event) => change({ status: event.target.value, cursor: null })}>
            <option value="">All</option>
            {REPOSITORY_STATUSES.map((known) => (
              <option key={known} value={known}>
                {wordOf(known)}
              </option>
            ))}
          </select>
        </label>
      </form>
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data?.data.length === 0 ? (
        q === '' && status === undefined ? (
          <EmptyNotice title="No repository yet">
            <p>Name one above: its board is there as soon as it was read.</p>
          </EmptyNotice>
        ) : (
          <EmptyNotice title="No repository fits">
            <p>
              None has such a name or status. <Link href="/repositories">Show all</Link>
            </p>
          </EmptyNotice>
        )
      ) : data === undefined && error !== null ? null : (
        <Scroller label="Repositories">
          <table className="table" aria-busy={data === undefined || isPlaceholderData}>
            <caption className="sr-only">Repositories</caption>
            <thead>
              <tr>
                <SortHead sort={sort} by="name" label="Repository" onSort={onSort} />
                <th scope="col">Status</th>
                <th scope="col" className="number">
                  People
                </th>
                <SortHead sort={sort} by="-stars" label="Stars" isNumber onSort={onSort} />
                <SortHead sort={sort} by="-last_scraped_at" label="Last read" onSort={onSort} />
                <th scope="col" title="Everything again, also what GitHub no longer has">
                  Last full scrape
                </th>
                <SortHead sort={sort} by="-created_at" label="Added" onSort={onSort} />
              </tr>
            </thead>
            {data === undefined ? (
              <SkeletonRows columns={7} />
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
                    {[repository.last_scraped_at, repository.last_full_at, repository.created_at].map((at, index) => (
                      // oxlint-disable-next-line react/no-array-index-key -- three cells that never change places
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
      {data === undefined ? null : <Pager next={data.next_cursor} />}
    </Page>
  );
}

interface SortHeadProps {
  readonly sort: Sort;
  readonly by: Sort;
  readonly label: string;
  readonly isNumber?: boolean;
  readonly onSort: (sort: Sort) => void;
}

function SortHead({ sort, by, label, isNumber = false, onSort }: SortHeadProps): JSX.Element {
  const isSorted = sort === by;
  const isDown = by.startsWith('-');
  return (
    <th scope="col" className={isNumber ? 'number' : undefined} aria-sort={isSorted ? (isDown ? 'descending' : 'ascending') : undefined}>
      <button
        type="button"
        className={`min-h-6 cursor-pointer ${isSorted ? 'text-ink font-semibold' : 'hover:text-ink'}`}
        onClick={() => onSort(by)}
      >
        {label}
        <span aria-hidden="true">{isSorted ? (isDown ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
}
