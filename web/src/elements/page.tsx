import { useEffect, useRef, type JSX, type ReactNode } from 'react';
import { useLocation } from 'wouter';

interface PageProps {
  readonly title: string;
  /** What stands beside the title: actions, a tag. */
  readonly beside?: ReactNode;
  readonly intro?: ReactNode;
  readonly children: ReactNode;
}

/** The first page is read from its top; after a navigation the reader is taken to the new heading. */
let isFirst = true;
/** Whether the last navigation was that of the back or forward button. */
let wentBack = false;
for (const event of ['popstate', 'pushState', 'replaceState']) window.addEventListener(event, () => (wentBack = event === 'popstate'));

/** A page: its heading, also the window's title, gets the focus when the page is come to. */
export function Page({ title, beside, intro, children }: PageProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  const [path] = useLocation();
  useEffect(() => {
    document.title = `${title} · Laurels`;
  }, [title]);
  useEffect(() => {
    if (isFirst) {
      isFirst = false;
      return;
    }
    heading.current?.focus({ preventScroll: true });
    // Where somebody went back to, the browser takes them to where they were; a link may name a part of the page.
    if (!wentBack && location.hash === '') window.scrollTo(0, 0);
  }, [path]);
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h1 ref={heading} tabIndex={-1} className="min-w-0 [overflow-wrap:anywhere]">
          {title}
        </h1>
        {beside === undefined ? null : <div className="flex flex-wrap items-center gap-2">{beside}</div>}
      </div>
      {intro === undefined ? null : <div className="text-muted max-w-prose">{intro}</div>}
      {children}
    </div>
  );
}
