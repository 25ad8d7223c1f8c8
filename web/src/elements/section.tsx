import { useEffect, useRef, type JSX, type ReactNode } from 'react';

interface SectionProps {
  /** What links to it name: `#coverage`. */
  readonly id: string;
  readonly title: string;
  readonly beside?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a page with its heading. A link that names it leads to it, also when the part comes later than the page. */
export function Section({ id, title, beside, children }: SectionProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const come = (): void => {
      if (location.hash !== `#${id}` || heading.current === null) return;
      heading.current.scrollIntoView({ block: 'start' });
      heading.current.focus({ preventScroll: true });
    };
    come();
    // The router tells its navigations as events of the window.
    const events = ['pushState', 'hashchange', 'popstate'] as const;
    for (const event of events) window.addEventListener(event, come);
    return () => {
      for (const event of events) window.removeEventListener(event, come);
    };
  }, [id]);
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2 ref={heading} id={id} tabIndex={-1} className="scroll-mt-4 outline-none">
          {title}
        </h2>
        {beside}
      </div>
      {children}
    </section>
  );
}
