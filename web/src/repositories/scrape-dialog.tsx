import { useEffect, type JSX } from 'react';
import { Link, useLocation } from 'wouter';
import type { RepositoryName } from '../../../src/domain/repository-name.ts';
import { useAction } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { ErrorNotice } from '../elements/notice.tsx';
import { byteCount, day, dollars, duration, plural } from '../figures.ts';

interface ScrapeDialogProps {
  readonly repository: RepositoryName;
  readonly how: 'refresh' | 'scrape';
  readonly onClose: () => void;
}

/** Says what a scrape would do and cost before it is started, and then shows its job. */
export function ScrapeDialog({ repository, how, onClose }: ScrapeDialogProps): JSX.Element {
  const name = how === 'scrape' ? 'scrapeRepository' : 'refreshRepository';
  const [, navigate] = useLocation();
  const plan = useAction(name, []);
  const start = useAction(name, ['listJobs', 'getRepository', 'listRepositories']);
  const { mutate: askPlan } = plan;
  useEffect(() => askPlan({ params: repository, query: { dry_run: 'true' } }), [askPlan, repository]);
  const planned = plan.data !== undefined && plan.data !== null && 'dry_run' in plan.data ? plan.data : null;
  const running = plan.error?.job ?? start.error?.job ?? null;
  return (
    <Dialog title={how === 'scrape' ? 'Full scrape' : 'Refresh'} onClose={onClose}>
      <p className="text-muted">
        {how === 'scrape'
          ? 'Reads the whole window again. What GitHub no longer has goes away, too.'
          : 'Reads what is new since the last time, and what changed.'}
      </p>
      <div className="my-4">
        {plan.error !== null ? (
          <ErrorNotice error={plan.error} onRetry={() => askPlan({ params: repository, query: { dry_run: 'true' } })} />
        ) : planned === null ? (
          <SkeletonLines lines={3} label="Asking what there is to read" />
        ) : (
          <>
            <p>
              Window: {day(planned.window.since)} to {day(planned.window.until)}
            </p>
            <ul className="mt-2 grid gap-2">
              {planned.sources.map(({ source, note, estimate, bytes, price_usd: price }) => (
                <li key={source} className="border-line rounded-lg border p-3">
                  <p className="font-medium">{source}</p>
                  <p>{note}</p>
                  {estimate === null ? null : (
                    <p className="text-muted text-sm">
                      About {plural(estimate.pages, 'request', 'requests')}: {plural(estimate.points, 'API point', 'API points')} and{' '}
                      {plural(estimate.rest_requests, 'REST request', 'REST requests')}, {duration(estimate.minutes * 60_000)}
                    </p>
                  )}
                  {bytes === undefined ? null : (
                    <p className="font-medium">
                      BigQuery bills {byteCount(bytes)}
                      {price === undefined ? '' : `, ${dollars(price)}`}
                    </p>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
        {start.error === null ? null : <ErrorNotice error={start.error} />}
        {running === null ? null : (
          <p className="mt-2">
            <Link href={`/jobs/${running.id}`}>Go to the job that is under way</Link>
          </p>
        )}
      </div>
      <Button
        look="primary"
        isBusy={start.isPending}
        disabled={planned === null}
        onClick={() =>
          start.mutate(
            { params: repository },
            {
              onSuccess: (job) => {
                if (job !== null && 'id' in job) navigate(`/jobs/${job.id}`);
              },
            },
          )
        }
      >
        Start
      </Button>
    </Dialog>
  );
}
