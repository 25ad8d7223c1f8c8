import { useCallback } from 'react';
import { useLocation, useSearchParams } from 'wouter';

/** Changes to the query of the URL; null or '' takes a parameter away. */
export type SearchChanges = Readonly<Record<string, string | null>>;

/** `push` adds an entry to the history; `replace` only refines what is typed; `turn` is a push to another page of the same list. */
export type HowToChange = 'push' | 'replace' | 'turn';

/** The query of the URL, the only state a view has: a link, a reload and the back button give the same view. */
export function useSearchState(): readonly [URLSearchParams, (changes: SearchChanges, how?: HowToChange) => void] {
  const [params] = useSearchParams();
  const [path, navigate] = useLocation();
  const change = useCallback(
    (changes: SearchChanges, how: HowToChange = 'push') => {
      // Of the window, not of the last drawing: two changes may come before the next.
      const next = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }
      const query = readable(next);
      navigate(query === '' ? path : `${path}?${query}`, { replace: how === 'replace', state: how === 'turn' ? TURNED : null });
    },
    [navigate, path],
  );
  return [params, change];
}

/** What the history remembers of a page that was turned to: the one before it is the entry before it. */
const TURNED = { isTurned: true } as const;

/** Whether the entry before this one in the history is the page before this one. */
export function isTurned(): boolean {
  return (history.state as Partial<typeof TURNED> | null)?.isTurned === true;
}

/** A query as people can read it: commas, slashes and colons need no escape. */
function readable(params: URLSearchParams): string {
  return params.toString().replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':');
}
