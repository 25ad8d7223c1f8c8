import type { JSX } from 'react';
import { Link } from 'wouter';
import { useAnswer } from '../api/queries.ts';
import { Avatar } from '../elements/avatar.tsx';
import { Button } from '../elements/button.tsx';
import { SkeletonRows } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { count, points } from '../figures.ts';
import { useSearchState } from '../search-state.ts';
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
  const { data, error, refetch } = useAnswer('listContributors', {
    query: { kind, limit: '50', q: q === '' ? undefined : q, cursor: params.get('cursor') ?? undefined },
  });
  return (
    <Page
      title="People"
      intro="Boards leave out bots and AI agents. Each says which rule found it: correct it where it is wrong. What you change here, boards follow at once."
    >
      {who === null ? null : <PersonPanel username={who} onClose={() => change({ who: null })} />}
      <section aria-labelledby="kinds" className="grid gap-3">
        <h2 id="kinds">Bots and agents</h2>
        <form className="flex flex-wrap items-end gap-4 text-sm" onSubmit={(event) => event.preventDefault()} aria-label="Who is listed">
          <label className="grid gap-0.5">
            <span className="text-muted text-xs">Shown</span>
            <select value={kind} onChange={(event) => change({ kind: event.target.value, cursor: null })}>
              {SHOWN.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label className="grid gap-0.5">
            <span className="text-muted text-xs">Login or name contains</span>
            <input
              type="search"
              defaultValue={q}
              maxLength={100}
              onChange={(event) => change({ q: event.target.value.trim(), cursor: null }, 'replace')}
            />
          </label>
        </form>
        {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
        {data?.data.length === 0 ? (
          <EmptyNotice title="Nobody fits" />
        ) : (
          <Scroller label="People">
            <table className="table" aria-busy={data === undefined}>
              <caption className="sr-only">People, by login</caption>
              <thead>
                <tr>
                  <th scope="col">Account</th>
                  <th scope="col">Kind</th>
                  <th scope="col">Because of</th>
                  <th scope="col" className="number">
                    Score
                  </th>
                  <th scope="col" className="number">
                    Repositories
                  </th>
                  <th scope="col">Correct</th>
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
                      <td>
                        {person.kind_overridden ? (
                          'said by hand'
                        ) : person.kind_rule === null ? (
                          'no rule: a human'
                        ) : (
                          <code>{person.kind_rule}</code>
                        )}
                      </td>
                      <td className="number">{points(person.total_score)}</td>
                      <td className="number">{count(person.repositories_contributed)}</td>
                      <td>
                        <Button onClick={() => change({ who: person.username })}>
                          Correct<span className="sr-only"> {person.username}</span>
                        </Button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              )}
            </table>
          </Scroller>
        )}
        <div className="flex gap-2">
          {params.get('cursor') === null ? null : <Button onClick={() => change({ cursor: null })}>First page</Button>}
          {data === undefined || data.next_cursor === null ? null : (
            <Button onClick={() => change({ cursor: data.next_cursor })}>Next page</Button>
          )}
        </div>
      </section>
      <Suggestions onOpen={(username) => change({ who: username })} />
      <section aria-labelledby="somebody" className="grid gap-2">
        <h2 id="somebody">Somebody else</h2>
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
          <Button type="submit">Open</Button>
        </form>
        <p className="text-muted text-sm">
          To merge, split, correct, hide (opt-out) or erase anybody, also somebody whom Laurels has never seen.
        </p>
      </section>
    </Page>
  );
}
