import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/** Changes to the query of the URL; null or '' takes a parameter away. */
export type SearchChanges = Readonly<Record<string, string | null>>;

/**
 * The query of the URL, the only state a view has: a link, a reload and the back button give the same view. `change` adds an
 * entry to the history, unless it only refines what is typed.
 */
export function useSearchState(): readonly [URLSearchParams, (changes: SearchChanges, how?: 'push' | 'replace') => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (changes: SearchChanges, how: 'push' | 'replace' = 'push') => {
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value === null || value === '') next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: how === 'replace' },
      );
    },
    [setParams],
  );
  return [params, change];
}
