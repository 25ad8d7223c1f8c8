import type { JSX, ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { Problem } from '../api/client.ts';
import { Button } from './button.tsx';

/** What went wrong, in the API's own words, with what helps to find it in the logs, and a way to try again. */
export function ErrorNotice({
  error,
  onRetry,
  title,
}: {
  readonly error: Error;
  readonly onRetry?: () => void;
  readonly title?: string;
}): JSX.Element {
  const [path] = useLocation();
  const problem = error instanceof Problem ? error : null;
  return (
    <div role="alert" className="border-bad bg-bad-card rounded-lg border p-4">
      <p className="text-bad font-semibold">{title ?? problem?.title ?? 'Something went wrong'}</p>
      <p className="mt-1 break-words">{error.message}</p>
      {problem !== null && problem.errors.length > 0 ? (
        <ul className="mt-1 list-disc ps-5">
          {problem.errors.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail}`}>
              <code>{pointer}</code> {detail}
            </li>
          ))}
        </ul>
      ) : null}
      {problem === null || problem.requestId === null ? null : (
        <p className="text-muted mt-2 text-sm">
          Request <code>{problem.requestId}</code>: the server’s log has it under this id.
        </p>
      )}
      <div className="mt-3 flex gap-3 empty:hidden">
        {problem?.status === 401 ? <Link href={`/sign-in?back=${encodeURIComponent(path)}`}>Sign in</Link> : null}
        {onRetry === undefined ? null : <Button onClick={onRetry}>Try again</Button>}
      </div>
    </div>
  );
}

/** Nothing to show: why, and what can be done. */
export function EmptyNotice({ title, children }: { readonly title: string; readonly children?: ReactNode }): JSX.Element {
  return (
    <div className="border-line bg-card rounded-lg border border-dashed p-6 text-center">
      <p className="font-semibold">{title}</p>
      {children === undefined ? null : <div className="text-muted mx-auto mt-1 max-w-prose">{children}</div>}
    </div>
  );
}

const TONES = { info: 'border-line bg-sunken', warn: 'border-warn bg-warn-card', good: 'border-good bg-card' } as const;

/** A line that people should see before the rest. */
export function Banner({ tone = 'info', children }: { readonly tone?: keyof typeof TONES; readonly children: ReactNode }): JSX.Element {
  return <output className={`block rounded-lg border px-4 py-2 text-sm ${TONES[tone]}`}>{children}</output>;
}
