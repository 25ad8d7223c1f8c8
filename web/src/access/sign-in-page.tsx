import { useState, type FormEvent, type JSX } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { queryClient, useAction, useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';

/** Signs in with an API key; the server answers with a cookie that no script can read. */
export function SignInPage(): JSX.Element {
  const [key, setKey] = useState('');
  const [params] = useSearchParams();
  const [, navigate] = useLocation();
  const { data: caller } = useAnswer('getSession');
  const signIn = useAction('createSession', []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate(
      { body: { key: key.trim() } },
      {
        onSuccess: () => {
          setKey('');
          void queryClient.invalidateQueries();
          const back = params.get('back') ?? '/';
          // Only a path of our own: a link must not send people elsewhere after they signed in.
          navigate(/^\/(?!\/)/.test(back) ? back : '/');
        },
      },
    );
  };
  return (
    <Page
      title="Sign in"
      intro="With an API key, as “laurels key create” prints it. What may be read without one, whoever runs this Laurels decides."
    >
      <form onSubmit={submit} className="card grid max-w-lg gap-3">
        <label className="grid gap-1">
          <span className="font-medium">API key</span>
          <input
            type="password"
            autoComplete="current-password"
            required
            maxLength={200}
            value={key}
            onChange={(event) => setKey(event.target.value)}
            placeholder="lrl_…"
            spellCheck={false}
          />
        </label>
        {signIn.error === null ? null : <ErrorNotice error={signIn.error} />}
        <div>
          <Button type="submit" look="primary" isBusy={signIn.isPending}>
            Sign in
          </Button>
        </div>
        {caller === undefined || caller === null ? null : (
          <p className="text-muted text-sm">
            Now you are “{caller.name}”{caller.scope === null ? '' : ` and may do what “${caller.scope}” allows`}.
          </p>
        )}
      </form>
    </Page>
  );
}
