import { useMemo, useState, type JSX } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import type { RepositoryName } from '../../../src/domain/repository-name.ts';
import type { AnswerOf } from '../api/client.ts';
import { useAction, useAnswer } from '../api/queries.ts';
import { CoverageTag } from '../boards/board-strip.tsx';
import { Board } from '../boards/board.tsx';
import { Button } from '../elements/button.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { ExternalLink } from '../elements/external-link.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { Section } from '../elements/section.tsx';
import { JobStatusTag, RepositoryStatusTag } from '../elements/status-tag.tsx';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { ago, count, moment, share } from '../figures.ts';
import { isUnfinished, progressOf, standingOf, typeOf } from '../jobs/job-words.ts';
import { shareOfTop } from './concentration.ts';
import { CoverageTable } from './coverage-table.tsx';
import { ScrapeDialog } from './scrape-dialog.tsx';

const BUSY_MS = 2_000;
/** The first of a board whose share is told. */
const TOP = 3;

type Repository = AnswerOf<'getRepository'>;

/** A repository: how it stands, its board, how complete that is, and what can be done. */
export function RepositoryPage(): JSX.Element {
  const { owner, name } = useParams<{ owner: string; name: string }>();
  const repository = useMemo(() => ({ owner, name }), [owner, name]);
  const { data, error, refetch } = useAnswer(
    'getRepository',
    { params: repository },
    {
      refetchInterval: (answer) =>
        answer !== undefined && answer !== null && answer.last_job !== null && isUnfinished(answer.last_job) ? BUSY_MS : false,
      keepsOld: false,
    },
  );
  if (data === undefined || data === null) {
    return (
      <Page title={`${owner}/${name}`}>
        {error === null ? (
          <SkeletonLines />
        ) : error.status === 404 ? (
          <EmptyNotice title="This repository is not here">
            <p>
              It may have another name, or nobody has added it yet. <Link href="/repositories">Add it, or look at those that are here</Link>
            </p>
          </EmptyNotice>
        ) : (
          <ErrorNotice error={error} onRetry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page title={data.full_name} beside={<Actions repository={data} />}>
      {error === null ? null : <ErrorNotice error={error} title="Not up to date" onRetry={() => void refetch()} />}
      <Standing repository={data} />
      <section aria-label="Board" className="grid gap-3">
        <h2>Leaderboard</h2>
        <Board repository={data} />
      </section>
      <Section id="coverage" title="Coverage">
        <CoverageTable repository={repository} />
      </Section>
    </Page>
  );
}

function Standing({ repository }: { readonly repository: NonNullable<Repository> }): JSX.Element {
  const {
    description,
    status,
    is_sample: isSample,
    stars,
    forks,
    last_scraped_at: scraped,
    last_full_at: full,
    last_job: job,
    coverage,
  } = repository;
  return (
    <div className="card grid gap-2">
      {description === null ? null : (
        <p>
          <UntrustedText>{description}</UntrustedText>
        </p>
      )}
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <RepositoryStatusTag status={status} />
        {isSample ? (
          <Tag tone="warn">sample, made up</Tag>
        ) : (
          <ExternalLink href={`https://github.com/${repository.full_name}`}>GitHub</ExternalLink>
        )}
        {stars === null ? null : <span>{count(stars)} stars</span>}
        {forks === null ? null : <span>{count(forks)} forks</span>}
        <span title={scraped === null ? undefined : moment(scraped)}>Last read: {ago(scraped)}</span>
        <span title={full === null ? undefined : moment(full)}>Last full scrape: {ago(full)}</span>
        <a href="#coverage" className="inline-flex items-center gap-1">
          Coverage: <CoverageTag complete={coverage.complete} />
        </a>
        <Concentration repository={repository} />
      </p>
      {job === null ? null : (
        <p className="text-sm">
          {isUnfinished(job) ? 'Now: ' : 'Last job: '}
          <Link href={`/jobs/${job.id}`}>{typeOf(job)}</Link> <JobStatusTag status={job.status} complete={job.complete} />{' '}
          {job.error === null ? standingOf(job) : job.error.message}
          {isUnfinished(job) && progressOf(job) !== '' ? ` (${progressOf(job)})` : ''}
        </p>
      )}
    </div>
  );
}

function Concentration({ repository }: { readonly repository: RepositoryName }): JSX.Element | null {
  const { owner, name } = repository;
  const { data } = useAnswer('getRepositoryBoard', { params: { owner, name }, query: { limit: '100' } });
  // Only where the page is the whole board: a share of a part would be wrong.
  if (data === undefined || data.next_cursor !== null || data.data.length <= TOP) return null;
  const top = shareOfTop(
    data.data.map((row) => row.total_score),
    TOP,
  );
  return top === null ? null : (
    <span>
      Top {TOP} people: {share(top)} of all points
    </span>
  );
}

function Actions({ repository }: { readonly repository: NonNullable<Repository> }): JSX.Element {
  const [open, setOpen] = useState<'refresh' | 'scrape' | 'remove' | null>(null);
  const name = useMemo(() => ({ owner: repository.owner, name: repository.name }), [repository.owner, repository.name]);
  if (repository.is_sample) return <></>;
  return (
    <>
      <Button look="primary" onClick={() => setOpen('refresh')}>
        Refresh
      </Button>
      <Button onClick={() => setOpen('scrape')}>Full scrape</Button>
      <Button look="danger" onClick={() => setOpen('remove')}>
        Remove
      </Button>
      {open === 'refresh' || open === 'scrape' ? <ScrapeDialog repository={name} how={open} onClose={() => setOpen(null)} /> : null}
      {open === 'remove' ? <RemoveDialog repository={name} onClose={() => setOpen(null)} /> : null}
    </>
  );
}

function RemoveDialog({ repository, onClose }: { readonly repository: RepositoryName; readonly onClose: () => void }): JSX.Element {
  const remove = useAction('deleteRepository', ['listRepositories', 'getGlobalBoard', 'listJobs']);
  const [, navigate] = useLocation();
  return (
    <Dialog title={`Remove ${repository.owner}/${repository.name}?`} onClose={onClose}>
      <p>
        Its contributions, its board and its coverage are deleted, and the global board follows. Its jobs stay in the list. To get it back
        it must be scraped again.
      </p>
      {remove.error === null ? null : <ErrorNotice error={remove.error} />}
      <div className="mt-4">
        <Button
          look="danger"
          isBusy={remove.isPending}
          onClick={() => remove.mutate({ params: repository }, { onSuccess: () => navigate('/repositories') })}
        >
          Remove
        </Button>
      </div>
    </Dialog>
  );
}
