import type { JSX } from 'react';
import { Link } from 'wouter';
import { useAnswer } from './api/queries.ts';
import { Avatar } from './elements/avatar.tsx';
import { SkeletonLines } from './elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from './elements/notice.tsx';
import { Page } from './elements/page.tsx';
import { Tag } from './elements/tag.tsx';
import { UntrustedText } from './elements/untrusted-text.tsx';
import { count, points } from './figures.ts';
import { useSearchState } from './search-state.ts';

/** People and repositories whose name contains something. */
export function SearchPage(): JSX.Element {
  const [params] = useSearchState();
  const q = params.get('q') ?? '';
  const { data, error, isPlaceholderData, refetch } = useAnswer('search', { query: { q, limit: '50' } }, { enabled: q !== '' });
  return (
    <Page title={q === '' ? 'Search' : `Search: ${q}`}>
      {q === '' ? <EmptyNotice title="Type a part of a name into the box above" /> : null}
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {q !== '' && data === undefined && error === null ? <SkeletonLines /> : null}
      {data === undefined ? null : data.contributors.length + data.repositories.length === 0 ? (
        <EmptyNotice title="Nothing has such a name">
          <p>Logins, names, and owner/name are searched. Who opted out is not found.</p>
        </EmptyNotice>
      ) : (
        <div className="grid gap-4" aria-busy={isPlaceholderData}>
          {data.contributors.length === 0 ? null : (
            <section aria-labelledby="found-people" className="grid gap-2">
              <h2 id="found-people">People</h2>
              <ul className="card divide-line divide-y">
                {data.contributors.map((person) => (
                  <li key={person.github_id} className="flex flex-wrap items-center gap-3 py-1.5">
                    <Avatar githubId={person.github_id} />
                    <Link href={`/c/${encodeURIComponent(person.username)}`}>
                      <UntrustedText>{person.display_name ?? person.username}</UntrustedText>
                    </Link>
                    {person.display_name === null ? null : <span className="text-muted">@{person.username}</span>}
                    {person.kind === 'human' ? null : <Tag>{person.kind}</Tag>}
                    <span className="text-muted ms-auto text-sm">
                      {person.rank === null ? 'not ranked' : `rank ${count(person.rank)}`}
                      {person.total_score === null ? '' : `, ${points(person.total_score)} points`}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          )}
          {data.repositories.length === 0 ? null : (
            <section aria-labelledby="found-repositories" className="grid gap-2">
              <h2 id="found-repositories">Repositories</h2>
              <ul className="card divide-line divide-y">
                {data.repositories.map((repository) => (
                  <li key={repository.full_name} className="flex flex-wrap items-center gap-3 py-1.5">
                    <Link href={`/r/${repository.full_name}`}>{repository.full_name}</Link>
                    {repository.description === null ? null : (
                      <span className="text-muted min-w-0 basis-full text-sm md:flex-1 md:basis-0">
                        <UntrustedText>{repository.description}</UntrustedText>
                      </span>
                    )}
                    <span className="text-muted ms-auto text-sm">
                      {repository.people === null ? 'not read yet' : `${count(repository.people)} people`}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
      )}
    </Page>
  );
}
