import type { JSX } from 'react';
import { isTurned, useSearchState } from '../search-state.ts';
import { Button } from './button.tsx';

interface PagerProps {
  /** The cursor of the page after this one; null on the last. */
  readonly next: string | null;
  /** The parameter of the URL that holds the cursor. */
  readonly name?: string;
  /** What is forgotten when a page is turned. */
  readonly forget?: string;
  /** Lists that grow at their head say "Newest" and "Older". */
  readonly isByTime?: boolean;
  /** After a page was turned: its list begins at the top again. */
  readonly onTurn?: () => void;
  /** How many of how many are seen, in words. */
  readonly children?: string;
}

/** Turns the pages of a list; nothing where there is only one. Back is the browser's own: only there where it leads to the page before. */
export function Pager({ next, name = 'cursor', forget, isByTime = false, onTurn, children }: PagerProps): JSX.Element | null {
  const [params, change] = useSearchState();
  const isFirst = params.get(name) === null;
  if (isFirst && next === null) return null;
  const turn = (cursor: string | null): void => {
    change({ [name]: cursor, ...(forget === undefined ? {} : { [forget]: null }) }, 'turn');
    onTurn?.();
  };
  return (
    <nav aria-label="Pages" className="flex flex-wrap items-center gap-2">
      {isFirst ? null : <Button onClick={() => turn(null)}>{isByTime ? 'Newest' : 'First page'}</Button>}
      {isFirst || !isTurned() ? null : <Button onClick={() => history.back()}>{isByTime ? 'Newer' : 'Previous page'}</Button>}
      {next === null ? null : <Button onClick={() => turn(next)}>{isByTime ? 'Older' : 'Next page'}</Button>}
      {children === undefined ? null : <span className="text-muted text-sm">{children}</span>}
    </nav>
  );
}
