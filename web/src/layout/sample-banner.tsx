import type { JSX } from 'react';
import { Link } from 'wouter';
import { useAction, useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';

/** Says on every page that what is shown is made up, as long as it is. */
export function SampleBanner(): JSX.Element | null {
  const { data } = useAnswer('listRepositories', { query: { limit: '5' } });
  const remove = useAction('deleteSample', ['listRepositories', 'getGlobalBoard', 'listJobs']);
  if (data?.data.some((repository) => repository.is_sample) !== true) return null;
  return (
    <div className="border-warn bg-warn-card border-b">
      <div className="mx-auto flex max-w-[90rem] flex-wrap items-center gap-x-4 gap-y-1 px-4 py-1.5 text-sm">
        <p>
          <strong>Sample data.</strong> Everything here is made up, and goes away when you{' '}
          <Link href="/repositories">add a repository</Link>.
        </p>
        <Button isBusy={remove.isPending} onClick={() => remove.mutate({})}>
          Remove the sample
        </Button>
        {remove.error === null ? null : (
          <span role="alert" className="text-bad">
            {remove.error.message}
          </span>
        )}
      </div>
    </div>
  );
}
