import type { JSX } from 'react';
import { useAnswer } from '../api/queries.ts';
import { Banner } from '../elements/notice.tsx';
import { ago, count, moment, plural } from '../figures.ts';

/** Said while jobs are accepted and nobody does them. */
const TROUBLE = { unreachable: 'Temporal does not answer', no_worker: 'No worker is connected' } as const;

/** How much there is here, in one line of figures. */
export function Statistics(): JSX.Element | null {
  const { data } = useAnswer('getStatistics');
  if (data === undefined) return null;
  const { repositories, contributors, contributions, jobs, engine, last_scraped_at: last, oldest_scraped_at: oldest } = data;
  const facts: readonly (readonly [name: string, value: string, detail: string | null])[] = [
    [
      'Repositories',
      count(repositories.total),
      `${count(repositories.by_status.FAILED)} failed, ${count(repositories.by_status.SCRAPING)} being read`,
    ],
    [
      'People',
      count(contributors.by_kind.human),
      `besides ${plural(contributors.by_kind.bot, 'bot', 'bots')} and ${plural(contributors.by_kind.agent, 'AI agent', 'AI agents')}`,
    ],
    [
      'Contributions',
      count(contributions.total),
      contributions.unattributed === 0 ? 'all by known accounts' : `${count(contributions.unattributed)} without a GitHub account`,
    ],
    ['Jobs in 24 hours', count(jobs.last_24_hours.completed + jobs.last_24_hours.failed), `${count(jobs.last_24_hours.failed)} failed`],
    ['Last read', ago(last), last === null ? null : `the repository that waits longest: ${ago(oldest)}`],
  ];
  return (
    <>
      {engine.state === 'ok' ? null : (
        <Banner tone="warn">
          {TROUBLE[engine.state]} since {moment(engine.since)}. Jobs wait and are done when that is over.
        </Banner>
      )}
      <dl className="card grid grid-cols-[repeat(auto-fit,minmax(11rem,1fr))] gap-4">
        {facts.map(([name, value, detail]) => (
          <div key={name}>
            <dt className="text-muted text-sm">{name}</dt>
            <dd className="text-lg font-semibold tabular-nums">{value}</dd>
            {detail === null ? null : <dd className="text-muted text-xs">{detail}</dd>}
          </div>
        ))}
      </dl>
    </>
  );
}
