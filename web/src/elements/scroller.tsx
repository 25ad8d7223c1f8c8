import { useCallback, type JSX, type ReactNode } from 'react';

/** A frame that a wide table is scrolled in: the page itself never is. The keyboard can scroll it, too. */
export function Scroller({
  label,
  className = '',
  startsAtEnd = false,
  children,
}: {
  readonly label: string;
  readonly className?: string;
  /** What matters most is at the end: days up to today. */
  readonly startsAtEnd?: boolean;
  readonly children: ReactNode;
}): JSX.Element {
  const toEnd = useCallback(
    (frame: HTMLElement | null) => {
      if (startsAtEnd && frame !== null) frame.scrollLeft = frame.scrollWidth;
    },
    [startsAtEnd],
  );
  return (
    <section ref={toEnd} className={`scroller ${className}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
