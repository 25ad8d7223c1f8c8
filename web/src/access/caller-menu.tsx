import type { JSX } from 'react';
import { Link, useLocation } from 'wouter';
import { queryClient, useAction, useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';

/** Who is signed in, where that matters: on a machine of one's own everybody may do everything. */
export function CallerMenu(): JSX.Element | null {
  const { data: caller } = useAnswer('getSession');
  const signOut = useAction('endSession', []);
  const [path] = useLocation();
  if (caller === undefined || caller === null || caller.name === 'local') return null;
  if (caller.key_id === null) return <Link href={`/sign-in?back=${encodeURIComponent(path)}`}>Sign in</Link>;
  return (
    <span className="flex items-center gap-2 text-sm">
      <span>
        {caller.name} ({caller.scope})
      </span>
      <Button
        look="quiet"
        isBusy={signOut.isPending}
        onClick={() => signOut.mutate({}, { onSuccess: () => void queryClient.invalidateQueries() })}
      >
        Sign out
      </Button>
    </span>
  );
}
