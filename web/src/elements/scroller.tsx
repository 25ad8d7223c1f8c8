import type { JSX, ReactNode } from 'react';

/** A frame that a wide table is scrolled in: the page itself never is. The keyboard can scroll it, too. */
export function Scroller({
  label,
  className = '',
  children,
}: {
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}): JSX.Element {
  return (
    <section className={`scroller ${className}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
