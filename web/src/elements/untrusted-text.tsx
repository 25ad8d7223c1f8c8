import type { JSX } from 'react';

/** Characters that turn the direction of what follows: with them a name could rewrite the line it stands in. */
// oxlint-disable-next-line no-misleading-character-class
const DIRECTION = /[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g;

/** A name or a sentence that came from outside: isolated in direction, never longer than its place. */
export function UntrustedText({ children, className = '' }: { readonly children: string; readonly className?: string }): JSX.Element {
  return (
    <bdi className={`min-w-0 [overflow-wrap:anywhere] ${className}`} title={children.length > 60 ? children : undefined}>
      {children.replaceAll(DIRECTION, '')}
    </bdi>
  );
}
