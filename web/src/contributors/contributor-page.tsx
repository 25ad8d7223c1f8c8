import { lazy, Suspense, type JSX } from 'react';
import { Link, useParams } from 'wouter';
import type { ProfileResource } from '../../../src/api/contract/contributors.ts';
import { useAnswer } from '../api/queries.ts';
import { SCORED_KINDS } from '../../../src/domain/scoring.ts';
import { COUNT_COLUMNS, labelOf } from '../boards/columns.ts';
import { DataTable } from '../charts/data-table.tsx';
import { Heatmap } from '../charts/heatmap.tsx';
import type { Week } from '../charts/stacked-weeks.tsx';
import { AlignedPoints, decimalsOf } from '../elements/aligned-points.tsx';
import { Avatar } from '../elements/avatar.tsx';
import { ExternalLink } from '../elements/external-link.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { Banner, EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { count, day, moment, plural, UNKNOWN } from '../figures.ts';
import { reasonOf } from '../people/kind-rule.ts';
import { Activity } from './activity.tsx';
import { BadgeMarkdown } from './badge-markdown.tsx';
import { Enrichment } from './enrichment.tsx';
import { RankHistory } from './rank-history.tsx';
import { Receipt } from './receipt.tsx';

const StackedWeeks = lazy(async () => await import('../charts/stacked-weeks.tsx'));

/** A person: where they stand, why, and what they did. */
export function ContributorPage(): JSX.Element {
  const { username } = useParams<{ username: string }>();
  const { data: person, error, refetch } = useAnswer('getContributor', { params: { username } }, { keepsOld: false });
  if (person === undefined) {
    return (
      <Page title={`@${username}`}>
        {error === null ? (
          <SkeletonLines />
        ) : error.status === 404 || error.status === 410 ? (
          <EmptyNotice title={error.status === 404 ? 'Nobody here has this login' : 'This person has opted out'}>
            <p>
              {error.status === 404 ? 'They may have another login, or no contribution that was read. ' : 'They are shown nowhere. '}
              <Link href={`/search?q=${encodeURIComponent(username)}`}>Search for similar names</Link>
            </p>
          </EmptyNotice>
        ) : (
          <ErrorNotice error={error} onRetry={() => void refetch()} />
        )}
      </Page>
    );
  }
  const name = person.display_name ?? person.username;
  return (
    <Page
      title={name.length > 80 ? `${name.slice(0, 80)}…` : name}
      beside={
        <>
          {person.kind === 'human' ? null : <Tag>{person.kind === 'agent' ? 'AI agent' : person.kind}</Tag>}
          <Link href={`/compare?contributors=${encodeURIComponent(person.username)}`}>Compare with others</Link>
          <Link href={`/people?who=${encodeURIComponent(person.username)}`}>Correct, merge, opt out</Link>
        </>
      }
    >
      {error === null ? null : <ErrorNotice error={error} title="Not up to date" onRetry={() => void refetch()} />}
      {username.toLowerCase() === person.username.toLowerCase() || username.startsWith('id:') ? null : (
        <Banner>
          “{username}” is now <strong>{person.username}</strong>.
        </Banner>
      )}
      <Profile person={person} />
      <div className="grid gap-x-8 gap-y-4 xl:grid-cols-[3fr_2fr] [&>*]:min-w-0 [&>*]:content-start">
        <Receipt username={person.username} />
        <Ranks person={person} />
      </div>
      <RankHistory username={person.username} />
      <Weeks username={person.username} />
      <Repositories username={person.username} />
      <Enrichment person={person} />
      <Activity username={person.username} />
      <BadgeMarkdown username={person.username} />
    </Page>
  );
}

