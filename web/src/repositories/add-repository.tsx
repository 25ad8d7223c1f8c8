import { useId, useState, type FormEvent, type JSX } from 'react';
import { useLocation } from 'wouter';
import { useAction } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { ErrorNotice } from '../elements/notice.tsx';

/** Takes `owner/name` or a URL, adds the repository, starts its first scrape and shows its job. */
export function AddRepository(): JSX.Element {
  const [given, setGiven] = useState('');
  const [, navigate] = useLocation();
  const add = useAction('addRepository', ['listRepositories', 'listJobs', 'getGlobalBoard']);
  const inputId = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const [owner = '', name = '', ...rest] = given.trim().split('/');
    const isShort = rest.length === 0 && name !== '' && !given.includes(':');
    add.mutate(
      { body: { ...(isShort ? { owner, name } : { url: given.trim() }), scrape: true } },
      { onSuccess: (repository) => navigate(repository.job === null ? `/r/${repository.full_name}` : `/jobs/${repository.job.id}`) },
    );
  };
  return (
    <form onSubmit={submit} className="grid gap-2">
      <label htmlFor={inputId} className="text-sm font-medium">
        Repository
      </label>
      <div className="flex flex-wrap gap-2">
        <input
          id={inputId}
          required
          maxLength={300}
          value={given}
          onChange={(event) => setGiven(event.target.value)}
          placeholder="owner/name or its URL"
          spellCheck={false}
          autoCapitalize="off"
          className="min-w-0 flex-1"
        />
        <Button type="submit" look="primary" isBusy={add.isPending}>
          Add
        </Button>
      </div>
      {add.error === null ? null : <ErrorNotice error={add.error} />}
    </form>
  );
}
