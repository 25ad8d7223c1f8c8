import type { JSX } from 'react';
import { useAction, useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { FOLLOWS } from './follows.ts';

/** Accounts that may belong to one person, each with the evidence; a click counts them together. */
export function Suggestions({ onOpen }: { readonly onOpen: (username: string) => void }): JSX.Element {
  const { data, error, refetch } = useAnswer('listIdentitySuggestions', { query: { limit: '50' } });
  const merge = useAction('mergeContributors', FOLLOWS);
  return (
    <section aria-labelledby="suggestions" className="grid gap-2">
      <h2 id="suggestions">Possibly the same person</h2>
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {merge.error === null ? null : <ErrorNotice error={merge.error} />}
      {data === undefined ? (
        error === null ? (
          <SkeletonLines lines={2} />
        ) : null
      ) : data.data.length === 0 ? (
        <EmptyNotice title="No suggestions">
          <p>
            Two accounts are suggested here when there is evidence that they belong to one person: a login that both used, or a verified
            e-mail address. A similar name is not enough.
          </p>
        </EmptyNotice>
      ) : (
        <ul className="card divide-line divide-y">
          {data.data.map((suggestion) => {
            const [first, ...others] = suggestion.contributors;
            if (first === undefined) return null;
            return (
              <li key={suggestion.contributors.map((person) => person.github_id).join()} className="flex flex-wrap items-center gap-3 py-2">
                <span className="flex flex-wrap gap-2">
                  {suggestion.contributors.map((person) => (
                    <Button key={person.github_id} look="quiet" onClick={() => onOpen(person.username)}>
                      <UntrustedText>{person.username}</UntrustedText>
                    </Button>
                  ))}
                </span>
                <span className="text-muted min-w-0 flex-1 text-sm">
                  <UntrustedText>{suggestion.evidence}</UntrustedText>
                </span>
                <Button
                  isBusy={merge.isPending}
                  onClick={() =>
                    merge.mutate({
                      params: { username: first.username },
                      body: { accounts: others.map((person) => person.username), reason: suggestion.evidence.slice(0, 500) },
                    })
                  }
                >
                  Merge into {first.username}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