function Profile({ person }: { readonly person: ProfileResource }): JSX.Element {
  const { streaks, totals, kind, kind_rule: rule, kind_overridden: isOverridden } = person;
  const facts: readonly (readonly [string, JSX.Element | string | null])[] = [
    [
      'GitHub',
      person.is_sample ? (
        'sample, made up'
      ) : (
        <ExternalLink href={person.profile_url ?? `https://github.com/${person.username}`}>@{person.username}</ExternalLink>
      ),
    ],
    ['Kind', kind === 'human' && !isOverridden ? null : `${kind === 'agent' ? 'AI agent' : kind}: ${reasonOf({ rule, isOverridden })}`],
    ['Company', person.company],
    ['Place', person.location],
    ['Earlier logins', person.previous_usernames.length === 0 ? null : person.previous_usernames.join(', ')],
    ['Counted together', person.accounts.length < 2 ? null : person.accounts.map((account) => account.username).join(', ')],
    [
      'Longest streak',
      streaks.longest === null ? null : `${plural(streaks.longest.days, 'day', 'days')}, from ${day(streaks.longest.since)}`,
    ],
    ['Current streak', streaks.current === null ? null : plural(streaks.current.days, 'day', 'days')],
  ];
  return (
    <div className="card flex flex-wrap gap-5">
      <div>
        <Avatar githubId={person.github_id} size={96} />
      </div>
      <dl className="grid min-w-52 flex-1 grid-cols-[auto_1fr] content-start gap-x-4 gap-y-1 text-sm">
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="min-w-0">{typeof value === 'string' ? <UntrustedText>{value}</UntrustedText> : value}</dd>
            </div>
          ),
        )}
      </dl>
      {totals === null ? null : (
        <dl className="border-line grid basis-full grid-cols-[repeat(auto-fit,minmax(5.5rem,1fr))] gap-x-4 gap-y-2 border-t pt-3 text-sm">
          {COUNT_COLUMNS.map(({ field, label }) => (
            <div key={field}>
              <dt className="text-muted text-xs">{label}</dt>
              <dd className="font-semibold tabular-nums">{count(totals[field])}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function Ranks({ person }: { readonly person: ProfileResource }): JSX.Element {
  const { global, repositories } = person.ranks;
  const rows = [
    ...(global === null ? [] : [{ key: 'global', name: 'All repositories', link: '/', ...global }]),
    ...repositories.map((of) => ({
      key: of.repository.full_name,
      name: of.repository.full_name,
      link: `/r/${of.repository.full_name}`,
      ...of,
    })),
  ];
  const decimals = decimalsOf(rows.map(({ total_score: score }) => score));
  return (
    <section aria-labelledby="ranks" className="grid gap-2">
      <h2 id="ranks">Ranks</h2>
      <p className="text-muted text-sm">
        {day(person.window.since)} to {day(person.window.until)}
        {person.as_of === null ? '' : `, as of ${moment(person.as_of)}`}
      </p>
      <Scroller label="Ranks" className="max-w-3xl">
        <table className="table">
          <caption className="sr-only">Rank on each board</caption>
          <thead>
            <tr>
              <th scope="col">Board</th>
              <th scope="col" className="number">
                Rank
              </th>
              <th scope="col" className="number">
                Of
              </th>
              <th scope="col" className="number">
                Score
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, name, link, rank, of, total_score: score }) => (
              <tr key={key}>
                <th scope="row" className="font-normal">
                  <Link href={`${link}?around=${encodeURIComponent(person.username)}`} data-row-link>
                    {name}
                  </Link>
                </th>
                <td className="number font-semibold">{rank ?? UNKNOWN}</td>
                <td className="number">{count(of)}</td>
                <td className="number">
                  <AlignedPoints value={score} decimals={decimals} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </section>
  );
}

function Weeks({ username }: { readonly username: string }): JSX.Element {
  const days = useAnswer('getContributorSeries', { params: { username }, query: { interval: 'day', window: '1y' } });
  const weeks = useAnswer('getContributorSeries', { params: { username }, query: { interval: 'week', window: '1y' } });
  const error = days.error ?? weeks.error;
  if (error !== null) {
    const retry = (): void => void Promise.all([days.refetch(), weeks.refetch()]);
    return <ErrorNotice error={error} onRetry={retry} />;
  }
  if (days.data === undefined || weeks.data === undefined) return <SkeletonLines lines={4} />;
  const counts = new Map(days.data.data.map(({ since, total }) => [since, total] as const));
  return (
    <section aria-labelledby="year" className="grid gap-4">
      <h2 id="year">The last year</h2>
      <Heatmap counts={counts} until={days.data.window.until} />
      <div className="card">
        <Suspense fallback={<SkeletonLines lines={6} label="Loading the chart" />}>
          <StackedWeeks weeks={weeks.data.data} />
        </Suspense>
        <WeeksTable weeks={weeks.data.data} />
      </div>
    </section>
  );
}

function WeeksTable({ weeks }: { readonly weeks: readonly Week[] }): JSX.Element {
  return (
    <DataTable
      caption="Contributions a week by kind"
      columns={['Week of', ...SCORED_KINDS.map(labelOf)]}
      rows={weeks.toReversed().map(({ since, counts }) => ({
        name: day(since),
        values: SCORED_KINDS.map((kind) => (counts[kind] === undefined ? '0' : count(counts[kind]))),
      }))}
    />
  );
}

function Repositories({ username }: { readonly username: string }): JSX.Element | null {
  const { data, error, refetch } = useAnswer('getContributorRepositories', { params: { username }, query: { limit: '100' } });
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonLines lines={3} />;
  const decimals = decimalsOf(data.data.map((row) => row.total_score));
  return (
    <section aria-labelledby="repositories" className="grid gap-2">
      <h2 id="repositories">Repositories</h2>
      <Scroller label="Repositories of this person">
        <table className="table">
          <caption className="sr-only">What was done in each repository</caption>
          <thead>
            <tr>
              <th scope="col">Repository</th>
              <th scope="col" className="number">
                Rank
              </th>
              <th scope="col" className="number">
                Score
              </th>
              {COUNT_COLUMNS.map(({ field, label, title }) => (
                <th key={field} scope="col" className="number" title={title}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.data.map((row) => (
              <tr key={row.repository.full_name}>
                <th scope="row" className="font-normal">
                  <Link href={`/r/${row.repository.full_name}`} data-row-link>
                    {row.repository.full_name}
                  </Link>
                </th>
                <td className="number">
                  {row.rank ?? UNKNOWN}
                  <span className="text-muted"> of {count(row.of)}</span>
                </td>
                <td className="number font-semibold">
                  <AlignedPoints value={row.total_score} decimals={decimals} />
                </td>
                {COUNT_COLUMNS.map(({ field }) => (
                  <td key={field} className="number">
                    {count(row[field])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </section>
  );
}
