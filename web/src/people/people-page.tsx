import type { JSX } from 'react';
import { Link } from 'wouter';
import { useAnswer } from '../api/queries.ts';
import { Avatar } from '../elements/avatar.tsx';
import { Button } from '../elements/button.tsx';
import { AlignedPoints, decimalsOf } from '../elements/aligned-points.tsx';
import { SkeletonRows } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { Pager } from '../elements/pager.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { SearchField } from '../elements/search-field.tsx';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { count } from '../figures.ts';
import { useSearchState } from '../search-state.ts';
import { reasonOf } from './kind-rule.ts';
import { PersonPanel } from './person-panel.tsx';
import { Suggestions } from './suggestions.tsx';

const SHOWN = [
  ['bot,agent', 'Bots and AI agents'],
  ['bot', 'Bots'],
  ['agent', 'AI agents'],
  ['human', 'Humans'],
] as const;

/** Who is who: bots and agents with the rule that found them, people who may be one, and the way to correct any of it. */
export function PeoplePage(): JSX.Element {
  const [params, change] = useSearchState();
  const kind = SHOWN.find(([known]) => known === params.get('kind'))?.[0] ?? 'bot,agent';
  const q = params.get('q') ?? '';
  const who = params.get('who');
  const { data, error, isPlaceholderData, refetch } = useAnswer('listContributors', {
    query: { kind, limit: '50', q: q === '' ? undefined : q, cursor: params.get('cursor') ?? undefined },
  });
  const decimals = decimalsOf(data?.data.map((person) => person.total_score) ?? []);
  return (
    <Page
      title="People"
      intro="Boards leave out bots and AI agents; here is who they are, and why. Correct what is wrong, count the accounts of one person together, or hide somebody who opts out. Boards follow at once, and all but an erasure can be taken back."
    >
      {who === null ? null : <PersonPanel username={who} onClose={() => change({ who: null })} />}
      <section aria-labelledby="kinds" className="grid gap-3">
        <h2 id="kinds">Bots and AI agents</h2>
        <form className="flex flex-wrap items-end gap-4 text-sm" onSubmit={(event) => event.preventDefault()} aria-label="Who is listed">
          <label className="grid gap-0.5">
            <span className="text-muted text-xs">Shown</span>
            <select value={kind} onChange={({ target: { value } }) => change({ kind: value === 'bot,agent' ? null : value, cursor: null })}>
              {SHOWN.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <SearchField
            label="Login or name contains"
            name="q"
            value={q}
            onType={(typed) => change({ q: typed, cursor: null }, 'replace')}
          />
        </form>
        {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
        {data?.data.length === 0 ? (
          <EmptyNotice title="Nobody fits">
            <p>{q === '' ? 'No account of this kind has contributed anything yet.' : 'No login and no name of this kind contains that.'}</p>
          </EmptyNotice>
        ) : data === undefined && error !== null ? null : (
          <Scroller label="People">
            <table className="table" aria-busy={data === undefined || isPlaceholderData}>
              <caption className="sr-only">People, by login</caption>
              <thead>
                <tr>
                  <th scope="col">Account</th>
                  <th scope="col">Kind</th>
                  <th scope="col">Why</th>
                  <th scope="col" className="number">
                    Score
                  </th>
                  <th scope="col" className="number">
                    Repositories
                  </th>
                  <td />
                </tr>
              </thead>
              {data === undefined ? (
                <SkeletonRows columns={6} />
              ) : (
                <tbody>
                  {data.data.map((person) => (
                    <tr key={person.github_id}>
                      <th scope="row" className="font-normal">
                        <span className="flex max-w-80 min-w-40 items-center gap-2">
                          <Avatar githubId={person.github_id} />
                          <Link href={`/c/${encodeURIComponent(person.username)}`} data-row-link className="truncate">
                            <UntrustedText className="block truncate">{person.username}</UntrustedText>
                          </Link>
                        </span>
                      </th>
                      <td>
                        <Tag>{person.kind}</Tag>
                      </td>
                      <td title={person.kind_rule ?? undefined}>
                        {reasonOf({ rule: person.kind_rule, isOverridden: person.kind_overridden })}
                      </td>
                      <td className="number">
                        <AlignedPoints value={person.total_score} decimals={decimals} />
                      </td>
                      <td className="number">{count(person.repositories_contributed)}</td>
                      <td className="number">
                        <Button onClick={() => change({ who: person.username })}>
                          Change<span className="sr-only"> {person.username}</span>
                        </Button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              )}
            </table>
          </Scroller>
        )}
        {data === undefined ? null : <Pager next={data.next_cursor} />}
      </section>
      <Suggestions onOpen={(username) => change({ who: username })} />
      <section aria-labelledby="somebody" className="grid gap-2">
        <h2 id="somebody">Anybody else</h2>
        <p className="text-muted max-w-prose">
          Look up a login to change what they count as, merge or split their accounts, hide them (opt-out) or erase them. With id: and the
          number of a GitHub account also somebody whom Laurels has never seen.
        </p>
        <form
          className="flex flex-wrap gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            const username = new FormData(event.currentTarget).get('username');
            if (typeof username === 'string' && username.trim() !== '') change({ who: username.trim().replace(/^@/, '') });
          }}
        >
          <input
            name="username"
            required
            maxLength={100}
            aria-label="Login, or id: and the GitHub id"
            placeholder="login, or id:12345"
            className="min-w-0"
          />
          <Button type="submit">Look up</Button>
        </form>
      </section>
    </Page>
  );
}
