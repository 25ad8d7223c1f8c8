import type { JSX } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import type { JobResource, LogLevel } from '../../../src/api/contract/jobs.ts';
import { useAction, useAnswer } from '../api/queries.ts';
import { labelOf } from '../boards/columns.ts';
import { Button } from '../elements/button.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { Banner, ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { JobStatusTag } from '../elements/status-tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { count, day, moment } from '../figures.ts';
import { useSearchState } from '../search-state.ts';
import { isUnfinished, MOST_ATTEMPTS, progressOf, standingOf, titleOf } from './job-words.ts';
import { LogView } from './log-view.tsx';

const POLL_MS = 1_000;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** One job: how it stands, what it waits for, what it said, and how it ended. */
export function JobPage(): JSX.Element {
  const { id } = useParams<{ id: string }>();
  const [params, change] = useSearchState();
  const {
    data: job,
    error,
    refetch,
  } = useAnswer(
    'getJob',
    { params: { id } },
    { refetchInterval: (answer) => (answer === undefined || isUnfinished(answer) ? POLL_MS : false), keepsOld: false },
  );
  const level = LEVELS.find((name) => name === params.get('level')) ?? 'info';
  if (job === undefined) {
    return <Page title="Job">{error === null ? <SkeletonLines /> : <ErrorNotice error={error} onRetry={() => void refetch()} />}</Page>;
  }
  return (
    <Page title={titleOf(job)} beside={<Actions job={job} />}>
      {error === null ? null : <ErrorNotice error={error} title="Not up to date" onRetry={() => void refetch()} />}
      <div className="card grid gap-3">
        <div className="flex flex-wrap items-center gap-3">
          <JobStatusTag status={job.status} complete={job.complete} />
          <span>{standingOf(job)}</span>
        </div>
        {isUnfinished(job) ? (
          <div>
            <progress
              aria-label="Progress"
              {...(job.progress.total === null
                ? {}
                : { max: Math.max(job.progress.total, job.progress.done, 1), value: job.progress.done })}
            />
            <p className="text-muted text-sm">{progressOf(job)}</p>
          </div>
        ) : null}
        {job.error === null ? null : (
          <div className={`rounded-lg border p-3 ${isUnfinished(job) ? 'border-warn bg-warn-card' : 'border-bad bg-bad-card'}`}>
            <p className="break-words">
              <UntrustedText>{job.error.message}</UntrustedText>
            </p>
            <p className="text-muted text-sm">
              <code>{job.error.code}</code>
            </p>
          </div>
        )}
        {job.incomplete.length === 0 ? null : (
          <details open={job.incomplete.length <= 5}>
            <summary className="text-warn font-medium">What is missing ({count(job.incomplete.length)})</summary>
            <ul className="mt-1 list-disc ps-5">
              {job.incomplete.map(({ kind, month, reason }) => (
                <li key={`${kind} ${month} ${reason}`}>
                  {[kind === null ? null : labelOf(kind), month].filter((part) => part !== null).join(', ') || 'Everything'}: {reason}
                </li>
              ))}
            </ul>
          </details>
        )}
        <Facts job={job} />
      </div>
      <LogView job={job.id} level={level} onLevel={(next: LogLevel) => change({ level: next === 'info' ? null : next }, 'replace')} />
    </Page>
  );
}

function Actions({ job }: { readonly job: JobResource }): JSX.Element {
  const cancel = useAction('cancelJob', ['getJob', 'listJobs', 'getRepository']);
  const retry = useAction('retryJob', ['listJobs', 'getRepository', 'listRepositories']);
  const [, navigate] = useLocation();
  const canRetry = (job.status === 'FAILED' || job.status === 'CANCELLED') && (job.type === 'FULL' || job.type === 'REFRESH');
  return (
    <>
      {job.links.repository === null ? null : (
        <Link href={`/r/${job.repository}`} className="text-sm">
          Repository
        </Link>
      )}
      {job.links.temporal === null ? null : (
        <a href={job.links.temporal} className="text-sm">
          Temporal history
        </a>
      )}
      {job.links.cancel === null ? null : (
        <Button
          look="danger"
          isBusy={cancel.isPending}
          disabled={job.cancel_requested_at !== null}
          onClick={() => cancel.mutate({ params: { id: job.id } })}
        >
          {job.cancel_requested_at === null ? 'Cancel' : 'Cancelling'}
        </Button>
      )}
      {canRetry ? (
        <Button
          look="primary"
          isBusy={retry.isPending}
          onClick={() => retry.mutate({ params: { id: job.id } }, { onSuccess: (next) => navigate(`/jobs/${next.id}`) })}
        >
          Retry
        </Button>
      ) : null}
      {retry.error === null ? null : <Banner tone="warn">{retry.error.message}</Banner>}
      {cancel.error === null ? null : <Banner tone="warn">{cancel.error.message}</Banner>}
    </>
  );
}

function Facts({ job }: { readonly job: JobResource }): JSX.Element {
  const facts: readonly (readonly [string, string | JSX.Element | null])[] = [
    ['Retry of', job.retry_of === null ? null : <Link href={`/jobs/${job.retry_of}`}>the job before</Link>],
    ['Sources', job.sources.join(', ')],
    ['Window', `${day(job.window.since)} to ${day(job.window.until)}`],
    ['Plan', job.plan_note],
    ['Contributions', job.status === 'COMPLETED' ? count(job.events_processed) : null],
    ['People', job.people === null ? null : count(job.people)],
    ['Asked for by', job.requested_by],
    ['Attempt', job.attempt > 1 ? `${count(job.attempt)} of ${MOST_ATTEMPTS}` : null],
    ['Created', moment(job.created_at)],
    ['Started', job.started_at === null ? null : moment(job.started_at)],
    ['Ended', job.completed_at === null ? null : moment(job.completed_at)],
  ];
  return (
    <dl className="grid max-w-4xl grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
