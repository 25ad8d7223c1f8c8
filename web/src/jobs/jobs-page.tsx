import type { JSX } from 'react';
import { Link } from 'wouter';
import { JOB_STATUSES, JOB_TYPES } from '../../../src/domain/job-status.ts';
import type { LogLevel } from '../../../src/api/contract/jobs.ts';
import { useAnswer } from '../api/queries.ts';
import { SkeletonRows } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Pager } from '../elements/pager.tsx';
import { Page } from '../elements/page.tsx';
import { JobStatusTag } from '../elements/status-tag.tsx';
import { Button } from '../elements/button.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { ago, moment, UNKNOWN } from '../figures.ts';
import { useSearchState } from '../search-state.ts';
import { BigQueryUsage } from './bigquery-usage.tsx';
import { isUnfinished, progressOf, standingOf, typeOf } from './job-words.ts';
import { LogView } from './log-view.tsx';

/** A list that may change is asked for again this often while something runs, and when nothing does. */
const BUSY_MS = 2_000;
const IDLE_MS = 15_000;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Every job, newest first, and the log of all of them. */
export function JobsPage(): JSX.Element {
  const [params, change] = useSearchState();
  const given = (name: string): string | undefined => params.get(name) ?? undefined;
  const level = LEVELS.find((name) => name === params.get('level')) ?? 'info';
  const query = {
    limit: '50',
    status: JOB_STATUSES.find((known) => known === params.get('status')),
    type: JOB_TYPES.find((known) => known === params.get('type')),
    repository: given('repository'),
    cursor: given('cursor'),
  };
  const { data, error, isPlaceholderData, refetch } = useAnswer(
    'listJobs',
    { query: query },
    { refetchInterval: (answer) => (answer?.data.some(isUnfinished) === true ? BUSY_MS : IDLE_MS) },
  );
  return (
    <Page title="Jobs" intro="What Laurels did, does and will do. Each job ends with its reason.">
      <form className="flex flex-wrap items-end gap-4" onSubmit={(event) => event.preventDefault()} aria-label="Which jobs">
        <Choice
          label="Status"
          name="status"
          value={query.status}
          all={JOB_STATUSES}
          onChoose={(status) => change({ status, cursor: null })}
        />
        <Choice label="Type" name="type" value={query.type} all={JOB_TYPES} onChoose={(type) => change({ type, cursor: null })} />
        {query.repository === undefined ? null : (
          <Button onClick={() => change({ repository: null, cursor: null })}>
            Only {query.repository} <span aria-hidden="true">✕</span>
            <span className="sr-only">, show all</span>
          </Button>
        )}
      </form>
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data?.data.length === 0 ? (
        query.status === undefined && query.type === undefined && query.repository === undefined ? (
          <EmptyNotice title="No jobs yet">
            <p>
              Jobs begin when a <Link href="/repositories">repository</Link> is added, refreshed or scraped.
            </p>
          </EmptyNotice>
        ) : (
          <EmptyNotice title="No job fits">
            <p>
              None has this status, type and repository. <Link href="/jobs">Show all</Link>
            </p>
          </EmptyNotice>
        )
      ) : data === undefined && error !== null ? null : (
        <Scroller label="Jobs">
          <table className="table" aria-busy={data === undefined || isPlaceholderData}>
            <caption className="sr-only">Jobs, newest first</caption>
            <thead>
              <tr>
                <th scope="col">Job</th>
                <th scope="col">Repository</th>
                <th scope="col">Status</th>
                <th scope="col">What it does</th>
                <th scope="col" className="number">
                  Progress
                </th>
                <th scope="col">Asked for by</th>
                <th scope="col">Created</th>
              </tr>
            </thead>
            {data === undefined ? (
              <SkeletonRows columns={7} />
            ) : (
              <tbody>
                {data.data.map((job) => (
                  <tr key={job.id}>
                    <th scope="row" className="font-medium">
                      <Link href={`/jobs/${job.id}`} data-row-link>
                        {typeOf(job)}
                      </Link>
                    </th>
                    <td>{job.repository === null ? UNKNOWN : <Link href={`/r/${job.repository}`}>{job.repository}</Link>}</td>
                    <td>
                      <JobStatusTag status={job.status} complete={job.complete} />
                    </td>
                    <td className="grows">
                      {isUnfinished(job) || job.error === null ? standingOf(job) : null}
                      {job.error === null ? null : (
                        <span className={isUnfinished(job) ? 'text-muted block text-xs' : ''}>
                          <UntrustedText>{job.error.message}</UntrustedText>
                        </span>
                      )}
                    </td>
                    <td className="number">{progressOf(job)}</td>
                    <td>{job.requested_by}</td>
                    <td>
                      <time dateTime={job.created_at} title={moment(job.created_at)}>
                        {ago(job.created_at)}
                      </time>
                    </td>
                  </tr>
                ))}
              </tbody>
            )}
          </table>
        </Scroller>
      )}
      {data === undefined ? null : <Pager next={data.next_cursor} isByTime />}
      <BigQueryUsage />
      <LogView job={null} level={level} onLevel={(next: LogLevel) => change({ level: next === 'info' ? null : next }, 'replace')} />
    </Page>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly value: string | undefined;
  readonly all: readonly string[];
  readonly onChoose: (value: string | null) => void;
}

function Choice({ label, name, value, all, onChoose }: ChoiceProps): JSX.Element {
  return (
    <label className="grid gap-0.5 text-sm">
      <span className="text-muted text-xs">{label}</span>
      <select name={name} value={value ?? ''} onChange={(event) => onChoose(event.target.value === '' ? null : event.target.value)}>
        <option value="">All</option>
        {all.map((word) => (
          <option key={word} value={word}>
            {word.charAt(0) + word.slice(1).toLowerCase().replaceAll('_', ' ')}
          </option>
        ))}
      </select>
    </label>
  );
}
